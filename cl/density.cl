// The density of the map's result: each step x_{t+1} = x_t + h Σ_s b_s k_s with its Jacobian J_t = ∂x_{t+1}/∂x_t, propagated
// through all stages in forward mode, so that log q(x_T) = log p0(x_0) - Σ_t log|det J_t| is the density of the discrete map
// itself. The same steps inverted give the density at any points.

#define TILE_ACT (TILE_ROWS * WIDTH)

// The inputs of the first layer that have tangents: x and y; with an encoding all of INPUTS, though those of α and 1 are 0.
#define TANGENT_INPUTS (FEATURES == 0 ? 2 : INPUTS)

// Local memory of a tile of points with two tangents each. Tangents follow the tile's rows, one direction after the other:
// act [2 slots][3][TILE_ROWS][WIDTH], velocity [3][TILE_ROWS][2].
#define DECLARE_TANGENT_TILE                                       \
  local float input[TILE_ROWS * INPUTS] ALIGNED;                   \
  local float tangent[2 * TILE_ROWS * TANGENT_INPUTS] ALIGNED;     \
  local float velocity[3 * TILE_ROWS * 2] ALIGNED;                 \
  local float2 start[TILE_ROWS] ALIGNED; /* x at the start of the step */ \
  local float2 mean[3 * TILE_ROWS] ALIGNED; /* of k_0 .. k_s, then of their tangents */ \
  local float det_1[TILE_ROWS] ALIGNED; /* det J_t - 1 */ \
  local float sum[TILE_ROWS] ALIGNED; /* of the log|det J_t| so far */ \
  local float act[6 * TILE_ACT] ALIGNED

#if FEATURES > 0
// Like `encode`, and completes the rows of tangent [2][TILE_ROWS][INPUTS], of which those of x and y are set, with the tangents of
// the features: ∂cos(2πu) = -2π sin(2πu) ∂u. Starts with a barrier.
INLINED void encode_with_tangents(int item, global const float *parameters, local float *input, local float *tangent) {
  encode(item, parameters, input);
  for (int i = item * VECTOR; i < TILE_ROWS * 2 * FEATURES; i += GROUP_SIZE * VECTOR) {
    int r = i / (2 * FEATURES), e = i % (2 * FEATURES);
    vec u = turns(parameters + DIRECTIONS, e, *(local float4 *)(input + r * INPUTS));
    vec slope = (vec)(-6.28318531f) * cos_turns(u - (vec)(0.25f));
    vec b_x = LOAD_GLOBAL(parameters + DIRECTIONS + e), b_y = LOAD_GLOBAL(parameters + DIRECTIONS + 2 * FEATURES + e);
    UNROLL for (int d = 0; d < 2; d++) {
      local float *row = tangent + (d * TILE_ROWS + r) * INPUTS;
      STORE_UNALIGNED(row + 4 + e, slope * MULTIPLY_ADD(b_x, (vec)(row[0]), b_y * (vec)(row[1])));
      if (e == 0) *(local float2 *)(row + 2) = (float2)(0.0f);  // of α and 1
    }
  }
}
#endif

// velocity [3][TILE_ROWS][2] = D(input [TILE_ROWS][INPUTS]), then its derivatives along tangent [2][TILE_ROWS][TANGENT_INPUTS],
// directions of (x, y). Features and their tangents are added to input and tangent. Starts and ends with a barrier; DEPTH barriers
// inside, and one more with an encoding. Three times the flops of `evaluate`.
INLINED void evaluate_with_tangents(int item, global const float *parameters, local float *input, local float *tangent,
                                    local float *act, local float *velocity) {
#if FEATURES > 0
  encode_with_tangents(item, parameters, input, tangent);
#endif
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  forward_layer(item, input, INPUTS, parameters + WEIGHTS_FIRST, 0, act);
  NO_UNROLL for (int d = 0; d < 2; d++) // each work-item reads only activations that it wrote itself
    derivative_layer(item, tangent + d * TILE_ROWS * TANGENT_INPUTS, TANGENT_INPUTS, parameters + WEIGHTS_FIRST, act,
                     act + (1 + d) * TILE_ACT);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  NO_UNROLL for (int l = 1; l < DEPTH; l++) {
    local float *below = act + (l - 1) % 2 * (3 * TILE_ACT), *above = act + l % 2 * (3 * TILE_ACT);
    forward_layer(item, below, WIDTH, parameters + WEIGHTS(l), parameters + BIAS(l), above);
    NO_UNROLL for (int d = 0; d < 2; d++)
      derivative_layer(item, below + (1 + d) * TILE_ACT, WIDTH, parameters + WEIGHTS(l), above, above + (1 + d) * TILE_ACT);
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
  output_layer(item, 3 * TILE_ROWS, act + (DEPTH - 1) % 2 * (3 * TILE_ACT), parameters, velocity);
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}

// Sets input and tangents of all rows for the start of step t: x = start, ∂x = 1. No barriers.
static inline void begin_step(int item, local const float2 *start, float alpha, local float *input, local float *tangent) {
  for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
    *(local float4 *)(input + r * INPUTS) = (float4)(start[r], alpha, 1.0f);
    *(local float2 *)(tangent + r * TANGENT_INPUTS) = (float2)(1.0f, 0.0f);
    *(local float2 *)(tangent + (TILE_ROWS + r) * TANGENT_INPUTS) = (float2)(0.0f, 1.0f);
  }
}

