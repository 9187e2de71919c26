/*
@comment@
 *
 * Example:
 *
 *     #include <stdio.h>
 *     #include "@file@"
 *
 *     int main(void)
 *     {
 *         float start[2] = {@example@f, @example_y@f}, end[2], back[2];
 *         @name@_map(start, end);
 *         @name@_inverse(end, back, NULL);
 *         printf("%g %g\n", end[0], end[1]);
 *         return 0;
 *     }
 *
 * Compile it with cc -O3 example.c -lm. C99. The functions allocate nothing and keep no state: threads can share them.
 */
#include <math.h>
#include <stddef.h>

/* The velocity D(x, alpha) of the field that the map follows. */
void @name@_velocity(const float at[2], float alpha, float velocity[2]);

/* Maps a point of p0 to one of p1. */
void @name@_map(const float start[2], float end[2]);

/* The same; returns log |det J| of the whole map, so that log q(end) = log p0(start) - log |det J|. */
float @name@_map_log_det(const float start[2], float end[2]);

/* Finds the start that the map moves to end, and log |det J| there unless log_det is NULL. Returns 1, or 0 and NaN if there is
 * none. */
int @name@_inverse(const float end[2], float start[2], float *log_det);

/* The natural logarithm of the density q of mapped points, per unit of area; NaN where the map has no inverse.
 * log_p0: the logarithm of the density p0 of the start points@log_p0_note@ */
float @name@_log_density(const float at[2], float (*log_p0)(const float start[2]));
@if gaussian

/* log p0 of the density gaussian, without the pixels of the program's own picture of it. */
float @name@_log_p0(const float start[2]);
@end

enum {
    @name@_steps = @steps@,
    @name@_stages = @stages@, /* evaluations of the network in a step */
    @name@_inputs = @inputs@, /* x, y, alpha, 1@features_note@ */
    @name@_width = @width@,
    @name@_depth = @depth@, /* hidden layers */
    @name@_trials = 24 /* of Newton's method in a step of the inverse */
};

/* Weights [inputs][outputs] and biases, layer by layer; those of the first layer's bias are its fourth input's. The output
 * layer's are [2][width]. */
static const float @name@_parameters[@parameter_count@] = {
@parameters@
};
@if encoding

/* The random Fourier features are sin and cos of 2 pi b . (x, y, alpha) for these b. */
static const float @name@_directions[@features@][3] = {
@directions@
};
@end

static void @name@_layer(const float *weights, const float *bias, int inputs, const float *in, float *restrict out)
{
    int k, n;
    for (n = 0; n < @name@_width; n++) out[n] = bias ? bias[n] : 0.0f;
    for (k = 0; k < inputs; k++, weights += @name@_width)
        for (n = 0; n < @name@_width; n++) out[n] += in[k] * weights[n];
}

/* result[0] = D(at[0], alpha); with 3 rows, result[1] and result[2] are its derivatives along at[1] and at[2]. */
static void @name@_evaluate(int rows, float at[3][2], float alpha, float result[3][2])
{
    float in[3][@name@_inputs], act[2][3][@name@_width];
    const float *weights = @name@_parameters;
    int r, l, n, c;
    for (r = 0; r < rows; r++) {
        in[r][0] = at[r][0];
        in[r][1] = at[r][1];
        in[r][2] = r == 0 ? alpha : 0.0f;
        in[r][3] = r == 0 ? 1.0f : 0.0f;
    }
@if encoding
    for (n = 0; n < @features@; n++) {
        const float *b = @name@_directions[n];
        float turns = b[0] * at[0][0] + b[1] * at[0][1] + b[2] * alpha;
        float angle = 6.28318531f * (turns - floorf(turns + 0.5f));
        float sine = sinf(angle), cosine = cosf(angle);
        in[0][4 + n] = sine;
        in[0][4 + @features@ + n] = cosine;
        for (r = 1; r < rows; r++) {
            float change = 6.28318531f * (b[0] * at[r][0] + b[1] * at[r][1]);
            in[r][4 + n] = cosine * change;
            in[r][4 + @features@ + n] = -sine * change;
        }
    }
@end
    for (l = 0; l < @name@_depth; l++) {
        int inputs = l == 0 ? @name@_inputs : @name@_width;
        float (*out)[@name@_width] = act[l % 2];
        for (r = 0; r < rows; r++) {
            const float *bias = r == 0 && l > 0 ? weights + inputs * @name@_width : NULL;
            @name@_layer(weights, bias, inputs, l == 0 ? in[r] : act[(l + 1) % 2][r], out[r]);
            for (n = 0; n < @name@_width; n++) out[r][n] = out[0][n] > 0.0f ? out[r][n] : 0.0f;
        }
        weights += inputs * @name@_width + (l > 0 ? @name@_width : 0);
    }
    for (r = 0; r < rows; r++) {
        const float *last = act[(@name@_depth + 1) % 2][r];
        for (c = 0; c < 2; c++) {
            float sum = r == 0 ? weights[2 * @name@_width + c] : 0.0f;
            for (n = 0; n < @name@_width; n++) sum += weights[c * @name@_width + n] * last[n];
            result[r][c] = sum;
        }
    }
}

