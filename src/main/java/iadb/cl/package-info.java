/**
 * OpenCL as objects: device, context, program, kernel, buffer, error. The only package that imports {@code org.jocl}, so that
 * other packages see no raw handle and no unchecked status code. It knows nothing of networks.
 */
package iadb.cl;
