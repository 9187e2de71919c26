// How products and sums are rounded. A product is fused with a sum where MULTIPLY_ADD stands and nowhere else, so that the
// same formula gives the same bits in every kernel. A device without a fused one would call a slow function for fma(): the
// host defines HAS_FMA. At the end, what the other files are written with.

#pragma OPENCL FP_CONTRACT OFF
#ifdef HAS_FMA
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

#define CONCATENATE_(a, b) a##b
#define CONCATENATE(a, b) CONCATENATE_(a, b)

// Of functions with a barrier inside: Mesa's llvmpipe (25.0) crashes on one that is called rather than inlined.
#define INLINED static inline __attribute__((always_inline))

// After a barrier. On a CPU LLVM must not know that `item` is still the same: it would take tests of it out of a loop that
// waits, and PoCL 3.1 would then make them once for all items.
#if GROUP_SIZE != 1 && (defined(__x86_64__) || defined(__aarch64__))
#define FORGET_ITEM __asm__ volatile("" : "+r"(item))
#else
#define FORGET_ITEM
#endif
