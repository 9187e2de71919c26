package iadb.view;

/** The place along the trajectories that is played, 0 to 1: it runs, rests at both ends, and turns back or starts again. */
final class Playback {
    private static final double PASS_SECONDS = 4;
    private static final double REST_SECONDS = 1;

    private double place;
    private int direction = 1; // 1 forward, -1 back
    private double restSeconds;

    double place() { return place; }

    /** Goes to a place, limited to 0 to 1, and rests there before it runs on; forward from an end. */
    void moveTo(double target) {
        place = Math.max(0, Math.min(1, target));
        restSeconds = REST_SECONDS;
        direction = place == 0 || place == 1 ? 1 : direction;
    }

    /**
     * Lets time pass.
     *
     * @param seconds since the last call
     * @param speed   1: a pass takes four seconds
     * @param known   how far the pass is computed, 0 to 1: the place waits there
     * @param loop    whether it runs back from the end; else it starts again
     */
    void advance(double seconds, double speed, double known, boolean loop) {
        if (restSeconds > 0) {
            restSeconds -= seconds;
            return;
        }
        if (place >= 1 && direction > 0) {
            if (!loop) {
                place = 0;
                restSeconds = REST_SECONDS / 2;
                return;
            }
            direction = -1;
        } else if (place <= 0) {
            direction = 1;
        }
        place = Math.max(0, Math.min(place + direction * speed * seconds / PASS_SECONDS, Math.min(1, known)));
        if (place <= 0 || place >= 1) {
            restSeconds = REST_SECONDS;
        }
    }
}
