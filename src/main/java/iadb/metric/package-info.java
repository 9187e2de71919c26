/** Distances between two sets of points in the plane, to evaluate maps. Knows neither densities nor models. */
package iadb.metric;
