// The peak of a device, to which every other kernel is compared: multiply-adds on values in registers, and a copy of
// memory. The host tries several vector widths and group sizes and takes the best, since a peak that is too low would make
// other kernels look better than they are. Java: iadb.profile.Peak.

#ifndef VECTOR      // floats per vector: 1, 4, 8 or 16
#define VECTOR 4
#endif
#ifndef GROUP_SIZE  // work-items per group
#define GROUP_SIZE 64
#endif
#define SUMS 12     // independent sums per work-item: at least latency × multiply-adds per cycle, and fewer than the registers
#define ROUNDS 16   // multiply-adds of each sum per iteration of the loop

#if VECTOR == 1
typedef float vec;
#else
typedef CONCATENATE(float, VECTOR) vec;
#endif

// One multiply-add of each of the SUMS sums: separate variables, since not every compiler keeps an array in registers.
#define STEP(s) s = MULTIPLY_ADD(s, a, b)
#define ROUND                                                                                                      \
  STEP(s0); STEP(s1); STEP(s2); STEP(s3); STEP(s4); STEP(s5); STEP(s6); STEP(s7); STEP(s8); STEP(s9); STEP(s10); \
  STEP(s11);
#define FOUR_ROUNDS ROUND ROUND ROUND ROUND

// result [global size] keeps the compiler from removing the work. s <- factor s + offset keeps s near offset / (1 - factor).
// NDRange: any number of groups of GROUP_SIZE. No barriers. Flops: 2 · SUMS · ROUNDS · VECTOR · loops per work-item.
kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void multiply_adds(global float *result, float factor, float offset, int loops) {
  vec a = (vec)(factor), b = (vec)(offset), s0 = (vec)(get_global_id(0) * 1e-6f);
  vec s1 = s0 + 1, s2 = s0 + 2, s3 = s0 + 3, s4 = s0 + 4, s5 = s0 + 5, s6 = s0 + 6, s7 = s0 + 7, s8 = s0 + 8;
  vec s9 = s0 + 9, s10 = s0 + 10, s11 = s0 + 11;
  for (int loop = 0; loop < loops; loop++) {
    FOUR_ROUNDS FOUR_ROUNDS FOUR_ROUNDS FOUR_ROUNDS
  }
  vec total = s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11;
#if VECTOR == 1
  result[get_global_id(0)] = total;
#else
  float lanes[VECTOR];  // all lanes are used: a compiler for scalar registers would remove unused ones
  CONCATENATE(vstore, VECTOR)(total, 0, lanes);
  for (int i = 1; i < VECTOR; i++) lanes[0] += lanes[i];
  result[get_global_id(0)] = lanes[0];
#endif
}

// to [4 count] = from [4 count]. NDRange: any; each group copies a contiguous piece, its items adjacent vectors.
// Bytes: 32 · count.
kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void copy_memory(global const float4 *from, global float4 *to, int count) {
  int groups = (int)get_num_groups(0), group = (int)get_group_id(0);
  int piece = (count + groups - 1) / groups;
  int end = min(count, (group + 1) * piece);
  for (int i = group * piece + (int)get_local_id(0); i < end; i += GROUP_SIZE) to[i] = from[i];
}
