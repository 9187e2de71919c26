// A barrier across work-groups. OpenCL does not guarantee that other groups run while one waits, so waiting is bounded: the
// barrier then times out in all groups alike, and the training continues without it. Java: iadb.plan.BarrierSelfTest.
// arrivals [2]: arrivals of groups since barrier_reset, and how often a wait polls them before it times out.

#define ACROSS_GROUPS  // groups of this program wait for each other

#ifndef SPIN_LIMIT  // upper limit of the polls of a wait
#define SPIN_LIMIT 10000000
#endif

// The value of *arrivals after barrier n timed out: TIMED_OUT plus n in units so large that the groups that still arrive,
// once each, cannot reach the next one.
#define TIMED_OUT (-0x40000000)
#define ARRIVALS_TIMED_OUT(n, groups) (TIMED_OUT + (n) * 2 * (groups))
#define BARRIER_TIMED_OUT(arrivals, groups) (((arrivals) - TIMED_OUT) / (2 * (groups)))

// Fences between work-groups: barrier() and mem_fence() order global memory within one group only. The host selects the
// fence that the device supports (iadb.cl.Fence). After ACQUIRE_FENCE, plain loads see what other groups wrote before
// RELEASE_FENCE; the compiler moves no access across either. EACH_ITEM_FENCES: a fence covers only its own work-item's
// accesses, so that every item must execute it. own: a word in local memory.
#if defined(FENCE_ACQ_REL) || defined(FENCE_MEMBAR)  // NVIDIA: cumulative, and both discard the multiprocessor's L1 lines
#ifdef FENCE_ACQ_REL
#define RELEASE_FENCE __asm__ volatile("fence.acq_rel.gpu;" ::: "memory")
#else
#define RELEASE_FENCE __asm__ volatile("membar.gl;" ::: "memory")
#endif
#define ACQUIRE_FENCE(own) RELEASE_FENCE
#define EACH_ITEM_FENCES 0
#define POLL(arrivals) (*(arrivals))  // volatile: not from L1
#elif defined(FENCE_AMDGCN)  // gfx10 and gfx11 cannot release another wave's writes (github.com/llvm/llvm-project/pull/161638)
#define RELEASE_FENCE __builtin_amdgcn_fence(__ATOMIC_RELEASE, "agent")
#define ACQUIRE_FENCE(own) __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "agent")
#define EACH_ITEM_FENCES 1
#define POLL(arrivals) (*(arrivals))  // volatile: not from L0
#elif defined(FENCE_ATOMICS)  // OpenCL C 2.0 and later
#define RELEASE_FENCE atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_release, memory_scope_device)
#define ACQUIRE_FENCE(own) atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acquire, memory_scope_device)
#define EACH_ITEM_FENCES 1
#define POLL(arrivals) \
  atomic_load_explicit((volatile global atomic_int *)(arrivals), memory_order_relaxed, memory_scope_device)
#else
// x86 CPUs order stores with stores and loads with loads, so that only the compiler must be constrained. PoCL's mem_fence is
// empty, but its atomic_inc and atomic_or act as release and acquire for any address. atomic_or gets a word of the group's
// own, because a shared one would cause traffic between cores.
#define RELEASE_FENCE mem_fence(CLK_GLOBAL_MEM_FENCE)
#define ACQUIRE_FENCE(own) (mem_fence(CLK_GLOBAL_MEM_FENCE), atomic_or(own, 0))
#define EACH_ITEM_FENCES 0
#define POLL(arrivals) (*(arrivals))
#endif

// First half of a barrier: publishes what all items of this group have written. One local barrier.
INLINED void arrive(int item, volatile global int *arrivals) {
  if (EACH_ITEM_FENCES) RELEASE_FENCE;
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
  FORGET_ITEM;
  if (item == 0) {
    RELEASE_FENCE;
    atomic_inc(arrivals);
  }
}

// Second half: waits for all groups. Returns true in all groups or in none: a group that times out first makes it impossible
// for the barrier to complete. n = 1, 2, ... numbers the barriers since barrier_reset. One local barrier.
INLINED int wait_for_all(int item, volatile global int *arrivals, int groups, int n, local int *passed) {
  if (item == 0) {
    int all = n * groups, most = arrivals[1];
    int seen = POLL(arrivals);
    for (int polls = 0; seen >= 0 && seen < all; polls++) {
      if (polls < most) {
        seen = POLL(arrivals);
      } else {
        int found = atomic_cmpxchg(arrivals, seen, ARRIVALS_TIMED_OUT(n, groups));
        seen = found == seen ? ARRIVALS_TIMED_OUT(n, groups) : found;
      }
    }
    // a slow group may see that a later barrier timed out: then this one had completed
    *passed = seen >= 0 || BARRIER_TIMED_OUT(seen, groups) > n;
    ACQUIRE_FENCE(passed);
  }
  barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
  FORGET_ITEM;
  if (EACH_ITEM_FENCES) ACQUIRE_FENCE(passed);
  return *passed;
}

INLINED int global_barrier(int item, volatile global int *arrivals, int groups, int n, local int *passed) {
  arrive(item, arrivals);
  return wait_for_all(item, arrivals, groups, n, passed);
}

// Run before each launch with barriers: no group has arrived; a wait polls `polls` times.
kernel void barrier_reset(global int *arrivals, int polls) {
  arrivals[0] = 0;
  arrivals[1] = min(polls, SPIN_LIMIT);
}

// Polls `polls` times like a wait that times out, for the host to time. NDRange: the groups of the barrier.
kernel void barrier_polls(volatile global int *arrivals, int polls) {
  int seen = 0;
  if (get_local_id(0) == 0)
    for (int i = 0; i < polls && seen >= 0; i++) seen = POLL(arrivals);
}

// Tests the barrier on a device. In each of `rounds` rounds every group writes new values to its PROOF_VECTORS vectors of
// slots [groups][PROOF_VECTORS] and reads those of four other groups: the same four for four rounds, so that stale values
// would still be in its cache. Plain stores and loads by all items, like those of gradients. One group per round is delayed,
// because groups at the same pace would hardly wait. *proven counts the items that completed all rounds with correct values.
// NDRange: as many groups as are to wait for each other. 4 · rounds local barriers.
#ifndef PROOF_VECTORS
#define PROOF_VECTORS 128
#endif
#define LATE_POLLS 64
kernel void barrier_proof(volatile global int *arrivals, global float4 *slots, int rounds, global int *proven) {
  local int passed;
  int item = get_local_id(0), items = get_local_size(0), group = get_group_id(0), groups = get_num_groups(0);
  int right = 1, round = 0;
  while (round < rounds) {
    _Pragma("unroll 1") for (int i = 0; i < LATE_POLLS && group == round % groups; i++) POLL(arrivals);
    for (int v = item; v < PROOF_VECTORS; v += items)
      slots[group * PROOF_VECTORS + v] = (float4)(round + 1, group, v, -round);
    if (!global_barrier(item, arrivals, groups, 2 * round + 1, &passed)) break;
    for (int i = 0; i < 4; i++) {
      int from = (group + 1 + (round / 4 * 4 + i) % max(groups - 1, 1)) % groups;
      for (int v = item; v < PROOF_VECTORS; v += items)
        right &= all(slots[from * PROOF_VECTORS + v] == (float4)(round + 1, from, v, -round));
    }
    if (!global_barrier(item, arrivals, groups, 2 * round + 2, &passed)) break;
    round++;
  }
  if (round == rounds && right) atomic_inc(proven);
}
