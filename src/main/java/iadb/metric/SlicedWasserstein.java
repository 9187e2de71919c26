package iadb.metric;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * The sliced Wasserstein-1 distance (Bonneel, Rabin, Peyre, Pfister 2015) over fixed directions: the distance that mass must
 * move to turn one set of points into another, averaged over directions. In one dimension the optimal transport matches the
 * quantiles of both sorted sets, which makes it cheap enough for a million points on the host.
 */
public final class SlicedWasserstein {
    /** The angles k pi / 64, k = 0 .. 63, of the directions; opposite directions give the same distance. */
    public static final int DIRECTIONS = 64;

    private static final int PARALLEL_FROM = 1 << 14; // coordinates in both sets

    private SlicedWasserstein() { }

    /**
     * The mean over the directions of the Wasserstein-1 distance between the projected points. A translation by v gives about
     * |v| (2 / pi), the mean of |cos| over the directions; equal sets give 0 in any order. The same points give the same bits on
     * any number of processors.
     *
     * @param a [N, 2], x before y; not modified
     * @param b [M, 2], of the same total mass as a
     * @param shouldContinue called at each direction, by several threads
     * @return in the coordinates' unit, at least 0; projections are rounded to float, an error of at most 2^-24 of the largest
     *     |x| + |y|; not finite if a coordinate is not
     * @throws IllegalArgumentException if a set is empty or of odd length
     * @throws CancellationException if {@code shouldContinue} returns false
     */
    public static double distance(float[] a, float[] b, BooleanSupplier shouldContinue) {
        requirePoints(a);
        requirePoints(b);
        IntStream directions = IntStream.range(0, DIRECTIONS);
        if ((long) a.length + b.length > PARALLEL_FROM) {
            directions = directions.parallel();
        }
        double[] byDirection = directions.mapToDouble(k -> {
            if (!shouldContinue.getAsBoolean()) {
                throw new CancellationException("a sliced Wasserstein distance was cancelled");
            }
            double angle = Math.PI * k / DIRECTIONS;
            return sortedDistance(sortedProjection(a, angle), sortedProjection(b, angle));
        }).toArray();
        return Arrays.stream(byDirection).sum() / DIRECTIONS;
    }

    /** The distance, without cancellation. */
    public static double distance(float[] a, float[] b) { return distance(a, b, () -> true); }

    static void requirePoints(float[] points) {
        if (points.length == 0 || points.length % 2 != 0) {
            throw new IllegalArgumentException(points.length + " coordinates: points are [N, 2] with N at least 1");
        }
    }

    private static float[] sortedProjection(float[] points, double angle) {
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        float[] projected = new float[points.length / 2]; // [N]
        for (int n = 0; n < projected.length; n++) {
            projected[n] = (float) (points[2 * n] * cos + points[2 * n + 1] * sin);
        }
        Arrays.sort(projected);
        return projected;
    }

    /**
     * The integral over q in [0, 1] of |A(q) - B(q)|, A and B the quantile functions of sorted a [N] and b [M], whose steps have
     * the widths 1/N and 1/M. q is in units of 1 / (N M), so that every step ends at an integer.
     */
    private static double sortedDistance(float[] a, float[] b) {
        double sum = 0;
        long q = 0;
        for (int i = 0, j = 0; i < a.length && j < b.length; ) {
            long endOfA = (i + 1L) * b.length;
            long endOfB = (j + 1L) * a.length;
            long end = Math.min(endOfA, endOfB);
            sum += (end - q) * Math.abs((double) a[i] - b[j]);
            q = end;
            if (end == endOfA) {
                i++;
            }
            if (end == endOfB) {
                j++;
            }
        }
        return sum / ((double) a.length * b.length);
    }
}
