package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.metric.Assignment;
import iadb.random.RandomPurpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pairs by optimal transport: they are a permutation, nearly optimal, and the same on any number of threads. */
class TransportPairsTest {
    private static float[] uniform(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] points = new float[2 * count];
        for (int k = 0; k < points.length; k++) {
            points[k] = (float) random.nextDouble();
        }
        return points;
    }

    private static float[] drawn(String name, RandomPurpose purpose, int count) {
        try (Context context = Context.open(Device.all().get(0));
                PointSource source = new PointSource(context, NamedDensities.find(name).orElseThrow())) {
            return source.drawToHost(7, purpose, 0, count);
        }
    }

    private static TransportPairs paired(float[] a, float[] b) { return TransportPairs.of(a, b, share -> true); }

    /** The rows in an order of their own, with the bits of their coordinates. */
    private static long[] sortedRows(float[] points) {
        long[] rows = new long[points.length / 2];
        Arrays.setAll(rows, i -> (long) Float.floatToIntBits(points[2 * i]) << 32 | Float.floatToIntBits(points[2 * i + 1]) & 0xFFFFFFFFL);
        Arrays.sort(rows);
        return rows;
    }

    @ParameterizedTest
    @CsvSource({"gaussian, spiral", "gaussian, ring", "checkerboard, moons", "star, spiral", "uniform, checkerboard", "ring, moons",
        "letters, smile", "eight-gaussians, moons", "moons, eight-gaussians", "gaussian, letters"})
    void costIsAtMostOnePercentAboveTheExactAssignment(String p0, String p1) {
        float[] a = drawn(p0, RandomPurpose.DATA_P0, 2048);
        float[] b = drawn(p1, RandomPurpose.DATA_P1, 2048);
        TransportPairs pairs = paired(a, b);
        double exact = Assignment.of(a, b, () -> true).meanSquare();
        assertTrue(pairs.meanSquare() <= 1.01 * exact, () -> pairs.meanSquare() + " exceeds " + exact);
        assertTrue(pairs.lowerBound() <= exact, () -> pairs.lowerBound() + " is above the exact cost " + exact);
        assertTrue(pairs.lowerBound() > exact / 2);
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "127", "128", "129", "4099", "20011"})
    void pairsAreAPermutation(int count) {
        float[] a = uniform(count, 1);
        float[] b = uniform(count, 2);
        TransportPairs pairs = paired(a, b);
        assertArrayEquals(a, pairs.x0());
        assertArrayEquals(sortedRows(b), sortedRows(pairs.x1()));
        assertTrue(pairs.meanSquare() <= pairs.independent() + 1e-12);
    }

    @Test
    void smallerSetIsRepeatedEvenly() {
        TransportPairs pairs = paired(uniform(3, 1), uniform(10, 2));
        assertEquals(10, pairs.count());
        long[] rows = sortedRows(pairs.x0());
        for (long row : rows) {
            long times = Arrays.stream(rows).filter(other -> other == row).count();
            assertTrue(times == 3 || times == 4, () -> times + " times");
        }
        assertArrayEquals(sortedRows(uniform(10, 2)), sortedRows(pairs.x1()));
    }

    @Test
    void translatedSetIsPairedWithItself() {
        float[] a = uniform(2, 1);
        float[] b = {a[2] + 2, a[3], a[0] + 2, a[1]};
        TransportPairs pairs = paired(a, b);
        assertArrayEquals(new float[] {a[0] + 2, a[1], a[2] + 2, a[3]}, pairs.x1());
        assertEquals(4, pairs.meanSquare(), 1e-6); // rounding of coordinates below 4
        assertEquals(4, pairs.lowerBound(), 1e-6);
    }

    @Test
    void equalPointsCanBePaired() {
        TransportPairs pairs = paired(new float[2 * 300], uniform(300, 2));
        assertArrayEquals(sortedRows(uniform(300, 2)), sortedRows(pairs.x1()));
        assertEquals(pairs.independent(), pairs.meanSquare(), 1e-12);
    }

    /** The least costs known, 0.011555 and 0.012075, are those of a run of many passes with blocks of 128 pairs, some 10 s long. */
    @ParameterizedTest
    @CsvSource({"gaussian, spiral, 0.011555", "uniform, checkerboard, 0.012075"})
    void costOfManyPointsIsAtMostOnePercentAboveTheLeastKnown(String p0, String p1, double least) {
        TransportPairs pairs = paired(drawn(p0, RandomPurpose.DATA_P0, 65_536), drawn(p1, RandomPurpose.DATA_P1, 65_536));
        assertTrue(pairs.meanSquare() <= 1.01 * least, () -> pairs.meanSquare() + " exceeds " + least);
    }

    @Test
    void numberThatIsNoPowerOfTwoIsPairedAsWell() {
        float[] a = uniform(20_011, 1);
        float[] b = uniform(20_011, 2);
        double whole = paired(a, b).meanSquare();
        double part = paired(Arrays.copyOf(a, 2 * 16_384), Arrays.copyOf(b, 2 * 16_384)).meanSquare();
        assertTrue(whole < 1.1 * part, () -> whole + " is worse than " + part); // more points are nearer to one another
    }

    @Test
    void shareGrowsAndFalseCancels() {
        float[] a = uniform(20_011, 1);
        List<Double> shares = new ArrayList<>();
        TransportPairs.of(a, uniform(20_011, 2), share -> shares.add(share));
        assertEquals(shares.stream().sorted().toList(), shares);
        assertTrue(shares.get(0) == 0 && shares.get(shares.size() - 1) <= 1, shares::toString);
        int[] calls = {0};
        assertThrows(CancellationException.class, () -> TransportPairs.of(a, a, share -> ++calls[0] < 3));
        assertEquals(3, calls[0]);
    }

    @ParameterizedTest
    @CsvSource({"1", "5"})
    void pairsDoNotDependOnTheNumberOfThreads(int threads) {
        float[] a = uniform(20_011, 1);
        float[] b = uniform(20_011, 2);
        float[] expected = paired(a, b).x1();
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            assertArrayEquals(expected, pool.submit(() -> paired(a, b).x1()).join());
        } finally {
            pool.shutdown();
        }
    }
}
