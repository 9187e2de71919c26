/**
 * The launches of a training step, the tuning of their kernels, and the selection of both for a device. Knows no images and no
 * files but those of tunings.
 */
package iadb.plan;
