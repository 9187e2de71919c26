// Sums of distances between all pairs of points of two sets, for the energy distance.
// Java: iadb.metric.EnergyDistance.

#define ROWS 16     // points of a that a work-item compares with each point of b, as lanes of a vector
#define PIECE 2048  // points of b per sum: few enough for single precision

// sums[u], u = block · pieces + piece in [first, first + count): Σ |a_i - b_j| over the ROWS points i of a block of a and the
// PIECE points j of a piece of b. With `same`, a is b: pieces before the block's own are skipped, and those after it count
// twice. ax, ay [a_count, rounded up to whole blocks], bx, by [b_count]: coordinates. NDRange: any; work-items stride over
// the units. No barriers. Flops: 7 per pair, one of them a square root; bytes: 8 · PIECE per unit.
kernel void sum_distances(global const float *ax, global const float *ay, int a_count, global const float *bx,
                          global const float *by, int b_count, int same, global float *sums, int first, int count) {
  int pieces = (b_count + PIECE - 1) / PIECE;
  for (int u = first + get_global_id(0); u < first + count; u += get_global_size(0)) {
    int block = u / pieces, piece = u % pieces, own_piece = block * ROWS / PIECE;
    int begin = same && piece < own_piece ? b_count : piece * PIECE, end = min(b_count, piece * PIECE + PIECE);
    float16 x = vload16(block, ax), y = vload16(block, ay), sum = (float16)(0.0f);
    for (int j = begin; j < end; j++) {
      float16 dx = x - bx[j], dy = y - by[j];
      sum += sqrt(MULTIPLY_ADD(dx, dx, dy * dy));
    }
    float rows[ROWS], total = 0.0f;
    vstore16(sum, 0, rows);
    _Pragma("unroll") for (int i = 0; i < ROWS; i++) total += block * ROWS + i < a_count ? rows[i] : 0.0f;
    sums[u] = same && piece > own_piece ? 2.0f * total : total;
  }
}
