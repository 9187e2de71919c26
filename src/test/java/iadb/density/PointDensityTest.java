package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Points as a density: its value is the kernel estimate, its pictures show it, and impossible points are refused. */
class PointDensityTest {
    private static PointDensity of(float[] points, double bandwidth) {
        return new PointDensity("points", Optional.empty(), points, Box.UNIT, bandwidth);
    }

    /** Two clusters and a few points far from both. */
    private static float[] clusters(int count) {
        Random random = new Random(3);
        float[] points = new float[2 * count];
        for (int n = 0; n < count; n++) {
            double centre = n % 2 == 0 ? 0.3 : 0.7;
            double deviation = n % 97 == 0 ? 0.3 : 0.03;
            for (int c = 0; c < 2; c++) {
                points[2 * n + c] = (float) Math.min(1, Math.max(0, centre + deviation * random.nextGaussian()));
            }
        }
        return points;
    }

    /** The definition: the mean of the Gaussians. */
    private static double logMean(float[] points, double h, double x, double y) {
        double[] exponents = IntStream.range(0, points.length / 2)
                .mapToDouble(n -> -(Math.pow(x - points[2 * n], 2) + Math.pow(y - points[2 * n + 1], 2)) / (2 * h * h)).toArray();
        double largest = IntStream.range(0, exponents.length).mapToDouble(n -> exponents[n]).max().orElseThrow();
        double sum = IntStream.range(0, exponents.length).mapToDouble(n -> Math.exp(exponents[n] - largest)).sum();
        return largest + Math.log(sum / exponents.length / (2 * Math.PI * h * h));
    }

    @ParameterizedTest
    @CsvSource({"2, 0.1", "50, 0.001", "4001, 0.02", "4001, 0.2", "20000, 0.05", "20000, 5", "20000, 1e-5"})
    void theValueIsTheMeanOfGaussians(int count, double bandwidth) {
        float[] points = clusters(count);
        PointDensity density = of(points, bandwidth);
        Random random = new Random(4);
        for (int n = 0; n < 300; n++) {
            double spread = n < 250 ? 1 : 10; // some are far outside
            double x = n < 100 ? points[2 * (n % count)] + bandwidth * random.nextGaussian() : 0.5 + spread * (random.nextDouble() - 0.5);
            double y = n < 100 ? points[2 * (n % count) + 1] : 0.5 + spread * (random.nextDouble() - 0.5);
            double expected = logMean(points, bandwidth, x, y);
            assertEquals(expected, density.logDensityAt(x, y), 1e-4 + 1e-12 * Math.abs(expected), "at " + x + ", " + y);
        }
    }

    @Test
    void theEstimateIntegratesToOne() {
        PointDensity density = of(clusters(5000), 0);
        double sum = 0;
        int cells = 400;
        for (int i = 0; i < cells * cells; i++) { // of [-1, 2]²
            sum += Math.exp(density.logDensityAt(3.0 * (i % cells + 0.5) / cells - 1, 3.0 * (i / cells + 0.5) / cells - 1));
        }
        assertEquals(1, sum * 9 / cells / cells, 1e-6);
        assertEquals(Double.NEGATIVE_INFINITY, density.logDensityAt(Double.NaN, 0));
    }

    /** N points around the centres of clusters, in turn. */
    private static float[] around(int clusters, double deviation, int count, long seed) {
        Random random = new Random(seed);
        float[] points = new float[2 * count];
        for (int n = 0; n < count; n++) {
            double angle = 2 * Math.PI * n / clusters;
            double radius = clusters == 1 ? 0 : 0.35;
            points[2 * n] = (float) (0.5 + radius * Math.cos(angle) + deviation * random.nextGaussian());
            points[2 * n + 1] = (float) (0.5 + radius * Math.sin(angle) + deviation * random.nextGaussian());
        }
        return points;
    }

