package iadb.metric;

import iadb.density.Density;
import iadb.density.ImageDensity;

/**
 * The total variation between points and a density on a grid of {@value #SIDE} x {@value #SIDE} cells over the unit square: half the
 * sum over cells of |share of the points - mass of the density|, to which the shares outside the square are added as one more cell.
 * 0 for equal shares, 1 if no cell has both.
 */
public final class TotalVariation {
    /** Cells along a side. */
    public static final int SIDE = 64;

    private static final int IMAGE_PARTS = 8; // along each side of a cell, so that the edges of an image's pixels are met closely

    private final double[] mass; // [SIDE, SIDE], row 0 at y = 1
    private double outside = 1; // mass

    /** Computes the density's mass in each cell. */
    public TotalVariation(Density density) {
        int parts = density instanceof ImageDensity ? IMAGE_PARTS : 1;
        int side = SIDE * parts;
        double[] fine = density.meanByCell(side, side);
        mass = new double[SIDE * SIDE];
        for (int i = 0; i < fine.length; i++) {
            double share = fine[i] / fine.length;
            mass[i / side / parts * SIDE + i % side / parts] += share;
            outside -= share;
        }
        outside = Math.max(0, outside);
    }

    /** The total variation of points [N, 2]; those with a coordinate that is not a number are outside. */
    public double distance(float[] points) {
        SlicedWasserstein.requirePoints(points);
        double[] counts = new double[SIDE * SIDE];
        int inside = 0;
        for (int n = 0; n < points.length; n += 2) {
            float x = points[n];
            float y = points[n + 1];
            if (x >= 0 && x <= 1 && y >= 0 && y <= 1) {
                int column = Math.min(SIDE - 1, (int) (x * SIDE));
                int row = SIDE - 1 - Math.min(SIDE - 1, (int) (y * SIDE));
                counts[row * SIDE + column]++;
                inside++;
            }
        }
        double all = points.length / 2;
        double sum = Math.abs((all - inside) / all - outside);
        for (int cell = 0; cell < counts.length; cell++) {
            sum += Math.abs(counts[cell] / all - mass[cell]);
        }
        return sum / 2;
    }
}
