// Plan "persistent": many steps a launch. Each group computes the gradients of its blocks, then all wait for each other and
// share the Adam step, and wait again before they read the weights.

// Steps first_step .. first_step + steps - 1, or as many as the barrier lets pass: *steps_done says how many. State
// (parameters, moments, transposed, average) is that after the last of them, and losses[s % loss_slots] its loss. d_blocks
// [blocks][PARAMETERS] and block_loss [blocks]. The next step's rows are drawn while other groups are waited for.
// NDRange: groups that run at the same time, of GROUP_SIZE. Two barriers across groups a step, and those of gradient.cl.
GROUP void persistent_steps(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                            uint seed_low, uint seed_high, int batch, int blocks, int block_tiles,
                            float learning_rate, uint cosine_steps, float average_rate, float log_decay,
                            global float *parameters, global float *moment1, global float *moment2,
                            global float *transposed, global float *average, global float *d_blocks,
                            global float *block_loss, global float *losses, uint loss_slots,
                            volatile global int *arrivals, global float *steps_done, uint first_step, uint steps) {
  DECLARE_TILE(on);
  local int passed;
  int item = get_local_id(0), group = get_group_id(0), groups = get_num_groups(0);
  rates r = {learning_rate, cosine_steps, average_rate, log_decay};
  data_sets from = {data0, points0, data1, points1, seed_low, seed_high};
  first_rows(item, group, from, first_step, block_tiles, &on);
  uint done = 0;
  while (done < steps) {
    uint step = first_step + done;
    block_gradients(item, group, groups, from, step, batch, blocks, block_tiles, parameters, transposed, d_blocks,
                    block_loss, &on);
    step_rates now = rates_of_step(r, step + 1);
    if (!global_barrier(item, arrivals, groups, (int)(2 * done) + 1, &passed)) break;
    adam_step(item, GROUP_SIZE, group, groups, now, blocks, d_blocks, parameters, moment1, moment2, transposed, average,
              on.act);
    if (group == groups - 1 && item == GROUP_SIZE - 1) losses[step % loss_slots] = step_loss(blocks, block_loss);
    done++;
    arrive(item, arrivals);
    first_rows(item, group, from, step + 1, block_tiles, &on);
    if (!wait_for_all(item, arrivals, groups, (int)(2 * done), &passed)) break;
  }
  if (group == 0 && item == 0) *steps_done = (float)done;
}
