// Plan "persistent": many steps per launch. Each group computes the gradients of its blocks and waits for all others; then
// the Adam step follows. On a GPU the groups divide the Adam step among them and wait again before they read the weights. On a
// CPU (groups of one work-item) each group performs the whole Adam step on its own copy of the state, which stays in its
// core's cache; one barrier per step is enough, because gradients alternate between two buffers by the parity of the step.

#if GROUP_SIZE == 1
// The copy of the state of one group: parameters, moment1, moment2 [PARAMETERS] each, then transposed [(DEPTH-1) WIDTH WIDTH].
#define COPY_FLOATS (3 * PARAMETERS + (DEPTH - 1) * WIDTH * WIDTH)

static inline void copy_floats(int item, int count, global const float *from, global float *to) {
  for (int i = item; i < count; i += GROUP_SIZE) to[i] = from[i];
}
#endif

// Steps first_step .. first_step + steps - 1, or fewer if a barrier times out; *steps_done is set to their number. The state
// (parameters, moments, transposed, average) is then that after the last of them, and losses[s % loss_slots] the loss of step
// s. d_blocks [blocks][PARAMETERS] and block_loss [blocks]; in groups of one item twice each, and copies [groups][COPY_FLOATS].
// NDRange: groups of GROUP_SIZE that run concurrently. Barriers: one or two across groups per step, and those of gradient.cl.
GROUP void persistent_steps(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                            uint seed_low, uint seed_high, int batch, int blocks, int block_tiles,
                            float learning_rate, uint cosine_steps, float average_rate, float log_decay,
                            global float *parameters, global float *moment1, global float *moment2,
                            global float *transposed, global float *average, global float *copies,
                            global float *d_blocks, global float *block_loss, global float *losses, uint loss_slots,
                            volatile global int *arrivals, global float *steps_done, uint first_step, uint steps) {
  DECLARE_TILE(tile);
  local int passed;
  int item = get_local_id(0), group = get_group_id(0), groups = get_num_groups(0);
  rates r = {learning_rate, cosine_steps, average_rate, log_decay};
  data_sets from = {data0, points0, data1, points1, seed_low, seed_high};
  uint done = 0;
#if GROUP_SIZE == 1
  global float *own_parameters = copies + (size_t)group * COPY_FLOATS;
  global float *own_moment1 = own_parameters + PARAMETERS;
  global float *own_moment2 = own_moment1 + PARAMETERS;
  global float *own_transposed = own_moment2 + PARAMETERS;
  copy_floats(item, PARAMETERS, parameters, own_parameters);
  copy_floats(item, PARAMETERS, moment1, own_moment1);
  copy_floats(item, PARAMETERS, moment2, own_moment2);
  copy_floats(item, (DEPTH - 1) * WIDTH * WIDTH, transposed, own_transposed);
  while (done < steps) {
    uint step = first_step + done;
    global float *d = d_blocks + (size_t)(step & 1) * blocks * PARAMETERS;
    global float *loss = block_loss + (step & 1) * blocks;
    block_gradients(item, group, groups, from, step, batch, blocks, block_tiles, own_parameters, own_transposed, d, loss, &tile);
    if (!global_barrier(item, arrivals, groups, (int)done + 1, &passed)) break;
    adam_step(item, 1, 0, 1, group, groups, rates_of_step(r, step + 1), blocks, d, own_parameters, own_moment1, own_moment2,
              own_transposed, average, 0);
    if (group == 0) losses[step % loss_slots] = step_loss(blocks, loss);
    done++;
  }
  if (group == 0) {
    copy_floats(item, PARAMETERS, own_parameters, parameters);
    copy_floats(item, PARAMETERS, own_moment1, moment1);
    copy_floats(item, PARAMETERS, own_moment2, moment2);
    copy_floats(item, (DEPTH - 1) * WIDTH * WIDTH, own_transposed, transposed);
  }
#else
  first_rows(item, group, from, first_step, block_tiles, &tile);
  while (done < steps) {
    uint step = first_step + done;
    block_gradients(item, group, groups, from, step, batch, blocks, block_tiles, parameters, transposed, d_blocks,
                    block_loss, &tile);
    step_rates now = rates_of_step(r, step + 1);
    if (!global_barrier(item, arrivals, groups, (int)(2 * done) + 1, &passed)) break;
    adam_step(item, GROUP_SIZE, group, groups, 0, 1, now, blocks, d_blocks, parameters, moment1, moment2, transposed, average,
              tile.parts);
    if (group == groups - 1 && item == GROUP_SIZE - 1) losses[step % loss_slots] = step_loss(blocks, block_loss);
    done++;
    arrive(item, arrivals);
    first_rows(item, group, from, step + 1, block_tiles, &tile);  // while waiting for the other groups
    if (!wait_for_all(item, arrivals, groups, (int)(2 * done), &passed)) break;
  }
#endif
  if (group == 0 && item == 0) *steps_done = (float)done;
}
