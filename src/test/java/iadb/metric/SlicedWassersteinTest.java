package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.UniformPoints;
import org.junit.jupiter.api.Test;

/**
 * The tolerance throughout: a projection is computed in double and rounded to float, so it is off by at most 2^-24 of the
 * largest |x| + |y|; a distance compares two projections. The double sums behind it are off by at most 2^-53 times their
 * length, which is negligible.
 */
class SlicedWassersteinTest {
    private static final double FLOAT_ROUNDING = Math.scalb(1.0, -24);

    /** Two projections of points with |x| + |y| up to this, and a margin for the double arithmetic. */
    private static double tolerance(double extent) {
        return 2.01 * extent * FLOAT_ROUNDING;
    }

    /** The mean over the directions of |<v, direction>|: what a translation by v must give. */
    private static double meanAlong(double vx, double vy) {
        double sum = 0;
        for (int k = 0; k < 64; k++) {
            sum += Math.abs(vx * Math.cos(k * Math.PI / 64) + vy * Math.sin(k * Math.PI / 64));
        }
        return sum / 64;
    }

    @Test
    void equalSetsInAnyOrderAreAtDistanceZero() {
        float[] a = UniformPoints.of(101, 1);
        float[] b = new float[a.length];
        for (int n = 0; n < 101; n++) {
            b[2 * n] = a[2 * (100 - n)];
            b[2 * n + 1] = a[2 * (100 - n) + 1];
        }
        assertEquals(0, SlicedWasserstein.distance(a, b));
    }

    @Test
    void twoSinglePointsAreTheMeanOfTheirDifferenceApart() {
        double distance = SlicedWasserstein.distance(new float[] {0.25f, 0.5f}, new float[] {0.75f, 0.125f});
        assertEquals(meanAlong(0.5, -0.375), distance, tolerance(1));
    }

    @Test
    void aTranslationGivesItsMeanLengthOverTheDirections() {
        float[] a = UniformPoints.of(1000, 2);
        float[] b = a.clone();
        for (int n = 0; n < 1000; n++) {
            a[2 * n] = Math.round(a[2 * n] * 1024) / 1024f; // so that adding 0.5 and 0.25 is exact
            a[2 * n + 1] = Math.round(a[2 * n + 1] * 1024) / 1024f;
            b[2 * n] = a[2 * n] + 0.5f;
            b[2 * n + 1] = a[2 * n + 1] - 0.25f;
        }
        assertEquals(meanAlong(0.5, -0.25), SlicedWasserstein.distance(a, b), tolerance(2.5));
        assertEquals(2 / Math.PI * Math.hypot(0.5, 0.25), meanAlong(0.5, -0.25), 1e-3);
    }

    @Test
    void pointsOnALineAreTheOneDimensionalCaseTimesTheMeanCosine() {
        float[] a = {0, 0, 1, 0, 3, 0};
        float[] b = {5, 0, 6, 0, 8, 0};
        assertEquals(5 * meanAlong(1, 0), SlicedWasserstein.distance(a, b), tolerance(8));
        float[] spread = {0, 0, 0, 0, 9, 0}; // matched in order with a: 0, 1 and 6 apart
        assertEquals(7.0 / 3 * meanAlong(1, 0), SlicedWasserstein.distance(a, spread), tolerance(9));
    }

    @Test
    void unequalCountsShareTheMassEvenly() {
        float[] two = {0, 0, 1, 0};
        float[] three = {0, 0, 0, 0, 1, 0}; // the quantiles differ on (1/2, 2/3) by 1
        assertEquals(meanAlong(1, 0) / 6, SlicedWasserstein.distance(two, three), tolerance(1));
        float[] twice = {0, 0, 1, 0, 0, 0, 1, 0};
        assertEquals(0, SlicedWasserstein.distance(two, twice));
    }

    @Test
    void unequalCountsAgreeWithRepeatingEachPointToTheCommonMultiple() {
        int[][] counts = {{1, 1}, {1, 7}, {4, 6}, {9, 10}, {31, 64}, {97, 13}};
        for (int[] count : counts) {
            float[] a = UniformPoints.of(count[0], 3);
            float[] b = UniformPoints.of(count[1], 4);
            double repeated = SlicedWasserstein.distance(repeat(a, count[1]), repeat(b, count[0]));
            // the same float projections on both sides: only sums of at most 97 * 13 doubles differ
            assertEquals(repeated, SlicedWasserstein.distance(a, b), 1e-12);
        }
    }

    private static float[] repeat(float[] points, int times) {
        float[] repeated = new float[points.length * times];
        for (int k = 0; k < times; k++) {
            System.arraycopy(points, 0, repeated, k * points.length, points.length);
        }
        return repeated;
    }

    @Test
    void smallSetsAgreeWithTryingEveryMatchingInDouble() {
        for (int seed = 0; seed < 5; seed++) {
            float[] a = UniformPoints.of(5, 10 + seed);
            float[] b = UniformPoints.of(5, 20 + seed);
            double sum = 0;
            for (int k = 0; k < 64; k++) {
                sum += bestMatching(a, b, Math.cos(k * Math.PI / 64), Math.sin(k * Math.PI / 64), 0, 0);
            }
            assertEquals(sum / 64 / 5, SlicedWasserstein.distance(a, b), tolerance(2));
        }
    }

    /** The least total distance over all ways to match point n and later of a with the points of b not in taken. */
    private static double bestMatching(float[] a, float[] b, double cos, double sin, int n, int taken) {
        if (n == a.length / 2) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int m = 0; m < b.length / 2; m++) {
            if ((taken >> m & 1) == 0) {
                double apart = Math.abs((a[2 * n] - (double) b[2 * m]) * cos + (a[2 * n + 1] - (double) b[2 * m + 1]) * sin);
                best = Math.min(best, apart + bestMatching(a, b, cos, sin, n + 1, taken | 1 << m));
            }
        }
        return best;
    }

    @Test
    void isSymmetric() {
        float[] a = UniformPoints.of(300, 5);
        float[] b = UniformPoints.of(211, 6);
        assertEquals(SlicedWasserstein.distance(a, b), SlicedWasserstein.distance(b, a));
    }

    @Test
    void manyPointsGiveTheSameBitsAtEveryCallAndStayUntouched() {
        float[] a = UniformPoints.of(20_000, 7);
        float[] b = UniformPoints.of(30_011, 8);
        float[] before = a.clone();
        double first = SlicedWasserstein.distance(a, b);
        for (int k = 0; k < 3; k++) {
            assertEquals(first, SlicedWasserstein.distance(a, b));
        }
        for (int k = 0; k < a.length; k++) {
            assertEquals(before[k], a[k]);
        }
        assertTrue(first > 0 && first < 0.02, "two draws of the uniform density: " + first);
    }

    @Test
    void aPointThatIsNotFiniteMakesTheDistanceNotFinite() {
        float[] good = UniformPoints.of(10, 9);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] points = UniformPoints.of(10, 9);
            points[7] = bad;
            assertFalse(Double.isFinite(SlicedWasserstein.distance(points, good)));
            assertFalse(Double.isFinite(SlicedWasserstein.distance(good, points)));
            assertFalse(Double.isFinite(SlicedWasserstein.distance(points, points)));
        }
    }

    @Test
    void refusesWhatIsNoSetOfPoints() {
        float[] one = {1, 2};
        assertThrows(IllegalArgumentException.class, () -> SlicedWasserstein.distance(new float[0], one));
        assertThrows(IllegalArgumentException.class, () -> SlicedWasserstein.distance(one, new float[3]));
    }
}
