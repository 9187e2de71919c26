package iadb.view;

import java.util.Arrays;

/** How long frames took, from one to the next. */
final class FrameTimes {
    private long[] nanos = new long[1024];
    private int count;
    private double smoothedMillis = Double.NaN;

    void add(long frameNanos) {
        if (count == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * count);
        }
        nanos[count++] = frameNanos;
        double millis = frameNanos * 1e-6;
        smoothedMillis = Double.isNaN(smoothedMillis) ? millis : smoothedMillis + 0.1 * (millis - smoothedMillis);
    }

    int count() {
        return count;
    }

    /** Of the last frames; NaN before the first. */
    double smoothedMillis() {
        return smoothedMillis;
    }

    /** The time in milliseconds that this share of all frames did not exceed; NaN without a frame. */
    double percentileMillis(double share) {
        if (count == 0) {
            return Double.NaN;
        }
        long[] sorted = Arrays.copyOf(nanos, count);
        Arrays.sort(sorted);
        return sorted[(int) Math.min(count - 1, Math.floor(share * count))] * 1e-6;
    }
}
