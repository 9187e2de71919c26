// A step along dx/dα = D(x, α) (IADB, algorithm 4, its deterministic form), from α_t by h = α_{t+1} - α_t: an explicit
// Runge-Kutta method in which each stage depends only on the previous one,
//   k_s = D(x + NODE_s h k_{s-1}, α_t + NODE_s h),  x ← x + h Σ_s b_s k_s
// The sum is kept as a running mean that moves towards k_s by b_s / (b_0 + … + b_s): if all k_s are equal, the mean is exactly
// their value. Rows: Euler, midpoint (b = 0, 1), RK4 (b = 1/6, 1/3, 1/3, 1/6), as in iadb.sample.Solver.
constant uint STAGES[3] = {1, 2, 4};
constant float NODE[3][4] = {{0.0f}, {0.0f, 0.5f}, {0.0f, 0.5f, 0.5f, 1.0f}};
constant float SHARE[3][4] = {{1.0f}, {1.0f, 1.0f}, {1.0f, 2.0f / 3.0f, 0.4f, 1.0f / 6.0f}};

// Where stage s leads: to the next stage, or from the last stage to the end of the step.
typedef struct {
  bool first, last;
  float share;   // weight of k_s in the running mean
  float stride;  // distance in α from the start of the step to the next stage (along k_s) or to the end (along the mean)
  float alpha;   // at that stage or end
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

// Adds k_s to *mean; returns the value at the next stage, or at the end, of a quantity that was `start` at the step's start.
static inline float2 follow(stage to, float2 start, float2 k, local float2 *mean) {
  *mean = to.first ? k : MULTIPLY_ADD((float2)(to.share), k - *mean, *mean);
  return MULTIPLY_ADD((float2)(to.stride), to.last ? *mean : k, start);
}
