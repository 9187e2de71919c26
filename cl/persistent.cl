// Plan "persistent": many steps a launch. Each group has a copy of its own of weights and moments and makes every Adam step
// itself, so that one barrier across groups a step is enough: after it, all blocks' gradients are there to be read.

// The copy of one group: parameters, moment1, moment2 [PARAMETERS] each, then transposed [(DEPTH-1) WIDTH WIDTH].
#define COPY_FLOATS (3 * PARAMETERS + (DEPTH - 1) * WIDTH * WIDTH)

static inline void copy_floats(int item, int count, global const float *from, global float *to) {
  for (int i = item; i < count; i += GROUP_SIZE) to[i] = from[i];
}

// Steps first_step .. first_step + steps - 1, or as many as the barrier lets pass: *steps_done says how many. State
// (parameters, moments, transposed, and the average, of which each group keeps a share) is that after the last of them, and
// losses[s % loss_slots] its loss. copies [groups][COPY_FLOATS]; d_blocks [2][blocks][PARAMETERS] and block_loss [2][blocks],
// by the parity of the step, so that a group may write the next step's while another still reads. NDRange: groups that run
// at the same time, of GROUP_SIZE. One barrier across groups a step, and those of gradient.cl.
GROUP void persistent_steps(global const float2 *data0, uint points0, global const float2 *data1, uint points1,
                            uint seed_low, uint seed_high, int batch, int blocks, int block_tiles,
                            float learning_rate, uint cosine_steps, float average_rate, float log_decay,
                            global float *parameters, global float *moment1, global float *moment2,
                            global float *transposed, global float *average, global float *copies,
                            global float *d_blocks, global float *block_loss, global float *losses, uint loss_slots,
                            volatile global int *arrivals, global float *steps_done, uint first_step, uint steps) {
  DECLARE_TILE;
  local int passed;
  int item = get_local_id(0), group = get_group_id(0), groups = get_num_groups(0);
  rates r = {learning_rate, cosine_steps, average_rate, log_decay};
  global float *own_parameters = copies + (size_t)group * COPY_FLOATS;
  global float *own_moment1 = own_parameters + PARAMETERS;
  global float *own_moment2 = own_moment1 + PARAMETERS;
  global float *own_transposed = own_moment2 + PARAMETERS;
  copy_floats(item, PARAMETERS, parameters, own_parameters);
  copy_floats(item, PARAMETERS, moment1, own_moment1);
  copy_floats(item, PARAMETERS, moment2, own_moment2);
  copy_floats(item, (DEPTH - 1) * WIDTH * WIDTH, transposed, own_transposed);
  GROUP_BARRIER(CLK_GLOBAL_MEM_FENCE);

  uint done = 0;
  while (done < steps) {
    uint step = first_step + done;
    global float *d = d_blocks + (size_t)(step & 1) * blocks * PARAMETERS;
    global float *loss = block_loss + (step & 1) * blocks;
    block_gradients(item, group, groups, data0, points0, data1, points1, seed_low, seed_high, step, batch, blocks,
                    block_tiles, own_parameters, own_transposed, d, loss, input, target, velocity, act);
    if (!global_barrier(item, arrivals, groups, (int)done + 1, &passed)) break;
    adam_step(item, GROUP_SIZE, group, groups, step + 1, r, blocks, d, own_parameters, own_moment1, own_moment2,
              own_transposed, average);
    if (group == 0 && item == 0) losses[step % loss_slots] = step_loss(blocks, loss);
    GROUP_BARRIER(CLK_GLOBAL_MEM_FENCE);
    done++;
  }
  if (group == 0) {
    copy_floats(item, PARAMETERS, own_parameters, parameters);
    copy_floats(item, PARAMETERS, own_moment1, moment1);
    copy_floats(item, PARAMETERS, own_moment2, moment2);
    copy_floats(item, (DEPTH - 1) * WIDTH * WIDTH, own_transposed, transposed);
    if (item == 0) *steps_done = (float)done;
  }
}
