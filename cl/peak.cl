// What a device can do at best, to hold every other kernel against: multiply-adds on values in registers, and a copy of
// memory. The host tries vector widths and group sizes and takes the best of them, since a weak loop would flatter all
// shares of it. Java: iadb.profile.Peak.

#ifndef VECTOR      // floats a vector: 1, 4, 8 or 16
#define VECTOR 4
#endif
#ifndef GROUP_SIZE  // work-items a group
#define GROUP_SIZE 64
#endif
#ifndef SUMS        // independent sums a work-item: latency times multiply-adds a cycle, or more, and fewer than registers
#define SUMS 12
#endif
#define ROUNDS 16   // multiply-adds of each sum between two tests of the loop's end

#if VECTOR == 1
typedef float vec;
#else
#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)
typedef CONCATENATE(float, VECTOR) vec;
#endif

#pragma OPENCL FP_CONTRACT OFF
#ifdef HAS_FMA
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// result [global size]: so that nothing is left out. x ← factor x + offset keeps x near offset / (1 - factor).
// NDRange: any number of groups of GROUP_SIZE. No barriers. Flops: 2 · SUMS · ROUNDS · VECTOR · loops a work-item.
kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void multiply_adds(global float *result, float factor, float offset, int loops) {
  vec sum[SUMS], a = (vec)(factor), b = (vec)(offset);
  _Pragma("unroll") for (int i = 0; i < SUMS; i++) sum[i] = (vec)(get_global_id(0) * 1e-6f + i);
  for (int loop = 0; loop < loops; loop++) {
    _Pragma("unroll") for (int round = 0; round < ROUNDS; round++)
      _Pragma("unroll") for (int i = 0; i < SUMS; i++) sum[i] = MULTIPLY_ADD(sum[i], a, b);
  }
  vec total = sum[0];
  _Pragma("unroll") for (int i = 1; i < SUMS; i++) total += sum[i];
#if VECTOR == 1
  result[get_global_id(0)] = total;
#else
  float lanes[VECTOR];  // all of them count: a compiler for scalar registers would leave out the others
  CONCATENATE(vstore, VECTOR)(total, 0, lanes);
  for (int i = 1; i < VECTOR; i++) lanes[0] += lanes[i];
  result[get_global_id(0)] = lanes[0];
#endif
}

// to [4 count] = from [4 count]. NDRange: any; each group copies a piece of its own, its items side by side.
// Bytes: 32 · count.
kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1)))
void copy_memory(global const float4 *from, global float4 *to, int count) {
  int groups = (int)get_num_groups(0), group = (int)get_group_id(0);
  int piece = (count + groups - 1) / groups;
  int end = min(count, (group + 1) * piece);
  for (int i = group * piece + (int)get_local_id(0); i < end; i += GROUP_SIZE) to[i] = from[i];
}
