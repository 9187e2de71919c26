package iadb.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * One axis of a plot: its range, linear or logarithmic, with labelled ticks at round numbers.
 *
 * @param low    the value at its start, below {@code high}
 * @param high   the value at its end
 * @param ticks  values within the range, ascending
 * @param labels one for each tick
 */
record Axis(double low, double high, boolean isLogarithmic, List<Double> ticks, List<String> labels) {
    /** The largest magnitude of a value, so that sums and differences of two values stay finite. */
    static final double LARGEST = 1e300;

    private static final double LEAST_LOGARITHMIC = 1e-300;
    private static final double LEAST_SPAN = 1e-290; // so that ticks have significant digits
    private static final int MAX_DECADES_WITH_FRACTIONS = 3;

    /** A linear axis from {@code min} to {@code max}, or around them if they are equal. */
    static Axis tight(double min, double max, int maxTicks) {
        double[] range = widenIfConstant(min, max);
        return linear(range[0], range[1], step(range, maxTicks));
    }

    /** A linear axis between round numbers, which starts at 0 if the values fill at least half of it then. */
    static Axis rounded(double min, double max, int maxTicks) {
        double[] range = widenIfConstant(min, max);
        if (min < max && range[0] >= 0 && range[0] <= range[1] / 2) {
            range[0] = 0;
        }
        double step = step(range, maxTicks);
        return linear(Math.floor(range[0] / step + 1e-9) * step, Math.ceil(range[1] / step - 1e-9) * step, step);
    }

    /** A logarithmic axis between 1, 2 or 5 times powers of ten; {@code min} is above 0. */
    static Axis logarithmic(double min, double max, int wantedTicks) {
        int first = (int) Math.floor(Math.log10(Math.max(min, LEAST_LOGARITHMIC)));
        int last = (int) Math.ceil(Math.log10(max));
        int[] mantissas = last - first <= MAX_DECADES_WITH_FRACTIONS ? new int[] {1, 2, 5} : new int[] {1};
        int stride = Math.max(1, (last - first + wantedTicks - 1) / wantedTicks);
        List<Double> ticks = new ArrayList<>();
        for (int exponent = first; exponent <= last; exponent += stride) {
            for (int mantissa : mantissas) {
                if (exponent < last || mantissa == 1) {
                    ticks.add(Double.parseDouble(mantissa + "e" + exponent));
                }
            }
        }
        while (ticks.size() > 2 && ticks.get(1) <= min) {
            ticks.remove(0);
        }
        while (ticks.size() > 2 && ticks.get(ticks.size() - 2) >= max) {
            ticks.remove(ticks.size() - 1);
        }
        return new Axis(Math.min(min, ticks.get(0)), Math.max(max, ticks.get(ticks.size() - 1)), true, ticks,
                ticks.stream().map(tick -> label(tick, tick)).toList());
    }

    /** The position of a value along the axis: 0 at its start, 1 at its end. */
    double at(double value) {
        if (!isLogarithmic) {
            return (value - low) / (high - low);
        }
        double start = Math.log10(low);
        return (Math.log10(Math.max(value, LEAST_LOGARITHMIC)) - start) / (Math.log10(high) - start);
    }

    private static Axis linear(double low, double high, double step) {
        double first = Math.ceil(low / step - 1e-9);
        int count = (int) (Math.floor(high / step + 1e-9) - first) + 1;
        List<Double> ticks = IntStream.range(0, count).mapToObj(i -> (first + i) * step).toList();
        return new Axis(low, high, false, ticks, ticks.stream().map(tick -> label(tick, step)).toList());
    }

    private static double[] widenIfConstant(double min, double max) {
        double magnitude = Math.max(Math.abs(min), Math.abs(max));
        if (max - min > Math.max(1e-9 * magnitude, LEAST_SPAN)) {
            return new double[] {min, max};
        }
        double around = magnitude <= LEAST_SPAN ? 1 : magnitude / 2;
        return new double[] {min - around, max + around};
    }

    /** The least of 1, 2, 5 times a power of ten that gives at most {@code maxTicks}. */
    private static double step(double[] range, int maxTicks) {
        double least = (range[1] - range[0]) / maxTicks;
        int exponent = (int) Math.floor(Math.log10(least));
        return IntStream.of(1, 2, 5, 10).mapToDouble(mantissa -> Double.parseDouble(mantissa + "e" + exponent))
                .filter(step -> step >= least * (1 - 1e-9)).findFirst().orElseThrow();
    }

    /** A tick in plain digits with thousands separated, or with a power of ten if those would be many. */
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
