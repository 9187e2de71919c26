package iadb.view;

/** The place on the way that is shown, 0 to 1: it runs, rests at both ends, and turns or starts again. */
final class Playback {
    private static final double SECONDS_OF_A_PASS = 4;
    private static final double SECONDS_OF_REST = 1;

    private double place;
    private int heading = 1; // 1 towards the end, -1 back
    private double restSeconds;
    private boolean paused;

    double place() {
        return place;
    }

    void pause(boolean on) {
        paused = on;
    }

    /** Goes to a place and stays there for a moment before it runs on. */
    void moveTo(double where) {
        place = Math.max(0, Math.min(1, where));
        restSeconds = SECONDS_OF_REST;
    }

    /** Starts at the start. */
    void start() {
        moveTo(0);
        heading = 1;
    }

    /** Begins at the end: rests there, then runs back or starts again. */
    void startAtEnd() {
        moveTo(1);
        heading = 1;
    }

    /**
     * Lets time pass.
     *
     * @param seconds  since the last call
     * @param speed    1: a pass takes four seconds
     * @param known    how far the way is computed, 0 to 1: the place waits there
     * @param andBack  whether it runs back from the end, or starts again
     */
    void advance(double seconds, double speed, double known, boolean andBack) {
        if (paused) {
            return;
        }
        if (restSeconds > 0) {
            restSeconds -= seconds;
            return;
        }
        if (place >= 1 && heading > 0) {
            heading = andBack ? -1 : 1;
            if (!andBack) {
                place = 0;
                restSeconds = SECONDS_OF_REST / 2;
                return;
            }
        } else if (place <= 0) {
            heading = 1;
        }
        double next = place + heading * speed * seconds / SECONDS_OF_A_PASS;
        place = Math.max(0, Math.min(next, Math.min(1, known)));
        if (place <= 0 || place >= 1) {
            restSeconds = SECONDS_OF_REST;
        }
    }
}
