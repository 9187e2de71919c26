// The learned map: moves points along the velocity field.

// points [count] move from step first_step to first_step + steps, from α = alphas[t] to alphas[t + 1] in step t.
// All steps in one launch; a tile of points, the state of their steps and two layers of activations stay in local memory.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the tiles of points first .. first + count - 1.
// Flops: 2 · ((3 + 2 FEATURES) WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) per point and stage; bytes: 16 per point. Barriers per tile:
// (2 + DEPTH) · stages · steps + 1, with an encoding stages · steps more.
GROUP void move_points(global const float *parameters, global float2 *points, global const float *alphas, uint solver,
                       uint first, uint count, uint first_step, uint steps) {
  local float input[TILE_ROWS * INPUTS] ALIGNED;
  local float velocity[TILE_ROWS * 2] ALIGNED;
  local float2 start[TILE_ROWS] ALIGNED;  // x at the start of the step
  local float2 mean[TILE_ROWS] ALIGNED;   // of k_0 .. k_s
  local float act[2 * TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  for (uint tile = get_group_id(0); tile * TILE_ROWS < count; tile += get_num_groups(0)) {
    global float2 *tile_points = points + first + tile * TILE_ROWS;
    int rows = min((uint)TILE_ROWS, count - tile * TILE_ROWS);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
      start[r] = r < rows ? tile_points[r] : (float2)(0.0f);
      *(local float4 *)(input + r * INPUTS) = (float4)(start[r], alphas[first_step], 1.0f);
    }
    NO_UNROLL for (uint t = first_step; t < first_step + steps; t++) {
      NO_UNROLL for (uint s = 0; s < STAGES[solver]; s++) {
        evaluate(item, parameters, input, act, 2, velocity);
        stage to = stage_of(solver, s, alphas[t], alphas[t + 1]);
        for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
          float2 x = follow(to, start[r], *(local float2 *)(velocity + r * 2), mean + r);
          if (to.last) start[r] = x;
          *(local float4 *)(input + r * INPUTS) = (float4)(x, to.alpha, 1.0f);
        }
      }
    }
    for (int r = item; r < rows; r += GROUP_SIZE) tile_points[r] = start[r];
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
}
