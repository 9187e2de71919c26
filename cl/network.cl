// The velocity field D(x, y, α) as a network, and its derivatives: device functions for a tile of TILE_ROWS rows whose
// activations are in local memory. Every plan and the map are loops around these functions; each formula is written once.
//
//   act[0]   = relu(input · W_first)                     W_first  [INPUTS][WIDTH], input = [x y α 1], then features (encode)
//   act[l]   = relu(act[l-1] · W[l] + b[l])              W[l]     [WIDTH][WIDTH] (input, output), l = 1 .. DEPTH-1
//   D_c      = act[DEPTH-1] · W_output[c] + b_output[c]  W_output [2][WIDTH]
//
// All parameters are in one buffer of PARAMETERS floats, each tensor at a multiple of 16 (Java: NetworkShape).
// One matrix product serves all layers in both directions: forward with W, backward with its transposed copy.

#ifndef WIDTH          // outputs of a hidden layer: a multiple of 16
#define WIDTH 64
#endif
#ifndef DEPTH          // hidden layers
#define DEPTH 4
#endif
#ifndef FEATURES       // directions of the input's encoding, each with a sine and a cosine: a multiple of 8; 0: no encoding
#define FEATURES 0
#endif
#ifndef VECTOR         // floats per vector: 4, 8 or 16, the device's preferred width
#define VECTOR 4
#endif
#ifndef TILE_ROWS      // rows that a work-group processes at once: a multiple of ITEM_ROWS and of VECTOR
#define TILE_ROWS 16
#endif
#ifndef ITEM_ROWS      // a work-item accumulates ITEM_ROWS rows by ITEM_VECTORS vectors of columns in registers
#define ITEM_ROWS 4
#endif
#ifndef ITEM_VECTORS   // divides WIDTH / VECTOR
#define ITEM_VECTORS 1
#endif
#ifndef GROUP_SIZE     // work-items per group
#define GROUP_SIZE 64
#endif
#ifndef UPDATE_GROUP_SIZE  // work-items per group of the launch that updates the weights
#define UPDATE_GROUP_SIZE 64
#endif
#ifndef UNROLL_BY      // unroll factor of the products' inner loops, so that several loads are in flight at once
#define UNROLL_BY 1
#endif
#ifndef K_SPLIT        // work-items that share each sum of a hidden layer's product, each over WIDTH / K_SPLIT values of k
#define K_SPLIT 1
#endif

// A barrier within the group. A group of one item needs none, and without the calls, across which LLVM may not move code,
// PoCL 3.1 compiles persistent_steps in 1.2 s instead of 3.7 s.
#if GROUP_SIZE > 1
#define GROUP_BARRIER(memory) do { barrier(memory); FORGET_ITEM; } while (0)
#else
#define GROUP_BARRIER(memory)
#endif

typedef CONCATENATE(float, VECTOR) vec;
typedef CONCATENATE(uint, VECTOR) uvec;

#define UNROLL _Pragma("unroll")
#define NO_UNROLL _Pragma("unroll 1")
#define PRAGMA(words) _Pragma(#words)
#define PRAGMA_UNROLL(turns) PRAGMA(unroll turns)
#define UNROLL_SOME PRAGMA_UNROLL(UNROLL_BY)
#define GROUP kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
#define UPDATE_GROUP kernel __attribute__((reqd_work_group_size(UPDATE_GROUP_SIZE, 1, 1)))
#define ALIGNED __attribute__((aligned(64)))

#define ITEM_COLUMNS (ITEM_VECTORS * VECTOR)
#define COLUMN_BLOCKS (WIDTH / ITEM_COLUMNS)  // a tile is divided into blocks of ITEM_ROWS x ITEM_COLUMNS, in row-major order
#define ROW_BLOCKS (TILE_ROWS / ITEM_ROWS)
#define BLOCKS (ROW_BLOCKS * COLUMN_BLOCKS)
#define OUTPUT_STRETCH (WIDTH % 64 ? 16 : 64)  // unrolled in the output layer: unrolling all of WIDTH spills registers on some GPUs

