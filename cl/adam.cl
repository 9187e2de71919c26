// Adam (Kingma and Ba 2015, algorithm 1) on the sum of the gradients of the batch's blocks, added in order.
// The moments of dead units decay into denormals, which are slow on CPUs: built with -cl-denorms-are-zero.

// The moments move by 1 - β towards the gradient: 0.001f is more accurate than 1 - 0.999f in single precision.
#define RATE1 0.1f    // 1 - β1
#define RATE2 0.001f  // 1 - β2
#define EPSILON 1e-8f
#define LOG_BETA1 -0.105360515657826301f
#define LOG_BETA2 -0.00100050033358353350f

#define VECTORS_A_ROW (WIDTH / VECTOR)
#define SQUARES ((DEPTH - 1) * VECTORS_A_ROW * VECTORS_A_ROW)             // VECTOR × VECTOR blocks of hidden weights
#define OTHER_VECTORS ((DIRECTIONS - (DEPTH - 1) * WIDTH * WIDTH) / VECTOR)  // first layer, biases, output layer

// The step size of Adam and the decay of the average.
typedef struct {
  float learning_rate;
  uint cosine_steps;   // steps over which it falls to 0 along half a cosine; 0: constant
  float average_rate;  // 1 - decay of the average of the weights; 0: no average
  float log_decay;
} rates;

// Constants of step t = 1, 2, ...: rate / (1 - β1^t), 1 / sqrt(1 - β2^t), and the weight of this step's parameters in the
// average. The average is Σ decay^(t-s) p_s over the steps s, divided by the sum of these factors, so that after the first
// step it is p_1: the same bias correction as for Adam's moments.
typedef struct { float rate, root, share; } step_rates;

static inline step_rates rates_of_step(rates r, uint t) {
  float learning_rate = r.cosine_steps == 0 ? r.learning_rate
      : r.learning_rate * 0.5f * (1.0f + cospi((float)min(t - 1, r.cosine_steps) / r.cosine_steps));
  step_rates now = {learning_rate / -expm1(t * LOG_BETA1), 1.0f / sqrt(-expm1(t * LOG_BETA2)),
                    r.average_rate > 0.0f ? r.average_rate / -expm1(t * r.log_decay) : 0.0f};
  return now;
}

// Loads per item in flight when blocks are summed: a single one would wait for a GPU's L2 cache each time.
#ifdef ACROSS_GROUPS  // in persistent_steps, which has few registers left on sm_75 and sm_80
#define LOADS_AT_ONCE 8
#else
#define LOADS_AT_ONCE 16
#endif

// Σ d_blocks [blocks][PARAMETERS] over the blocks, in order, at [i, i + VECTOR).
static inline vec sum_of_blocks(int i, int blocks, global const float *d_blocks) {
#if GROUP_SIZE == 1
  vec gradient = LOAD_GLOBAL(d_blocks + i);
  for (int b = 1; b < blocks; b++) gradient += LOAD_GLOBAL(d_blocks + (size_t)b * PARAMETERS + i);
#else
  vec gradient = (vec)(0.0f);
  NO_UNROLL for (int b = 0; b < blocks; b += LOADS_AT_ONCE) {
    vec one[LOADS_AT_ONCE];
    UNROLL for (int j = 0; j < LOADS_AT_ONCE; j++)
      one[j] = b + j < blocks ? LOAD_GLOBAL(d_blocks + (size_t)(b + j) * PARAMETERS + i) : (vec)(0.0f);
    UNROLL for (int j = 0; j < LOADS_AT_ONCE; j++) gradient += one[j];
  }
#endif
  return gradient;
}

// Updates parameters [i, i + VECTOR) by one step, and their average if there is one; returns the new parameters.
static inline vec adam(int i, step_rates now, int blocks, global const float *d_blocks, global float *parameters,
                       global float *moment1, global float *moment2, global float *average) {
  vec gradient = sum_of_blocks(i, blocks, d_blocks);
  vec m = LOAD_GLOBAL(moment1 + i), v = LOAD_GLOBAL(moment2 + i), old = LOAD_GLOBAL(parameters + i);
  m = MULTIPLY_ADD((vec)(RATE1), gradient - m, m);
  v = MULTIPLY_ADD((vec)(RATE2), MULTIPLY_ADD(gradient, gradient, -v), v);
  vec p = old - now.rate * m / MULTIPLY_ADD(sqrt(v), (vec)(now.root), (vec)(EPSILON));
  STORE_GLOBAL(moment1 + i, m);
  STORE_GLOBAL(moment2 + i, v);
  STORE_GLOBAL(parameters + i, p);
  if (now.share > 0.0f) {
    vec a = LOAD_GLOBAL(average + i);
    STORE_GLOBAL(average + i, MULTIPLY_ADD((vec)(now.share), p - a, a));
  }
  return p;
}

// Transposes a VECTOR × VECTOR block in registers: log2(VECTOR) perfect shuffles of its rows.
static inline void transpose_square(vec rows[VECTOR]) {
  UNROLL for (int width = 1; width < VECTOR; width *= 2) {
    vec shuffled[VECTOR];
    UNROLL for (int i = 0; i < VECTOR / 2; i++) {
      shuffled[2 * i].even = rows[i].lo;
      shuffled[2 * i].odd = rows[i + VECTOR / 2].lo;
      shuffled[2 * i + 1].even = rows[i].hi;
      shuffled[2 * i + 1].odd = rows[i + VECTOR / 2].hi;
    }
    UNROLL for (int i = 0; i < VECTOR; i++) rows[i] = shuffled[i];
  }
}

