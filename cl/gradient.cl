// The gradient of a batch by tiles of rows whose activations stay in local memory. The plans "fused" and "persistent" share
// this file, so that they give the same bits.

// Local memory of a tile: input [TILE_ROWS][INPUTS], target and velocity [TILE_ROWS][2], act [ACT_SLOTS][TILE_ROWS][WIDTH]; if
// sums are shared also parts [K_SPLIT][TILE_ROWS][WIDTH] and small [SMALL_FLOATS].
typedef struct { local float *input, *target, *velocity, *act, *parts, *small; } tile_memory;

#if K_SPLIT == 1
#define ACT_SLOTS DEPTH
#define PARTS_FLOATS (GROUP_SIZE == 1 ? 1 : GROUP_SIZE * VECTOR)  // adam_step exchanges vectors there
#define SMALL_COPY_FLOATS 1
#else
#define ACT_SLOTS (DEPTH + 1)  // the last layer's activations and their gradient are needed at the same time
#define PARTS_FLOATS (K_SPLIT * TILE_ROWS * WIDTH)
#define SMALL_COPY_FLOATS SMALL_FLOATS
#endif

#define DECLARE_TILE(name)                                        \
  local float name##_input[TILE_ROWS * INPUTS] ALIGNED;           \
  local float name##_target[TILE_ROWS * 2] ALIGNED;               \
  local float name##_velocity[TILE_ROWS * 2] ALIGNED;             \
  local float name##_act[ACT_SLOTS * TILE_ROWS * WIDTH] ALIGNED;  \
  local float name##_parts[PARTS_FLOATS] ALIGNED;                 \
  local float name##_small[SMALL_COPY_FLOATS] ALIGNED;            \
  tile_memory name = {name##_input, name##_target, name##_velocity, name##_act, name##_parts, name##_small}

#if K_SPLIT > 1
// Copies the first layer without its features, the biases and the output layer.
static inline void copy_small(int item, global const float *parameters, local float *small) {
  for (int i = item * VECTOR; i < SMALL_FLOATS; i += GROUP_SIZE * VECTOR) {
    int l = i / WIDTH - 3;  // the layer whose bias this is: 1 .. DEPTH-1
    int from = l < 1 ? i : l < DEPTH ? BIAS(l) + i % WIDTH : WEIGHTS_OUTPUT + i - SMALL_OUTPUT;
    STORE_LOCAL(small + i, LOAD_GLOBAL(parameters + from));
  }
}
#endif

// The item's index rotated by a fraction of the group, so that short loops over few items run in different warps.
#define ROTATED(item, n) (((item) + GROUP_SIZE / (n)) % GROUP_SIZE)

// Gradient and loss of the first `rows` rows of a tile, stored to d_parameters [PARAMETERS], except from DIRECTIONS on, and
// *loss, or added to them if `first` is false. The gradient of a layer's activations replaces them in place. Starts and ends
// with a barrier: 3 DEPTH + 3 in all, or 4 DEPTH + 1 if sums are shared; an encoding adds one, and a second if sums are shared.
INLINED void tile_gradient(int item, int rows, int first, global const float *parameters,
                           global const float *transposed, global float *d_parameters, global float *loss,
                           const tile_memory *tile) {
  FORGET_ITEM;
#if K_SPLIT == 1
  global const float *small = parameters;
#else
  local const float *small = tile->small;
  copy_small(item, parameters, tile->small);
#endif
  hidden_weights weights;
  if (DEPTH > 1) FETCH(item, parameters + WEIGHTS(1), &weights);
  forward(item, parameters, small, &weights, transposed + TRANSPOSED(max(DEPTH - 1, 1)), tile->input, tile->parts, tile->act, DEPTH,
          tile->velocity);
  loss_gradient(item, rows, tile->target, tile->velocity);  // an item uses only values that it computed itself
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  local float *d_velocity = tile->velocity;
  local float *last = tile->act + (DEPTH - 1) * (TILE_ROWS * WIDTH);
  local float *d_last = tile->act + (ACT_SLOTS - 1) * (TILE_ROWS * WIDTH);
  if (item == GROUP_SIZE - 1) *loss = (first ? 0.0f : *loss) + tile_loss(d_velocity);
  output_outer_product(ROTATED(item, 2), d_velocity, 2, last, first, d_parameters + WEIGHTS_OUTPUT);
  output_bias_gradient(ROTATED(item, 2), d_velocity, first, d_parameters + BIAS_OUTPUT);
#if K_SPLIT == 1  // d_last is last
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
#endif
  derivative_layer(ROTATED(item, 4), d_velocity, 2, small + SMALL_OUTPUT, last, d_last);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  local float *d_output = d_last;
  NO_UNROLL for (int l = DEPTH - 1; l > 0; l--) {
    local float *below = tile->act + (l - 1) * (TILE_ROWS * WIDTH);
    begin_layer(item, d_output, &weights, tile->parts);
    outer_product(item, below, WIDTH, d_output, first, d_parameters + WEIGHTS(l));
    bias_gradient(ROTATED(item, 2), d_output, first, d_parameters + BIAS(l));
    end_layer(item, d_output, &weights, transposed + TRANSPOSED(max(l - 1, 1)), 0, 1, below, tile->parts, below);
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
    d_output = below;
  }
  outer_product(item, tile->input, INPUTS, d_output, first, d_parameters + WEIGHTS_FIRST);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}

// Whether first_rows draws the rows of a group's first tile, which hides latency on a GPU and takes 4 % longer on a CPU.
#define DRAWS_AHEAD (GROUP_SIZE > 1)

// d_blocks [blocks][PARAMETERS] and block_loss [blocks] of the blocks group, group + groups, ...: the gradient of each
// block's block_tiles tiles, added in order. If DRAWS_AHEAD, first_rows must have drawn the rows of the first tile.
// Flops: 6 · TILE_ROWS · ((3 + 2 FEATURES) WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) per tile, without the sines and cosines; bytes:
// parameters read twice, d_blocks written.
INLINED void block_gradients(int item, int group, int groups, data_sets from, uint step, int batch, int blocks,
                             int block_tiles, global const float *parameters, global const float *transposed,
                             global float *d_blocks, global float *block_loss, const tile_memory *tile) {
  for (int block = group; block < blocks; block += groups)
    for (int t = 0; t < block_tiles; t++) {
      int row = (block * block_tiles + t) * TILE_ROWS;
      if (row >= batch) break;
      if (!DRAWS_AHEAD || block > group || t > 0) blend_rows(item, from, step, row, tile->input, tile->target);
      tile_gradient(item, batch - row, t == 0, parameters, transposed, d_blocks + (size_t)block * PARAMETERS,
                    block_loss + block, tile);
    }
}

// Draws the rows of a group's first tile with the group's last items, since the first ones copy weights. No barriers.
static inline void first_rows(int item, int group, data_sets from, uint step, int block_tiles, const tile_memory *tile) {
  if (DRAWS_AHEAD) blend_rows(GROUP_SIZE - 1 - item, from, step, group * block_tiles * TILE_ROWS, tile->input, tile->target);
}
