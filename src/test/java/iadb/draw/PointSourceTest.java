package iadb.draw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.ImageDensity;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Drawn points follow the density, by either method, on every OpenCL device. */
class PointSourceTest {
    private static final int COUNT = 200_003; // a prime

    /** An image of odd size with black, dark and bright pixels. */
    private static ImageDensity noise(int width, int height) {
        Random random = new Random(width);
        return Densities.filled("noise", width, height, () -> random.nextInt(4) == 0 ? 0 : random.nextInt(50_000));
    }

    private static float[] draw(Device device, ImageDensity density, PointSource.Method method, long seed, int count) {
        try (Context context = Context.open(device);
                PointSource source = new PointSource(context, density, method)) {
            return source.drawToHost(seed, RandomPurpose.DATA_P0, 0, count);
        }
    }

    /** χ² of the points over the pixels, and the degrees of freedom; a point on a black pixel fails. */
    private static double[] chiSquare(float[] points, ImageDensity density) {
        int[] hits = new int[density.weights().length];
        for (int n = 0; n < points.length; n += 2) {
            int column = (int) Math.floor((double) points[n] * density.width());
            int row = density.height() - 1 - (int) Math.floor((double) points[n + 1] * density.height());
            hits[row * density.width() + column]++;
        }
        long[] rows = density.cumulativeByRow();
        double chiSquare = 0;
        int pixels = 0;
        for (int i = 0; i < hits.length; i++) {
            int weight = Short.toUnsignedInt(density.weights()[i]);
            if (weight == 0) {
                assertEquals(0, hits[i], "points on black pixel " + i);
                continue;
            }
            double expected = (double) weight / rows[rows.length - 1] * (points.length / 2);
            chiSquare += (hits[i] - expected) * (hits[i] - expected) / expected;
            pixels++;
        }
        return new double[] {chiSquare, pixels - 1};
    }

    /** @param chi χ² and its degrees of freedom */
    private static void assertSpread(PointSource.Method method, double[] chi, String device) {
        if (method == PointSource.Method.SOBOL) {
            assertTrue(chi[0] < chi[1] / 4, "Sobol's points are evener than random ones: " + Arrays.toString(chi));
        } else {
            // χ² has mean d and variance 2d; four standard deviations either way have a chance of 6e-5, at this seed
            assertEquals(chi[1], chi[0], 4 * Math.sqrt(2 * chi[1]), device);
        }
    }

