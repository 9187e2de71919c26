package iadb.train;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A one-to-one pairing of two point sets whose mean squared distance is nearly the least. Both sets are split along medians into the
 * same tree, which gives first pairs; then blocks of some dozens of pairs, from the whole plane at first and at last from
 * neighbourhoods, are assigned anew, each by shortest augmenting paths (Jonker and Volgenant 1987). No block makes the sum worse.
 *
 * <p>Blocks of a pass are disjoint, and each is computed in a fixed order: the same points give the same pairs on any number of threads.
 */
public final class TransportPairs {
    private static final int FEW = 1 << 12; // points for which several rounds are quick enough
    private static final int MIN_BLOCK = 32; // pairs; a pass takes time in proportion to N times the square of it
    private static final int MAX_BLOCK = 128;
    private static final int WORK = 1 << 20; // points times pairs of a block
    private static final int LEVEL = 8; // by how much a block's region shrinks from one pass to the next
    private static final int SWEEPS = 3; // of relaxation, before shortest paths
    private static final int PARALLEL_ROWS = 4096;
    private static final int FRAMES = 4; // orthogonal frames of the lower bound
    private static final double GOLDEN = 0.6180339887498949; // of a half-turn, between the directions of passes
    private static final int FREE = -1;

    private final float[] x0; // [N, 2]
    private final float[] x1; // [N, 2], partners of x0
    private final double independent;
    private final double lowerBound;
    private final double seconds;

    private TransportPairs(float[] a, float[] b) {
        long startNanos = System.nanoTime();
        int count = Math.max(a.length, b.length) / 2;
        x0 = repeated(a, count);
        x1 = repeated(b, count);
        int[] order0 = order(x0, 0, 1);
        int[] order1 = order(x1, 0, 1);
        float[] unpaired = x1.clone();
        for (int i = 0; i < count; i++) {
            x1[2 * order0[i]] = unpaired[2 * order1[i]];
            x1[2 * order0[i] + 1] = unpaired[2 * order1[i] + 1];
        }
        int block = Math.max(MIN_BLOCK, Math.min(MAX_BLOCK, WORK / count));
        int rounds = count <= FEW ? 3 : 1;
        int pass = 0;
        for (int round = 0; round < rounds; round++) {
            for (int blocks = (count + block - 1) / block; blocks > 1; blocks = (blocks + LEVEL - 1) / LEVEL) {
                improve(pass++, block, blocks);
            }
            for (int last = pass + rounds + 1; pass < last; ) {
                improve(pass++, block, 1);
            }
        }
        Moments moments0 = Moments.of(x0);
        Moments moments1 = Moments.of(x1);
        independent = moments0.independent(moments1);
        lowerBound = Math.max(moments0.gelbrich(moments1), projected());
        seconds = (System.nanoTime() - startNanos) * 1e-9;
    }

    /**
     * Pairs two sets. If one has fewer points, each of its points appears as often as the others of that set or once more.
     *
     * @param a [N, 2], finite; not modified
     * @param b [M, 2], finite; not modified
     */
    static TransportPairs of(float[] a, float[] b) { return new TransportPairs(a, b); }

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

    /** The rows of points, split along medians of alternating axes until a part has at most {@code leaf} rows. */
    private static int[] order(float[] points, double angle, int leaf) {
        float[][] keys = {projection(points, angle), projection(points, angle + Math.PI / 2)};
        int[] rows = new int[points.length / 2];
        Arrays.setAll(rows, i -> i);
        split(keys, rows, 0, rows.length, 0, leaf);
        return rows;
    }

    private static void split(float[][] keys, int[] rows, int first, int end, int axis, int leaf) {
        if (end - first <= leaf) {
            return;
        }
        int middle = (first + end) >>> 1;
        select(keys[axis], rows, first, end - 1, middle);
        IntStream halves = IntStream.range(0, 2);
        (end - first > PARALLEL_ROWS ? halves.parallel() : halves).forEach(half -> split(keys, rows, half == 0 ? first : middle,
                half == 0 ? middle : end, 1 - axis, leaf));
    }

