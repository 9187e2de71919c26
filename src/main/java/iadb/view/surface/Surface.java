package iadb.view.surface;

/**
 * Where frames go: a window, or a framebuffer object without a display. Its OpenGL context (core 3.3) is current on the
 * thread that opened it, and all calls come from there. One is open at a time.
 */
public interface Surface extends AutoCloseable {
    /** OpenGL's name of the framebuffer to draw into: 0 for a window. */
    int framebuffer();

    /** Pixels of the framebuffer (not of the desktop's units), at least 1. */
    int width();

    /** Pixels of the framebuffer (not of the desktop's units), at least 1. */
    int height();

    /** How much larger text and controls should be than on a common screen: 1, or 2 on a dense one. */
    float scale();

    /** Whether the user asked to close it. Always false off screen. */
    boolean closing();

    /** Takes the window system's events and gives them to the listener. */
    void poll();

    /** Shows what was drawn; with vsync, waits for the screen. */
    void present();

    void setTitle(String title);

    /** Fills the screen, or goes back to where it was. No effect off screen. */
    void setFullscreen(boolean on);

    boolean fullscreen();

    /** From now on events go to the listener. */
    void listen(InputListener listener);

    /**
     * Pairs for clCreateContext that name the OpenGL context and its display, without a platform and without the final
     * 0; empty where this window system's are not known.
     */
    long[] sharingProperties();

    /** Destroys the OpenGL context with all that was made in it. */
    @Override
    void close();
}
