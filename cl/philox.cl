// Philox4x32: a counter-based random generator (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). A draw depends only on its counter and key, so that any work-item can compute any draw, and the
// same (seed, step, row) gives the same bits on every device and with every plan.
// Seven rounds pass BigCrush (table 2 of the paper); the tests check seven and ten against Random123's known answers.

#ifndef PHILOX_ROUNDS
#define PHILOX_ROUNDS 7
#endif

// The third counter word is the purpose of a draw, so that no two purposes share numbers. Java: iadb.random.RandomPurpose.
#define STREAM_TRAINING_ROWS 0u

// Defines NAME(counter, key0, key1): encrypts counter[4] in place. T is uint, or a vector of it: one draw per lane.
#define DEFINE_PHILOX(NAME, T)                                                     \
  static inline void NAME(T counter[4], uint key0, uint key1) {                    \
    _Pragma("unroll") for (int round = 0; round < PHILOX_ROUNDS; round++) {        \
      T high0 = mul_hi((T)(0xD2511F53u), counter[0]);                              \
      T low0 = 0xD2511F53u * counter[0];                                           \
      T high1 = mul_hi((T)(0xCD9E8D57u), counter[2]);                              \
      T low1 = 0xCD9E8D57u * counter[2];                                           \
      counter[0] = high1 ^ counter[1] ^ key0;                                      \
      counter[1] = low1;                                                           \
      counter[2] = high0 ^ counter[3] ^ key1;                                      \
      counter[3] = low0;                                                           \
      key0 += 0x9E3779B9u;                                                         \
      key1 += 0xBB67AE85u;                                                         \
    }                                                                              \
  }

DEFINE_PHILOX(philox, uint)

// 24 random bits as a multiple of 2^-24 in [0, 1): exact in a float.
static inline float unit_interval(uint bits) {
  return (bits >> 8) * 0x1p-24f;
}