    /** Moves the rows of the smallest keys of rows[first .. last] before {@code middle} (quickselect, Hoare 1961). */
    private static void select(float[] key, int[] rows, int first, int last, int middle) {
        int from = first;
        int to = last;
        while (from < to) {
            float pivot = key[rows[(from + to) >>> 1]];
            int i = from;
            int j = to;
            while (i <= j) {
                while (key[rows[i]] < pivot) {
                    i++;
                }
                while (key[rows[j]] > pivot) {
                    j--;
                }
                if (i <= j) {
                    int row = rows[i];
                    rows[i++] = rows[j];
                    rows[j--] = row;
                }
            }
            if (middle <= j) {
                to = j;
            } else if (middle >= i) {
                from = i;
            } else {
                return;
            }
        }
    }

    /** Assigns disjoint blocks of rows anew; those of a region of the plane lie interleaved in it. */
    private void improve(int pass, int block, int blocksPerRegion) {
        int[] rows = order(pass % 2 == 0 ? x0 : x1, Math.PI * (pass * GOLDEN % 1), blocksPerRegion == 1 ? block : 8);
        long size = (long) block * blocksPerRegion;
        int regions = (int) ((rows.length + size - 1) / size);
        IntStream.range(0, regions * blocksPerRegion).parallel().forEach(task -> {
            int region = task / blocksPerRegion;
            int first = (int) ((long) rows.length * region / regions) + task % blocksPerRegion;
            int end = (int) ((long) rows.length * (region + 1) / regions);
            int count = Math.max(0, (end - first + blocksPerRegion - 1) / blocksPerRegion);
            if (count > 1) {
                int[] chosen = new int[count];
                Arrays.setAll(chosen, i -> rows[first + i * blocksPerRegion]);
                new Block(chosen).improve();
            }
        });
    }

    /** The largest sum, over frames, of the transport costs of both projections. */
    private double projected() {
        double[] byAxis = IntStream.range(0, 2 * FRAMES).parallel().mapToDouble(k -> {
            double angle = Math.PI * k / (2 * FRAMES);
            float[] a = projection(x0, angle);
            float[] b = projection(x1, angle);
            Arrays.sort(a);
            Arrays.sort(b);
            double sum = 0;
            for (int i = 0; i < a.length; i++) {
                sum += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            }
            return sum / a.length;
        }).toArray();
        return IntStream.range(0, FRAMES).mapToDouble(k -> byAxis[k] + byAxis[k + FRAMES]).max().orElseThrow();
    }

    /** Some pairs whose partners are assigned anew: row i keeps its x0, and gets the x1 of a row of the block. */
    private final class Block {
        private final int[] rows; // [n]
        private final int count; // n
        private final float[] cost; // [n, n], -x0·x1, relative to the block's means
        private final float[] price; // [n], of columns
        private final float[] distance; // [n], of a shortest path to each column
        private final int[] rowBefore; // [n], of that path
        private final int[] rowOf; // [n], by column
        private final int[] columnOf; // [n], by row

        Block(int[] rows) {
            this.rows = rows;
            count = rows.length;
            cost = new float[count * count];
            price = new float[count];
            distance = new float[count];
            rowBefore = new int[count];
            rowOf = new int[count];
            columnOf = new int[count];
        }

        void improve() {
            fillCosts();
            if (isOptimal()) {
                return;
            }
            for (int row : assignBest()) {
                augment(row);
            }
            double gain = 0;
            for (int i = 0; i < count; i++) {
                gain += (double) cost[i * count + i] - cost[i * count + columnOf[i]];
            }
            if (gain > 0) {
                exchange();
            }
        }

        private void fillCosts() {
            float[] x = new float[count];
            float[] y = new float[count];
            float[] meanA = mean(x0);
            float[] meanB = mean(x1);
            for (int j = 0; j < count; j++) {
                x[j] = x1[2 * rows[j]] - meanB[0];
                y[j] = x1[2 * rows[j] + 1] - meanB[1];
            }
            for (int i = 0; i < count; i++) {
                float ax = meanA[0] - x0[2 * rows[i]];
                float ay = meanA[1] - x0[2 * rows[i] + 1];
                for (int j = 0; j < count; j++) {
                    cost[i * count + j] = ax * x[j] + ay * y[j];
                }
            }
        }

