/**
 * Plans: the launches that make up one training step, as data, and the tuning that their kernels were built with,
 * checked against the device's limits before anything is built. Knows nothing of images or files.
 */
package iadb.plan;
