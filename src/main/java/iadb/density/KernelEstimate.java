package iadb.density;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The kernel estimate of a density: the mean of Gaussians of deviation h around N points, in time that hardly depends on N.
 *
 * <p>The points stand in a k-d tree, so that only those near enough to matter are summed: those further than the nearest one by more
 * than e^-{@value #CUT} in their Gaussian's value together add less than 1e-6 of the sum. Where still many are left, their sum is
 * expanded around the centre of a cell of side h, once for all points that fall into it (the fast Gauss transform's local
 * expansion, Greengard and Strain 1991): with u = (x_i - centre)/h and d = (x - centre)/h,
 * exp(-|d - u|²/2) = exp(-|d|²/2) Σ_ab exp(-|u|²/2) (u₁d₁)^a/a! (u₂d₂)^b/b!, a + b &lt; {@value #TERMS}. The logarithm's error is
 * less than 1e-4, and some 1e-6 where the density is not tiny.
 */
final class KernelEstimate {
    private static final double CUT = 25; // ln(N / 1e-6) for N = 65,536; of the exponent
    private static final int TERMS = 15;
    private static final int MANY = 1024; // points for which an expansion pays
    private static final double CELL = 1; // side of a cell, in h
    private static final double MAX_RADIUS = 10; // in h, of the points of an expansion: beyond, its terms fall too slowly
    private static final int LEAF = 16; // points of a leaf of the tree
    private static final int MAX_CELLS = 1 << 16; // kept: 64 MB of expansions
    private static final double[] FEW = {}; // in place of the expansion of a cell where few points matter

    private final double[] tree; // [N, 2] in units of h, as an implicit k-d tree: the middle of each range splits it
    private final double bandwidth;
    private final double logScale; // of the mean of Gaussians
    private final double cut;
    private final Map<Long, double[]> cells = new ConcurrentHashMap<>(); // expansions around centres, or FEW

    private interface Visitor {
        void visit(double u, double v);
    }

    /** @param points [N, 2]; copied */
    KernelEstimate(float[] points, double bandwidth) {
        this.bandwidth = bandwidth;
        float[][] keys = new float[2][points.length / 2];
        for (int i = 0; i < points.length; i++) {
            keys[i % 2][i / 2] = points[i];
        }
        int[] rows = new int[points.length / 2];
        Arrays.setAll(rows, n -> n);
        build(keys, rows, 0, rows.length, 0);
        tree = new double[points.length];
        Arrays.setAll(tree, i -> points[2 * rows[i / 2] + i % 2] / bandwidth);
        logScale = -Math.log(points.length / 2.0 * 2 * Math.PI * bandwidth * bandwidth);
        cut = CUT + Math.max(0, Math.log(points.length / 2 / 65_536.0));
    }

    /** The deviation h of the Gaussians, in the points' unit. */
    double bandwidth() { return bandwidth; }

    /** The natural logarithm of the estimate; finite unless a coordinate is not, which gives negative infinity. */
    double logAt(double x, double y) {
        double a = x / bandwidth;
        double b = y / bandwidth;
        if (!(Math.abs(a) < 1e15 && Math.abs(b) < 1e15)) {
            return Double.NEGATIVE_INFINITY;
        }
        long column = (long) Math.floor(a / CELL);
        long row = (long) Math.floor(b / CELL);
        if (Math.abs(column) < Integer.MAX_VALUE && Math.abs(row) < Integer.MAX_VALUE) {
            double centreA = (column + 0.5) * CELL;
            double centreB = (row + 0.5) * CELL;
            double[] coefficients = cells.get(column << 32 ^ row & 0xFFFFFFFFL);
            if (coefficients == null) {
                coefficients = expanded(centreA, centreB);
                if (cells.size() >= MAX_CELLS) {
                    cells.clear();
                }
                cells.put(column << 32 ^ row & 0xFFFFFFFFL, coefficients);
            }
            if (coefficients != FEW) {
                return logScale + log(coefficients, a - centreA, b - centreB);
            }
        }
        double nearest = nearest(a, b);
        double[] sum = {0};
        visit(0, tree.length / 2, 0, a, b, nearest + 2 * cut, (u, v) -> sum[0] += Math.exp((nearest - u * u - v * v) / 2));
        return logScale - nearest / 2 + Math.log(sum[0]);
    }

    private static double log(double[] coefficients, double a, double b) {
        double sum = 0;
        double powerA = 1;
        for (int i = 0, at = 0; i < TERMS; i++, powerA *= a) {
            double power = powerA;
            for (int j = 0; i + j < TERMS; j++, power *= b) {
                sum += coefficients[at++] * power;
            }
        }
        return Math.log(sum) - (a * a + b * b) / 2;
    }

    /** The expansion around a cell's centre, in h, or {@link #FEW}. */
    private double[] expanded(double a, double b) {
        double half = CELL / Math.sqrt(2); // from the centre to a corner
        double reach = Math.sqrt(nearest(a, b)) + half;
        double radius = Math.sqrt(reach * reach + 2 * cut) + half;
        if (radius > MAX_RADIUS) {
            return FEW;
        }
        int[] count = {0};
        visit(0, tree.length / 2, 0, a, b, radius * radius, (u, v) -> count[0]++);
        if (count[0] < MANY) {
            return FEW;
        }
        double[] coefficients = new double[TERMS * (TERMS + 1) / 2];
        double[] powers = new double[TERMS]; // of v
        visit(0, tree.length / 2, 0, a, b, radius * radius, (u, v) -> {
            powers[0] = 1;
            for (int j = 1; j < TERMS; j++) {
                powers[j] = powers[j - 1] * v;
            }
            double power = Math.exp(-(u * u + v * v) / 2);
            for (int i = 0, at = 0; i < TERMS; i++, power *= u) {
                for (int j = 0; i + j < TERMS; j++) {
                    coefficients[at++] += power * powers[j];
                }
            }
        });
        double factorial = 1; // of i
        for (int i = 0, at = 0; i < TERMS; factorial *= ++i) {
            double both = factorial;
            for (int j = 0; i + j < TERMS; both *= ++j) {
                coefficients[at++] /= both;
            }
        }
        return coefficients;
    }

    /** The squared distance of the nearest point. */
    private double nearest(double a, double b) { return nearest(0, tree.length / 2, 0, a, b, Double.POSITIVE_INFINITY); }

    private double nearest(int from, int to, int axis, double a, double b, double best) {
        if (to - from <= LEAF) {
            double found = best;
            for (int n = from; n < to; n++) {
                found = Math.min(found, square(tree[2 * n] - a) + square(tree[2 * n + 1] - b));
            }
            return found;
        }
        int middle = (from + to) / 2;
        double beyond = (axis == 0 ? a : b) - tree[2 * middle + axis];
        double near = nearest(middle, middle + 1, axis, a, b, best);
        near = beyond < 0 ? nearest(from, middle, 1 - axis, a, b, near) : nearest(middle + 1, to, 1 - axis, a, b, near);
        if (square(beyond) >= near) {
            return near;
        }
        return beyond < 0 ? nearest(middle + 1, to, 1 - axis, a, b, near) : nearest(from, middle, 1 - axis, a, b, near);
    }

    /** Visits the points within a squared distance with their offsets from (a, b), in an order fixed by the tree. */
    private void visit(int from, int to, int axis, double a, double b, double within, Visitor visitor) {
        if (to - from <= LEAF) {
            for (int n = from; n < to; n++) {
                double u = tree[2 * n] - a;
                double v = tree[2 * n + 1] - b;
                if (u * u + v * v <= within) {
                    visitor.visit(u, v);
                }
            }
            return;
        }
        int middle = (from + to) / 2;
        double beyond = (axis == 0 ? a : b) - tree[2 * middle + axis];
        if (beyond <= 0 || square(beyond) <= within) {
            visit(from, middle, 1 - axis, a, b, within, visitor);
        }
        visit(middle, middle + 1, axis, a, b, within, visitor);
        if (beyond >= 0 || square(beyond) <= within) {
            visit(middle + 1, to, 1 - axis, a, b, within, visitor);
        }
    }

    private static double square(double value) { return value * value; }

    /** Orders the rows from .. to - 1 so that the median along the axis stands in the middle of the range; keys are [2, N]. */
    private static void build(float[][] keys, int[] rows, int from, int to, int axis) {
        if (to - from <= LEAF) {
            return;
        }
        int middle = (from + to) / 2;
        Quickselect.select(keys[axis], rows, from, to - 1, middle);
        build(keys, rows, from, middle, 1 - axis);
        build(keys, rows, middle + 1, to, 1 - axis);
    }
}
