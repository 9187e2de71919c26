// Plan "layered": one launch per layer and pass, activations in global memory. It supports any width and depth, since a
// group needs local memory only for one layer's input and output; `update` (adam.cl) is its last launch. Each kernel loads a
// tile into local memory, calls the device functions of network.cl and stores the result.
//
// NDRange of all: any number of groups of GROUP_SIZE; groups stride over the tiles, or over the blocks of block_tiles
// tiles whose gradients are added in order. Rows from `batch` to the end of the last tile are computed but not counted.
// input [rows][INPUTS], target and velocity [rows][2], act [rows][WIDTH], rows = tiles · TILE_ROWS.

static inline void load_tile(int item, int columns, global const float *from, local float *to) {
  for (int e = item; e < TILE_ROWS * columns; e += GROUP_SIZE) to[e] = from[e];
}

static inline void store_tile(int item, int columns, local const float *from, global float *to) {
  for (int e = item; e < TILE_ROWS * columns; e += GROUP_SIZE) to[e] = from[e];
}

#define FOR_TILES(tile, tiles) for (int tile = get_group_id(0); tile < (tiles); tile += get_num_groups(0))
#define TILE_BARRIER GROUP_BARRIER(CLK_LOCAL_MEM_FENCE)

// The rows of the batch: input and target. 2 barriers per tile, 3 with an encoding; 8 + 4 INPUTS bytes written per row.
// parameters: only the encoding's directions are read.
GROUP void layered_rows(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                        uint seed_low, uint seed_high, int tiles, global const float *parameters, global float *input,
                        global float *target, uint step) {
  local float input_local[TILE_ROWS * INPUTS] ALIGNED;
  local float target_local[TILE_ROWS * 2] ALIGNED;
  int item = get_local_id(0);
  data_sets from = {data0, points0, data1, points1, seed_low, seed_high};
  FOR_TILES(tile, tiles) {
    blend_rows(item, from, step, tile * TILE_ROWS, input_local, target_local);
#if FEATURES > 0
    encode(item, parameters, input_local);
#endif
    TILE_BARRIER;
    store_tile(item, INPUTS, input_local, input + tile * TILE_ROWS * INPUTS);
    store_tile(item, 2, target_local, target + tile * TILE_ROWS * 2);
    TILE_BARRIER;
  }
}

// act = the first layer of input. 2 barriers per tile; 2 INPUTS WIDTH flops and 4 (INPUTS + WIDTH) bytes per row.
GROUP void layered_forward_first(int tiles, global const float *parameters, global const float *input,
                                 global float *act) {
  local float input_local[TILE_ROWS * INPUTS] ALIGNED;
  local float act_local[TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(tile, tiles) {
    load_tile(item, INPUTS, input + tile * TILE_ROWS * INPUTS, input_local);
    TILE_BARRIER;
    forward_layer(item, input_local, INPUTS, parameters + WEIGHTS_FIRST, 0, act_local);
    TILE_BARRIER;
    store_tile(item, WIDTH, act_local, act + tile * TILE_ROWS * WIDTH);
  }
}

// act = layer l of below. 2 barriers per tile; 2 WIDTH² flops and 8 WIDTH bytes per row.
GROUP void layered_forward(int tiles, int l, global const float *parameters, global const float *below,
                           global float *act) {
  local float below_local[TILE_ROWS * WIDTH] ALIGNED;
  local float act_local[TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(tile, tiles) {
    load_tile(item, WIDTH, below + tile * TILE_ROWS * WIDTH, below_local);
    TILE_BARRIER;
    forward_layer(item, below_local, WIDTH, parameters + WEIGHTS(l), parameters + BIAS(l), act_local);
    TILE_BARRIER;
    store_tile(item, WIDTH, act_local, act + tile * TILE_ROWS * WIDTH);
  }
}

// d_velocity and the loss of each block, from the last layer's activations. 4 barriers per tile; 4 WIDTH flops and
// 16 + 4 WIDTH bytes per row.
GROUP void layered_output(int batch, int blocks, int block_tiles, global const float *parameters,
                          global const float *act, global const float *target, global float *d_velocity,
                          global float *block_loss) {
  local float act_local[TILE_ROWS * WIDTH] ALIGNED;
  local float target_local[TILE_ROWS * 2] ALIGNED;
  local float velocity_local[TILE_ROWS * 2] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(block, blocks) {
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS >= batch) break;
      load_tile(item, WIDTH, act + tile * TILE_ROWS * WIDTH, act_local);
      load_tile(item, 2, target + tile * TILE_ROWS * 2, target_local);
      TILE_BARRIER;
      output_layer(item, TILE_ROWS, act_local, parameters, velocity_local);
      TILE_BARRIER;
      loss_gradient(item, batch - tile * TILE_ROWS, target_local, velocity_local);
      TILE_BARRIER;
      store_tile(item, 2, velocity_local, d_velocity + tile * TILE_ROWS * 2);
      if (item == 0) block_loss[block] = (t == 0 ? 0.0f : block_loss[block]) + tile_loss(velocity_local);
      TILE_BARRIER;
    }
  }
}

