package iadb.density;

import java.util.stream.IntStream;

/**
 * Chooses the bandwidth of a kernel estimate, the deviation of its Gaussians, from the points alone. Each point is left out in turn,
 * and the estimate from the others gives its density; the bandwidth is the one with the largest product of these densities
 * (leave-one-out likelihood; Habbema, Hermans and van den Broek 1974), at most that of Scott's rule.
 *
 * <p>Scott's rule uses the deviation of the whole set and is far too wide for separate clusters. A point's exact duplicates are left out
 * with it: otherwise repeated rows would make a bandwidth of 0 the most likely. The estimate is mixed with {@value #UNIFORM} of a
 * uniform density, so that a few outliers do not widen all Gaussians. To save time, {@value #ROWS} points are left out, and their
 * distances to at most {@value #OTHERS} others are counted in bins of the squared distance, each 3 to 6 % wide; bandwidths are tried in
 * steps of 2^(1/4): near its maximum the likelihood changes little.
 */
final class Bandwidth {
    private static final int ROWS = 1024;
    private static final int OTHERS = 1 << 16;
    private static final double UNIFORM = 1e-6;
    private static final int TRIED = 49;
    private static final double STEP = Math.pow(2, -0.25);
    private static final int SHIFT = 19; // of a float's bits: 16 bins for each power of two
    private static final int LEAST = Float.floatToRawIntBits(0x1p-60f) >> SHIFT;
    private static final int BINS = (Float.floatToRawIntBits(4f) >> SHIFT) - LEAST; // the largest square of a distance is 2
    private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

    private Bandwidth() { }

    /** Scott's rule: the points' deviation times N^(-1/6) (Scott 1992). */
    static double scott(float[] points) {
        int count = points.length / 2;
        double[] mean = new double[2];
        double[] squares = new double[2];
        for (int i = 0; i < points.length; i++) {
            mean[i % 2] += points[i] / (double) count;
        }
        for (int i = 0; i < points.length; i++) {
            squares[i % 2] += (points[i] - mean[i % 2]) * (points[i] - mean[i % 2]);
        }
        return Math.sqrt((squares[0] + squares[1]) / (2.0 * count)) * Math.pow(count, -1 / 6.0);
    }

    /**
     * The bandwidth of most leave-one-out likelihood.
     *
     * @param points [N, 2], in the unit square, not all equal
     */
    static double mostLikely(float[] points) {
        int count = points.length / 2;
        float[] others = spread(points, OTHERS);
        float[] rows = spread(points, ROWS);
        // the best bandwidth falls as N^(-1/6)
        double widest = scott(points) * Math.pow((double) count / (others.length / 2), 1 / 6.0);
        double[][] kernel = new double[TRIED][BINS];
        for (int k = 0; k < TRIED; k++) {
            double square = Math.pow(widest * Math.pow(STEP, k), 2);
            for (int bin = 0; bin < BINS; bin++) {
                double low = Float.intBitsToFloat(bin + LEAST << SHIFT);
                double high = Float.intBitsToFloat(bin + LEAST + 1 << SHIFT);
                kernel[k][bin] = Math.exp(-(low + high) / 4 / square) / (2 * Math.PI * square * (others.length / 2 - 1));
            }
        }
        double[][] logs = IntStream.range(0, rows.length / 2).parallel()
                .mapToObj(n -> logs(distances(others, rows[2 * n], rows[2 * n + 1]), kernel)).toArray(double[][]::new);
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < TRIED; k++) {
            double sum = 0;
            for (double[] log : logs) {
                sum += log[k];
            }
            if (sum > most) {
                most = sum;
                best = k;
            }
        }
        return scott(points) * Math.pow(STEP, best);
    }

    /** At most {@code most} of the points, spread over the set in a way that shares no period with it. */
    private static float[] spread(float[] points, int most) {
        int count = points.length / 2;
        if (count <= most) {
            return points;
        }
        float[] some = new float[2 * most];
        for (int n = 0; n < most; n++) {
            int row = (int) (count * (n * GOLDEN % 1));
            some[2 * n] = points[2 * row];
            some[2 * n + 1] = points[2 * row + 1];
        }
        return some;
    }

    /** How many points lie at each distance, [BINS]; those at distance 0 are left out. */
    private static int[] distances(float[] points, float x, float y) {
        int[] counts = new int[BINS];
        for (int i = 0; i < points.length; i += 2) {
            float dx = points[i] - x;
            float dy = points[i + 1] - y;
            float square = dx * dx + dy * dy;
            if (square > 0) {
                counts[Math.max(0, (Float.floatToRawIntBits(square) >> SHIFT) - LEAST)]++;
            }
        }
        return counts;
    }

    /** The logarithm of the estimate by the counted points, for each bandwidth. */
    private static double[] logs(int[] counts, double[][] kernel) {
        double[] logs = new double[TRIED];
        for (int k = 0; k < TRIED; k++) {
            double sum = UNIFORM;
            for (int bin = 0; bin < BINS; bin++) {
                sum += counts[bin] * kernel[k][bin];
            }
            logs[k] = Math.log(sum);
        }
        return logs;
    }
}
