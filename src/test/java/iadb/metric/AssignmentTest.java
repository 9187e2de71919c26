package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.UniformPoints;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/**
 * The exact assignment against every permutation, against a simple solver, and against cases that are known. The tolerance: sums of N
 * doubles and the prices' roundings are off by some N 2^-53 of the largest cost, less than 1e-12 here.
 */
class AssignmentTest {
    private static final double ROUNDING = 1e-12;

    private static Assignment of(float[] a, float[] b) { return Assignment.of(a, b, () -> true); }

    /** Pairs of sets that make assignments hard: clusters, ties, duplicates, lines, scales, outliers. */
    private enum Shape {
        UNIFORM((random, i) -> new double[] {random.nextDouble(), random.nextDouble()}),
        GAUSSIAN((random, i) -> new double[] {0.5 + 0.1 * random.nextGaussian(), 0.5 + 0.1 * random.nextGaussian()}),
        EIGHT((random, i) -> {
            double angle = random.nextInt(8) * Math.PI / 4;
            return new double[] {0.5 + 0.4 * Math.cos(angle) + 0.02 * random.nextGaussian(),
                    0.5 + 0.4 * Math.sin(angle) + 0.02 * random.nextGaussian()};
        }),
        GRID((random, i) -> new double[] {i % 16 / 16.0, i / 16 / 16.0}),
        FEW_PLACES((random, i) -> new double[] {random.nextInt(3) / 4.0, random.nextInt(3) / 4.0}),
        LINE((random, i) -> new double[] {random.nextDouble(), 0.5}),
        ONE_PLACE((random, i) -> new double[] {0.3, 0.3}),
        TIGHT((random, i) -> new double[] {0.5 + 1e-3 * random.nextGaussian(), 0.5 + 1e-3 * random.nextGaussian()}),
        FAR((random, i) -> new double[] {100 + random.nextDouble(), random.nextDouble()}),
        OUTLIER((random, i) -> new double[] {i == 7 ? 1e4 : random.nextDouble(), random.nextDouble()});

        private final BiFunction<Random, Integer, double[]> point;

        Shape(BiFunction<Random, Integer, double[]> point) {
            this.point = point;
        }

        float[] points(int count, long seed) {
            Random random = new Random(seed);
            float[] points = new float[2 * count];
            for (int i = 0; i < count; i++) {
                double[] place = point.apply(random, i);
                points[2 * i] = (float) place[0];
                points[2 * i + 1] = (float) place[1];
            }
            return points;
        }
    }

    private static double cost(float[] a, int i, float[] b, int j) {
        double dx = (double) a[2 * i] - b[2 * j];
        double dy = (double) a[2 * i + 1] - b[2 * j + 1];
        return dx * dx + dy * dy;
    }

    /** Checks that it is a permutation with the stated cost and no gap. */
    private static void requireProof(Assignment found, float[] a, float[] b, String what) {
        int count = a.length / 2;
        double sum = 0;
        double largest = 1;
        for (int i = 0; i < count; i++) {
            sum += cost(a, i, b, found.partners()[i]);
            for (int j = 0; j < count; j++) {
                largest = Math.max(largest, cost(a, i, b, j));
            }
        }
        assertEquals(count, Arrays.stream(found.partners()).distinct().count(), what);
        assertEquals(sum / count, found.meanSquare(), ROUNDING * sum, what);
        assertTrue(found.gap() >= 0 && found.gap() * found.meanSquare() <= ROUNDING * largest, what + found.gap());
    }

    /** The least sum of costs over all permutations of rows i and later to the columns not in {@code taken}. */
    private static double leastSum(float[] a, float[] b, int i, int taken) {
        if (i == a.length / 2) {
            return 0;
        }
        double least = Double.POSITIVE_INFINITY;
        for (int j = 0; j < b.length / 2; j++) {
            if ((taken >> j & 1) == 0) {
                least = Math.min(least, cost(a, i, b, j) + leastSum(a, b, i + 1, taken | 1 << j));
            }
        }
        return least;
    }

    @Test
    void fewPointsAgreeWithTryingEveryPermutation() {
        for (Shape of : Shape.values()) {
            for (Shape to : Shape.values()) {
                for (int count : new int[] {1, 2, 3, 7}) {
                    float[] a = of.points(count, 1);
                    float[] b = to.points(count, 2);
                    Assignment found = of(a, b);
                    double expected = leastSum(a, b, 0, 0) / count;
                    assertEquals(expected, found.meanSquare(), ROUNDING * Math.max(1, expected), of + " to " + to + ", " + count);
                    requireProof(found, a, b, of + " to " + to + ", " + count);
                }
            }
        }
    }

