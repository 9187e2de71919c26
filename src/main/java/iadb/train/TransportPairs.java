package iadb.train;

import iadb.density.Quickselect;
import iadb.sample.PushForward.Watch;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * A one-to-one pairing of two point sets whose mean squared distance is nearly the least. Both sets are split along medians into the
 * same tree, so that its cells of a level can be paired. The means of 128 cells are assigned first; then the halves of paired
 * cells are paired and improved, level by level down to the points, so that no error over a large distance is left to them.
 * To improve pairs, blocks of neighbours, in a frame that turns from pass to pass, are each assigned anew ({@link PairBlock}). No block
 * makes the sum worse.
 *
 * <p>Blocks of a pass are disjoint, and each is computed in a fixed order: the same points give the same pairs on any number of threads.
 */
public final class TransportPairs {
    private static final int COARSEST = 128; // cells of the first level to be assigned; then every second level is
    private static final int MIN_CELL = 8; // points of a cell of the finest level, or more
    private static final int PASSES = 3; // over each level of cells
    private static final int MIN_POINT_PASSES = 2;
    private static final int MAX_POINT_PASSES = 32;
    private static final int POINTS = 1 << 17; // times passes over them, if within these limits
    private static final int MIN_BLOCK = 16; // pairs; a pass takes time in proportion to N times the square of it
    private static final int MAX_BLOCK = 128;
    private static final int WORK = 1 << 18; // pairs of a pass times those of a block
    private static final int BLOCKS_PER_CHECK = 4096;
    private static final int FRAMES = 4; // orthogonal frames of the lower bound
    private static final int BINS = 1 << 16; // of a projection
    private static final double GOLDEN = 0.6180339887498949; // of a half-turn, between the directions of passes

    private final float[] x0; // [N, 2]
    private final float[] x1; // [N, 2], partners of x0
    private final double independent;
    private final double lowerBound;
    private final double seconds;
    private final Watch watch;
    private final double rowsToImprove; // about, over all passes
    private long rowsImproved;

    private TransportPairs(float[] a, float[] b, Watch watch) {
        long startNanos = System.nanoTime();
        int count = Math.max(a.length, b.length) / 2;
        int passes = Math.max(MIN_POINT_PASSES, Math.min(MAX_POINT_PASSES, POINTS / count));
        this.watch = watch;
        rowsToImprove = count * (passes + (double) PASSES / (MIN_CELL - 2)); // cells of all levels: N / 6 at most
        x0 = repeated(a, count);
        float[] y = repeated(b, count);
        int[] partner = paired(x0, y);
        for (int pass = 0; pass < passes; pass++) {
            improve(x0, y, partner, pass);
        }
        x1 = gathered(y, partner);
        Moments moments0 = Moments.of(x0);
        Moments moments1 = Moments.of(x1);
        independent = moments0.independent(moments1);
        lowerBound = Math.max(moments0.gelbrich(moments1), projected());
        seconds = (System.nanoTime() - startNanos) * 1e-9;
    }

    /**
     * Pairs two sets. If one has fewer points, each of its points appears as often as the others of that set or once more.
     *
     * @param a     [N, 2], finite; not modified
     * @param b     [M, 2], finite; not modified
     * @param watch called several times on this thread, some hundredths of a second apart for 65,536 points
     * @throws CancellationException if {@code watch} returns false
     */
    static TransportPairs of(float[] a, float[] b, Watch watch) { return new TransportPairs(a, b, watch); }

    /** The points of the first set, in its order, [max(N, M), 2]; not a copy. */
    float[] x0() { return x0; }

    /** The partner of each, [max(N, M), 2]; not a copy. */
    float[] x1() { return x1; }

    /** The number of pairs. */
    public int count() { return x0.length / 2; }

    /** The mean squared distance of the pairs, in the coordinates' unit squared. */
    public double meanSquare() {
        double sum = 0;
        for (int k = 0; k < x0.length; k++) {
            sum += ((double) x0[k] - x1[k]) * ((double) x0[k] - x1[k]);
        }
        return sum / count();
    }

    /** The mean squared distance over all N² pairs, which is that of independent draws. */
    public double independent() { return independent; }

    /**
     * A number that the mean squared distance of no pairing is below: the larger of Gelbrich's bound from means and covariances (1990) and
     * of the sums of exact transport costs along two orthogonal axes, in several frames.
     */
    public double lowerBound() { return Math.min(lowerBound, meanSquare()); }

