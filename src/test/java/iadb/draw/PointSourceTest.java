package iadb.draw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.random.RandomPurpose;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Drawn points follow the density, by either method, on every OpenCL device. */
class PointSourceTest {
    private static final int COUNT = 200_003; // a prime

    /** An image of odd size with black, dark and bright pixels. */
    private static Density noise(int width, int height) {
        Random random = new Random(width);
        return Densities.filled("noise", width, height, () -> random.nextInt(4) == 0 ? 0 : random.nextInt(50_000));
    }

    private static float[] draw(Device device, Density density, PointSource.Method method, long seed, int count) {
        try (Context context = Context.open(device);
                PointSource source = new PointSource(context, density, method)) {
            return source.drawToHost(seed, RandomPurpose.DATA_P0, 0, count);
        }
    }

    /** χ² of the points over the pixels, and the degrees of freedom; a point on a black pixel fails. */
    private static double[] chiSquare(float[] points, Density density) {
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
        Density moons = NamedDensities.find("moons").orElseThrow();
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); PointSource source = new PointSource(context, moons)) {
                assertArrayEquals(source.drawToHost(3, RandomPurpose.START_POINTS, 5, 1009),
                        PointSource.drawWithoutDevice(moons, 3, RandomPurpose.START_POINTS, 5, 1009).orElseThrow());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void pointsFollowTheDensity(PointSource.Method method) {
        for (Device device : Device.all()) {
            for (Density density : new Density[] {noise(13, 7), noise(37, 41)}) {
                double[] chi = chiSquare(draw(device, density, method, 1, COUNT), density);
                assertSpread(method, chi, device.name());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void pointsAreUniformInsideTheirPixel(PointSource.Method method) {
        Density whole = Density.of("one pixel", 1, 1, new short[] {5});
        Density blocks = Densities.filled("blocks", 16, 16, () -> 9);
        for (Device device : Device.all()) {
            double[] chi = chiSquare(draw(device, whole, method, 2, COUNT), blocks);
            assertSpread(method, chi, device.name());
        }
    }

    @ParameterizedTest
    @EnumSource
    void massInOneCornerLandsInThatCorner(PointSource.Method method) {
        Density corner = Densities.dot(8, 8, 7, 1); // the last pixel of the top row: x and y from 7/8 to 1
        for (Device device : Device.all()) {
            for (float coordinate : draw(device, corner, method, 3, 1000)) {
                assertTrue(coordinate >= 7 / 8f && coordinate < 1, "coordinate " + coordinate);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
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

    /** Rejection would take 16 million trials per point, which is days. */
    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void oneBrightPixelInALargeImageIsDrawnQuickly() {
        int side = 4096;
        int row = 1234;
        int column = 3210;
        Density density = Densities.dot(side, side, row * side + column, 7);
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
