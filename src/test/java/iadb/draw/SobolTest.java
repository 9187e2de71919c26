package iadb.draw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.ImageDensity;
import iadb.draw.PointSource.Sequence;
import iadb.random.RandomPurpose;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Scrambled Sobol points are even, and each is uniform, on every OpenCL device. */
class SobolTest {
    private static final ImageDensity UNIFORM = ImageDensity.of("uniform", 1, 1, new short[] {1});

    private static float[] draw(Context context, ImageDensity density, long seed, int first, int count) {
        try (PointSource source = new PointSource(context, density, Sequence.SOBOL)) {
            return source.drawToHost(seed, RandomPurpose.START_POINTS, first, count);
        }
    }

    /** Whether each of the 2^m intervals of 2^i columns and 2^(m-i) rows holds one of 2^m points, for every i. */
    private static void assertOneInEachInterval(float[] points, int m) {
        for (int i = 0; i <= m; i++) {
            Set<Long> hit = new HashSet<>();
            for (int n = 0; n < points.length; n += 2) {
                long column = (long) (points[n] * (double) (1 << i));
                long row = (long) (points[n + 1] * (double) (1 << (m - i)));
                hit.add(column << 32 | row);
            }
            assertEquals(1 << m, hit.size(), "intervals of 2^%d columns that hold a point".formatted(i));
        }
    }

    /** The property that makes two-dimensional Sobol points a (0, 2)-sequence, which Owen's scrambling keeps. */
    @Test
    void eachElementaryIntervalHoldsOnePoint() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                for (int m : new int[] {1, 4, 9, 12}) {
                    assertOneInEachInterval(draw(context, UNIFORM, 7, 0, 1 << m), m);
                    assertOneInEachInterval(draw(context, UNIFORM, 8, 3 << m, 1 << m), m); // any whole piece of it
                }
            }
        }
    }

    /** Each elementary interval holds one point of any uniform density: the borders of its pixels have no effect. */
    @Test
    void pixelsDoNotCutTheEvenness() {
        ImageDensity pixels = Densities.filled("pixels", 8, 4, () -> 40_000);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                assertOneInEachInterval(draw(context, pixels, 9, 0, 1 << 12), 12);
            }
        }
    }

    @Test
    void eachPointIsUniformOverTheSeeds() {
        int seeds = 4000;
        int cells = 8; // along each side
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PointSource source = new PointSource(context, UNIFORM, Sequence.SOBOL)) {
                for (int n : new int[] {0, 1, 12_345}) {
                    int[] hits = new int[cells * cells];
                    for (int seed = 0; seed < seeds; seed++) {
                        float[] point = source.drawToHost(seed, RandomPurpose.START_POINTS, n, 1);
                        hits[(int) (point[1] * cells) * cells + (int) (point[0] * cells)]++;
                    }
                    double expected = (double) seeds / hits.length;
                    double chi = Arrays.stream(hits).mapToDouble(h -> (h - expected) * (h - expected) / expected).sum();
                    double freedom = hits.length - 1;
                    assertEquals(freedom, chi, 4 * Math.sqrt(2 * freedom), "χ² of point " + n);
                }
            }
        }
    }

    @Test
    void allBitsOfACoordinateAreScrambled() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                float[] points = draw(context, UNIFORM, 10, 0, 1 << 10);
                for (int c = 0; c < 2; c++) {
                    int bits = 0;
                    int sum = 0;
                    for (int n = c; n < points.length; n += 2) {
                        int lattice = (int) (points[n] * (1 << 24));
                        bits |= lattice;
                        sum += Integer.bitCount(lattice);
                    }
                    assertEquals((1 << 24) - 1, bits, "every bit is set in some point");
                    // 24 × 1,024 fair bits: mean 12 a point, standard deviation sqrt(6 × 1,024) = 78 of the sum, four of them
                    assertEquals(12 << 10, sum, 4 * 78);
                }
                assertFalse(Arrays.equals(points, draw(context, UNIFORM, 11, 0, 1 << 10)), "seeds differ");
            }
        }
    }

    /** Half of the mass in the left tenth: the mean of x over N points errs by about 1/N, not by 1/√N. */
    @Test
    void aMeanOverTheDensityErrsLessThanOverRandomPoints() {
        int side = 10;
        short[] weights = new short[side * side];
        double mean = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (short) (i % side == 0 ? 900 : 100);
            mean += (i % side + 0.5) / side * (i % side == 0 ? 900 : 100) / (18_000.0);
        }
        ImageDensity uneven = ImageDensity.of("uneven", side, side, weights);
        int count = 1 << 12;
        int seeds = 16;
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PointSource random = new PointSource(context, uneven)) {
                double even = 0;
                double plain = 0;
                for (int seed = 0; seed < seeds; seed++) {
                    even += Math.pow(meanX(draw(context, uneven, seed, 0, count)) - mean, 2);
                    plain += Math.pow(meanX(random.drawToHost(seed, RandomPurpose.START_POINTS, 0, count)) - mean, 2);
                }
                double ratio = Math.sqrt(even / plain);
                assertTrue(ratio < 0.05, "error of Sobol's points over that of random ones: " + ratio);
            }
        }
    }

    private static double meanX(float[] points) {
        double sum = 0;
        for (int n = 0; n < points.length; n += 2) {
            sum += points[n];
        }
        return sum / (points.length / 2);
    }
}
