// The rows of a training batch: x_α = (1-α) x0 + α x1 with α ~ U[0,1), x0 and x1 drawn independently and with
// replacement from the two data sets, and the target x1 - x0 (IADB, algorithm 3).

DEFINE_PHILOX(philox_vector, uvec)

typedef union { uvec vector; uint lane[VECTOR]; } uint_lanes;

// data0 [points0], data1 [points1]: the points of p0 and of p1.
// Fills input [TILE_ROWS][4] = (x_α, y_α, α, 1) and target [TILE_ROWS][2] for rows first_row .. of the batch of `step`.
// Row r of step s is the Philox draw with counter (r, s, STREAM_TRAINING_ROWS, 0); VECTOR rows are drawn at once.
static inline void blend_rows(int item, global const float2 *data0, uint points0, global const float2 *data1,
                              uint points1, uint seed_low, uint seed_high, uint step, uint first_row,
                              local float *input, local float *target) {
  for (int r = item * VECTOR; r < TILE_ROWS; r += GROUP_SIZE * VECTOR) {
    uint_lanes row;
    UNROLL for (int i = 0; i < VECTOR; i++) row.lane[i] = first_row + r + i;
    uvec counter[4] = {row.vector, (uvec)(step), (uvec)(STREAM_TRAINING_ROWS), (uvec)(0u)};
    philox_vector(counter, seed_low, seed_high);
    uint_lanes index0 = {mul_hi(counter[0], (uvec)(points0))};
    uint_lanes index1 = {mul_hi(counter[1], (uvec)(points1))};
    uint_lanes alpha_bits = {counter[2]};
    UNROLL for (int i = 0; i < VECTOR; i++) {
      float2 x0 = data0[index0.lane[i]], x1 = data1[index1.lane[i]];
      float alpha = unit_interval(alpha_bits.lane[i]);
      float2 blend = MULTIPLY_ADD((float2)(alpha), x1, (1.0f - alpha) * x0);
      *(local float4 *)(input + (r + i) * 4) = (float4)(blend, alpha, 1.0f);
      *(local float2 *)(target + (r + i) * 2) = x1 - x0;
    }
  }
}