/* alpha before step t, or 1 after the last one. */
static float @name@_alpha(int t)
{
@if linear
    return (float)t / (float)@name@_steps;
@end
@if cosine
    float s = sinf(0.785398163f * (float)t / (float)@name@_steps);
    return 2.0f * s * s; /* 1 - cos(pi t / 2 steps) */
@end
}

/* Step t from start: mean[0] becomes its displacement over its length h in alpha, which is returned; with 3 rows, mean[1] and
 * mean[2] become the columns of (J - 1) / h. */
static float @name@_step(int t, int rows, const float start[2], float mean[3][2])
{
    static const float node[] = {@nodes@}, share[] = {@shares@};
    float alpha = @name@_alpha(t), h = @name@_alpha(t + 1) - alpha;
    float from[3][2] = {{0.0f, 0.0f}, {1.0f, 0.0f}, {0.0f, 1.0f}}, at[3][2], slope[3][2] = {{0.0f}};
    int s, r, c;
    from[0][0] = start[0];
    from[0][1] = start[1];
    for (r = 0; r < 3; r++) mean[r][0] = mean[r][1] = 0.0f;
    for (s = 0; s < @name@_stages; s++) {
        for (r = 0; r < 3; r++)
            for (c = 0; c < 2; c++) at[r][c] = from[r][c] + node[s] * h * slope[r][c];
        @name@_evaluate(rows, at, alpha + node[s] * h, slope);
        for (r = 0; r < 3; r++)
            for (c = 0; c < 2; c++) mean[r][c] += share[s] * slope[r][c];
    }
    return h;
}

/* det J - 1, which is small if h is. */
static float @name@_det_minus_1(float h, float mean[3][2])
{
    return h * (mean[1][0] + mean[2][1] + h * (mean[1][0] * mean[2][1] - mean[1][1] * mean[2][0]));
}

static float @name@_log_abs_1_plus(float e)
{
    return e > -0.5f ? log1pf(e) : logf(fabsf(1.0f + e));
}

/* Maps x in place; returns log |det J| if rows is 3, otherwise 0. */
static float @name@_run(int rows, float x[2])
{
    float mean[3][2], sum = 0.0f;
    int t;
    for (t = 0; t < @name@_steps; t++) {
        float h = @name@_step(t, rows, x, mean);
        x[0] += h * mean[0][0];
        x[1] += h * mean[0][1];
        if (rows == 3) sum += @name@_log_abs_1_plus(@name@_det_minus_1(h, mean));
    }
    return sum;
}

static float @name@_size_or_1(const float x[2])
{
    return fmaxf(1.0f, fmaxf(fabsf(x[0]), fabsf(x[1])));
}

/* Replaces the end of step t by its start and adds log |det J| to *log_det; returns 0 if none is found. Newton's method from
 * end - h D(end); a correction that does not reduce the error is halved. */
