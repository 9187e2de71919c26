// The learned map: moves points along the velocity field by Euler steps (IADB, algorithm 4, its deterministic form).

// points [count] moves from step first_step to first_step + steps of T: x ← x + (α_{t+1} - α_t) D(x, α_t), α_t = t/T.
// All steps in one launch; a tile of points and two layers of activations stay in local memory.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the tiles of points first .. first + count.
// Flops: 2 · (3 WIDTH + (DEPTH-1) WIDTH² + 2 WIDTH) a point and step; bytes: 16 a point. (2 + DEPTH) · steps + 1
// barriers a tile.
GROUP void euler(global const float *parameters, global float2 *points, uint T, uint first, uint count,
                 uint first_step, uint steps) {
  local float input[TILE_ROWS * 4] ALIGNED;
  local float velocity[TILE_ROWS * 2] ALIGNED;
  local float act[2 * TILE_ROWS * WIDTH] ALIGNED;
  int item = get_local_id(0);
  for (uint tile = get_group_id(0); tile * TILE_ROWS < count; tile += get_num_groups(0)) {
    global float2 *tile_points = points + first + tile * TILE_ROWS;
    int rows = min((uint)TILE_ROWS, count - tile * TILE_ROWS);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE)
      *(local float4 *)(input + r * 4) = (float4)(r < rows ? tile_points[r] : (float2)(0.0f), first_step / (float)T, 1.0f);
    for (uint t = first_step; t < first_step + steps; t++) {
      evaluate(item, parameters, input, act, 2, velocity);
      float alpha = (t + 1) / (float)T;
      for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
        float h = alpha - input[r * 4 + 2];
        input[r * 4] = MULTIPLY_ADD(h, velocity[r * 2], input[r * 4]);
        input[r * 4 + 1] = MULTIPLY_ADD(h, velocity[r * 2 + 1], input[r * 4 + 1]);
        input[r * 4 + 2] = alpha;
      }
    }
    for (int r = item; r < rows; r += GROUP_SIZE) tile_points[r] = (float2)(input[r * 4], input[r * 4 + 1]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
