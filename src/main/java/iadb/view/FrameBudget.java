package iadb.view;

import iadb.view.scene.Flow;
import java.time.Duration;
import java.util.Locale;

/**
 * How a frame's time is shared: training takes what drawing leaves of the time that a frame shall have, and is measured, as
 * all else, to know what that is. On a CPU drawing, mapping and training want the same cores.
 */
final class FrameBudget {
    /** No launch is longer than 20 ms, so that the window answers. */
    static final Duration LONGEST_LAUNCH = Flow.LONGEST_LAUNCH;

    private static final double SMOOTHING = 0.15;
    private static final double LEAST_TRAINING_MILLIS = 3;
    private static final double MOST_TRAINING_MILLIS = 18;
    private static final double MAP_MILLIS_WHILE_TRAINING = 8;
    private static final double MAP_MILLIS_ALONE = 14;
    private static final double SHARE_OF_SLOW_DRAWING = 0.25; // where drawing takes long, computing takes this share of it

    private static final int TRAINING = 0;
    private static final int MAP = 1;
    private static final int TRANSFER = 2;
    private static final int DRAW = 3;
    private static final int PANEL = 4;
    private static final int PRESENT = 5;
    private static final String[] PHASES = {"training", "map", "transfer", "draw", "panel", "present"};

    private final boolean sharesCores;
    private final double frameMillis;
    private final long[] sums = new long[PHASES.length]; // nanoseconds of all frames
    private final long[] now = new long[PHASES.length];  // of this one
    private int phase = PRESENT;
    private long phaseBegan = System.nanoTime();
    private int frames;
    private double othersMillis = 10; // all but training, smoothed
    private double drawingMillis = 10;

    FrameBudget(boolean sharesCores) {
        this.sharesCores = sharesCores;
        frameMillis = sharesCores ? 33 : 12;
    }

    /** Of this frame. */
    Duration training() {
        double left = Math.max(LEAST_TRAINING_MILLIS, Math.min(MOST_TRAINING_MILLIS, frameMillis - othersMillis));
        return millis(Math.max(left, SHARE_OF_SLOW_DRAWING * drawingMillis));
    }

    Duration map(boolean training) {
        double millis = training || !sharesCores ? MAP_MILLIS_WHILE_TRAINING / (sharesCores ? 1 : 2) : MAP_MILLIS_ALONE;
        return millis(Math.max(millis, SHARE_OF_SLOW_DRAWING * drawingMillis));
    }

    private static Duration millis(double millis) {
        return Duration.ofNanos((long) (millis * 1e6));
    }

    void beginTraining() {
        enter(TRAINING);
    }

    void beginMap() {
        enter(MAP);
    }

    /** Nanoseconds of the map's time that were not the map's. */
    void addTransfer(long nanos) {
        now[TRANSFER] += nanos;
        now[MAP] -= nanos;
    }

    void beginDraw() {
        enter(DRAW);
    }

    void beginPanel() {
        enter(PANEL);
    }

    void beginPresent() {
        enter(PRESENT);
    }

    private void enter(int next) {
        long time = System.nanoTime();
        now[phase] += time - phaseBegan;
        phase = next;
        phaseBegan = time;
    }

    void endFrame() {
        enter(PRESENT);
        double others = 0;
        double drawing = (now[DRAW] + now[PRESENT]) * 1e-6;
        for (int i = 0; i < PHASES.length; i++) {
            others += i == TRAINING || i == PRESENT && !sharesCores ? 0 : now[i] * 1e-6; // a GPU's is a wait for the screen
            sums[i] += now[i];
            now[i] = 0;
        }
        othersMillis += SMOOTHING * (others - othersMillis);
        drawingMillis += SMOOTHING * (drawing - drawingMillis);
        frames++;
    }

    /** Milliseconds of each phase, a mean over all frames. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("milliseconds a frame:");
        for (int i = 0; i < PHASES.length; i++) {
            text.append(String.format(Locale.ROOT, " %s %.2f", PHASES[i], sums[i] * 1e-6 / Math.max(1, frames)));
        }
        return text.toString();
    }
}