    /** Scott's rule is made for one gaussian; its value is an upper bound. One step of the bandwidths tried is 16 %. */
    @Test
    void theBandwidthOfOneGaussianIsThatOfScottsRule() {
        Random random = new Random(5);
        double[] rows = IntStream.range(0, 2 * 4096).mapToDouble(i -> (i % 2 == 0 ? 500 : -20) + 3 * random.nextGaussian()).toArray();
        Box box = Box.around(rows);
        PointDensity density = new PointDensity("normal", Optional.empty(), box.toUnit(rows), box, 0);
        double scott = 3 * Math.pow(4096, -1 / 6.0);
        // a deviation of 4,096 points: ± 1 %
        assertTrue(density.estimateBandwidth() > 0.8 * scott && density.estimateBandwidth() < 1.03 * scott,
                density.estimateBandwidth() + ", Scott: " + scott);
        assertEquals(0, density.noise());
        PointDensity given = new PointDensity("normal", Optional.empty(), box.toUnit(rows), box, 0.5);
        assertEquals(0.5, given.estimateBandwidth(), 1e-12);
        assertEquals(0.5 / box.side(), given.noise(), 1e-8);
    }

    /**
     * The KL divergence of another estimate is only meaningful if the mean log-density comes near that of the true one: for eight
     * gaussians -ln 8 - ln(2 pi s²) - 1, known to 1/sqrt(2048) = 0.022. The points' own kernels add a few percent.
     */
    @ParameterizedTest
    @CsvSource({"0.02", "0.001"})
    void separateClustersAreNotSmearedTogether(double deviation) {
        float[] points = around(8, deviation, 16_384, 6);
        PointDensity density = of(points, 0);
        int[] some = IntStream.range(0, 2048).map(n -> n * 8 + n % 8).toArray(); // of each cluster alike
        double mean = Arrays.stream(some).parallel().mapToDouble(n -> density.logDensityAt(points[2 * n], points[2 * n + 1])).sum() / 2048;
        double exact = -Math.log(8) - Math.log(2 * Math.PI * deviation * deviation) - 1;
        assertEquals(exact, mean, 0.2);
        assertTrue(mean > exact - 0.07, "a KL divergence is not negative but by chance");
    }

    @Test
    void repeatedAndRoundedAndStrayPointsKeepTheirBandwidth() {
        float[] points = around(8, 0.02, 8192, 7);
        double plain = of(points, 0).estimateBandwidth();
        float[] changed = Arrays.copyOf(points, 2 * points.length);
        System.arraycopy(points, 0, changed, points.length, points.length);
        double twice = of(changed, 0).estimateBandwidth();
        for (int i = 0; i < 12; i++) {
            changed[1000 * i] = i / 12f;
        }
        double stray = of(changed, 0).estimateBandwidth();
        for (int i = 0; i < changed.length; i++) {
            changed[i] = Math.round(changed[i] * 200) / 200f;
        }
        double rounded = of(changed, 0).estimateBandwidth();
        for (double other : new double[] {twice, stray, rounded}) {
            assertTrue(other > plain / 2 && other < plain * 2, plain + " and " + other);
        }
    }

    @Test
    void cellsHoldTheShareOfTheirPoints() {
        PointDensity density = of(new float[] {0.1f, 0.1f, 0.1f, 0.9f, 0.9f, 0.9f, 1, 1}, 0);
        assertArrayEquals(new double[] {1, 2, 1, 0}, density.meanByCell(2, 2), 1e-12);
        double[] smooth = of(new float[] {0.5f, 0.5f, 0.5f, 0.5000001f}, 0.1).meanByCell(2, 2);
        assertArrayEquals(new double[] {1, 1, 1, 1}, smooth, 1e-5); // a quarter each; beyond 5 deviations lie 6e-7
    }

    /** The points are at least 9 deviations from the square's edges, and the normal distribution is known to 1e-7. */
    @ParameterizedTest
    @CsvSource({"0.02", "1e-2", "1e-3", "1e-5"})
    void cellsHoldTheWholeMass(double bandwidth) {
        float[] points = new float[2 * 500];
        Random random = new Random(12);
        for (int i = 0; i < points.length; i++) {
            points[i] = 0.2f + 0.6f * random.nextFloat();
        }
        PointDensity density = of(points, bandwidth);
        double[] means = density.meanByCell(64, 64);
        assertEquals(1, Arrays.stream(means).sum() / (64 * 64), 1e-6);
        double[] fine = density.meanByCell(640, 640); // its sampling of the widest errs by 1/384 at most
        double[] sums = new double[64 * 64];
        for (int i = 0; i < fine.length; i++) {
            sums[i / 6400 * 64 + i % 640 / 10] += fine[i] / 100;
        }
        assertArrayEquals(sums, means, 0.01 * Arrays.stream(means).max().orElseThrow());
    }

