// Draws points from a density given as an image or as points. An image: pixel (row i, column j) of h × w covers
// [j/w, (j+1)/w) × (1-(i+1)/h, 1-i/h], bright is dense, and a point is uniform inside its pixel.
//
// Two kernels with the same distribution: coordinates are multiples of 2^-24, and a pixel owns those inside it. If 2^24 is
// not a multiple of w or h, some pixels own one lattice line more than others, which rejection accounts for and inversion
// does not: a relative difference of w / 2^24 at most. Rejection needs no table and suits most images; inversion takes
// constant time even if few pixels are bright. iadb.draw.PointSource chooses by the acceptance rate. A third kernel maps
// the points of Sobol's sequence through the same tables. A fourth draws rows of a set of points, and adds noise.

// A draw ends after this many rejected candidates: at the lowest acceptance rate for which the host uses rejection, 1/64,
// the probability of getting here is e^-1032.
#ifndef MAX_CANDIDATES
#define MAX_CANDIDATES 65536u
#endif

// The point at lattice position (x, y) / 2^24.
static inline float2 lattice_point(uint x, uint y) {
  return (float2)(x * 0x1p-24f, y * 0x1p-24f);
}

// points[n], n in [start, start + count): by rejection. Candidate c of draw n + first has the counter (n + first, c, stream, 0).
// weights [h][w] is the image, 0 .. brightest. NDRange: any; work-items stride over the points. No barriers.
kernel void draw_by_rejection(global const ushort *weights, int w, int h, uint brightest, uint seed_low,
                              uint seed_high, uint stream, uint first, global float2 *points, uint start,
                              uint count) {
  for (uint n = start + get_global_id(0); n < start + count; n += get_global_size(0)) {
    uint x = 0, y = 0;
    for (uint candidate = 0; candidate < MAX_CANDIDATES; candidate++) {
      uint counter[4] = {first + n, candidate, stream, 0};
      philox(counter, seed_low, seed_high);
      x = counter[0] >> 8;
      y = counter[1] >> 8;
      uint column = (uint)(((ulong)x * w) >> 24);
      uint row_from_bottom = (uint)(((ulong)y * h) >> 24);
      uint weight = weights[(size_t)(h - 1 - row_from_bottom) * w + column];
      if (mul_hi(counter[2], brightest) < weight) break;
    }
    points[n] = lattice_point(x, y);
  }
}

// The first lattice position at or after pixel/pixels: pixel p owns [lattice_start(p), lattice_start(p + 1)).
static inline uint lattice_start(uint pixel, uint pixels) {
  return (uint)((((ulong)pixel << 24) + pixels - 1) / pixels);
}

// The index of the first element above target in ends [count], which is sorted.
#define DEFINE_FIRST_ABOVE(NAME, T)                                           \
  static inline int NAME(global const T *ends, int count, T target) {         \
    int found = 0, after = count - 1;                                         \
    while (found < after) {                                                   \
      int middle = (found + after) / 2;                                       \
      if (ends[middle] > target) after = middle; else found = middle + 1;     \
    }                                                                         \
    return found;                                                             \
  }

DEFINE_FIRST_ABOVE(first_row_above, ulong)
DEFINE_FIRST_ABOVE(first_column_above, uint)

// points[n], n in [start, start + count): by inverting the cumulative sums, which are exact integers.
// row_end [h]: weight of rows 0 .. i; column_end [h][w]: weight of columns 0 .. j inside row i.
// NDRange: any; work-items stride over the points. No barriers.
kernel void draw_by_inversion(global const ulong *row_end, global const uint *column_end, int w, int h,
                              uint seed_low, uint seed_high, uint stream, uint first, global float2 *points,
                              uint start, uint count) {
  ulong total = row_end[h - 1];
  for (uint n = start + get_global_id(0); n < start + count; n += get_global_size(0)) {
    uint counter[4] = {first + n, 0, stream, 0};
    philox(counter, seed_low, seed_high);
    ulong target = mul_hi(((ulong)counter[1] << 32) | counter[0], total);
    int row = first_row_above(row_end, h, target);
    uint rest = (uint)(target - (row > 0 ? row_end[row - 1] : 0));
    int column = first_column_above(column_end + (size_t)row * w, w, rest);
    uint x = lattice_start(column, w), y = lattice_start(h - 1 - row, h);
    points[n] = lattice_point(x + mul_hi(counter[2], lattice_start(column + 1, w) - x),
                              y + mul_hi(counter[3], lattice_start(h - row, h) - y));
  }
}

// Point n of Sobol's sequence in two dimensions (Sobol 1967), as multiples of 2^-32: bit k of n moves x by the bits of n
// in reverse, y by row k of Pascal's triangle modulo 2.
static inline uint2 sobol(uint n) {
  uint2 point = (uint2)(0u);
  for (uint2 bit = (uint2)(0x80000000u); n; n >>= 1, bit = (uint2)(bit.x >> 1, bit.y ^ (bit.y >> 1)))
    if (n & 1) point ^= bit;
  return point;
}

