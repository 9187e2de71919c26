/**
 * The network: its shape, its parameters on the host, and the files of models and checkpoints. Knows no device; the layout that
 * kernels share is that of {@link iadb.model.NetworkShape}.
 */
package iadb.model;
