/**
 * OpenCL as objects: device, context, program, kernel, buffer, error. The only package that imports {@code org.jocl},
 * so that nothing above sees a raw handle or an unchecked status code. It may not know what a network is.
 */
package iadb.cl;