// One step of a tile from start, after begin_step: mean [3][TILE_ROWS] becomes (x_{t+1} - x_t) / h and the columns of
// (J_t - 1) / h, input the end of the step. (2 + DEPTH) · stages barriers.
INLINED void step_with_tangents(int item, global const float *parameters, uint solver, float begin_alpha,
                                float end_alpha, local const float2 *start, local float *input, local float *tangent,
                                local float *act, local float *velocity, local float2 *mean) {
  NO_UNROLL for (uint s = 0; s < STAGES[solver]; s++) {
    evaluate_with_tangents(item, parameters, input, tangent, act, velocity);
    stage to = stage_of(solver, s, begin_alpha, end_alpha);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
      float2 x = follow(to, start[r], *(local float2 *)(velocity + r * 2), mean + r);
      *(local float4 *)(input + r * INPUTS) = (float4)(x, to.alpha, 1.0f);
      for (int d = 0; d < 2; d++) {
        int i = (1 + d) * TILE_ROWS + r;
        *(local float2 *)(tangent + (i - TILE_ROWS) * TANGENT_INPUTS) =
            follow(to, (float2)(d == 0, d == 1), *(local float2 *)(velocity + i * 2), mean + i);
      }
    }
  }
}

// det J - 1 for J = 1 + h (a b) with columns a and b; for small h more accurate than det J minus 1.
static inline float determinant_minus_1(float h, float2 a, float2 b) {
  return h * MULTIPLY_ADD(h, a.x * b.y - a.y * b.x, a.x + b.y);
}

// sum [TILE_ROWS] += log|det J|, VECTOR rows at once, since scalar logarithms would take a twentieth of the time. Starts
// and ends with a barrier.
INLINED void add_log_det(int item, local const float *det_1, local float *sum) {
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  for (int r = item * VECTOR; r < TILE_ROWS; r += GROUP_SIZE * VECTOR) {
    vec e = LOAD_LOCAL(det_1 + r);
    STORE_LOCAL(sum + r, LOAD_LOCAL(sum + r) + select(log(fabs((vec)(1.0f) + e)), log1p(e), e > (vec)(-0.5f)));
  }
  GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
}

// Moves points like move_points (map.cl), and log_det [count] += Σ_t log|det J_t|.
// Flops: three times those of move_points; bytes: 24 per point. Barriers per tile: ((2 + DEPTH) · stages + 2) · steps + 1, with
// an encoding stages · steps more.
GROUP void move_with_tangents(global const float *parameters, global float2 *points, global float *log_det,
                              global const float *alphas, uint solver, uint first, uint count, uint first_step,
                              uint steps) {
  DECLARE_TANGENT_TILE;
  int item = get_local_id(0);
  for (uint tile = get_group_id(0); tile * TILE_ROWS < count; tile += get_num_groups(0)) {
    uint offset = first + tile * TILE_ROWS;
    int rows = min((uint)TILE_ROWS, count - tile * TILE_ROWS);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
      start[r] = r < rows ? points[offset + r] : (float2)(0.0f);
      sum[r] = r < rows ? log_det[offset + r] : 0.0f;
    }
    NO_UNROLL for (uint t = first_step; t < first_step + steps; t++) {
      begin_step(item, start, alphas[t], input, tangent);
      step_with_tangents(item, parameters, solver, alphas[t], alphas[t + 1], start, input, tangent, act, velocity, mean);
      float h = alphas[t + 1] - alphas[t];
      for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
        start[r] = *(local float2 *)(input + r * INPUTS);
        det_1[r] = determinant_minus_1(h, mean[TILE_ROWS + r], mean[2 * TILE_ROWS + r]);
      }
      add_log_det(item, det_1, sum);
    }
    for (int r = item; r < rows; r += GROUP_SIZE) {
      points[offset + r] = start[r];
      log_det[offset + r] = sum[r];
    }
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
}

// A step counts as inverted when Newton's next correction is at most this in each coordinate, relative to the point's
// coordinates where these exceed 1; or, if no correction reduces the error of its end any more, when that error is.
#define TOLERANCE 1e-6f
#define MOST_TRIALS 24  // Newton iterations per step before it counts as not inverted