    /** The time that the pairing took. */
    public double seconds() { return seconds; }

    private static float[] repeated(float[] points, int count) {
        int own = points.length / 2;
        float[] result = new float[2 * count];
        for (int i = 0; i < count; i++) {
            int row = (int) ((long) i * own / count);
            result[2 * i] = points[2 * row];
            result[2 * i + 1] = points[2 * row + 1];
        }
        return result;
    }

    /** Points of the given rows, [rows, 2]. */
    private static float[] gathered(float[] points, int[] rows) {
        float[] result = new float[2 * rows.length];
        for (int i = 0; i < rows.length; i++) {
            result[2 * i] = points[2 * rows[i]];
            result[2 * i + 1] = points[2 * rows[i] + 1];
        }
        return result;
    }

    /** The means of consecutive points: those of a level's cells, [cells, 2]. */
    private static float[] means(float[] points, int[] starts, int size) {
        float[] result = new float[2 * starts.length];
        for (int i = 0; i < result.length; i++) {
            int first = 2 * starts[i / 2] + i % 2;
            double sum = 0;
            for (int k = first; k < first + 2 * size; k += 2) {
                sum += points[k];
            }
            result[i] = (float) (sum / size);
        }
        return result;
    }

    /** First pairs, through the cells of all levels: the row of b for each row of a. */
    private int[] paired(float[] a, float[] b) {
        shouldContinue();
        int count = a.length / 2;
        int[] order0 = order(a, 0, 1);
        int[] order1 = order(b, 0, 1);
        float[] points0 = gathered(a, order0);
        float[] points1 = gathered(b, order1);
        int[] partner = new int[count];
        int[] cells = {0}; // of b, for each of a
        int[] starts = {0};
        for (int size = count; size > 0; size /= 2) {
            if (cells.length == COARSEST || cells.length > COARSEST && size >= MIN_CELL && Integer.bitCount(cells.length - 1) % 2 != 0) {
                float[] means0 = means(points0, starts, size);
                float[] means1 = means(points1, starts, size);
                for (int pass = 0; pass < (cells.length == COARSEST ? 1 : PASSES); pass++) { // one block has all cells of the first level
                    improve(means0, means1, cells, pass);
                }
            }
            if (size % 2 != 0) { // the last point of a cell is in none of its halves
                for (int k = 0; k < cells.length; k++) {
                    partner[order0[starts[k] + size - 1]] = order1[starts[cells[k]] + size - 1];
                }
            }
            int[] parents = cells;
            cells = new int[2 * parents.length];
            Arrays.setAll(cells, k -> 2 * parents[k / 2] + k % 2);
            starts = halves(starts, size);
        }
        return partner;
    }

    /** Where the halves of cells start; if a cell's size is odd, its last row is in neither. */
    private static int[] halves(int[] starts, int size) {
        int[] result = new int[2 * starts.length];
        for (int k = 0; k < result.length; k++) {
            result[k] = starts[k / 2] + k % 2 * (size / 2);
        }
        return result;
    }

    /** The projections on the direction of an angle in radians, [N]. */
    private static float[] projection(float[] points, double angle) {
        float cos = (float) StrictMath.cos(angle); // the same bits on every machine
        float sin = (float) StrictMath.sin(angle);
        float[] result = new float[points.length / 2];
        for (int n = 0; n < result.length; n++) {
            result[n] = cos * points[2 * n] + sin * points[2 * n + 1];
        }
        return result;
    }

    /** The rows of points, split along medians of alternating axes until a cell has at most {@code leaf} rows. */
    private static int[] order(float[] points, double angle, int leaf) {
        float[][] keys = {projection(points, angle), projection(points, angle + Math.PI / 2)};
        int[] rows = new int[points.length / 2];
        Arrays.setAll(rows, i -> i);
        int axis = 0;
        int[] starts = {0};
        for (int size = rows.length; size > leaf; size /= 2) {
            float[] key = keys[axis];
            int last = size - 1;
            Arrays.stream(starts).parallel().forEach(start -> Quickselect.select(key, rows, start, start + last, start + (last + 1) / 2));
            starts = halves(starts, size);
            axis = 1 - axis;
        }
        return rows;
    }

