/** Passes points from OpenCL to OpenGL: in shared memory if a self-test passes, otherwise by copying. */
package iadb.view.interop;
