/** How points get from OpenCL to OpenGL: in memory that both share where that was seen to work, else copied by the host. */
package iadb.view.interop;
