package iadb.view.surface;

/**
 * A window, or a framebuffer object without a display. Its OpenGL context (core 3.3) is current on the thread that opened it, and
 * all methods must be called there. Only one surface may be open at a time. Methods that concern only windows do nothing off
 * screen.
 */
public interface Surface extends AutoCloseable {
    /** OpenGL's name of the framebuffer to draw into; 0 for a window. */
    int framebuffer();

    /** Pixels of the framebuffer, at least 1. */
    int width();

    /** Pixels of the framebuffer, at least 1. */
    int height();

    /** Pixels per desktop unit: 1 on most screens, 2 on a dense one. */
    default float scale() { return 1; }

    /** Whether the user asked to close the window. */
    default boolean closing() { return false; }

    /** Passes the input since the last call to the listener. */
    default void poll(InputListener listener) { }

    /** Shows the frame; with vsync, waits for the screen. */
    void present();

    /** Makes the window fill the screen, or restores it. */
    default void setFullscreen(boolean on) { }

    default boolean fullscreen() { return false; }

    /**
     * Properties for clCreateContext that name the OpenGL context and its display, without the platform and the final 0; empty if
     * sharing is not supported on this window system.
     */
    long[] sharingProperties();

    /** Destroys the OpenGL context and everything created in it. */
    @Override
    void close();
}