#define INPUTS (4 + 2 * FEATURES)  // a row of the first layer's input: x, y, α, 1, FEATURES sines, FEATURES cosines
#define LAYER_PARAMETERS (WIDTH * WIDTH + WIDTH)
#define WEIGHTS_FIRST 0  // [INPUTS][WIDTH]; row 3 is the bias
#define WEIGHTS(l) (INPUTS * WIDTH + ((l) - 1) * LAYER_PARAMETERS)
#define BIAS(l) (WEIGHTS(l) + WIDTH * WIDTH)
#define WEIGHTS_OUTPUT WEIGHTS(DEPTH)
#define BIAS_OUTPUT (WEIGHTS_OUTPUT + 2 * WIDTH)
#define DIRECTIONS (BIAS_OUTPUT + 16)  // [4][2 FEATURES]: x, y, α and phase of each feature, see `turns`; not trained
#define PARAMETERS (DIRECTIONS + 8 * FEATURES)
#define TRANSPOSED(l) (((l) - 1) * WIDTH * WIDTH)  // offset of W[l]'s transposed copy in its own buffer

// The small tensors: first layer without its features, biases and output layer. If sums are shared, they are read from a copy
// in local memory.
#if K_SPLIT == 1
#define SMALL global
#define SMALL_BIAS(l) BIAS(l)
#define SMALL_OUTPUT WEIGHTS_OUTPUT
#else
#define SMALL local
#define SMALL_BIAS(l) ((3 + (l)) * WIDTH)
#define SMALL_OUTPUT SMALL_BIAS(DEPTH)
#endif
#define SMALL_OUTPUT_BIAS (SMALL_OUTPUT + 2 * WIDTH)
#define SMALL_FLOATS (SMALL_OUTPUT_BIAS + 16)

#define LOAD_SMALL(p) (*(SMALL const vec *)(p))
#define LOAD_LOCAL(p) (*(local const vec *)(p))
#define LOAD_GLOBAL(p) (*(global const vec *)(p))
#define STORE_LOCAL(p, v) (*(local vec *)(p) = (v))
#define STORE_UNALIGNED(p, v) CONCATENATE(vstore, VECTOR)(v, 0, p)
#define STORE_GLOBAL(p, v) (*(global vec *)(p) = (v))

// relu'(x) = 1 where x > 0. relu propagates NaN, so that a diverging training shows in its loss.
static inline vec relu(vec x) { return select(x, (vec)(0.0f), x < (vec)(0.0f)); }
static inline vec where_active(vec act, vec gradient) { return select((vec)(0.0f), gradient, act > (vec)(0.0f)); }

static inline float sum_lanes(vec v) {
#if VECTOR == 16
  float8 hi = (float8)(v.s8, v.s9, v.sa, v.sb, v.sc, v.sd, v.se, v.sf);  // Oclgrind 21.10 reports a float16's .hi as uninitialised
  float8 eight = v.lo + hi;
  float4 four = eight.lo + eight.hi;
#elif VECTOR == 8
  float4 four = v.lo + v.hi;
#else
  float4 four = v;
#endif
  float2 two = four.lo + four.hi;
  return two.x + two.y;
}

// sum[i][j] += Σ_k a[i][k] b[k][j]: rows i < ITEM_ROWS of a (stride K), vectors j < ITEM_VECTORS of b (stride WIDTH).
static inline void multiply(local const float *a, int K, SMALL const float *b, vec sum[ITEM_ROWS][ITEM_VECTORS]) {
  UNROLL_SOME for (int k = 0; k < K; k++) {
    vec b_k[ITEM_VECTORS];
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++) b_k[j] = LOAD_SMALL(b + k * WIDTH + j * VECTOR);
    UNROLL for (int i = 0; i < ITEM_ROWS; i++) {
      vec a_ik = (vec)(a[i * K + k]);
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = MULTIPLY_ADD(a_ik, b_k[j], sum[i][j]);
    }
  }
}

