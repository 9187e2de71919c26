package iadb.metric;

/** The histogram of points over a grid on the unit square. */
public final class Histogram {
    private Histogram() { }

    /**
     * Counts points per unit of the square's area.
     *
     * @param points [N, 2], y upward; those outside the square, and NaN, are not counted
     * @return [height][width], row 0 at y = 1
     */
    public static double[] density(float[] points, int width, int height) {
        double[] density = new double[width * height];
        double perPoint = density.length / (points.length / 2.0);
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * (double) width;
            double y = points[n + 1] * (double) height;
            if (x >= 0 && x < width && y >= 0 && y < height) {
                density[(height - 1 - (int) y) * width + (int) x] += perPoint;
            }
        }
        return density;
    }
}
