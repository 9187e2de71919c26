// Where a density has mass worth the name, with a margin: what a sampler that strays shows up against. Distances are
// counted in pixels, so that the same picture at twice the size asks for twice the accuracy.
package iadb.density;

/**
 * The support of a density: all points within two pixels of a pixel brighter than 2 % of the brightest one. Immutable.
 *
 * <p>A point's distance from a pixel is that from the pixel's nearest point, in units of the pixel's sides.
 */
public final class Support {
    /** Share of the brightest weight above which a pixel counts. */
    public static final double LEAST_SHARE = 0.02;
    /** Pixels around it that count, too. */
    public static final int MARGIN_PIXELS = 2;

    private final Density density;
    private final int leastWeight; // the darkest that counts

    private Support(Density density) {
        this.density = density;
        leastWeight = (int) Math.floor(LEAST_SHARE * density.brightest()) + 1;
    }

    /** The support of {@code density}. */
    public static Support of(Density density) {
        return new Support(density);
    }

    /** Whether a point lies in it; false for NaN. */
    public boolean holds(double x, double y) {
        double column = x * density.width(); // in pixels
        double row = (1 - y) * density.height();
        if (!(column >= -MARGIN_PIXELS && column <= density.width() + MARGIN_PIXELS && row >= -MARGIN_PIXELS
                && row <= density.height() + MARGIN_PIXELS)) {
            return false;
        }
        int firstRow = (int) Math.max(0, Math.floor(row) - MARGIN_PIXELS);
        int lastRow = (int) Math.min(density.height() - 1.0, Math.floor(row) + MARGIN_PIXELS);
        int firstColumn = (int) Math.max(0, Math.floor(column) - MARGIN_PIXELS);
        int lastColumn = (int) Math.min(density.width() - 1.0, Math.floor(column) + MARGIN_PIXELS);
        for (int i = firstRow; i <= lastRow; i++) {
            for (int j = firstColumn; j <= lastColumn; j++) {
                if (counts(i, j) && Math.hypot(outside(column, j), outside(row, i)) <= MARGIN_PIXELS) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean counts(int i, int j) {
        return Short.toUnsignedInt(density.weights()[i * density.width() + j]) >= leastWeight;
    }

    /** How far a coordinate is from the interval [begin, begin + 1]. */
    private static double outside(double coordinate, int begin) {
        return Math.max(0, Math.max(begin - coordinate, coordinate - begin - 1));
    }

    /** The share of points [N, 2] that do not lie in it. */
    public double shareOff(float[] points) {
        int off = 0;
        for (int n = 0; n < points.length; n += 2) {
            off += holds(points[n], points[n + 1]) ? 0 : 1;
        }
        return off / (points.length / 2.0);
    }
}