    @Test
    void thePictureOfWideGaussiansIsMade() {
        float[] points = {0.5f, 0.5f, 0.5f, 0.5000001f};
        ImageDensity picture = assertTimeoutPreemptively(Duration.ofSeconds(60), () -> of(points, 0.1).image(), "threads wait for each other");
        double atTwoDeviations = Short.toUnsignedInt(picture.weights()[128 * 256 + 179]) / (double) ImageDensity.WHITE;
        assertEquals(Math.exp(-2), atTwoDeviations, 0.01); // pixels and their blur move it by less
    }

    @Test
    void thePictureCoversThePointsAndLittleElse() {
        float[] points = clusters(20_000);
        PointDensity density = of(points, 0);
        assertTrue(density.shareOffSupport(points) < 0.02, "the points lie on their support");
        assertEquals(1, density.shareOffSupport(new float[] {0.3f, 0.7f, 0.05f, 0.95f, 5, 5, Float.NaN, 0}), 1e-12);
        assertEquals(ImageDensity.WHITE, density.image().brightest());
    }

    @Test
    void impossiblePointsAreRefused() {
        assertFault("points has fewer than two points", new float[] {0.5f, 0.5f}, 0);
        assertFault("points: all points are equal", new float[] {0.5f, 0.5f, 0.5f, 0.5f}, 0);
        assertFault("points: point 2 is not finite", new float[] {0.5f, 0.5f, Float.NaN, 0.5f}, 0);
        assertFault("2 of 3 points of points lie outside the box", new float[] {0.5f, 0.5f, 1.5f, 0.5f, 0.5f, -0.1f}, 0);
        assertFault("bandwidth -1.0 is not a number of at least 0", new float[] {0.5f, 0.5f, 0.25f, 0.5f}, -1);
    }

    private static void assertFault(String message, float[] points, double bandwidth) {
        assertEquals(message, assertThrows(InvalidInputException.class, () -> of(points, bandwidth)).getMessage());
    }

    @Test
    void aBoxIsTheSquareAroundARectangleOrPoints() {
        assertEquals(new Box(-5, 10, 20), Box.ofCorners(0, 10, 10, 30));
        Box around = Box.around(new double[] {0, 0, 16, 4}, new double[] {8, -4});
        assertEquals(new Box(-1, -9, 18), around);
        assertEquals(Optional.of(around), Box.parse(around.toString()));
        for (String wrong : new String[] {"", "1,2", "1,2,0", "1,2,NaN", "1,2,3,4", "a,b,c", "1,2,-1", "Infinity,0,1"}) {
            assertEquals(Optional.empty(), Box.parse(wrong), wrong);
        }
        assertThrows(InvalidInputException.class, () -> Box.ofCorners(0, 0, 0, 1));
        assertThrows(InvalidInputException.class, () -> new Box(1e20, 0, 1));
    }

    @Test
    void unitsSurviveARoundTrip() {
        Box box = new Box(-1234.5, 6e5, 37.25);
        Random random = new Random(8);
        double[] plane = random.doubles(2000, 0, 37).map(v -> v - 1234.5).toArray();
        for (int i = 1; i < plane.length; i += 2) {
            plane[i] += 601_234.5;
        }
        float[] unit = box.toUnit(plane);
        for (int i = 0; i < plane.length; i++) {
            double back = i % 2 == 0 ? box.x(unit[i]) : box.y(unit[i]);
            assertEquals(plane[i], back, 37.25 * 0x1p-24); // the rounding of a float below 1, times the side
        }
        float[] same = {0.25f, 0.75f};
        assertArrayEquals(same, Box.UNIT.toPlane(Box.UNIT.toUnit(new double[] {0.25, 0.75})));
    }
}
