/**
 * Floor 1: an image or a named shape becomes a {@link iadb.density.Density} and the integer tables points are drawn by.
 *
 * <p>Owns the brightness of a pixel (grey, colour, alpha, palette, 8 and 16 bits), the refusal of what is no image, the
 * named densities, and the rule that says which pixel a point of the unit square lies in. Knows no device and draws no
 * points: it may import {@code iadb.file} and nothing else of the program.
 */
package iadb.density;
