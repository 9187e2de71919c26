// A barrier across work-groups. No OpenCL promises that a waiting group lets others run, so that it waits a bounded time:
// then it is called off, for all groups at once. The plan that uses it goes on without it; Java: iadb.plan.BarrierProof.

#ifndef SPIN_LIMIT  // looks at the counter before a wait is called off
#define SPIN_LIMIT 10000000
#endif

// What *arrivals holds once barrier n was called off: CALLED_OFF plus n in units that the groups which still arrive, each
// once, cannot count through.
#define CALLED_OFF (-0x40000000)
#define ARRIVALS_CALLED_OFF(n, groups) (CALLED_OFF + (n) * 2 * (groups))
#define BARRIER_CALLED_OFF(arrivals, groups) (((arrivals) - CALLED_OFF) / (2 * (groups)))

// Gradients that another group wrote in the same launch must not come from this one's cache.
#define LOAD_GRADIENT(p) (*(volatile global const vec *)(p))

// mem_fence orders global memory within a group only on NVIDIA's GPUs; there the instruction stands itself.
#ifdef __NV_CL_C_VERSION
#define DEVICE_FENCE asm volatile("membar.gl;" ::: "memory")
#else
#define DEVICE_FENCE mem_fence(CLK_GLOBAL_MEM_FENCE)
#endif

// Waits for all groups; true in all of them, or in none: a group that gives up first makes sure that the last one cannot
// arrive any more. *arrivals counts from 0 at a launch's start; n = 1, 2, ... numbers its barriers. Two local barriers.
INLINED int global_barrier(int item, volatile global int *arrivals, int groups, int n, local int *passed) {
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
  if (item == 0) {
    DEVICE_FENCE;
    int all = n * groups;
    int seen = atomic_inc(arrivals) + 1;
    for (int spins = 0; seen >= 0 && seen < all; spins++) {
      if (spins < SPIN_LIMIT) {
        seen = *arrivals;
      } else {
        int found = atomic_cmpxchg(arrivals, seen, ARRIVALS_CALLED_OFF(n, groups));
        seen = found == seen ? ARRIVALS_CALLED_OFF(n, groups) : found;
      }
    }
    DEVICE_FENCE;
    // a group that was slow to look may find a later barrier called off: this one had let all pass
    *passed = seen >= 0 || BARRIER_CALLED_OFF(seen, groups) > n;
  }
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
  return *passed;
}

// Before a launch with barriers: no group has arrived.
kernel void barrier_reset(global int *arrivals) { *arrivals = 0; }

// Proves the barrier on a device: in each of `rounds` rounds every group leaves a number in slots [groups] that the
// others must find after the barrier. *proven counts the groups that passed all rounds and found all numbers.
// NDRange: as many groups as shall wait for each other. 2 + 4 rounds local barriers.
kernel void barrier_proof(volatile global int *arrivals, volatile global int *slots, int rounds, global int *proven) {
  local int passed;
  int item = get_local_id(0), group = get_group_id(0), groups = get_num_groups(0);
  int right = 1;
  for (int round = 0; round < rounds && right; round++) {
    if (item == 0) slots[group] = round * groups + group;
    if (!global_barrier(item, arrivals, groups, 2 * round + 1, &passed)) break;
    for (int g = 0; g < groups; g++) right = right && slots[g] == round * groups + g;
    if (!global_barrier(item, arrivals, groups, 2 * round + 2, &passed)) break;
    if (round == rounds - 1 && item == 0 && right) atomic_inc(proven);
  }
}
