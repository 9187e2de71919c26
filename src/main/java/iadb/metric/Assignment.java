package iadb.metric;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * The one-to-one assignment of two point sets of N points with the least sum of squared distances, which gives the Wasserstein-2
 * distance, and a proof of it: dual potentials whose sum is a lower bound (Kantorovich).
 *
 * <p>An auction with decreasing ε (Bertsekas 1988) finds prices at which few points compete, and shortest augmenting paths
 * (Jonker and Volgenant 1987) from these prices end at the exact assignment. Costs are computed from the points, so that memory is
 * linear in N; time is about quadratic, a few seconds for 4,096 points. A library that was considered, JGraphT's KuhnMunkres, takes a
 * matrix of N² costs and cubic time, and does not return potentials.
 *
 * <p>With both sets moved to their centroids, |x - y|² = |x|² + |y|² - 2 x·y, so that only the last term matters: the price of
 * column j that row i sees is {@code price[j] - 2 x_i·y_j}.
 */
public final class Assignment {
    private static final double AUCTION_FACTOR = 5; // by which ε falls from one auction to the next
    private static final double LAST_AUCTION = 0.8; // ε of the last auction, of mean |x| mean |y| / N
    private static final double LEAST_EPSILON = 0x1p-40; // of the range of 2 x·y: prices of doubles still rise
    private static final int SCANS_PER_CHECK = 256;
    private static final int FREE = -1;

    private final int count; // N
    private final boolean exchanged; // the caller's first set are the columns
    private final double[] x; // [2, N], row points less their mean, all x before all y
    private final double[] y; // [2, N], column points less their mean
    private final double[] price; // [N], of columns
    private final int[] columnOf; // [N], by row
    private final int[] rowOf; // [N], by column
    private final BooleanSupplier shouldContinue;
    private final double[] distance; // [N], of a shortest path to each column
    private final int[] rowBefore; // [N], of that path
    private final int[] order; // [N], columns: those not yet reached, then those reached
    private final double meanSquare;
    private final double lowerBound;
    private int scans;
    private int best; // column, found by findBest
    private double advantage;

