// The gradient of a batch by tiles of rows whose activations never leave the chip: what the plans "fused" and "persistent"
// share, so that they give the same bits.

// What a work-group holds of a tile: input [TILE_ROWS][4], target and velocity [TILE_ROWS][2], act [ACT_SLOTS][TILE_ROWS][WIDTH].
// Where sums are shared also parts [K_SPLIT][TILE_ROWS][WIDTH], and near [NEAR_FLOATS].
typedef struct { local float *input, *target, *velocity, *act, *parts, *near; } tile;

#if K_SPLIT == 1
#define ACT_SLOTS DEPTH
#define PARTS_FLOATS 1
#define NEAR_COPY_FLOATS 1
#else
#define ACT_SLOTS (DEPTH + 1)  // the last layer's activations and their gradient are both needed for a while
#define PARTS_FLOATS (K_SPLIT * TILE_ROWS * WIDTH)
#define NEAR_COPY_FLOATS NEAR_FLOATS
#endif

#define DECLARE_TILE(name)                                      \
  local float name##_input[TILE_ROWS * 4] ALIGNED;              \
  local float name##_target[TILE_ROWS * 2] ALIGNED;             \
  local float name##_velocity[TILE_ROWS * 2] ALIGNED;           \
  local float name##_act[ACT_SLOTS * TILE_ROWS * WIDTH] ALIGNED; \
  local float name##_parts[PARTS_FLOATS] ALIGNED;               \
  local float name##_near[NEAR_COPY_FLOATS] ALIGNED;            \
  tile name = {name##_input, name##_target, name##_velocity, name##_act, name##_parts, name##_near}

#if K_SPLIT > 1
// Copies the first layer, the biases and the output layer.
static inline void copy_near(int item, global const float *parameters, local float *near) {
  for (int i = item * VECTOR; i < NEAR_FLOATS; i += GROUP_SIZE * VECTOR) {
    int l = i / WIDTH - 3;  // whose bias it is: 1 .. DEPTH-1
    STORE_LOCAL(near + i, LOAD_GLOBAL(parameters + (l < 1 ? i : l < DEPTH ? BIAS(l) + i % WIDTH : WEIGHTS_OUTPUT + i - NEAR_OUTPUT)));
  }
}
#endif

// What few items do one after the other is spread over the group: the n-th part of it further on.
#define OTHER(item, n) (((item) + GROUP_SIZE / (n)) % GROUP_SIZE)

// Gradient and loss of one tile, the first `rows` rows of its input and target: into d_parameters [PARAMETERS] and *loss, or
// with `first` false added to them. A layer's activations turn into their gradient in place. Begins and ends with a barrier.
INLINED void tile_gradient(int item, int rows, int first, global const float *parameters,
                           global const float *transposed, global float *d_parameters, global float *loss, const tile *on) {
  FORGET_ITEM;
#if K_SPLIT == 1
  global const float *near = parameters;
#else
  local const float *near = on->near;
  copy_near(item, parameters, on->near);
#endif
  hidden_weights weights;
  if (DEPTH > 1) FETCH(item, parameters + WEIGHTS(1), &weights);
  forward(item, parameters, near, &weights, transposed + TRANSPOSED(max(DEPTH - 1, 1)), on->input, on->parts, on->act, DEPTH,
          on->velocity);
  loss_gradient(item, rows, on->target, on->velocity);  // an item's own values of the output layer
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  local float *d_velocity = on->velocity;
  local float *last = on->act + (DEPTH - 1) * (TILE_ROWS * WIDTH);
  local float *d_last = on->act + (ACT_SLOTS - 1) * (TILE_ROWS * WIDTH);
  if (item == GROUP_SIZE - 1) *loss = (first ? 0.0f : *loss) + tile_loss(d_velocity);
  output_outer_product(OTHER(item, 2), d_velocity, 2, last, first, d_parameters + WEIGHTS_OUTPUT);
  output_bias_gradient(OTHER(item, 2), d_velocity, first, d_parameters + BIAS_OUTPUT);
#if K_SPLIT == 1  // d_last is last
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
#endif
  derivative_layer(OTHER(item, 4), d_velocity, 2, near + NEAR_OUTPUT, last, d_last);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);

  local float *d_output = d_last;
  NO_UNROLL for (int l = DEPTH - 1; l > 0; l--) {
    local float *below = on->act + (l - 1) * (TILE_ROWS * WIDTH);
    begin_layer(item, d_output, &weights, on->parts);
    outer_product(item, below, WIDTH, d_output, first, d_parameters + WEIGHTS(l));
    bias_gradient(OTHER(item, 2), d_output, first, d_parameters + BIAS(l));
    end_layer(item, d_output, &weights, transposed + TRANSPOSED(max(l - 1, 1)), 0, 1, below, on->parts, below);
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
    d_output = below;
  }
  outer_product(item, on->input, 4, d_output, first, d_parameters + WEIGHTS_FIRST);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}

// d_blocks [blocks][PARAMETERS] and block_loss [blocks] of the blocks group, group + groups, ...: the gradient of each
// block's block_tiles tiles, in order. The rows of the first tile are there already, from first_rows.
// Flops: 6 · TILE_ROWS · (3 WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) a tile; bytes: parameters read twice, d_blocks written.
INLINED void block_gradients(int item, int group, int groups, data_sets from, uint step, int batch, int blocks,
                             int block_tiles, global const float *parameters, global const float *transposed,
                             global float *d_blocks, global float *block_loss, const tile *on) {
  for (int block = group; block < blocks; block += groups)
    for (int t = 0; t < block_tiles; t++) {
      int row = (block * block_tiles + t) * TILE_ROWS;
      if (row >= batch) break;
      if (block > group || t > 0) blend_rows(item, from, step, row, on->input, on->target);
      tile_gradient(item, batch - row, t == 0, parameters, transposed, d_blocks + (size_t)block * PARAMETERS,
                    block_loss + block, on);
    }
}

// Draws the rows of a group's first tile, by its last items: the first have the weights to copy. No barriers.
static inline void first_rows(int item, int group, data_sets from, uint step, int block_tiles, const tile *on) {
  blend_rows(GROUP_SIZE - 1 - item, from, step, group * block_tiles * TILE_ROWS, on->input, on->target);
}