// output [TILE_ROWS][WIDTH] = relu(input [TILE_ROWS][K] · weights [K][WIDTH] + bias [WIDTH]); a null bias means none.
static inline void forward_layer(int item, local const float *input, int K, SMALL const float *weights,
                                 SMALL const float *bias, local float *output) {
  for (int block = item; block < BLOCKS; block += GROUP_SIZE) {
    int row = block / COLUMN_BLOCKS * ITEM_ROWS, column = block % COLUMN_BLOCKS * ITEM_COLUMNS;
    vec sum[ITEM_ROWS][ITEM_VECTORS];
    UNROLL for (int i = 0; i < ITEM_ROWS; i++)
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++)
        sum[i][j] = bias ? LOAD_SMALL(bias + column + j * VECTOR) : (vec)(0.0f);
    multiply(input + row * K, K, weights + column, sum);
    UNROLL for (int i = 0; i < ITEM_ROWS; i++)
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++)
        STORE_LOCAL(output + (row + i) * WIDTH + column + j * VECTOR, relu(sum[i][j]));
  }
}

// velocity [rows][2] = act [rows][WIDTH] · W_output, plus b_output in the first TILE_ROWS rows; the others are tangents.
static inline void output_layer(int item, int rows, local const float *act, SMALL const float *small,
                                local float *velocity) {
  for (int e = item; e < rows * 2; e += GROUP_SIZE) {
    local const float *a = act + e / 2 * WIDTH;
    SMALL const float *w = small + SMALL_OUTPUT + e % 2 * WIDTH;
    vec sum = (vec)(0.0f);
    NO_UNROLL for (int k = 0; k < WIDTH; k += OUTPUT_STRETCH)
      UNROLL for (int i = 0; i < OUTPUT_STRETCH; i += VECTOR)
        sum = MULTIPLY_ADD(LOAD_LOCAL(a + k + i), LOAD_SMALL(w + k + i), sum);
    velocity[e] = sum_lanes(sum) + (e < TILE_ROWS * 2 ? small[SMALL_OUTPUT_BIAS + e % 2] : 0.0f);
  }
}

// d_velocity = ∂loss/∂D = 2 (D - target) in place; zero for rows >= `rows` (the last tile may be partial).
static inline void loss_gradient(int item, int rows, local const float *target, local float *velocity) {
  for (int e = item; e < TILE_ROWS * 2; e += GROUP_SIZE)
    velocity[e] = e / 2 < rows ? 2.0f * (velocity[e] - target[e]) : 0.0f;
}

// The tile's loss Σ |D - target|² = Σ d_velocity² / 4 exactly. One work-item adds the rows in order.
static inline float tile_loss(local const float *d_velocity) {
  float sum = 0.0f;
  for (int e = 0; e < TILE_ROWS * 2; e++) sum = MULTIPLY_ADD(d_velocity[e], d_velocity[e], sum);
  return 0.25f * sum;
}

// A tile's contribution to a gradient: a block's first tile stores it, the following tiles add to it.
static inline void store_sum(int first, vec sum, global float *gradient) {
  STORE_GLOBAL(gradient, first ? sum : LOAD_GLOBAL(gradient) + sum);
}

