package iadb.view;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Measures the phases of each frame and divides its time: training gets the time that the other phases leave. On a CPU, drawing,
 * mapping and training compete for the same cores.
 */
final class FrameBudget {
    /** The parts of a frame that are timed. Actions of the user are rare: the division of the next frames ignores their time. */
    enum Phase { ACTIONS, TRAINING, MAP, DRAW, PANEL, PRESENT }

    private static final double SMOOTHING = 0.15;
    private static final double MIN_TRAINING_MILLIS = 3;
    private static final double MAX_TRAINING_MILLIS = 18;
    private static final double MAP_MILLIS_WHILE_TRAINING = 8;
    private static final double MAP_MILLIS_ALONE = 14;
    private static final double SHARE_OF_SLOW_DRAWING = 0.25; // computing gets at least this share of the time that drawing takes

    private final boolean sharesCores;
    private final double targetMillis; // time of a frame
    private final Map<Phase, Double> millis = new EnumMap<>(Phase.class); // times of the current frame
    private final Map<Phase, Double> sums = new EnumMap<>(Phase.class);   // of all frames
    private int endedFrames;
    private Phase phase = Phase.PRESENT;
    private long phaseBegan = System.nanoTime();
    private double otherMillis = 10;   // time of all phases but training and actions, smoothed
    private double drawingMillis = 10; // smoothed
    private final List<Long> frameNanos = new ArrayList<>(); // times between frames
    private double smoothedMillis = Double.NaN;

    /** @param sharesCores whether the device is the CPU */
    FrameBudget(boolean sharesCores) {
        this.sharesCores = sharesCores;
        targetMillis = sharesCores ? 33 : 12;
    }

    /** The time for training in this frame. */
    Duration training() {
        double left = Math.max(MIN_TRAINING_MILLIS, Math.min(MAX_TRAINING_MILLIS, targetMillis - otherMillis));
        return millis(Math.max(left, SHARE_OF_SLOW_DRAWING * drawingMillis));
    }

    /** The time for the map in this frame. */
    Duration map(boolean training) {
        double min = training || !sharesCores ? MAP_MILLIS_WHILE_TRAINING / (sharesCores ? 1 : 2) : MAP_MILLIS_ALONE;
        return millis(Math.max(min, SHARE_OF_SLOW_DRAWING * drawingMillis));
    }

    private static Duration millis(double count) { return Duration.ofNanos((long) (count * 1e6)); }

    /** Ends the current phase and begins the next. */
    void begin(Phase next) {
        long now = System.nanoTime();
        millis.merge(phase, (now - phaseBegan) * 1e-6, Double::sum);
        phase = next;
        phaseBegan = now;
    }

    void endFrame() {
        begin(Phase.PRESENT);
        double sum = millis.values().stream().mapToDouble(Double::doubleValue).sum();
        double waiting = sharesCores ? 0 : millisOf(Phase.PRESENT); // for the screen
        otherMillis += SMOOTHING * (sum - millisOf(Phase.TRAINING) - millisOf(Phase.ACTIONS) - waiting - otherMillis);
        drawingMillis += SMOOTHING * (millisOf(Phase.DRAW) + millisOf(Phase.PRESENT) - drawingMillis);
        millis.forEach((each, time) -> sums.merge(each, time, Double::sum));
        millis.clear();
        endedFrames++;
    }

    /** The mean time of each phase in a frame, as text. */
    String meanMillis() {
        return sums.entrySet().stream()
                .map(sum -> String.format(Locale.ROOT, "%s %.2f", sum.getKey(), sum.getValue() / endedFrames))
                .collect(Collectors.joining(", ")).toLowerCase(Locale.ROOT);
    }

    private double millisOf(Phase each) { return millis.getOrDefault(each, 0.0); }

    /** Counts a frame and records its time since the previous one. */
    void addFrame(long sinceLastNanos) {
        frameNanos.add(sinceLastNanos);
        double millis = sinceLastNanos * 1e-6;
        smoothedMillis = Double.isNaN(smoothedMillis) ? millis : smoothedMillis + 0.1 * (millis - smoothedMillis);
    }

    int frames() { return frameNanos.size(); }

    /** The running mean of the time between frames; NaN before the first. */
    double smoothedMillis() { return smoothedMillis; }

    /** The quantile {@code share} of the times between frames, in milliseconds; NaN without a frame. */
    double percentileMillis(double share) {
        long[] sorted = frameNanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[Math.min(sorted.length - 1, (int) (share * sorted.length))] * 1e-6;
    }
}