static int @name@_invert_step(int t, float x[2], float *log_det)
{
    float end[2] = {x[0], x[1]}, near[2] = {x[0], x[1]}, by[2] = {0.0f, 0.0f}, mean[3][2], velocity[3][2];
    float miss = INFINITY, det_minus_1 = 0.0f, reach = 1e-6f * @name@_size_or_1(end);
    float h = @name@_alpha(t + 1) - @name@_alpha(t), at[3][2] = {{0.0f}};
    int trial, open = 1;
    at[0][0] = end[0];
    at[0][1] = end[1];
    @name@_evaluate(1, at, @name@_alpha(t), velocity);
    x[0] = end[0] - h * velocity[0][0];
    x[1] = end[1] - h * velocity[0][1];
    for (trial = 0; trial < @name@_trials && open; trial++) {
        float off[2], error;
        @name@_step(t, 3, x, mean);
        off[0] = h * mean[0][0] + (x[0] - end[0]);
        off[1] = h * mean[0][1] + (x[1] - end[1]);
        error = off[0] * off[0] + off[1] * off[1];
        if (error < miss) {
            float det;
            miss = error;
            near[0] = x[0];
            near[1] = x[1];
            det_minus_1 = @name@_det_minus_1(h, mean);
            det = 1.0f + det_minus_1;
            by[0] = ((1.0f + h * mean[2][1]) * off[0] - h * mean[2][0] * off[1]) / det;
            by[1] = ((1.0f + h * mean[1][0]) * off[1] - h * mean[1][1] * off[0]) / det;
            open = !(fmaxf(fabsf(by[0]), fabsf(by[1])) <= 1e-6f * @name@_size_or_1(near));
        } else {
            open = !(miss <= reach * reach);
            by[0] *= open ? 0.5f : 0.0f;
            by[1] *= open ? 0.5f : 0.0f;
        }
        x[0] = near[0] - by[0];
        x[1] = near[1] - by[1];
    }
    *log_det += @name@_log_abs_1_plus(det_minus_1);
    return !open && !isnan(x[0]) && !isnan(x[1]);
}

static void @name@_to_unit(const float plane[2], float unit[2])
{
    unit[0] = @to_unit_x@;
    unit[1] = @to_unit_y@;
}

static void @name@_to_plane(const float unit[2], float plane[2])
{
    plane[0] = @to_plane_x@;
    plane[1] = @to_plane_y@;
}

void @name@_velocity(const float at[2], float alpha, float velocity[2])
{
    float unit[3][2] = {{0.0f}}, result[3][2];
    @name@_to_unit(at, unit[0]);
    @name@_evaluate(1, unit, alpha, result);
    velocity[0] = @velocity_x@;
    velocity[1] = @velocity_y@;
}

void @name@_map(const float start[2], float end[2])
{
    float x[2];
    @name@_to_unit(start, x);
    @name@_run(1, x);
    @name@_to_plane(x, end);
}

float @name@_map_log_det(const float start[2], float end[2])
{
    float x[2], log_det;
    @name@_to_unit(start, x);
    log_det = @name@_run(3, x);
    @name@_to_plane(x, end);
    return log_det;
}

int @name@_inverse(const float end[2], float start[2], float *log_det)
{
    float x[2], sum = 0.0f;
    int t, found = 1;
    @name@_to_unit(end, x);
    for (t = @name@_steps - 1; t >= 0 && found; t--) found = @name@_invert_step(t, x, &sum);
    if (!found) x[0] = x[1] = sum = NAN;
    @name@_to_plane(x, start);
    if (log_det) *log_det = sum;
    return found;
}

float @name@_log_density(const float at[2], float (*log_p0)(const float start[2]))
{
    float start[2], log_det;
    return @name@_inverse(at, start, &log_det) ? log_p0(start) - log_det : NAN;
}
@if gaussian

float @name@_log_p0(const float start[2])
{
    float unit[2], x, y;
    @name@_to_unit(start, unit);
    x = unit[0] - 0.5f;
    y = unit[1] - 0.5f;
    return @log_p0_at_centre@f - @log_p0_slope@f * (x * x + y * y);
}
@end