// Defines NAME: product [K][WIDTH] = a [TILE_ROWS][K] transposed · b [TILE_ROWS][WIDTH], summed over the tile's rows; with
// a layer's input and its output's gradient, this is the gradient of its weights. A work-item keeps HEIGHT rows of the
// product, a divisor of K, in registers. For `first` see store_sum.
#define DEFINE_OUTER_PRODUCT(NAME, HEIGHT)                                                                       \
  static inline void NAME(int item, local const float *a, int K, local const float *b, int first,                \
                          global float *product) {                                                               \
    for (int block = item; block < K / HEIGHT * COLUMN_BLOCKS; block += GROUP_SIZE) {                            \
      int k = block / COLUMN_BLOCKS * HEIGHT, column = block % COLUMN_BLOCKS * ITEM_COLUMNS;                     \
      vec sum[HEIGHT][ITEM_VECTORS];                                                                             \
      UNROLL for (int i = 0; i < HEIGHT; i++)                                                                    \
        UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = (vec)(0.0f);                                   \
      UNROLL_SOME for (int r = 0; r < TILE_ROWS; r++) {                                                          \
        vec b_r[ITEM_VECTORS];                                                                                   \
        UNROLL for (int j = 0; j < ITEM_VECTORS; j++) b_r[j] = LOAD_LOCAL(b + r * WIDTH + column + j * VECTOR);  \
        UNROLL for (int i = 0; i < HEIGHT; i++) {                                                                \
          vec a_ri = (vec)(a[r * K + k + i]);                                                                    \
          UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = MULTIPLY_ADD(a_ri, b_r[j], sum[i][j]);       \
        }                                                                                                        \
      }                                                                                                          \
      UNROLL for (int i = 0; i < HEIGHT; i++)                                                                    \
        UNROLL for (int j = 0; j < ITEM_VECTORS; j++)                                                            \
          store_sum(first, sum[i][j], product + (k + i) * WIDTH + column + j * VECTOR);                          \
    }                                                                                                            \
  }

DEFINE_OUTER_PRODUCT(outer_product, 4)         // K is INPUTS or WIDTH
DEFINE_OUTER_PRODUCT(output_outer_product, 2)  // K is 2: W_output is [2][WIDTH], so a is d_velocity and b the activations

// d_bias [WIDTH] = Σ_r d_output [TILE_ROWS][WIDTH]; for `first` see store_sum.
static inline void bias_gradient(int item, local const float *d_output, int first, global float *d_bias) {
  for (int column = item * VECTOR; column < WIDTH; column += GROUP_SIZE * VECTOR) {
    vec sum = (vec)(0.0f);
    for (int r = 0; r < TILE_ROWS; r++) sum += LOAD_LOCAL(d_output + r * WIDTH + column);
    store_sum(first, sum, d_bias + column);
  }
}

// d_bias_output [2] (padded to 16 with zeros) = Σ_r d_velocity [TILE_ROWS][2].
static inline void output_bias_gradient(int item, local const float *d_velocity, int first, global float *d_bias) {
  for (int c = item; c < 16; c += GROUP_SIZE) {
    float sum = 0.0f;
    if (c < 2)
      for (int r = 0; r < TILE_ROWS; r++) sum += d_velocity[r * 2 + c];
    d_bias[c] = first ? sum : d_bias[c] + sum;
  }
}

// The derivative through a layer: output [TILE_ROWS][WIDTH] = input [TILE_ROWS][K] · weights [K][WIDTH] where
// act [TILE_ROWS][WIDTH] > 0, else 0. Forward, input is a tangent of the layer's input and act the layer's output. Backward,
// input is the gradient of the layer's output, weights are transposed, and act is the layer's input, which output may
// overwrite.
static inline void derivative_layer(int item, local const float *input, int K, SMALL const float *weights,
                                    local const float *act, local float *output) {
  for (int block = item; block < BLOCKS; block += GROUP_SIZE) {
    int row = block / COLUMN_BLOCKS * ITEM_ROWS, column = block % COLUMN_BLOCKS * ITEM_COLUMNS;
    vec sum[ITEM_ROWS][ITEM_VECTORS];
    UNROLL for (int i = 0; i < ITEM_ROWS; i++)
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = (vec)(0.0f);
    multiply(input + row * K, K, weights + column, sum);
    UNROLL for (int i = 0; i < ITEM_ROWS; i++)
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++) {
        int e = (row + i) * WIDTH + column + j * VECTOR;
        STORE_LOCAL(output + e, where_active(LOAD_LOCAL(act + e), sum[i][j]));
      }
  }
}