    /** The least mean by Kuhn's algorithm with potentials over a matrix of costs, in time N³. */
    private static double leastMean(float[] a, float[] b) {
        int count = a.length / 2;
        double[] u = new double[count + 1];
        double[] v = new double[count + 1];
        int[] rowOf = new int[count + 1]; // 0: none; rows and columns count from 1
        for (int row = 1; row <= count; row++) {
            double[] slack = new double[count + 1];
            Arrays.fill(slack, Double.POSITIVE_INFINITY);
            boolean[] seen = new boolean[count + 1];
            int[] before = new int[count + 1];
            int column = 0;
            rowOf[0] = row;
            while (rowOf[column] != 0) {
                seen[column] = true;
                int nearest = 0;
                double least = Double.POSITIVE_INFINITY;
                for (int j = 1; j <= count; j++) {
                    if (!seen[j]) {
                        double reduced = cost(a, rowOf[column] - 1, b, j - 1) - u[rowOf[column]] - v[j];
                        if (reduced < slack[j]) {
                            slack[j] = reduced;
                            before[j] = column;
                        }
                        if (slack[j] < least) {
                            least = slack[j];
                            nearest = j;
                        }
                    }
                }
                for (int j = 0; j <= count; j++) {
                    if (seen[j]) {
                        u[rowOf[j]] += least;
                        v[j] -= least;
                    } else {
                        slack[j] -= least;
                    }
                }
                column = nearest;
            }
            for (int j = column; j != 0; j = before[j]) {
                rowOf[j] = rowOf[before[j]];
            }
        }
        double sum = 0;
        for (int j = 1; j <= count; j++) {
            sum += cost(a, rowOf[j] - 1, b, j - 1);
        }
        return sum / count;
    }

    @Test
    void twoHundredPointsAgreeWithASimpleSolver() {
        for (Shape of : Shape.values()) {
            for (Shape to : Shape.values()) {
                float[] a = of.points(199, 3);
                float[] b = to.points(199, 4);
                Assignment found = of(a, b);
                double expected = leastMean(a, b);
                assertEquals(expected, found.meanSquare(), ROUNDING * Math.max(1, expected), of + " to " + to);
                requireProof(found, a, b, of + " to " + to);
            }
        }
    }

    @Test
    void manyPointsHaveNoGap() {
        for (Shape[] pair : new Shape[][] {{Shape.GAUSSIAN, Shape.EIGHT}, {Shape.UNIFORM, Shape.UNIFORM}, {Shape.FEW_PLACES, Shape.GRID}}) {
            float[] a = pair[0].points(1500, 5);
            float[] b = pair[1].points(1500, 6);
            requireProof(of(a, b), a, b, Arrays.toString(pair));
        }
    }

    @Test
    void equalSetsInAnyOrderAreAtDistanceZero() {
        for (Shape shape : Shape.values()) {
            float[] a = shape.points(300, 7);
            float[] b = new float[a.length];
            for (int n = 0; n < 300; n++) {
                System.arraycopy(a, 2 * n, b, 2 * (299 - n), 2);
            }
            assertEquals(0, of(a, b).distance(), shape.name());
            assertEquals(0, of(a, b).gap(), shape.name());
        }
    }

    @Test
    void aTranslationIsFoundExactly() {
        float[] a = UniformPoints.of(700, 8);
        float[] b = new float[a.length];
        for (int k = 0; k < a.length; k++) {
            a[k] = Math.round(a[k] * 4096) / 4096f; // so that the shift is exact
            b[(k + 100) % a.length] = a[k] + (k % 2 == 0 ? 3 : -4);
        }
        assertEquals(5, of(a, b).distance());
    }

    /**
     * Two gaussians of deviation s and t whose means are m apart: W2² = m² + 2 (s - t)² in the plane. For N samples, moving each
     * sample as the map of the densities does gives a set with the other's distribution, so that W2 is off by at most the distance of
     * two sets of N samples of one gaussian, about sqrt(ln N / N) t = 0.06 t here, and by the error of the mean and of the deviation,
     * a few t / sqrt(N) = 0.02 t each.
     */
    @Test
    void twoGaussiansAreAtTheirKnownDistance() {
        int count = 2048;
        Random random = new Random(9);
        float[] a = new float[2 * count];
        float[] b = new float[2 * count];
        for (int k = 0; k < a.length; k++) {
            a[k] = (float) random.nextGaussian();
            b[k] = (float) (0.5 * random.nextGaussian() + (k % 2 == 0 ? 3 : 0));
        }
        assertEquals(Math.sqrt(9 + 2 * 0.25), of(a, b).distance(), 0.1);
    }

    @Test
    void sameBitsEveryTimeAndUntouchedPoints() {
        float[] a = Shape.EIGHT.points(500, 10);
        float[] b = Shape.GAUSSIAN.points(500, 11);
        float[] before = a.clone();
        assertEquals(of(a, b).meanSquare(), of(a, b).meanSquare());
        assertTrue(Arrays.equals(before, a));
    }

    @Test
    void aPointThatIsNotFiniteGivesNoDistance() {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] points = UniformPoints.of(10, 12);
            points[7] = bad;
            assertTrue(Double.isNaN(of(points, UniformPoints.of(10, 13)).distance()));
            assertTrue(Double.isNaN(of(points, points).gap()));
        }
    }

    @Test
    void canBeCancelled() {
        float[] a = UniformPoints.of(2000, 14);
        AtomicInteger calls = new AtomicInteger();
        assertThrows(CancellationException.class, () -> Assignment.of(a, UniformPoints.of(2000, 15), () -> calls.incrementAndGet() < 3));
        assertEquals(3, calls.get());
    }

    @Test
    void refusesWhatIsNoPairOfEqualSets() {
        assertThrows(IllegalArgumentException.class, () -> of(new float[0], new float[0]));
        assertThrows(IllegalArgumentException.class, () -> of(new float[3], new float[3]));
        assertThrows(IllegalArgumentException.class, () -> of(new float[2], new float[4]));
    }
}
