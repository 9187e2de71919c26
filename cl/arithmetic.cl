// Rounding of products and sums, and macros for the other files. Only MULTIPLY_ADD fuses a product with a sum, so that a
// formula gives the same bits in every kernel. The host defines HAS_FMA if the device has a fast fma(); otherwise fma() would
// call a slow library function.

#pragma OPENCL FP_CONTRACT OFF
#ifdef HAS_FMA
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

// For functions that contain a barrier: Mesa's llvmpipe (25.0) crashes if such a function is called instead of inlined.
#define INLINED static inline __attribute__((always_inline))

// After a barrier: hides from LLVM that `item` is unchanged. Otherwise LLVM moves tests of `item` out of a loop that contains
// a barrier, and PoCL 3.1 then evaluates them once for all items of the group.
#if GROUP_SIZE != 1 && (defined(__x86_64__) || defined(__aarch64__))
#define FORGET_ITEM __asm__ volatile("" : "+r"(item))
#else
#define FORGET_ITEM
#endif
