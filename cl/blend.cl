// The rows of a training batch: x_α = (1-α) x0 + α x1 with α ~ U[0,1), x0 and x1 drawn with replacement from the two data
// sets, independently or as pairs, and the target x1 - x0 (IADB, algorithm 3).

// Rows that an item draws at once: a vector of them in groups of one item.
#if GROUP_SIZE == 1
#define ROWS_AT_ONCE VECTOR
typedef uvec drawn;
#else
#define ROWS_AT_ONCE 1
typedef uint drawn;
#endif
typedef union { drawn all; uint lane[ROWS_AT_ONCE]; } drawn_lanes;

DEFINE_PHILOX(philox_rows, drawn)

// The data sets that rows are drawn from, data0 [points0] of p0 and data1 [points1] of p1, and the generator's key. If points1
// is 0, the data are pairs: row i of data1 [points0] belongs to row i of data0.
typedef struct {
  global const float2 *data0;
  uint points0;
  global const float2 *data1;
  uint points1;
  uint seed_low, seed_high;
} data_sets;

// Sets x_α, y_α, α and 1, the first 4 values of each row of input [TILE_ROWS][INPUTS], and target [TILE_ROWS][2], for rows
// first_row .. of the batch of `step`.
// Row r of step s is the Philox draw with counter (r, s, STREAM_TRAINING_ROWS, 0); ROWS_AT_ONCE are drawn at once.
static inline void blend_rows(int item, data_sets from, uint step, uint first_row, local float *input, local float *target) {
  for (int r = item * ROWS_AT_ONCE; r < TILE_ROWS; r += GROUP_SIZE * ROWS_AT_ONCE) {
    drawn_lanes row;
    UNROLL for (int i = 0; i < ROWS_AT_ONCE; i++) row.lane[i] = first_row + r + i;
    drawn counter[4] = {row.all, (drawn)(step), (drawn)(STREAM_TRAINING_ROWS), (drawn)(0u)};
    philox_rows(counter, from.seed_low, from.seed_high);
    drawn_lanes index0 = {mul_hi(counter[0], (drawn)(from.points0))};
    drawn_lanes index1 = {from.points1 == 0 ? index0.all : mul_hi(counter[1], (drawn)(from.points1))};
    drawn_lanes alpha_bits = {counter[2]};
    UNROLL for (int i = 0; i < ROWS_AT_ONCE; i++) {
      float2 x0 = from.data0[index0.lane[i]], x1 = from.data1[index1.lane[i]];
      float alpha = unit_interval(alpha_bits.lane[i]);
      float2 blend = MULTIPLY_ADD((float2)(alpha), x1, (1.0f - alpha) * x0);
      *(local float4 *)(input + (r + i) * INPUTS) = (float4)(blend, alpha, 1.0f);
      *(local float2 *)(target + (r + i) * 2) = x1 - x0;
    }
  }
}