        private float[] mean(float[] points) {
            double sumX = 0;
            double sumY = 0;
            for (int row : rows) {
                sumX += points[2 * row];
                sumY += points[2 * row + 1];
            }
            return new float[] {(float) (sumX / count), (float) (sumY / count)};
        }

        /** Whether relaxation ends with prices at which each row's own column is its best; otherwise the prices are a good start. */
        private boolean isOptimal() {
            float largest = 0;
            for (int j = 0; j < count; j++) {
                price[j] = cost[j * count + j];
                largest = Math.max(largest, Math.abs(price[j]));
            }
            float tolerance = 0x1p-20f * largest;
            for (int sweep = 0; sweep < SWEEPS; sweep++) {
                System.arraycopy(price, 0, distance, 0, count);
                for (int i = 0; i < count; i++) {
                    float paid = price[i] - cost[i * count + i];
                    int base = i * count;
                    for (int j = 0; j < count; j++) {
                        price[j] = Math.min(price[j], cost[base + j] + paid);
                    }
                }
                boolean changed = false;
                for (int j = 0; j < count; j++) {
                    changed |= distance[j] - price[j] > tolerance;
                }
                if (!changed) {
                    return true;
                }
            }
            return false;
        }

        /** Gives each row its best column if that is free; returns the other rows. */
        private int[] assignBest() {
            Arrays.fill(rowOf, FREE);
            int free = 0;
            for (int i = 0; i < count; i++) {
                float least = Float.POSITIVE_INFINITY;
                int column = i;
                for (int j = 0; j < count; j++) {
                    float reduced = cost[i * count + j] - price[j];
                    if (reduced < least) {
                        least = reduced;
                        column = j;
                    }
                }
                if (cost[i * count + i] - price[i] <= least && rowOf[i] == FREE) {
                    column = i;
                }
                if (rowOf[column] == FREE) {
                    rowOf[column] = i;
                    columnOf[i] = column;
                } else {
                    rowBefore[free++] = i;
                }
            }
            return Arrays.copyOf(rowBefore, free);
        }

        /** Gives a row a column by the shortest path that exchanges columns with other rows. */
        private void augment(int start) {
            int[] columns = new int[count]; // those not yet reached, then those reached
            Arrays.setAll(columns, j -> j);
            Arrays.fill(distance, Float.POSITIVE_INFINITY);
            int left = count;
            int row = start;
            float offset = 0;
            float length;
            int column;
            while (true) {
                int nearest = 0;
                length = Float.POSITIVE_INFINITY;
                for (int k = 0; k < left; k++) {
                    int j = columns[k];
                    float through = cost[row * count + j] - price[j] + offset;
                    if (through < distance[j]) {
                        distance[j] = through;
                        rowBefore[j] = row;
                    }
                    if (distance[j] < length || distance[j] == length && rowOf[j] == FREE) {
                        length = distance[j];
                        nearest = k;
                    }
                }
                column = columns[nearest];
                if (rowOf[column] == FREE) {
                    break;
                }
                columns[nearest] = columns[--left];
                columns[left] = column;
                row = rowOf[column];
                offset = length - (cost[row * count + column] - price[column]);
            }
            for (int k = left; k < count; k++) {
                price[columns[k]] -= length - distance[columns[k]];
            }
            do {
                row = rowBefore[column];
                rowOf[column] = row;
                int next = columnOf[row];
                columnOf[row] = column;
                column = next;
            } while (row != start);
        }

        private void exchange() {
            float[] before = new float[2 * count];
            for (int i = 0; i < count; i++) {
                before[2 * i] = x1[2 * rows[i]];
                before[2 * i + 1] = x1[2 * rows[i] + 1];
            }
            for (int i = 0; i < count; i++) {
                x1[2 * rows[i]] = before[2 * columnOf[i]];
                x1[2 * rows[i] + 1] = before[2 * columnOf[i] + 1];
            }
        }
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
