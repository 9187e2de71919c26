// Draws points from a density given as an image: pixel (row i, column j) of h × w covers
// [j/w, (j+1)/w) × (1-(i+1)/h, 1-i/h], bright is dense, and a point is uniform inside its pixel.
//
// Two kernels with one distribution: coordinates are multiples of 2^-24, and a pixel owns those inside it. Where 2^24 is
// no multiple of w or h, pixels own one lattice line more or less than others, which rejection weighs and inversion does
// not: a relative difference of w / 2^24 at most. Rejection needs no table and is right for most images; inversion takes
// a fixed time when few pixels are bright. Java: iadb.draw.PointSource chooses by the acceptance rate.

// Draws give up after this many rejected candidates: at the lowest acceptance rate that the host sends here, 1/64,
// the chance to come this far is e^-1032.
#ifndef MAX_CANDIDATES
#define MAX_CANDIDATES 65536u
#endif

// The point at lattice position (x, y) / 2^24.
static inline float2 lattice_point(uint x, uint y) {
  return (float2)(x * 0x1p-24f, y * 0x1p-24f);
}

// points[n], n in [start, start + count): by rejection. Draw n + first, candidate c has the counter (n + first, c, stream, 0).
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

    int row = 0, after = h;  // the first row with row_end > target
    while (row < after) {
      int middle = (row + after) / 2;
      if (row_end[middle] > target) after = middle; else row = middle + 1;
    }
    uint rest = (uint)(target - (row > 0 ? row_end[row - 1] : 0));
    global const uint *ends = column_end + (size_t)row * w;
    int column = 0;
    after = w;  // the first column with ends > rest
    while (column < after) {
      int middle = (column + after) / 2;
      if (ends[middle] > rest) after = middle; else column = middle + 1;
    }

    uint x = lattice_start(column, w), y = lattice_start(h - 1 - row, h);
    points[n] = lattice_point(x + mul_hi(counter[2], lattice_start(column + 1, w) - x),
                              y + mul_hi(counter[3], lattice_start(h - row, h) - y));
  }
}
