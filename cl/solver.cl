// A step along dx/dα = D(x, α) (IADB, algorithm 4, its deterministic form), from α_t by h = α_{t+1} - α_t: an explicit
// Runge-Kutta method, each stage of which needs the one before only,
//   k_s = D(x + NODE_s h k_{s-1}, α_t + NODE_s h),  x ← x + h Σ_s b_s k_s
// The sum is kept as a running mean of the k_s, which takes the share b_s / (b_0 + … + b_s) of k_s: where all are equal,
// their mean is exactly that. Rows: Euler, midpoint (b = 0, 1), RK4 (b = 1/6, 1/3, 1/3, 1/6), as in iadb.sample.Solver.
constant uint STAGES[3] = {1, 2, 4};
constant float NODE[3][4] = {{0.0f}, {0.0f, 0.5f}, {0.0f, 0.5f, 0.5f, 1.0f}};
constant float SHARE[3][4] = {{1.0f}, {1.0f, 1.0f}, {1.0f, 2.0f / 3.0f, 0.4f, 1.0f / 6.0f}};

// Where stage s leads: to the next one, or after the last to the step's end.
typedef struct {
  bool first, last;
  float share;   // of k_s in the mean
  float stride;  // how far from the step's begin the next stage lies, along k_s, or its end, along the mean
  float alpha;   // there
} stage;

static inline stage stage_of(uint solver, uint s, float begin_alpha, float end_alpha) {
  stage to;
  float h = end_alpha - begin_alpha;
  to.first = s == 0;
  to.last = s + 1 == STAGES[solver];
  to.share = SHARE[solver][s];
  to.stride = to.last ? h : NODE[solver][s + 1] * h;
  to.alpha = to.last ? end_alpha : begin_alpha + to.stride;
  return to;
}

// Takes k_s into *mean; the value there of what was `start` at the step's begin and has the derivative k_s.
static inline float2 follow(stage to, float2 start, float2 k, local float2 *mean) {
  *mean = to.first ? k : MULTIPLY_ADD((float2)(to.share), k - *mean, *mean);
  return MULTIPLY_ADD((float2)(to.stride), to.last ? *mean : k, start);
}
