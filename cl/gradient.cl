// The gradient of a batch by tiles of rows whose activations never leave the chip: what the plans "fused" and "persistent"
// share, so that they give the same bits.

// Gradient and loss of one tile, the first `rows` rows of input and target: into d_parameters [PARAMETERS] and *loss, or
// with `first` false added to them. act [DEPTH][TILE_ROWS][WIDTH]: a layer's activations turn into their gradient in
// place. Begins and ends with a barrier; 4 + 3 DEPTH in all.
INLINED void tile_gradient(int item, int rows, int first, global const float *parameters,
                           global const float *transposed, global float *d_parameters, global float *loss,
                           local const float *input, local const float *target, local float *velocity,
                           local float *act) {
  evaluate(item, parameters, input, act, DEPTH, velocity);
  loss_gradient(item, rows, target, velocity);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  local float *d_velocity = velocity;
  local float *last = act + (DEPTH - 1) * (TILE_ROWS * WIDTH);
  if (item == 0) *loss = (first ? 0.0f : *loss) + tile_loss(d_velocity);
  output_outer_product(item, d_velocity, 2, last, first, d_parameters + WEIGHTS_OUTPUT);
  output_bias_gradient(item, d_velocity, first, d_parameters + BIAS_OUTPUT);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  derivative_layer(item, d_velocity, 2, parameters + WEIGHTS_OUTPUT, last, last);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  NO_UNROLL for (int l = DEPTH - 1; l > 0; l--) {
    local float *d_output = act + l * (TILE_ROWS * WIDTH);
    local float *below = act + (l - 1) * (TILE_ROWS * WIDTH);
    outer_product(item, below, WIDTH, d_output, first, d_parameters + WEIGHTS(l));
    bias_gradient(item, d_output, first, d_parameters + BIAS(l));
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
    derivative_layer(item, d_output, WIDTH, transposed + TRANSPOSED(l), below, below);
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
  outer_product(item, input, 4, act, first, d_parameters + WEIGHTS_FIRST);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}

// What a work-group holds in local memory.
#define DECLARE_TILE                               \
  local float input[TILE_ROWS * 4] ALIGNED;        \
  local float target[TILE_ROWS * 2] ALIGNED;       \
  local float velocity[TILE_ROWS * 2] ALIGNED;     \
  local float act[DEPTH * TILE_ROWS * WIDTH] ALIGNED

// d_blocks [blocks][PARAMETERS] and block_loss [blocks] of the blocks group, group + groups, ...: the gradient of each
// block's block_tiles tiles, in order.
// Flops: 6 · TILE_ROWS · (3 WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) a tile; bytes: parameters read twice, d_blocks written.
INLINED void block_gradients(int item, int group, int groups, global const float2 *data0, uint points0,
                             global const float2 *data1, uint points1, uint seed_low, uint seed_high, uint step,
                             int batch, int blocks, int block_tiles, global const float *parameters,
                             global const float *transposed, global float *d_blocks, global float *block_loss,
                             local float *input, local float *target, local float *velocity, local float *act) {
  for (int block = group; block < blocks; block += groups)
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS >= batch) break;
      blend_rows(item, data0, points0, data1, points1, seed_low, seed_high, step, tile * TILE_ROWS, input, target);
      tile_gradient(item, batch - tile * TILE_ROWS, t == 0, parameters, transposed,
                    d_blocks + (size_t)block * PARAMETERS, block_loss + block, input, target, velocity, act);
    }
}
