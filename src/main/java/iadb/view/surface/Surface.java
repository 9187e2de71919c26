package iadb.view.surface;

import java.nio.file.Path;
import java.util.List;

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
    default void toggleFullscreen() { }

    /**
     * Properties for clCreateContext that name the OpenGL context and its display, without the platform and the final 0; empty if
     * sharing is not supported on this window system.
     */
    long[] sharingProperties();

    /** Destroys the OpenGL context and everything created in it. */
    @Override
    void close();

    /**
     * Receives the user's input from {@link Surface#poll}. Positions are pixels from the upper left corner of the framebuffer.
     * Keys, buttons and modifiers are GLFW's numbers (org.lwjgl.glfw.GLFW.GLFW_KEY_* and so on).
     */
    interface InputListener {
        /** @param repeated whether this event repeats a key that is held down; then {@code pressed} is true as well */
        default void key(int key, boolean pressed, boolean repeated, int modifiers) { }

        /** Receives a typed character, according to the keyboard layout. */
        default void character(int codePoint) { }

        default void pointer(double x, double y) { }

        default void button(int button, boolean pressed, int modifiers) { }

        /** @param steps of the wheel, positive away from the user; fractions on a touchpad */
        default void wheel(double steps) { }

        default void dropped(List<Path> files) { }
    }

    /** This machine has no display or no OpenGL 3.3. The message is one line. */
    final class NoDisplayException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean offscreen;

        private NoDisplayException(String message, boolean offscreen, Throwable cause) {
            super(message.replaceAll("\\s+", " ").strip(), cause);
            this.offscreen = offscreen;
        }

        static NoDisplayException ofWindow(String fault, Throwable cause) {
            return new NoDisplayException("no window: " + fault, false, cause);
        }

        static NoDisplayException ofOffscreen(String fault, Throwable cause) {
            return new NoDisplayException("no OpenGL without a display: " + fault + "; install your GPU's driver or Mesa's EGL"
                    + " (Debian, Ubuntu: apt install libegl1 libegl-mesa0)", true, cause);
        }

        /** Whether drawing off screen failed; otherwise a window could not be opened. */
        public boolean isOffscreen() { return offscreen; }
    }
}
