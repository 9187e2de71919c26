/**
 * Densities from images and from named shapes: {@link iadb.density.Density} holds integer weights and defines which pixel
 * contains a point of the unit square. Knows no device and draws no points.
 */
package iadb.density;
