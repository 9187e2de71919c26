package iadb.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One axis of a plot: its range, linear or logarithmic, and ticks at round numbers with their labels.
 *
 * @param low   the value at its start, below {@code high}
 * @param high  the value at its end
 * @param log   whether lengths along it are ratios
 * @param ticks values within the range, ascending
 * @param labels one a tick
 */
record Axis(double low, double high, boolean log, List<Double> ticks, List<String> labels) {
    /** The largest magnitude that an axis takes; sums and differences of two such values stay finite. */
    static final double LARGEST = 1e300;

    private static final double LEAST_LOGARITHMIC = 1e-300;
    /** Below this, steps between ticks would lose their digits. */
    private static final double LEAST_SPAN = 1e-290;
    private static final int MOST_DECADES_WITH_FRACTIONS = 3;

    /** A linear axis that ends at the data's own ends, or a little beyond where they are one. */
    static Axis tight(double min, double max, int wantedTicks) {
        double[] range = widenIfConstant(min, max);
        return linear(range[0], range[1], step(range, wantedTicks));
    }

    /** A linear axis that ends at round numbers and starts at 0 where that costs less than half of it. */
    static Axis rounded(double min, double max, int wantedTicks) {
        double[] range = widenIfConstant(min, max);
        if (min < max && range[0] >= 0 && range[0] <= range[1] / 2) {
            range[0] = 0;
        }
        double step = step(range, wantedTicks);
        return linear(Math.floor(range[0] / step + 1e-9) * step, Math.ceil(range[1] / step - 1e-9) * step, step);
    }

    /** A logarithmic axis between 1, 2 or 5 times powers of ten; {@code min} is above 0. */
    static Axis logarithmic(double min, double max, int wantedTicks) {
        double low = Math.log10(Math.max(min, LEAST_LOGARITHMIC));
        double high = Math.log10(max);
        int first = (int) Math.floor(low);
        int last = (int) Math.ceil(high);
        int[] mantissas = last - first <= MOST_DECADES_WITH_FRACTIONS ? new int[] {1, 2, 5} : new int[] {1};
        int stride = Math.max(1, (last - first + wantedTicks - 1) / wantedTicks);
        List<Double> ticks = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        for (int exponent = first; exponent <= last; exponent += stride) {
            for (int mantissa : mantissas) {
                double tick = Double.parseDouble(mantissa + "e" + exponent);
                if (exponent < last || mantissa == 1) {
                    ticks.add(tick);
                    labels.add(label(tick, tick));
                }
            }
        }
        while (ticks.size() > 2 && ticks.get(1) <= min) {
            ticks.remove(0);
            labels.remove(0);
        }
        while (ticks.size() > 2 && ticks.get(ticks.size() - 2) >= max) {
            ticks.remove(ticks.size() - 1);
            labels.remove(labels.size() - 1);
        }
        return new Axis(Math.min(min, ticks.get(0)), Math.max(max, ticks.get(ticks.size() - 1)), true, ticks, labels);
    }

    /** Where a value lies along the axis: 0 at its start, 1 at its end. */
    double at(double value) {
        if (!log) {
            return (value - low) / (high - low);
        }
        double start = Math.log10(low);
        return (Math.log10(Math.max(value, LEAST_LOGARITHMIC)) - start) / (Math.log10(high) - start);
    }

    private static Axis linear(double low, double high, double step) {
        List<Double> ticks = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        double first = Math.ceil(low / step - 1e-9);
        int count = (int) (Math.floor(high / step + 1e-9) - first) + 1;
        for (int i = 0; i < count; i++) {
            double tick = (first + i) * step;
            ticks.add(tick);
            labels.add(label(tick, step));
        }
        return new Axis(low, high, false, ticks, labels);
    }

    private static double[] widenIfConstant(double min, double max) {
        double magnitude = Math.max(Math.abs(min), Math.abs(max));
        if (max - min > Math.max(1e-9 * magnitude, LEAST_SPAN)) {
            return new double[] {min, max};
        }
        double around = magnitude <= LEAST_SPAN ? 1 : magnitude / 2;
        return new double[] {min - around, max + around};
    }

    /** The least of 1, 2, 5 times a power of ten that gives no more ticks than wanted. */
    private static double step(double[] range, int wantedTicks) {
        double least = (range[1] - range[0]) / wantedTicks;
        int exponent = (int) Math.floor(Math.log10(least));
        for (int mantissa : new int[] {1, 2, 5}) {
            double step = Double.parseDouble(mantissa + "e" + exponent);
            if (step >= least * (1 - 1e-9)) {
                return step;
            }
        }
        return Double.parseDouble("1e" + (exponent + 1));
    }

    /** A tick in plain digits with thousands apart, or as a power of ten where that would be long. */
    private static String label(double tick, double step) {
        double magnitude = Math.abs(tick);
        if (magnitude != 0 && (magnitude >= 1e9 || step < 1e-5)) {
            int digits = (int) Math.max(0, Math.min(8, Math.ceil(Math.log10(magnitude / step) - 1e-9)));
            String[] parts = String.format(Locale.ROOT, "%." + digits + "e", tick).split("e");
            return parts[0].replaceFirst("\\.?0+$", "") + "e" + Integer.parseInt(parts[1]);
        }
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        return String.format(Locale.ROOT, "%,." + decimals + "f", tick == 0 ? 0.0 : tick);
    }
}