#define SCRAMBLED_AT_ONCE 7  // their tree of 2^7 - 1 decisions fits one draw of 128 bits

// Owen's nested uniform scrambling (Owen 1995): each bit is flipped or not by a random bit that belongs to all the bits
// above it. This keeps the sequence's even spacing and makes each point uniform. Random bits are Philox draws with the counter
// (bits above, their number, stream, 1 + dimension); the fourth word of all other draws is 0.
static inline uint owen_scramble(uint bits, uint dimension, uint stream, uint seed_low, uint seed_high) {
  uint flips = 0;
  for (uint done = 0; done < 32; done += SCRAMBLED_AT_ONCE) {
    uint counter[4] = {done > 0 ? bits >> (32 - done) : 0, done, stream, 1 + dimension};
    philox(counter, seed_low, seed_high);
    uint node = 1;  // of the tree, whose root is 1 and whose node i has the children 2i and 2i + 1
    for (uint level = done; level < min(done + SCRAMBLED_AT_ONCE, 32u); level++) {
      uint word = node & 64 ? (node & 32 ? counter[3] : counter[2]) : (node & 32 ? counter[1] : counter[0]);
      flips |= (word >> node % 32 & 1) << (31 - level);
      node = 2 * node + (bits >> (31 - level) & 1);
    }
  }
  return bits ^ flips;
}

// The cell, of `cells`, that contains the fraction (rest + part / 2^32) / weight.
static inline uint cell_of(uint rest, uint part, uint weight, uint cells) {
  return (uint)(((ulong)rest * cells + ((ulong)part * cells >> 32)) / weight);
}

// points[n], n in [start, start + count): point n + first of Sobol's sequence, scrambled, mapped by the inverse of the
// cumulative distribution: y selects the row, x the column inside the row. The mapping is continuous inside a pixel and across
// adjacent rows and columns, so that points close together in the sequence's square stay close together in the density.
// Arguments and NDRange: those of draw_by_inversion.
kernel void draw_sobol(global const ulong *row_end, global const uint *column_end, int w, int h, uint seed_low,
                       uint seed_high, uint stream, uint first, global float2 *points, uint start, uint count) {
  ulong total = row_end[h - 1];
  for (uint n = start + get_global_id(0); n < start + count; n += get_global_size(0)) {
    uint2 point = sobol(first + n);
    uint along = owen_scramble(point.x, 0, stream, seed_low, seed_high);
    ulong down = (ulong)owen_scramble(point.y, 1, stream, seed_low, seed_high) << 32;

    ulong target = mul_hi(down, total);
    int row = first_row_above(row_end, h, target);
    ulong before = row > 0 ? row_end[row - 1] : 0;
    uint row_weight = (uint)(row_end[row] - before);
    uint y = lattice_start(h - 1 - row, h), after_y = lattice_start(h - row, h);
    y = after_y - 1 - cell_of((uint)(target - before), (uint)(down * total >> 32), row_weight, after_y - y);

    global const uint *ends = column_end + (size_t)row * w;
    uint in_row = mul_hi(along, row_weight);
    int column = first_column_above(ends, w, in_row);
    uint before_column = column > 0 ? ends[column - 1] : 0;
    uint x = lattice_start(column, w), cells = lattice_start(column + 1, w) - x;
    x += cell_of(in_row - before_column, along * row_weight, ends[column] - before_column, cells);
    points[n] = lattice_point(x, y);
  }
}

// points[n], n in [start, start + count): a row of rows [total] plus Gaussian noise of this deviation (Box and Muller 1958). The
// row is drawn by the generator, or if evenly is not 0 by the first coordinate of point n + first of Sobol's scrambled sequence,
// which draws each row nearly equally often. The draw has the counter (n + first, 0, stream, 0).
// NDRange: any; work-items stride over the points. No barriers.
kernel void draw_rows(global const float2 *rows, uint total, float noise, int evenly, uint seed_low, uint seed_high, uint stream,
                      uint first, global float2 *points, uint start, uint count) {
  for (uint n = start + get_global_id(0); n < start + count; n += get_global_size(0)) {
    uint counter[4] = {first + n, 0, stream, 0};
    philox(counter, seed_low, seed_high);
    uint word = evenly ? owen_scramble(sobol(first + n).x, 0, stream, seed_low, seed_high) : counter[0];
    float2 point = rows[mul_hi(word, total)];
    if (noise > 0.0f) {
      float radius = noise * sqrt(-2.0f * log(((counter[2] >> 8) + 0.5f) * 0x1p-24f));
      float turns = (counter[3] >> 8) * 0x1p-23f;
      point += radius * (float2)(cospi(turns), sinpi(turns));
    }
    points[n] = point;
  }
}
