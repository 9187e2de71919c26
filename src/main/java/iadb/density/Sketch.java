// Draws brightness over the unit square: a formula at each pixel, lines with a brightness profile along curves, filled outlines.
// Distances to a curve are exact and computed only near it, so that drawing takes milliseconds and every edge is smooth.
// StrictMath gives the same weights on every Java and every machine.
package iadb.density;

import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** A square canvas of brightness for a named density; 1 is full brightness. */
final class Sketch {
    /** Width and height in pixels. */
    static final int SIDE = 512;

    private static final double EDGE = 1.5 / SIDE; // half the width of an edge's slope from bright to dark

    private final double[] brightness = new double[SIDE * SIDE]; // [SIDE][SIDE], row 0 at y = 1

    /** Evaluates a formula at the pixels' centres. */
    static Sketch of(DoubleBinaryOperator formula) {
        Sketch sketch = new Sketch();
        Arrays.setAll(sketch.brightness, p -> formula.applyAsDouble(centre(p % SIDE), 1 - centre(p / SIDE)));
        return sketch;
    }

    /**
     * Draws lines along curves.
     *
     * @param profile brightness by distance from the nearest curve
     * @param reach   the distance at which the profile becomes 0
     * @param curves  each a polyline x0, y0, x1, y1, ... of at least two points
     */
    static Sketch strokes(DoubleUnaryOperator profile, double reach, double[]... curves) {
        Sketch sketch = new Sketch();
        double[] distance = distances(reach, curves);
        Arrays.setAll(sketch.brightness, p -> distance[p] < reach ? profile.applyAsDouble(distance[p]) : 0);
        return sketch;
    }

    /** Fills a closed curve at full brightness, with an edge that is smooth over three pixels. */
    static Sketch filled(double[] outline) {
        Sketch sketch = new Sketch();
        double[] distance = distances(EDGE, outline);
        for (int i = 0; i < SIDE; i++) {
            double[] crossings = crossings(outline, 1 - centre(i));
            for (int j = 0; j < SIDE; j++) {
                int p = i * SIDE + j;
                int found = Arrays.binarySearch(crossings, centre(j));
                int crossed = found < 0 ? -found - 1 : found;
                boolean inside = crossed % 2 != 0;
                sketch.brightness[p] = edge(inside ? distance[p] : -distance[p]);
            }
        }
        return sketch;
    }

    /** A bell-shaped profile for {@link #strokes} with reach 5 sigma, where it falls below a 16-bit step. */
    static DoubleUnaryOperator bell(double sigma) { return distance -> gaussian(distance, sigma); }

    /** A flat profile with a smooth edge for {@link #strokes} with reach half width + 0.01. */
    static DoubleUnaryOperator pen(double halfWidth) { return distance -> edge(halfWidth - distance); }

    /** exp(-d^2 / (2 sigma^2)). */
    static double gaussian(double d, double sigma) { return StrictMath.exp(-d * d / (2 * sigma * sigma)); }

    /** Brightness by the distance to an edge, positive inside: from 0 to 1 over three pixels, with slope 0 at both ends. */
    static double edge(double inside) {
        double t = Math.min(1, Math.max(0, 0.5 + inside / (2 * EDGE)));
        return t * t * (3 - 2 * t);
    }

    /** Multiplies this picture by a formula, in place. */
    Sketch times(DoubleBinaryOperator formula) {
        for (int p = 0; p < brightness.length; p++) {
            if (brightness[p] > 0) {
                brightness[p] *= formula.applyAsDouble(centre(p % SIDE), 1 - centre(p / SIDE));
            }
        }
        return this;
    }

    /** Takes the brighter of this and another picture at each pixel, in place. */
    Sketch over(Sketch other) {
        Arrays.setAll(brightness, p -> Math.max(brightness[p], other.brightness[p]));
        return this;
    }

    /** [SIDE][SIDE] unsigned 16-bit, rounded, scaled so that the brightest pixel is 65535. */
    short[] weights() {
        double brightest = Arrays.stream(brightness).max().getAsDouble();
        short[] weights = new short[brightness.length];
        for (int p = 0; p < weights.length; p++) {
            weights[p] = (short) Math.round(brightness[p] * ImageDensity.WHITE / brightest);
        }
        return weights;
    }

    /** [SIDE][SIDE]: each pixel centre's distance to the nearest segment, at most {@code reach}. */
    private static double[] distances(double reach, double[]... curves) {
        double[] squared = new double[SIDE * SIDE];
        Arrays.fill(squared, reach * reach);
        for (double[] curve : curves) {
            for (int k = 0; k + 3 < curve.length; k += 2) {
                lowerAround(squared, reach, curve[k], curve[k + 1], curve[k + 2], curve[k + 3]);
            }
        }
        Arrays.setAll(squared, p -> Math.sqrt(squared[p]));
        return squared;
    }

    /** Lowers the squared distances to that of the segment (x0, y0)-(x1, y1), within its bounding box and the reach. */
    private static void lowerAround(double[] squared, double reach, double x0, double y0, double x1, double y1) {
        double dx = x1 - x0;
        double dy = y1 - y0;
        double perLength2 = 1 / Math.max(dx * dx + dy * dy, Double.MIN_NORMAL);
        int top = pixel(1 - Math.max(y0, y1) - reach);
        int bottom = pixel(1 - Math.min(y0, y1) + reach);
        int left = pixel(Math.min(x0, x1) - reach);
        int right = pixel(Math.max(x0, x1) + reach);
        for (int i = top; i <= bottom; i++) {
            double y = 1 - centre(i) - y0;
            for (int j = left; j <= right; j++) {
                double x = centre(j) - x0;
                double along = Math.min(1, Math.max(0, (x * dx + y * dy) * perLength2));
                double awayX = x - along * dx;
                double awayY = y - along * dy;
                int p = i * SIDE + j;
                squared[p] = Math.min(squared[p], awayX * awayX + awayY * awayY);
            }
        }
    }

    /** The x at which the closed curve crosses height y, ascending; a point right of an odd number of them is inside. */
    private static double[] crossings(double[] outline, double y) {
        double[] found = new double[outline.length / 2];
        int count = 0;
        int n = outline.length;
        for (int k = 0; k < n; k += 2) {
            double x0 = outline[k];
            double y0 = outline[k + 1];
            double x1 = outline[(k + 2) % n];
            double y1 = outline[(k + 3) % n];
            if (y0 <= y != y1 <= y) {
                found[count++] = x0 + (y - y0) / (y1 - y0) * (x1 - x0);
            }
        }
        double[] crossings = Arrays.copyOf(found, count);
        Arrays.sort(crossings);
        return crossings;
    }

    private static double centre(int pixel) { return (pixel + 0.5) / SIDE; }

    private static int pixel(double coordinate) { return Math.min(SIDE - 1, Math.max(0, (int) (coordinate * SIDE))); }
}