    private Assignment(float[] a, float[] b, boolean exchanged, BooleanSupplier shouldContinue) {
        count = a.length / 2;
        this.exchanged = exchanged;
        this.shouldContinue = shouldContinue;
        double[] centreA = mean(a);
        double[] centreB = mean(b);
        x = centred(a, centreA);
        y = centred(b, centreB);
        price = new double[count];
        columnOf = new int[count];
        rowOf = new int[count];
        distance = new double[count];
        rowBefore = new int[count];
        order = new int[count];
        if (!Double.isFinite(centreA[0] + centreA[1] + centreB[0] + centreB[1])) {
            meanSquare = Double.NaN;
            lowerBound = Double.NaN;
            Arrays.setAll(columnOf, i -> i);
            Arrays.setAll(rowOf, i -> i);
            return;
        }
        auction();
        assign();
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += square((double) a[2 * i] - b[2 * columnOf[i]]) + square((double) a[2 * i + 1] - b[2 * columnOf[i] + 1]);
        }
        meanSquare = sum / count;
        lowerBound = Math.min(meanSquare, dual(a, b, centreA[0] - centreB[0], centreA[1] - centreB[1]) / count);
    }

    /**
     * The assignment of the points of {@code a} to those of {@code b}.
     *
     * @param a              [N, 2]; not modified
     * @param b              [N, 2]; not modified
     * @param shouldContinue called many times a second
     * @throws IllegalArgumentException if a set is empty, of odd length, or not as large as the other
     * @throws CancellationException    if {@code shouldContinue} returns false
     */
    public static Assignment of(float[] a, float[] b, BooleanSupplier shouldContinue) {
        SlicedWasserstein.requirePoints(a);
        if (a.length != b.length) {
            throw new IllegalArgumentException("an assignment of " + a.length / 2 + " points to " + b.length / 2);
        }
        boolean exchange = places(a) < places(b) / 2; // many rows at one place compete for the same columns: up to six times as long
        return exchange ? new Assignment(b, a, true, shouldContinue) : new Assignment(a, b, false, shouldContinue);
    }

    /** The number of different points. */
    private static long places(float[] points) {
        return IntStream.range(0, points.length / 2)
                .mapToLong(n -> (long) Float.floatToIntBits(points[2 * n]) << 32 | Float.floatToIntBits(points[2 * n + 1]) & 0xFFFFFFFFL)
                .distinct().count();
    }

    /** The index in b of the point that point i of a is assigned to, [N]; not a copy. */
    int[] partners() { return exchanged ? rowOf : columnOf; }

    /**
     * The mean squared distance of assigned points, W2², in the coordinates' unit squared; NaN if a coordinate is not finite. It is
     * computed in double precision from the points.
     */
    public double meanSquare() { return meanSquare; }

    /** The square root of {@link #meanSquare}, the Wasserstein-2 distance of the sets. */
    public double distance() { return Math.sqrt(meanSquare); }

    /**
     * The duality gap, (W2² - bound) / W2² with the bound from the dual potentials: what another assignment could be better by, as a
     * share. At least 0; about 1e-15, which is rounding, and 0 for equal sets.
     */
    public double gap() { return meanSquare == 0 ? 0 : (meanSquare - lowerBound) / meanSquare; }

    private static double[] mean(float[] points) {
        double[] mean = new double[2];
        for (int k = 0; k < points.length; k++) {
            mean[k % 2] += points[k];
        }
        return new double[] {mean[0] / (points.length / 2), mean[1] / (points.length / 2)};
    }

    private double[] centred(float[] points, double[] centre) {
        double[] result = new double[2 * count];
        for (int k = 0; k < points.length; k++) {
            result[k % 2 * count + k / 2] = points[k] - centre[k % 2];
        }
        return result;
    }

    private static double square(double value) { return value * value; }

    /** The mean of the norms, and the largest one. */
    private double[] norms(double[] points) {
        double sum = 0;
        double largest = 0;
        for (int n = 0; n < count; n++) {
            double norm = Math.hypot(points[n], points[count + n]);
            sum += norm;
            largest = Math.max(largest, norm);
        }
        return new double[] {sum / count, largest};
    }

    private void countScan() {
        if (++scans % SCANS_PER_CHECK == 0 && !shouldContinue.getAsBoolean()) {
            throw new CancellationException("an assignment was cancelled");
        }
    }

    /**
     * Raises prices until each row has a column that is within ε of its best, for smaller and smaller ε. Each row that has none bids
     * what makes its best column worse than its second best by ε.
     */
    private void auction() {
        double[] ofX = norms(x);
        double[] ofY = norms(y);
        double range = 4 * ofX[1] * ofY[1];
        if (!(range > 0) || count == 1) {
            return;
        }
        double last = Math.max(LAST_AUCTION * ofX[0] * ofY[0] / count, LEAST_EPSILON * range);
        int[] waiting = new int[count]; // rows without a column, a ring buffer
        double epsilon = range;
        do {
            epsilon /= AUCTION_FACTOR;
            Arrays.fill(rowOf, FREE);
            Arrays.setAll(waiting, i -> i);
            int first = 0;
            for (int rows = count; rows > 0; ) {
                int row = waiting[first];
                first = (first + 1) % count;
                rows--;
                findBest(row);
                price[best] += advantage + epsilon;
                int outbid = rowOf[best];
                rowOf[best] = row;
                if (outbid != FREE) {
                    waiting[(first + rows++) % count] = outbid;
                }
            }
        } while (epsilon > last);
    }

    /** Finds the row's best column, and by how much it is better than the second best. */
    private void findBest(int row) {
        countScan();
        double px = 2 * x[row];
        double py = 2 * x[count + row];
        double first = Double.POSITIVE_INFINITY;
        double second = Double.POSITIVE_INFINITY;
        int column = 0;
        for (int j = 0; j < count; j++) {
            double cost = price[j] - px * y[j] - py * y[count + j];
            if (cost < second) {
                if (cost < first) {
                    second = first;
                    first = cost;
                    column = j;
                } else {
                    second = cost;
                }
            }
        }
        best = column;
        advantage = second - first;
    }

    /** Gives each row its best column if that is free, and the remaining rows one by shortest augmenting paths. */
    private void assign() {
        Arrays.fill(columnOf, FREE);
        Arrays.fill(rowOf, FREE);
        int[] left = new int[count]; // rows
        int rows = 0;
        for (int i = 0; i < count; i++) {
            findBest(i);
            if (rowOf[best] == FREE) {
                rowOf[best] = i;
                columnOf[i] = best;
            } else {
                left[rows++] = i;
            }
        }
        for (int k = 0; k < rows; k++) {
            augment(left[k]);
        }
    }

    /**
     * Assigns one more row: by Dijkstra's algorithm over reduced costs, whose shortest path from the row to a free column alternates
     * between rows and columns that change partners. Prices of the columns reached rise so that reduced costs stay at least 0, and 0
     * for assigned pairs.
     */
    private void augment(int start) {
        double[] distance = this.distance;
        int left = count; // columns not yet reached, at the front of order
        int row = start;
        double offset = 0; // added to a cost from the row for the length of a path through it
        Arrays.fill(distance, Double.POSITIVE_INFINITY);
        Arrays.setAll(order, j -> j);
        double length;
        int column;
        while (true) {
            countScan();
            double px = 2 * x[row];
            double py = 2 * x[count + row];
            int nearest = 0;
            length = Double.POSITIVE_INFINITY;
            for (int k = 0; k < left; k++) {
                int j = order[k];
                double through = price[j] - px * y[j] - py * y[count + j] + offset;
                double known = distance[j];
                if (through < known) {
                    known = through;
                    distance[j] = through;
                    rowBefore[j] = row;
                }
                if (known < length || known == length && rowOf[j] == FREE) {
                    length = known;
                    nearest = k;
                }
            }
            column = order[nearest];
            if (rowOf[column] == FREE) {
                break;
            }
            order[nearest] = order[--left];
            order[left] = column;
            row = rowOf[column];
            offset = length - (price[column] - 2 * (x[row] * y[column] + x[count + row] * y[count + column]));
        }
        for (int k = left; k < count; k++) {
            price[order[k]] += length - distance[order[k]];
        }
        while (column != FREE) {
            int partner = rowBefore[column];
            rowOf[column] = partner;
            int before = columnOf[partner];
            columnOf[partner] = column;
            column = before;
        }
    }

    /**
     * The sum of dual potentials, a lower bound of every assignment's sum: of v by column, from the prices, and of the largest u by
     * row with u_i + v_j at most the cost of (i, j), from the points themselves.
     *
     * @param dx the first coordinate of the difference of the centroids
     * @param dy the second
     */
    private double dual(float[] a, float[] b, double dx, double dy) {
        double[] v = new double[count];
        double sum = 0;
        for (int j = 0; j < count; j++) {
            v[j] = square(y[j]) + square(y[count + j]) - price[j] - 2 * (y[j] * dx + y[count + j] * dy);
            sum += v[j];
        }
        for (int i = 0; i < count; i++) {
            countScan();
            double u = Double.POSITIVE_INFINITY;
            for (int j = 0; j < count; j++) {
                u = Math.min(u, square((double) a[2 * i] - b[2 * j]) + square((double) a[2 * i + 1] - b[2 * j + 1]) - v[j]);
            }
            sum += u;
        }
        return sum;
    }
}
