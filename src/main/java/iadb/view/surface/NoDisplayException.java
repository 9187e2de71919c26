package iadb.view.surface;

/** This machine has no display or no OpenGL 3.3. The message is one line. */
public final class NoDisplayException extends RuntimeException {
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
