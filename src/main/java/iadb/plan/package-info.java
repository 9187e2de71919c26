/**
 * The launches of a training step, the tuning of their kernels, and the selection of both for a device. Knows nothing of images.
 */
package iadb.plan;
