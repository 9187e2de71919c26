/**
 * The window: input, the panel, training, previews and playback. The packages below it hold the surfaces, the sharing of memory
 * with OpenCL, and the drawing. None of them contains a formula of the method.
 *
 * <p>All of it but the building of kernels runs on the thread that opened the {@link iadb.view.surface.Surface}, where its OpenGL
 * context is current.
 */
package iadb.view;
