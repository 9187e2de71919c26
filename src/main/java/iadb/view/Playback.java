package iadb.view;

/**
 * The progress along the trajectories, 0 to 1, the same in all tiles. Playback rests at both ends, then runs backward or restarts.
 * While maps are previewed, the progress stays where the user has set it, at first at the end.
 */
final class Playback {
    private static final double PASS_SECONDS = 4;
    private static final double REST_SECONDS = 1;

    private double progress;
    private int direction = 1; // 1 forward, -1 backward
    private double restSeconds;
    private double previewProgress = 1;
    private boolean previewing;

    double progress() { return previewing ? previewProgress : progress; }

    /** Sets the progress, limited to 0 to 1; playback rests there before it continues, and continues forward from an end. */
    void moveTo(double target) {
        rest(target);
        previewProgress = progress;
    }

    /** Sets playback to its start; previews stay where they are. */
    void restart() { rest(0); }

    /** Sets whether a map is previewed; after the last preview, playback begins at the end. */
    void setPreviewing(boolean previews) {
        if (previewing && !previews) {
            rest(1);
        }
        previewing = previews;
    }

    private void rest(double target) {
        progress = Math.max(0, Math.min(1, target));
        restSeconds = REST_SECONDS;
        direction = progress == 0 || progress == 1 ? 1 : direction;
    }

    /**
     * Advances the playback.
     *
     * @param seconds  since the last call
     * @param speed    at 1 a pass takes four seconds
     * @param computed the computed part of the pass, 0 to 1: playback waits there, or where it is if that is later
     * @param loop     whether playback runs backward from the end; otherwise it restarts
     */
    void advance(double seconds, double speed, double computed, boolean loop) {
        if (restSeconds > 0) {
            restSeconds -= seconds;
            return;
        }
        if (progress >= 1 && direction > 0) {
            if (!loop) {
                progress = 0;
                restSeconds = REST_SECONDS / 2;
                return;
            }
            direction = -1;
        } else if (progress <= 0) {
            direction = 1;
        }
        double end = Math.min(1, Math.max(computed, progress));
        progress = Math.max(0, Math.min(progress + direction * speed * seconds / PASS_SECONDS, end));
        if (progress <= 0 || progress >= 1) {
            restSeconds = REST_SECONDS;
        }
    }
}
