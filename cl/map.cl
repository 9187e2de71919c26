// The learned map: moves points along the velocity field, dx/dα = D(x, α) (IADB, algorithm 4, its deterministic form).

// A step from α_t by h = α_{t+1} - α_t is an explicit Runge-Kutta method, each stage of which needs the one before only:
//   k_s = D(x + NODE_s h k_{s-1}, α_t + NODE_s h),  x ← x + h Σ_s b_s k_s
// The sum is kept as a running mean of the k_s, which takes the share b_s / (b_0 + … + b_s) of k_s: where all are equal,
// their mean is exactly that. Rows: Euler, midpoint (b = 0, 1), RK4 (b = 1/6, 1/3, 1/3, 1/6), as in iadb.sample.Solver.
constant uint STAGES[3] = {1, 2, 4};
constant float NODE[3][4] = {{0.0f}, {0.0f, 0.5f}, {0.0f, 0.5f, 0.5f, 1.0f}};
constant float SHARE[3][4] = {{1.0f}, {1.0f, 1.0f}, {1.0f, 2.0f / 3.0f, 0.4f, 1.0f / 6.0f}};

// points [count] move from step first_step to first_step + steps, from α = alphas[t] to alphas[t + 1] in step t.
// All steps in one launch; a tile of points, what their steps need and two layers of activations stay in local memory.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the tiles of points first .. first + count.
// Flops: 2 · (3 WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) a point and stage; bytes: 16 a point. (2 + DEPTH) · stages · steps
// + 1 barriers a tile.
GROUP void move_points(global const float *parameters, global float2 *points, global const float *alphas, uint solver,
                       uint first, uint count, uint first_step, uint steps) {
  local float input[TILE_ROWS * 4] ALIGNED;
  local float velocity[TILE_ROWS * 2] ALIGNED;
  local float2 start[TILE_ROWS] ALIGNED;  // x at the step's begin
  local float2 mean[TILE_ROWS] ALIGNED;   // of k_0 .. k_s
  local float act[2 * TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  for (uint tile = get_group_id(0); tile * TILE_ROWS < count; tile += get_num_groups(0)) {
    global float2 *tile_points = points + first + tile * TILE_ROWS;
    int rows = min((uint)TILE_ROWS, count - tile * TILE_ROWS);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
      start[r] = r < rows ? tile_points[r] : (float2)(0.0f);
      *(local float4 *)(input + r * 4) = (float4)(start[r], alphas[first_step], 1.0f);
    }
    NO_UNROLL for (uint t = first_step; t < first_step + steps; t++) {
      float h = alphas[t + 1] - alphas[t];
      NO_UNROLL for (uint s = 0; s < STAGES[solver]; s++) {
        evaluate(item, parameters, input, act, 2, velocity);
        bool last = s + 1 == STAGES[solver];
        float2 share = SHARE[solver][s], stride = last ? h : NODE[solver][s + 1] * h;
        float alpha = last ? alphas[t + 1] : alphas[t] + stride.x;
        for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
          float2 k = *(local float2 *)(velocity + r * 2);
          mean[r] = s == 0 ? k : MULTIPLY_ADD(share, k - mean[r], mean[r]);
          float2 x = MULTIPLY_ADD(stride, last ? mean[r] : k, start[r]);
          if (last) start[r] = x;
          *(local float4 *)(input + r * 4) = (float4)(x, alpha, 1.0f);
        }
      }
    }
    for (int r = item; r < rows; r += GROUP_SIZE) tile_points[r] = start[r];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
