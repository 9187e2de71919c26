package iadb.view.surface;

/**
 * Where frames are drawn: a window, or a framebuffer object without a display. Its OpenGL context (core 3.3) is current on the
 * thread that opened it, and all methods are called there. One surface is open at a time. What only a window has does nothing
 * off screen.
 */
public interface Surface extends AutoCloseable {
    /** OpenGL's name of the framebuffer to draw into: 0 for a window. */
    int framebuffer();

    /** Pixels of the framebuffer, at least 1. */
    int width();

    /** Pixels of the framebuffer, at least 1. */
    int height();

    /** Pixels per unit of the desktop: 1 on most screens, 2 on a dense one. */
    default float scale() { return 1; }

    /** Whether the user asked to close the window. */
    default boolean closing() { return false; }

    /** Passes the events since the last call to the listener. */
    default void poll() { }

    /** Shows what was drawn; with vsync, waits for the screen. */
    void present();

    /** Makes the window fill the screen, or restores it. */
    default void setFullscreen(boolean on) { }

    default boolean fullscreen() { return false; }

    /** Replaces the listener. */
    default void listen(InputListener listener) { }

    /**
     * Pairs for clCreateContext that name the OpenGL context and its display, without a platform and without the final 0; empty
     * where those of this window system are not known.
     */
    long[] sharingProperties();

    /** Destroys the OpenGL context with everything created in it. */
    @Override
    void close();
}
