/**
 * The window: what the user does with it, the panel, and what moves. Its parts are the packages below it: surfaces, the sharing
 * of memory with OpenCL, and drawing. It may not hold a formula of the method.
 *
 * <p>All of it runs on the one thread that opened the {@link iadb.view.surface.Surface}, whose OpenGL context is current there.
 */
package iadb.view;