    /** Assigns disjoint blocks of neighbouring rows anew. */
    private void improve(float[] a, float[] b, int[] partner, int pass) {
        int count = partner.length;
        int block = Math.max(MIN_BLOCK, Math.min(MAX_BLOCK, WORK / count));
        int blocks = (count + block - 1) / block;
        int[] rows = order(pass % 2 == 0 ? a : gathered(b, partner), Math.PI * (pass * GOLDEN % 1), block);
        for (int first = 0; first < blocks; first += BLOCKS_PER_CHECK) {
            shouldContinue();
            int end = Math.min(blocks, first + BLOCKS_PER_CHECK);
            IntStream.range(first, end).parallel().forEach(k -> new PairBlock(a, b, partner, Arrays.copyOfRange(rows,
                    (int) ((long) count * k / blocks), (int) ((long) count * (k + 1) / blocks))).improve());
            rowsImproved += (long) count * (end - first) / blocks;
        }
    }

    private void shouldContinue() {
        if (!watch.shouldContinue(Math.min(1, rowsImproved / rowsToImprove))) {
            throw new CancellationException("the pairing was cancelled");
        }
    }

    /** The largest sum, over frames, of lower bounds of the transport costs of both projections. */
    private double projected() {
        double[] byAxis = IntStream.range(0, 2 * FRAMES).parallel().mapToDouble(k -> {
            double angle = Math.PI * k / (2 * FRAMES);
            return projected(projection(x0, angle), projection(x1, angle));
        }).toArray();
        return IntStream.range(0, FRAMES).mapToDouble(k -> byAxis[k] + byAxis[k + FRAMES]).max().orElseThrow();
    }

    /** The transport cost of numbers that are rounded to the middle of bins, less what rounding can add: a bin's width of distance. */
    private static double projected(float[] a, float[] b) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < a.length; i++) {
            least = Math.min(least, Math.min(a[i], b[i]));
            most = Math.max(most, Math.max(a[i], b[i]));
        }
        double width = Math.max(((double) most - least) / (BINS - 1), Float.MIN_NORMAL);
        int[] more = new int[BINS]; // numbers of a
        int[] fewer = new int[BINS]; // numbers of b
        for (int i = 0; i < a.length; i++) {
            more[(int) (((double) a[i] - least) / width)]++;
            fewer[(int) (((double) b[i] - least) / width)]++;
        }
        double sum = 0;
        for (int i = 0, j = 0; i < BINS; ) {
            int moved = Math.min(more[i], fewer[j]);
            sum += (double) moved * (i - j) * (i - j);
            more[i] -= moved;
            fewer[j] -= moved;
            if (more[i] == 0) {
                i++;
            } else {
                j++;
            }
        }
        double distance = Math.max(0, Math.sqrt(sum / a.length) - 1) * width;
        return distance * distance;
    }

    /** The mean and the covariance of a point set. */
    private record Moments(double x, double y, double xx, double xy, double yy) {
        static Moments of(float[] points) {
            int count = points.length / 2;
            double x = 0;
            double y = 0;
            for (int k = 0; k < points.length; k += 2) {
                x += points[k] / (double) count;
                y += points[k + 1] / (double) count;
            }
            double xx = 0;
            double xy = 0;
            double yy = 0;
            for (int k = 0; k < points.length; k += 2) {
                xx += (points[k] - x) * (points[k] - x) / count;
                xy += (points[k] - x) * (points[k + 1] - y) / count;
                yy += (points[k + 1] - y) * (points[k + 1] - y) / count;
            }
            return new Moments(x, y, xx, xy, yy);
        }

        double independent(Moments b) {
            return (x - b.x) * (x - b.x) + (y - b.y) * (y - b.y) + xx + yy + b.xx + b.yy;
        }

        /** |mean - mean|² + tr(A + B - 2 (A^½ B A^½)^½), where the last trace is √(tr AB + 2 √(det A det B)) in two dimensions. */
        double gelbrich(Moments b) {
            double trace = xx * b.xx + 2 * xy * b.xy + yy * b.yy;
            double determinants = Math.max(0, xx * yy - xy * xy) * Math.max(0, b.xx * b.yy - b.xy * b.xy);
            return independent(b) - 2 * Math.sqrt(Math.max(0, trace + 2 * Math.sqrt(determinants)));
        }
    }
}
