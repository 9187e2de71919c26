/**
 * Where frames are drawn: a window (GLFW) or a framebuffer without a display (EGL), each with an OpenGL 3.3 context, and the
 * user's input. All of it runs on the thread that opened the {@link iadb.view.surface.Surface}, whose context is current there.
 */
package iadb.view.surface;
