/**
 * The network as a thing: its shape, its parameters on the host, and the file that keeps a trained one together with
 * what made it. Knows no device; the layout that kernels share stands in {@link iadb.model.NetworkShape}.
 */
package iadb.model;