// The weights of a hidden layer as a work-item reads them: from global memory or, if sums are shared, its share of them from
// registers, loaded during the previous layer because an L2 access on a GPU takes as long as computing a layer.
#if K_SPLIT == 1
typedef global const float *hidden_weights;
#define FETCH(item, weights, to) (*(to) = (weights))
#else
#define SHARE (WIDTH / K_SPLIT)
typedef struct { vec at[SHARE][ITEM_VECTORS]; } hidden_weights;

static inline void fetch(int item, global const float *weights, hidden_weights *fetched) {
  weights += item / BLOCKS % K_SPLIT * SHARE * WIDTH + item % COLUMN_BLOCKS * ITEM_COLUMNS;
  UNROLL for (int k = 0; k < SHARE; k++)
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++) fetched->at[k][j] = LOAD_GLOBAL(weights + k * WIDTH + j * VECTOR);
}
#define FETCH(item, weights, to) fetch(item, weights, to)

// parts [K_SPLIT][TILE_ROWS][WIDTH]: the sums of input [TILE_ROWS][WIDTH] · weights, each over a share of k. The form of
// `multiply` for shared sums: each of GROUP_SIZE = BLOCKS · K_SPLIT items computes one block of the tile over one share.
static inline void multiply_shares(int item, local const float *input, const hidden_weights *weights, local float *parts) {
  int share = item / BLOCKS, row = item % BLOCKS / COLUMN_BLOCKS * ITEM_ROWS, column = item % COLUMN_BLOCKS * ITEM_COLUMNS;
  UNROLL for (int i = 0; i < ITEM_ROWS; i++) {
    vec sum[ITEM_VECTORS];
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[j] = (vec)(0.0f);
    UNROLL for (int k = 0; k < SHARE; k++) {
      vec a_ik = (vec)(input[(row + i) * WIDTH + share * SHARE + k]);
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[j] = MULTIPLY_ADD(a_ik, weights->at[k][j], sum[j]);
    }
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++)
      STORE_LOCAL(parts + (share * TILE_ROWS + row + i) * WIDTH + column + j * VECTOR, sum[j]);
  }
}

#if FEATURES > 0
#define FEATURES_SHARE (2 * FEATURES / K_SPLIT)
#define FEATURES_AT_ONCE (FEATURES_SHARE % 8 == 0 ? 8 : FEATURES_SHARE % 2 == 0 ? 2 : 1)  // loads of weights in flight

// parts [K_SPLIT][TILE_ROWS][WIDTH]: like multiply_shares, for the features of input [TILE_ROWS][INPUTS] and their weights
// [2 FEATURES][WIDTH], of which FEATURES_AT_ONCE rows are in registers. Requires 2 FEATURES to be a multiple of K_SPLIT.
static inline void multiply_features(int item, local const float *input, global const float *weights, local float *parts) {
  int share = item / BLOCKS, row = item % BLOCKS / COLUMN_BLOCKS * ITEM_ROWS, column = item % COLUMN_BLOCKS * ITEM_COLUMNS;
  input += row * INPUTS + 4 + share * FEATURES_SHARE;
  weights += share * FEATURES_SHARE * WIDTH + column;
  vec sum[ITEM_ROWS][ITEM_VECTORS];
  UNROLL for (int i = 0; i < ITEM_ROWS; i++)
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = (vec)(0.0f);
  NO_UNROLL for (int first = 0; first < FEATURES_SHARE; first += FEATURES_AT_ONCE) {
    vec b[FEATURES_AT_ONCE][ITEM_VECTORS];
    UNROLL for (int k = 0; k < FEATURES_AT_ONCE; k++)
      UNROLL for (int j = 0; j < ITEM_VECTORS; j++) b[k][j] = LOAD_GLOBAL(weights + (first + k) * WIDTH + j * VECTOR);
    UNROLL for (int k = 0; k < FEATURES_AT_ONCE; k++)
      UNROLL for (int i = 0; i < ITEM_ROWS; i++) {
        vec a_ik = (vec)(input[i * INPUTS + first + k]);
        UNROLL for (int j = 0; j < ITEM_VECTORS; j++) sum[i][j] = MULTIPLY_ADD(a_ik, b[k][j], sum[i][j]);
      }
  }
  UNROLL for (int i = 0; i < ITEM_ROWS; i++)
    UNROLL for (int j = 0; j < ITEM_VECTORS; j++)
      STORE_LOCAL(parts + (share * TILE_ROWS + row + i) * WIDTH + column + j * VECTOR, sum[i][j]);
}
#endif
#endif