// The n-th square of hidden weights: its layer, first input and first output.
typedef struct { int l, k, n; } square;

static inline square square_of(int n) {
  square at = {1 + n / (VECTORS_A_ROW * VECTORS_A_ROW), n / VECTORS_A_ROW % VECTORS_A_ROW * VECTOR, n % VECTORS_A_ROW * VECTOR};
  return at;
}

typedef union { vec vector; float lane[VECTOR]; } vec_lanes;

// The offset of the n-th vector outside the hidden weight matrices.
static inline int other_vector(int n) {
  int i = n * VECTOR - INPUTS * WIDTH;  // counted from the end of the first layer
  if (i < 0) return n * VECTOR;
  int l = 1 + i / WIDTH;
  return l < DEPTH ? BIAS(l) + i % WIDTH : WEIGHTS_OUTPUT + i - (DEPTH - 1) * WIDTH;
}

// One Adam step by groups of `size` work-items, of which this is `item` of `group`: parameters, moments, the transposed copies
// of the hidden weights, and the average. In groups of one item, an item updates VECTOR × VECTOR blocks, and the average only
// for blocks sharer, sharer + sharers, ... In larger groups an item updates one vector, and the VECTOR items of a block
// transpose it through `exchange` [size][VECTOR], with two barriers per iteration.
INLINED void adam_step(int item, int size, int group, int groups, int sharer, int sharers, step_rates now, int blocks,
                       global const float *d_blocks, global float *parameters, global float *moment1,
                       global float *moment2, global float *transposed, global float *average, local float *exchange) {
#if GROUP_SIZE == 1
  float share = now.share;
  for (int unit = group * size + item; unit < SQUARES + OTHER_VECTORS; unit += groups * size) {
    now.share = unit % sharers == sharer ? share : 0.0f;
    if (unit >= SQUARES) {
      int i = other_vector(unit - SQUARES);
      adam(i, now, blocks, d_blocks, parameters, moment1, moment2, average);
      continue;
    }
    square at = square_of(unit);
    vec rows[VECTOR];
    UNROLL for (int r = 0; r < VECTOR; r++) {
      int i = WEIGHTS(at.l) + (at.k + r) * WIDTH + at.n;
      rows[r] = adam(i, now, blocks, d_blocks, parameters, moment1, moment2, average);
    }
    transpose_square(rows);
    UNROLL for (int r = 0; r < VECTOR; r++) STORE_GLOBAL(transposed + TRANSPOSED(at.l) + (at.n + r) * WIDTH + at.k, rows[r]);
  }
#else
  int units = SQUARES * VECTOR + OTHER_VECTORS;
  for (int first = group * size; first < units; first += groups * size) {
    int unit = first + item, r = unit % VECTOR;
    square at = square_of(unit / VECTOR);
    bool is_square = unit < SQUARES * VECTOR;
    if (unit < units) {
      int i = is_square ? WEIGHTS(at.l) + (at.k + r) * WIDTH + at.n : other_vector(unit - SQUARES * VECTOR);
      vec p = adam(i, now, blocks, d_blocks, parameters, moment1, moment2, average);
      STORE_LOCAL(exchange + item * VECTOR, p);
    }
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
    if (is_square) {
      vec_lanes column;
      UNROLL for (int j = 0; j < VECTOR; j++) column.lane[j] = exchange[(item - r + j) * VECTOR + r];
      STORE_GLOBAL(transposed + TRANSPOSED(at.l) + (at.n + r) * WIDTH + at.k, column.vector);
    }
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
#endif
}

// The loss of a step: Σ block_loss [blocks], in order.
static inline float step_loss(int blocks, global const float *block_loss) {
  float loss = 0.0f;
  NO_UNROLL for (int b = 0; b < blocks; b += LOADS_AT_ONCE) {
    float one[LOADS_AT_ONCE];
    UNROLL for (int j = 0; j < LOADS_AT_ONCE; j++) one[j] = b + j < blocks ? block_loss[b + j] : 0.0f;
    UNROLL for (int j = 0; j < LOADS_AT_ONCE; j++) loss += one[j];
  }
  return loss;
}

// One Adam step; stores the step's loss to losses[step % loss_slots]. NDRange: any number of groups. Barriers: adam_step's.
// Flops: (blocks + 12) · DIRECTIONS, with a square root and a division each; bytes: (blocks + 6) · 4 · DIRECTIONS, plus
// 4 · (DEPTH-1) · WIDTH² for the transposed copies and 8 · DIRECTIONS for an average. average [PARAMETERS] is not accessed if
// average_rate is 0.
UPDATE_GROUP void update(int blocks, global const float *d_blocks, global const float *block_loss, float learning_rate,
                   uint cosine_steps, float average_rate, float log_decay, global float *parameters,
                   global float *moment1, global float *moment2, global float *transposed, global float *average,
                   global float *losses, uint loss_slots, uint step) {
#if GROUP_SIZE == 1
  local float *exchange = 0;
#else
  local float exchange[UPDATE_GROUP_SIZE * VECTOR] ALIGNED;
#endif
  rates r = {learning_rate, cosine_steps, average_rate, log_decay};
  adam_step(get_local_id(0), get_local_size(0), get_group_id(0), get_num_groups(0), 0, 1, rates_of_step(r, step + 1),
            blocks, d_blocks, parameters, moment1, moment2, transposed, average, exchange);
  if (get_global_id(0) == get_global_size(0) - 1) losses[step % loss_slots] = step_loss(blocks, block_loss);
}
