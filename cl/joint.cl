// Plan "joint": many trainings in one launch. Each map has a place, and one group trains it, whole, through many steps; no group
// waits for another. A map's bits are those of the plans "fused" and "persistent" with this tuning.

// The training in a place and its steps in a launch. Its data are points[first0 .. first0 + points0) of p0 and
// points[first1 .. first1 + points1) of p1; if points1 is 0 they are pairs, as in data_sets.
typedef struct {
  uint seed_low, seed_high;
  uint first0, points0, first1, points1;
  rates rate;
  uint first_step, steps;  // no steps: the place is not in use
} joint_training;

// Steps first_step .. first_step + steps - 1 of each of trainings [places], whose batches are tiles of one block each: at most
// as many tiles as there are blocks. parameters, moment1, moment2, average and d_parameters [places][PARAMETERS], transposed
// [places][(DEPTH-1) WIDTH WIDTH]; losses [most steps][places], the loss of step first_step + i in row i. The gradients of tiles
// are added to d_parameters in order, which gives the bits of sum_of_blocks.
// NDRange: any number of groups of GROUP_SIZE, which stride over the places. Barriers: those of tile_gradient for each tile and
// of adam_step, and two per step. Flops and bytes per step: those of block_gradients and of `update` with one block, and
// 8 · DIRECTIONS bytes for each tile after the first.
GROUP void joint_steps(global const float2 *points, global const joint_training *trainings, int places, int batch,
                       global float *parameters, global float *moment1, global float *moment2, global float *transposed,
                       global float *average, global float *d_parameters, global float *losses) {
  DECLARE_TILE(tile);
  int item = get_local_id(0);
  for (int place = get_group_id(0); place < places; place += get_num_groups(0)) {
    joint_training t = trainings[place];
    data_sets from = {points + t.first0, t.points0, points + t.first1, t.points1, t.seed_low, t.seed_high};
    size_t at = (size_t)place * PARAMETERS;
    global float *own_transposed = transposed + (size_t)place * ((DEPTH - 1) * WIDTH * WIDTH);
    for (uint i = 0; i < t.steps; i++) {
      uint step = t.first_step + i;
      global float *loss = losses + (size_t)i * places + place;
      for (int row = 0; row < batch; row += TILE_ROWS) {
        blend_rows(item, from, step, row, tile.input, tile.target);
        tile_gradient(item, batch - row, row == 0, parameters + at, own_transposed, d_parameters + at, loss, &tile);
      }
      GROUP_BARRIER(CLK_GLOBAL_MEM_FENCE);
      adam_step(item, GROUP_SIZE, 0, 1, 0, 1, rates_of_step(t.rate, step + 1), 1, d_parameters + at, parameters + at,
                moment1 + at, moment2 + at, own_transposed, average + at, tile.parts);
      GROUP_BARRIER(CLK_GLOBAL_MEM_FENCE);
    }
  }
}
