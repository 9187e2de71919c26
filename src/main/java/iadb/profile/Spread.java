package iadb.profile;

import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;

/**
 * The spread of repeated measurements.
 *
 * @param median the median
 * @param low    the lower quartile
 * @param high   the upper quartile
 * @param count  the number of measurements
 */
record Spread(double median, double low, double high, int count) {
    /** The spread of at least one value. */
    static Spread of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Spread(quantile(sorted, 0.5), quantile(sorted, 0.25), quantile(sorted, 0.75), sorted.length);
    }

    static Spread of(List<Double> values) { return of(values.stream().mapToDouble(Double::doubleValue).toArray()); }

    static Spread of(int count, DoubleSupplier measurement) {
        return of(DoubleStream.generate(measurement).limit(count).toArray());
    }

    /** {@code factor} divided by these values, such as a rate from a time. */
    Spread into(double factor) { return new Spread(factor / median, factor / high, factor / low, count); }

    /** {@code factor} times these values. */
    Spread times(double factor) { return new Spread(median * factor, low * factor, high * factor, count); }

    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
