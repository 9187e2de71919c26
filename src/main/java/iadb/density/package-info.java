/**
 * An image or a named shape becomes a {@link iadb.density.Density}: its integer weights, and the rule that says which pixel a
 * point of the unit square lies in. Knows no device and draws no points.
 */
package iadb.density;
