/**
 * Floor 4: distances between two sets of points in the plane, for judging where a map took its points.
 *
 * <p>Owns the formulas only, and a kernel for those that take all pairs. It draws no points, reads and writes no files and
 * prints nothing; it knows neither densities nor models, so that it can judge the points of any other program.
 */
package iadb.metric;
