/**
 * Moving points with a network: the ODE solvers of the learned map, on the device, in slices. Prints nothing and writes
 * no file; cannot tell a buffer shared with OpenGL from a plain one.
 */
package iadb.sample;
