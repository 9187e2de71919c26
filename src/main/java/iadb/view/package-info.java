/**
 * The window: where frames go, how points get from OpenCL to OpenGL, shaders, controls. The only package that imports
 * {@code org.lwjgl}. It may not hold a formula of the method.
 *
 * <p>All of it runs on the one thread that opened the {@link iadb.view.Surface}, whose OpenGL context is current there.
 */
package iadb.view;
