package iadb.plot;

import iadb.fault.InvalidInputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The square of the user's plane that is the unit square inside this program: (x, y) there is (x0 + side x, y0 + side y) here.
 *
 * @param x0   its left edge, in the user's units
 * @param y0   its lower edge
 * @param side its side, above 0
 */
public record Box(double x0, double y0, double side) {
    /** The unit square itself, whose units are those of pictures. */
    public static final Box UNIT = new Box(0, 0, 1);

    private static final double MARGIN = 1 / 16.0; // on each side, of the extent of points

    /** @throws InvalidInputException if it has no area, or is not finite */
    public Box {
        double largest = Math.max(Math.abs(x0), Math.abs(y0));
        if (!(side > 0 && largest + side < Double.POSITIVE_INFINITY)) {
            throw new InvalidInputException("the box has no area");
        }
        if (side < largest * 0x1p-40) {
            throw new InvalidInputException("the box is too small for its distance from the origin: subtract an offset");
        }
    }

    /**
     * The smallest square around a rectangle, with its centre.
     *
     * @throws InvalidInputException if the rectangle has no area, or is not finite
     */
    public static Box ofCorners(double x0, double y0, double x1, double y1) {
        if (!(x0 < x1 && y0 < y1)) {
            throw new InvalidInputException("the box has no area: its corners are the lower left and the upper right one");
        }
        double side = Math.max(x1 - x0, y1 - y0);
        return new Box(x0 - (side - (x1 - x0)) / 2, y0 - (side - (y1 - y0)) / 2, side);
    }

    /** The square around points, each array [n, 2], with a margin of a sixteenth of their extent. */
    public static Box around(double[]... points) {
        double[] low = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        double[] high = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (double[] rows : points) {
            for (int i = 0; i < rows.length; i++) {
                low[i % 2] = Math.min(low[i % 2], rows[i]);
                high[i % 2] = Math.max(high[i % 2], rows[i]);
            }
        }
        double extent = Math.max(high[0] - low[0], high[1] - low[1]);
        double side = extent * (1 + 2 * MARGIN);
        return new Box((low[0] + high[0] - side) / 2, (low[1] + high[1] - side) / 2, side);
    }

    /** Reads {@link #toString}; empty for another text. */
    public static Optional<Box> parse(String text) {
        try {
            double[] numbers = Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
            return numbers.length == 3 ? Optional.of(new Box(numbers[0], numbers[1], numbers[2])) : Optional.empty();
        } catch (NumberFormatException | InvalidInputException e) {
            return Optional.empty();
        }
    }

    /** Whether lengths and coordinates are those of the unit square. */
    public boolean isUnit() { return equals(UNIT); }

    /** Turns points [n, 2] of the user's plane into points of the unit square. */
    public float[] toUnit(double[] points) {
        float[] unit = new float[points.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = toUnit(points[i], i);
        }
        return unit;
    }

    /** Turns points [n, 2] of the user's plane into points of the unit square; returns the same array for the unit square. */
    public float[] toUnit(float[] points) {
        if (isUnit()) {
            return points;
        }
        float[] unit = new float[points.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = toUnit(points[i], i);
        }
        return unit;
    }

    /** The coordinate at index i of points [n, 2]. */
    private float toUnit(double coordinate, int i) { return (float) ((coordinate - (i % 2 == 0 ? x0 : y0)) / side); }

    /** Turns points [n, 2] of the unit square into points of the user's plane; returns the same array for the unit square. */
    public float[] toPlane(float[] points) {
        if (isUnit()) {
            return points;
        }
        float[] plane = new float[points.length];
        for (int i = 0; i < plane.length; i++) {
            plane[i] = (float) (i % 2 == 0 ? x(points[i]) : y(points[i]));
        }
        return plane;
    }

    /** The abscissa in the user's plane of one in the unit square. */
    public double x(double unit) { return x0 + side * unit; }

    /** The ordinate in the user's plane of one in the unit square. */
    public double y(double unit) { return y0 + side * unit; }

    /** Whether coordinates are so large against the side that a float would lose more than 4 of its 24 bits. */
    public boolean needsDoubles() { return Math.max(Math.abs(x0), Math.abs(y0)) > 15 * side; }

    /** Turns points [n, 2] of the unit square into points of the user's plane, each rounded to 2^-24 of the side in decimal digits. */
    public double[] toPlaneInDecimals(float[] points) {
        double scale = Math.pow(10, Math.ceil(Math.log10(0x1p24 / side)));
        double[] plane = new double[points.length];
        for (int i = 0; i < plane.length; i++) {
            double value = i % 2 == 0 ? x(points[i]) : y(points[i]);
            double rounded = Math.rint(value * scale) / scale;
            plane[i] = Double.isFinite(rounded) ? rounded : value;
        }
        return plane;
    }

    /** What turns a log-density per unit of the square's area into one per unit of the plane's: -2 ln side. */
    public double logDensityOffset() { return isUnit() ? 0 : -2 * Math.log(side); }

    /** Turns log-densities per unit of the square's area into those per unit of the plane's, in place; returns the array. */
    public float[] logDensityToPlane(float[] logDensity) {
        float offset = (float) logDensityOffset();
        for (int n = 0; offset != 0 && n < logDensity.length; n++) {
            logDensity[n] += offset;
        }
        return logDensity;
    }

    /** {@code x0,y0,side}, which {@link #parse} reads back exactly. */
    @Override
    public String toString() { return String.format(Locale.ROOT, "%s,%s,%s", x0, y0, side); }
}