// Backward through the output layer: adds its gradient to d_blocks; act is replaced by its gradient. 4 barriers per tile;
// 8 WIDTH flops and 8 WIDTH bytes per row.
GROUP void layered_backward_output(int batch, int blocks, int block_tiles, global const float *parameters,
                                   global const float *d_velocity, global float *act, global float *d_blocks) {
  local float d_velocity_local[TILE_ROWS * 2] ALIGNED;
  local float act_local[TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(block, blocks) {
    global float *d_parameters = d_blocks + (size_t)block * PARAMETERS;
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS >= batch) break;
      load_tile(item, 2, d_velocity + tile * TILE_ROWS * 2, d_velocity_local);
      load_tile(item, WIDTH, act + tile * TILE_ROWS * WIDTH, act_local);
      TILE_BARRIER;
      output_outer_product(item, d_velocity_local, 2, act_local, t == 0, d_parameters + WEIGHTS_OUTPUT);
      output_bias_gradient(item, d_velocity_local, t == 0, d_parameters + BIAS_OUTPUT);
      TILE_BARRIER;
      derivative_layer(item, d_velocity_local, 2, parameters + WEIGHTS_OUTPUT, act_local, act_local);
      TILE_BARRIER;
      store_tile(item, WIDTH, act_local, act + tile * TILE_ROWS * WIDTH);
      TILE_BARRIER;
    }
  }
}

// Backward through hidden layer l: adds its gradient to d_blocks; below is replaced by its gradient. 4 barriers per tile;
// 4 WIDTH² flops and 12 WIDTH bytes per row, 4 WIDTH² bytes per block.
GROUP void layered_backward(int batch, int blocks, int block_tiles, int l, global const float *transposed,
                            global const float *d_act, global float *below, global float *d_blocks) {
  local float d_act_local[TILE_ROWS * WIDTH] ALIGNED;
  local float below_local[TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(block, blocks) {
    global float *d_parameters = d_blocks + (size_t)block * PARAMETERS;
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS >= batch) break;
      load_tile(item, WIDTH, d_act + tile * TILE_ROWS * WIDTH, d_act_local);
      load_tile(item, WIDTH, below + tile * TILE_ROWS * WIDTH, below_local);
      TILE_BARRIER;
      outer_product(item, below_local, WIDTH, d_act_local, t == 0, d_parameters + WEIGHTS(l));
      bias_gradient(item, d_act_local, t == 0, d_parameters + BIAS(l));
      TILE_BARRIER;
      derivative_layer(item, d_act_local, WIDTH, transposed + TRANSPOSED(l), below_local, below_local);
      TILE_BARRIER;
      store_tile(item, WIDTH, below_local, below + tile * TILE_ROWS * WIDTH);
      TILE_BARRIER;
    }
  }
}

// Adds the first layer's gradient to d_blocks. 2 barriers per tile; 2 INPUTS WIDTH flops and 4 (INPUTS + WIDTH) bytes per row.
GROUP void layered_backward_first(int batch, int blocks, int block_tiles, global const float *input,
                                  global const float *d_act, global float *d_blocks) {
  local float input_local[TILE_ROWS * INPUTS] ALIGNED;
  local float d_act_local[TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  FOR_TILES(block, blocks) {
    for (int t = 0; t < block_tiles; t++) {
      int tile = block * block_tiles + t;
      if (tile * TILE_ROWS >= batch) break;
      load_tile(item, INPUTS, input + tile * TILE_ROWS * INPUTS, input_local);
      load_tile(item, WIDTH, d_act + tile * TILE_ROWS * WIDTH, d_act_local);
      TILE_BARRIER;
      outer_product(item, input_local, INPUTS, d_act_local, t == 0,
                      d_blocks + (size_t)block * PARAMETERS + WEIGHTS_FIRST);
      TILE_BARRIER;
    }
  }
}
