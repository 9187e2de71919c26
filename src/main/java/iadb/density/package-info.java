/**
 * Densities from images, named shapes and points: {@link iadb.density.ImageDensity} holds integer weights and defines which pixel
 * contains a point of the unit square, {@link iadb.density.PointDensity} holds points and their kernel estimate. Knows no device
 * and draws no points.
 */
package iadb.density;
