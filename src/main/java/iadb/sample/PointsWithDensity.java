package iadb.sample;

/**
 * Points and the density of what a map produces.
 *
 * @param points     [n, 2]
 * @param logDensity [n], natural logarithm of the density per unit of the square's area. Mapped points have it at themselves,
 *                   inverted ones at the point that they were inverted from. Negative infinity where the base has no mass,
 *                   NaN where a step could not be inverted
 */
public record PointsWithDensity(float[] points, float[] logDensity) { }
