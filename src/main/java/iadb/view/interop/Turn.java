package iadb.view.interop;

/** Whose turn it is with a {@link PointBuffer}: both ways of transfer hold their callers to the same order. */
final class Turn {
    private boolean openCl;

    /** OpenCL's begins. */
    void begin() {
        if (openCl) {
            throw new IllegalStateException("points acquired again before they were published");
        }
        openCl = true;
    }

    /** OpenCL's ends. */
    void end() {
        if (!openCl) {
            throw new IllegalStateException("points published that were not acquired");
        }
        openCl = false;
    }

    boolean isOpenCl() {
        return openCl;
    }
}