    @Test
    void theFirstPointsOfAWindowAreTheDevicesOwn() {
        ImageDensity moons = NamedDensities.find("moons").orElseThrow();
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); PointSource source = new PointSource(context, moons)) {
                assertArrayEquals(source.drawToHost(3, RandomPurpose.START_POINTS, 5, 1009),
                        PointSource.drawWithoutDevice(moons, 3, RandomPurpose.START_POINTS, 5, 1009).orElseThrow());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REJECTION", "INVERSION", "SOBOL"})
    void pointsFollowTheDensity(PointSource.Method method) {
        for (Device device : Device.all()) {
            for (ImageDensity density : new ImageDensity[] {noise(13, 7), noise(37, 41)}) {
                double[] chi = chiSquare(draw(device, density, method, 1, COUNT), density);
                assertSpread(method, chi, device.name());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REJECTION", "INVERSION", "SOBOL"})
    void pointsAreUniformInsideTheirPixel(PointSource.Method method) {
        ImageDensity whole = ImageDensity.of("one pixel", 1, 1, new short[] {5});
        ImageDensity blocks = Densities.filled("blocks", 16, 16, () -> 9);
        for (Device device : Device.all()) {
            double[] chi = chiSquare(draw(device, whole, method, 2, COUNT), blocks);
            assertSpread(method, chi, device.name());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REJECTION", "INVERSION", "SOBOL"})
    void massInOneCornerLandsInThatCorner(PointSource.Method method) {
        ImageDensity corner = Densities.dot(8, 8, 7, 1); // the last pixel of the top row: x and y from 7/8 to 1
        for (Device device : Device.all()) {
            for (float coordinate : draw(device, corner, method, 3, 1000)) {
                assertTrue(coordinate >= 7 / 8f && coordinate < 1, "coordinate " + coordinate);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REJECTION", "INVERSION", "SOBOL"})
    void aSeedGivesItsPointsHoweverTheyAreCut(PointSource.Method method) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PointSource source = new PointSource(context, noise(13, 7), method)) {
                float[] all = source.drawToHost(4, RandomPurpose.DATA_P0, 0, 1000);
                assertArrayEquals(Arrays.copyOfRange(all, 2 * 300, 2 * 1000),
                            source.drawToHost(4, RandomPurpose.DATA_P0, 300, 700));
                assertFalse(Arrays.equals(all, source.drawToHost(4, RandomPurpose.DATA_P1, 0, 1000)), "streams differ");
                assertFalse(Arrays.equals(all, source.drawToHost(5, RandomPurpose.DATA_P0, 0, 1000)), "seeds differ");
                assertFalse(Arrays.equals(all, source.drawToHost(4L << 32, RandomPurpose.DATA_P0, 0, 1000)), "all 64 bits count");
            }
        }
    }

    private static PointDensity points(int count, double noise) {
        Random random = new Random(count);
        float[] points = new float[2 * count];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat();
        }
        return new PointDensity("points", Optional.empty(), points, Box.UNIT, noise);
    }

    /** Each row's hits are binomial: χ² over 100 rows has 99 degrees of freedom, a deviation of 14; Sobol's points hit more evenly. */
    @Test
    void rowsOfPointsAreDrawnEquallyOften() {
        PointDensity density = points(100, 0);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); PointSource random = new PointSource(context, density);
                    PointSource even = new PointSource(context, density, PointSource.Sequence.SOBOL)) {
                assertEquals(99, chiSquareOfRows(random, density), 5 * 14);
                assertTrue(chiSquareOfRows(even, density) < 1);
                float[] all = random.drawToHost(4, RandomPurpose.DATA_P0, 0, 1000);
                assertArrayEquals(Arrays.copyOfRange(all, 600, 2000), random.drawToHost(4, RandomPurpose.DATA_P0, 300, 700));
            }
        }
    }

    private static double chiSquareOfRows(PointSource source, PointDensity density) {
        float[] drawn = source.drawToHost(7, RandomPurpose.START_POINTS, 0, 65_536);
        Map<Float, Integer> hits = new HashMap<>();
        for (int n = 0; n < drawn.length; n += 2) {
            hits.merge(drawn[n], 1, Integer::sum);
        }
        double expected = 65_536.0 / density.count();
        return IntStream.range(0, density.count())
                .mapToDouble(row -> Math.pow(hits.getOrDefault(density.points()[2 * row], 0) - expected, 2) / expected).sum();
    }

    /** With two rows far apart, the noise is a Gaussian of the bandwidth: mean, deviation and kurtosis to five deviations of 65,536. */
    @Test
    void noiseIsGaussian() {
        PointDensity density = new PointDensity("two", Optional.empty(), new float[] {0.25f, 0.5f, 0.75f, 0.5f}, Box.UNIT, 0.02);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); PointSource source = new PointSource(context, density)) {
                float[] drawn = source.drawToHost(1, RandomPurpose.START_POINTS, 0, 65_536);
                for (int c = 0; c < 2; c++) {
                    double[] moments = new double[3];
                    for (int n = c; n < drawn.length; n += 2) {
                        double z = (drawn[n] - (c == 1 ? 0.5 : drawn[n] < 0.5 ? 0.25 : 0.75)) / 0.02;
                        moments[0] += z / 65_536;
                        moments[1] += z * z / 65_536;
                        moments[2] += z * z * z * z / 65_536;
                    }
                    assertArrayEquals(new double[] {0, 1, 3}, moments, 5 * Math.sqrt(96 / 65_536.0)); // the fourth moment's variance is 96
                    assertEquals(0, moments[0], 5 / 256.0);
                }
            }
        }
    }

    /** Rejection would take 16 million trials per point, which is days. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void oneBrightPixelInALargeImageIsDrawnQuickly() {
        int side = 4096;
        int row = 1234;
        int column = 3210;
        ImageDensity density = Densities.dot(side, side, row * side + column, 7);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                try (PointSource source = new PointSource(context, density)) {
                    float[] points = source.drawToHost(0, RandomPurpose.DATA_P0, 0, 65_536);
                    for (int n = 0; n < points.length; n += 2) {
                        assertEquals(column, (int) (points[n] * side));
                        assertEquals(side - 1 - row, (int) (points[n + 1] * side));
                    }
                }
            }
        }
    }

    @Test
    void everyNamedDensityIsDrawnByRejection() {
        for (String name : NamedDensities.names()) {
            assertTrue(NamedDensities.find(name).orElseThrow().acceptance() >= PointSource.MIN_ACCEPTANCE, name);
        }
    }
}