static inline float size_or_1(float2 x) { return fmax(1.0f, fmax(fabs(x.x), fabs(x.y))); }

// Maps points [count] back: step s finds the start of the step from alphas[s + 1] to alphas[s] that ends in the point, by
// Newton's method from x - h D(x); a correction that does not reduce the error is halved. log_det [count] += Σ log|det J| of
// the steps found. If a step cannot be inverted, the point and its log_det become NaN.
// NDRange: any number of groups of GROUP_SIZE; groups stride over the tiles of points first .. first + count - 1.
// Flops: those of move_points, and three times as many per trial; bytes: 24 per point. Barriers per tile and step:
// (2 + DEPTH) (1 + stages · trials) + 2 · trials + 2, with an encoding 1 + stages · trials more.
GROUP void invert_points(global const float *parameters, global float2 *points, global float *log_det,
                         global const float *alphas, uint solver, uint first, uint count, uint first_step,
                         uint steps) {
  DECLARE_TANGENT_TILE;
  local float2 end[TILE_ROWS] ALIGNED;         // the required end of the step
  local float2 nearest[TILE_ROWS] ALIGNED;     // the best start so far
  local float2 correction[TILE_ROWS] ALIGNED;  // subtracted from it for the current trial
  local float miss[TILE_ROWS] ALIGNED;         // squared error of its end
  local int open[TILE_ROWS] ALIGNED;           // whether the search continues
  local int open_rows;
  int item = get_local_id(0);
  for (uint tile = get_group_id(0); tile * TILE_ROWS < count; tile += get_num_groups(0)) {
    uint offset = first + tile * TILE_ROWS;
    int rows = min((uint)TILE_ROWS, count - tile * TILE_ROWS);
    for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
      end[r] = r < rows ? points[offset + r] : (float2)(NAN);
      sum[r] = r < rows ? log_det[offset + r] : 0.0f;
    }
    NO_UNROLL for (uint s = first_step; s < first_step + steps; s++) {
      float alpha = alphas[s + 1], h = alphas[s] - alpha;
      begin_step(item, end, alpha, input, tangent);
      evaluate(item, parameters, input, act, 2, velocity);
      for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
        start[r] = end[r] - h * *(local float2 *)(velocity + r * 2);
        nearest[r] = start[r];
        correction[r] = (float2)(0.0f);
        det_1[r] = 0.0f;
        miss[r] = INFINITY;
        open[r] = !any(isnan(end[r]));
      }
      NO_UNROLL for (int trial = 0; trial < MOST_TRIALS; trial++) {
        begin_step(item, start, alpha, input, tangent);
        step_with_tangents(item, parameters, solver, alpha, alphas[s], start, input, tangent, act, velocity, mean);
        if (item == 0) open_rows = 0;
        GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
        for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
          if (!open[r]) continue;
          float2 off = MULTIPLY_ADD((float2)(h), mean[r], start[r] - end[r]);
          float off2 = dot(off, off);
          if (off2 < miss[r]) {
            float2 a = mean[TILE_ROWS + r], b = mean[2 * TILE_ROWS + r];
            det_1[r] = determinant_minus_1(h, a, b);
            float2 columns[2] = {(float2)(1.0f, 0.0f) + h * a, (float2)(0.0f, 1.0f) + h * b};  // of J_t
            nearest[r] = start[r];
            miss[r] = off2;
            correction[r] = (float2)(columns[1].y * off.x - columns[1].x * off.y,
                                     columns[0].x * off.y - columns[0].y * off.x) / (1.0f + det_1[r]);
            open[r] = !(fmax(fabs(correction[r].x), fabs(correction[r].y)) <= TOLERANCE * size_or_1(nearest[r]));
          } else {
            float reach = TOLERANCE * size_or_1(end[r]);
            open[r] = !(miss[r] <= reach * reach);
            correction[r] *= open[r] ? 0.5f : 0.0f;
          }
          start[r] = nearest[r] - correction[r];
          if (open[r]) atomic_inc(&open_rows);
        }
        GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
        if (open_rows == 0) break;
      }
      for (int r = item; r < TILE_ROWS; r += GROUP_SIZE) {
        end[r] = open[r] ? (float2)(NAN) : start[r];
        det_1[r] = any(isnan(end[r])) ? NAN : det_1[r];
      }
      add_log_det(item, det_1, sum);
    }
    for (int r = item; r < rows; r += GROUP_SIZE) {
      points[offset + r] = end[r];
      log_det[offset + r] = sum[r];
    }
    GROUP_BARRIER(CLK_LOCAL_MEM_FENCE);
  }
}
