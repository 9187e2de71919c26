/**
 * A window (GLFW) or a framebuffer without a display (EGL), each with an OpenGL 3.3 context, and the user's input. Everything
 * runs on the thread that opened the {@link iadb.view.surface.Surface}, where its context is current.
 */
package iadb.view.surface;
