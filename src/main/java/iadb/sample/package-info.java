/**
 * Moving points with a network: the ODE solvers of the learned map on the device, in short launches. Prints nothing, writes no
 * file, and does not distinguish a buffer shared with OpenGL from a plain one.
 */
package iadb.sample;