// A hidden layer in two parts, between which its input may still be read: forward_layer with `bias`, or derivative_layer if
// `derives`. *weights are then loaded from `next`. Output may alias act, but not input. The first part has no barrier; the
// second has one, except for forward_layer without shared sums.
static inline void begin_layer(int item, local const float *input, const hidden_weights *weights, local float *parts) {
#if K_SPLIT > 1
  multiply_shares(item, input, weights, parts);
#endif
}

INLINED void end_layer(int item, local const float *input, hidden_weights *weights, global const float *next,
                       SMALL const float *bias, int derives, local const float *act, local float *parts, local float *output) {
#if K_SPLIT == 1
  if (derives) {
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
    derivative_layer(item, input, WIDTH, *weights, act, output);
  } else {
    forward_layer(item, input, WIDTH, *weights, bias, output);
  }
  FETCH(item, next, weights);
#else
  FETCH(item, next, weights);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  for (int e = item * VECTOR; e < TILE_ROWS * WIDTH; e += GROUP_SIZE * VECTOR) {
    vec sum = LOAD_LOCAL(parts + e);
    UNROLL for (int s = 1; s < K_SPLIT; s++) sum += LOAD_LOCAL(parts + s * TILE_ROWS * WIDTH + e);
    STORE_LOCAL(output + e, derives ? where_active(LOAD_LOCAL(act + e), sum) : relu(sum + LOAD_SMALL(bias + e % WIDTH)));
  }
#endif
}

#if FEATURES > 0
// cos(2πu) is sin(2πv) for v = 1/4 - |u - rint(u)| in [-1/4, 1/4], which an odd polynomial of degree 9 with these coefficients
// approximates to within 8e-9. In single precision the error is below 1.4e-7 for any u (EncodingTest), 1.7e-7 without fused
// multiply-adds; an error of u itself adds up to 2π times that error. Unlike native_cos, it is as accurate on every device.
static inline vec cos_turns(vec u) {
  vec v = (vec)(0.25f) - fabs(u - rint(u)), v2 = v * v;
  vec p = MULTIPLY_ADD(v2, (vec)(39.2402573f), (vec)(-76.5083313f));
  p = MULTIPLY_ADD(v2, p, (vec)(81.5990677f));
  p = MULTIPLY_ADD(v2, p, (vec)(-41.3416214f));
  return v * MULTIPLY_ADD(v2, p, (vec)(6.28318501f));
}

// The arguments u of features e .. e + VECTOR - 1 in turns; feature e is cos(2πu) with u = b · (x, y, α) + phase. The phase is -1/4
// for the first FEATURES features, which makes them sines, and 0 for the rest, the cosines of the same directions b.
static inline vec turns(global const float *directions, int e, float4 at) {
  vec u = MULTIPLY_ADD(LOAD_GLOBAL(directions + 4 * FEATURES + e), (vec)(at.z), LOAD_GLOBAL(directions + 6 * FEATURES + e));
  u = MULTIPLY_ADD(LOAD_GLOBAL(directions + 2 * FEATURES + e), (vec)(at.y), u);
  return MULTIPLY_ADD(LOAD_GLOBAL(directions + e), (vec)(at.x), u);
}

