package iadb.sample;

/**
 * Points and the density of what a map produces.
 *
 * @param points     [n, 2]
 * @param logDensity [n], natural logarithm of the density per unit of the square's area: of a mapped point at itself, of
 *                   a point that was taken back at where it came from. Negative infinity where the base has no mass, NaN
 *                   where a step could not be inverted
 */
public record PointsWithDensity(float[] points, float[] logDensity) {
}
