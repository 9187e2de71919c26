@comment@
//
// Example, for Shadertoy: put this before
//
//     void mainImage(out vec4 colour, in vec2 pixel)
//     {
//         vec2 start = vec2(@x0@, @y0@) + @side@ * pixel / iResolution.y;
//         colour = vec4(fract(8.0 * @name@_map(start)), 0.0, 1.0);
//     }
//
// The same text works in GLSL ES 3.00 (WebGL 2) and in GLSL 3.30, after the line with #version.
precision highp float;
precision highp int; // otherwise float(t) may have 16 bits

// Weights, layer by layer: a matrix takes four inputs to four outputs; those of the same outputs follow each other. One of a layer's
// inputs is 1, and its weights are the bias: the fourth input of the first layer, the one after all units of the other layers.
const mat4 @name@_parameters[@matrices@] = mat4[@matrices@](
@parameters@
);
@if encoding

// The random Fourier features are sin and cos of 2 pi b . (x, y, alpha): x of all b, then y, then alpha.
const vec4 @name@_directions[@direction_vectors@] = vec4[@direction_vectors@](
@directions@
);
@end

const float @name@_nodes[@stages@] = float[@stages@](@nodes@);
const float @name@_shares[@stages@] = float[@stages@](@shares@);

// 0, but no compiler knows it, so that it does not unroll the loops that begin with it, which may take minutes.
int @name@_zero(vec2 at)
{
    return at.x > 1e30 ? 1 : 0;
}

// alpha before step t, or 1 after the last one.
float @name@_alpha(int t)
{
@if linear
    return float(t) / @steps@.0;
@end
@if cosine
    float s = sin(0.785398163 * float(t) / @steps@.0);
    return 2.0 * s * s; // 1 - cos(pi t / 2 steps)
@end
}
@each ROWS 1 3

// result[0] = D(at[0], alpha), in the unit square; further results are its derivatives along at[1] and at[2].
void @name@_evaluate@ROWS@(vec2 at[@ROWS@], float alpha, out vec2 result[@ROWS@])
{
    vec4 act[@ROWS@ * @stride@], next[@ROWS@ * @stride@], sums[@ROWS@];
    for (int r = 0; r < @ROWS@; r++) act[r * @stride@] = r == 0 ? vec4(at[0], alpha, 1.0) : vec4(at[r], 0.0, 0.0);
@if encoding
    for (int i = 0; i < @feature_vectors@; i++) {
        vec4 x = @name@_directions[i], y = @name@_directions[@feature_vectors@ + i];
        vec4 turns = at[0].x * x + at[0].y * y + alpha * @name@_directions[2 * @feature_vectors@ + i];
        vec4 angle = 6.28318531 * (turns - floor(turns + 0.5)), sine = sin(angle), cosine = cos(angle);
        for (int r = 0; r < @ROWS@; r++) {
            vec4 change = 6.28318531 * (at[r].x * x + at[r].y * y);
            act[r * @stride@ + 1 + i] = r == 0 ? sine : cosine * change;
            act[r * @stride@ + 1 + @feature_vectors@ + i] = r == 0 ? cosine : -sine * change;
        }
    }
@end
    int zero = @name@_zero(at[0]);
    int m = 0, inputs = @input_vectors@;
    for (int l = zero; l <= @depth@; l++) {
        int outputs = l == @depth@ ? 1 : @width_vectors@;
        for (int n = zero; n < outputs; n++) {
            for (int r = 0; r < @ROWS@; r++) sums[r] = vec4(0.0);
            for (int k = zero; k < inputs; k++, m++) {
                mat4 weights = @name@_parameters[m];
                for (int r = 0; r < @ROWS@; r++) sums[r] += weights * act[r * @stride@ + k];
            }
            vec4 on = l == @depth@ ? vec4(1.0) : vec4(greaterThan(sums[0], vec4(0.0)));
            for (int r = 0; r < @ROWS@; r++) next[r * @stride@ + n] = on * sums[r];
        }
        for (int r = 0; r < @ROWS@; r++) next[r * @stride@ + @width_vectors@] = vec4(r == 0 ? 1.0 : 0.0, 0.0, 0.0, 0.0);
        act = next;
        inputs = @width_vectors@ + 1;
    }
    for (int r = 0; r < @ROWS@; r++) result[r] = act[r * @stride@].xy;
}

// Step t from start: returns its length h in alpha; mean[0] is its displacement over h, and further ones the columns of (J - 1) / h.
float @name@_step@ROWS@(int t, vec2 start, out vec2 mean[@ROWS@])
{
    float alpha = @name@_alpha(t), h = @name@_alpha(t + 1) - alpha;
    vec2 at[@ROWS@], slope[@ROWS@];
    for (int r = 0; r < @ROWS@; r++) mean[r] = slope[r] = vec2(0.0);
    for (int s = @name@_zero(start); s < @stages@; s++) {
        float reach = @name@_nodes[s] * h;
        for (int r = 0; r < @ROWS@; r++)
            at[r] = (r == 0 ? start : r == 1 ? vec2(1.0, 0.0) : vec2(0.0, 1.0)) + reach * slope[r];
        @name@_evaluate@ROWS@(at, alpha + reach, slope);
        for (int r = 0; r < @ROWS@; r++) mean[r] += @name@_shares[s] * slope[r];
    }
    return h;
}
@end

// The velocity D(at, alpha) of the field that the map follows.
vec2 @name@_velocity(vec2 at, float alpha)
{
    vec2 unit[1], velocity[1];
    unit[0] = @to_unit@;
    @name@_evaluate1(unit, alpha, velocity);
    return @velocity@;
}

// Maps a point of p0 to one of p1.
vec2 @name@_map(vec2 at)
{
    vec2 x = @to_unit@, mean[1];
    for (int t = @name@_zero(at); t < @steps@; t++) x += @name@_step1(t, x, mean) * mean[0];
    return @to_plane@;
}

// The same, and log |det J| of the whole map: log q(mapped) = log p0(at) - log |det J|.
vec2 @name@_map_log_det(vec2 at, out float log_det)
{
    vec2 x = @to_unit@, mean[3];
    float det = 1.0;
    for (int t = @name@_zero(at); t < @steps@; t++) {
        float h = @name@_step3(t, x, mean);
        x += h * mean[0];
        det *= 1.0 + h * (mean[1].x + mean[2].y + h * (mean[1].x * mean[2].y - mean[1].y * mean[2].x));
    }
    log_det = log(abs(det));
    return @to_plane@;
}
@if gaussian

// log p0, of the density gaussian without the pixels of the program's own picture of it.
float @name@_log_p0(vec2 at)
{
    vec2 offset = @to_unit@ - 0.5;
    return @log_p0_at_centre@ - @log_p0_slope@ * dot(offset, offset);
}
@end

// The natural logarithm of the density of mapped points, per unit of area, at the point to which the map moves start.
// log_p0: the logarithm of p0 at start@log_p0_note@
float @name@_log_density(vec2 start, float log_p0)
{
    float log_det;
    @name@_map_log_det(start, log_det);
    return log_p0 - log_det;
}