// Completes the rows of input [TILE_ROWS][INPUTS], of which x, y, α and 1 are set, with their random Fourier features (Tancik et
// al., NeurIPS 2020): sin(2π b · (x, y, α)) of all directions b, then the cosines. Starts with a barrier, has none at the end.
INLINED void encode(int item, global const float *parameters, local float *input) {
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  for (int i = item * VECTOR; i < TILE_ROWS * 2 * FEATURES; i += GROUP_SIZE * VECTOR) {
    int r = i / (2 * FEATURES), e = i % (2 * FEATURES);
    local float *row = input + r * INPUTS;
    STORE_UNALIGNED(row + 4 + e, cos_turns(turns(parameters + DIRECTIONS, e, *(local float4 *)row)));
  }
}
#endif

// act [TILE_ROWS][WIDTH] = relu(input [TILE_ROWS][INPUTS] · W_first). If sums are shared and there are features, items share the
// sums over the features, and one barrier separates these from the addition of the other inputs; otherwise there is none.
INLINED void first_layer(int item, global const float *parameters, SMALL const float *small, local const float *input,
                         local float *parts, local float *act) {
#if K_SPLIT == 1 || FEATURES == 0
  forward_layer(item, input, INPUTS, small + WEIGHTS_FIRST, 0, act);
#else
  multiply_features(item, input, parameters + WEIGHTS_FIRST + 4 * WIDTH, parts);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  for (int e = item * VECTOR; e < TILE_ROWS * WIDTH; e += GROUP_SIZE * VECTOR) {
    local const float *row = input + e / WIDTH * INPUTS;
    vec sum = LOAD_LOCAL(parts + e);
    UNROLL for (int s = 1; s < K_SPLIT; s++) sum += LOAD_LOCAL(parts + s * TILE_ROWS * WIDTH + e);
    UNROLL for (int k = 0; k < 4; k++) sum = MULTIPLY_ADD((vec)(row[k]), LOAD_SMALL(small + k * WIDTH + e % WIDTH), sum);
    STORE_LOCAL(act + e, relu(sum));
  }
#endif
}

// velocity [TILE_ROWS][2] = D(input [TILE_ROWS][INPUTS]); x, y, α and 1 of the rows must be set, and features are added to them.
// act [slots][TILE_ROWS][WIDTH]: layer l is stored in slot l % slots; training keeps all of them (slots = DEPTH), a map needs two.
// *weights must be those of layer 1; afterwards they are those at `after`. Starts with a barrier and has one before the output
// layer: DEPTH + 1 in all, and DEPTH - 1 more if sums are shared. An encoding adds one, and a second if sums are shared.
INLINED void forward(int item, global const float *parameters, SMALL const float *small, hidden_weights *weights,
                     global const float *after, local float *input, local float *parts, local float *act, int slots,
                     local float *velocity) {
#if FEATURES > 0
  encode(item, parameters, input);
#endif
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  first_layer(item, parameters, small, input, parts, act);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  NO_UNROLL for (int l = 1; l < DEPTH; l++) {
    local float *below = act + (l - 1) % slots * (TILE_ROWS * WIDTH), *above = act + l % slots * (TILE_ROWS * WIDTH);
    begin_layer(item, below, weights, parts);
    end_layer(item, below, weights, l + 1 < DEPTH ? parameters + WEIGHTS(l + 1) : after, small + SMALL_BIAS(l), 0, 0, parts,
              above);
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
  output_layer(item, TILE_ROWS, act + (DEPTH - 1) % slots * (TILE_ROWS * WIDTH), small, velocity);
}

#if K_SPLIT == 1
// Like `forward`, with the network's weights in global memory, and with a barrier at the end.
INLINED void evaluate(int item, global const float *parameters, local float *input, local float *act, int slots,
                      local float *velocity) {
  hidden_weights weights = parameters + WEIGHTS(1);
  forward(item, parameters, parameters, &weights, parameters, input, 0, act, slots, velocity);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}
#endif
