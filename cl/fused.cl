// Plan "fused": forward and backward of a tile of rows in one launch; activations never leave the chip. The launch
// `update` (adam.cl) follows it.

// Gradient and loss of one tile of the batch: rows tile · TILE_ROWS .. of `step`, into d_parameters [PARAMETERS] and
// *loss. With `first` false both are added to. Local memory: input, target, d_velocity and act [DEPTH][TILE_ROWS][WIDTH],
// where a layer's activations turn into their gradient in place. 3 + 3 DEPTH barriers.
static inline void tile_gradient(int item, global const float2 *data0, uint points0, global const float2 *data1,
                                 uint points1, uint seed_low, uint seed_high, uint step, int batch, int tile,
                                 int first, global const float *parameters, global const float *transposed,
                                 global float *d_parameters, global float *loss, local float *input,
                                 local float *target, local float *velocity, local float *act) {
  blend_rows(item, data0, points0, data1, points1, seed_low, seed_high, step, tile * TILE_ROWS, input, target);
  evaluate(item, parameters, input, act, DEPTH, velocity);
  loss_gradient(item, batch - tile * TILE_ROWS, target, velocity);
  barrier(CLK_LOCAL_MEM_FENCE);

  local float *d_velocity = velocity;
  local float *last = act + (DEPTH - 1) * (TILE_ROWS * WIDTH);
  if (item == 0) *loss = (first ? 0.0f : *loss) + tile_loss(d_velocity);
  weight_gradient(item, d_velocity, 2, 2, last, first, d_parameters + WEIGHTS_OUTPUT);
  output_bias_gradient(item, d_velocity, first, d_parameters + BIAS_OUTPUT);
  barrier(CLK_LOCAL_MEM_FENCE);
  input_gradient(item, d_velocity, 2, parameters + WEIGHTS_OUTPUT, last);
  barrier(CLK_LOCAL_MEM_FENCE);

  NO_UNROLL for (int l = DEPTH - 1; l > 0; l--) {
    local float *d_output = act + l * (TILE_ROWS * WIDTH);
    local float *below = act + (l - 1) * (TILE_ROWS * WIDTH);
    weight_gradient(item, below, WIDTH, ITEM_INPUTS, d_output, first, d_parameters + WEIGHTS(l));
    bias_gradient(item, d_output, first, d_parameters + BIAS(l));
    barrier(CLK_LOCAL_MEM_FENCE);
    input_gradient(item, d_output, WIDTH, transposed + TRANSPOSED(l), below);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  weight_gradient(item, input, 4, ITEM_INPUTS, act, first, d_parameters + WEIGHTS_FIRST);
  barrier(CLK_LOCAL_MEM_FENCE);
}

// d_blocks [blocks][PARAMETERS] and block_loss [blocks]: the gradient of each block of block_tiles tiles, tiles in order.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the blocks.
// Flops: 6 · TILE_ROWS · (3 WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) a tile; bytes: parameters read twice, d_blocks written.
GROUP void fused_gradient(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                          uint seed_low, uint seed_high, int batch, int blocks, int block_tiles,
                          global const float *parameters, global const float *transposed, global float *d_blocks,
                          global float *block_loss, uint step) {
  local float input[TILE_ROWS * 4] ALIGNED;
  local float target[TILE_ROWS * 2] ALIGNED;
  local float velocity[TILE_ROWS * 2] ALIGNED;
  local float act[DEPTH * TILE_ROWS * WIDTH] ALIGNED;
  for (int block = get_group_id(0); block < blocks; block += get_num_groups(0))
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS < batch)
        tile_gradient(get_local_id(0), data0, points0, data1, points1, seed_low, seed_high, step, batch, tile, t == 0,
                      parameters, transposed, d_blocks + (size_t)block * PARAMETERS, block_loss + block, input, target,
                      velocity, act);
    }
}
