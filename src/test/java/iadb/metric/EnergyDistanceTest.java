package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.UniformPoints;
import iadb.cl.Context;
import iadb.cl.Device;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The energy distance against its definition, on every OpenCL device. */
class EnergyDistanceTest {
    private static void onEachDevice(Consumer<EnergyDistance> test) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); EnergyDistance energy = new EnergyDistance(context)) {
                test.accept(energy);
            }
        }
    }

    private static double distance(EnergyDistance energy, float[] a, float[] b) {
        return energy.distance(a, b, () -> true);
    }

    @Test
    void everyDevicePassesTheSelfTest() {
        onEachDevice(energy -> assertTrue(energy.selfTest()));
    }

    private static float[] points(int count, long seed, float shift) {
        float[] points = UniformPoints.of(count, seed);
        for (int i = 0; i < points.length; i++) {
            points[i] += shift;
        }
        return points;
    }

    private static double mean(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i += 2) {
            for (int j = 0; j < b.length; j += 2) {
                sum += Math.hypot((double) a[i] - b[j], (double) a[i + 1] - b[j + 1]);
            }
        }
        return sum / (a.length / 2) / (b.length / 2);
    }

    @Test
    void isTheMeanOverAllPairsAsDefined() {
        onEachDevice(energy -> {
            // of one point; less, as many and more than the rows of a block and the points of a piece; several pieces
            for (int[] counts : new int[][] {{1, 1}, {1, 3}, {15, 17}, {16, 2048}, {33, 2049}, {4099, 5003}}) {
                float[] a = points(counts[0], 1, 0);
                float[] b = points(counts[1], 2, 0.25f);
                double expected = 2 * mean(a, b) - mean(a, a) - mean(b, b);
                // Each distance is rounded by some u = 2^-24 of it, and up to 2,048 are added in a float: sqrt(2048) u on
                // average, 3e-6 of a mean of about 0.6, in four means. With the pieces' errors it averages out.
                assertEquals(expected, distance(energy, a, b), 8e-6, counts[0] + " and " + counts[1]);
            }
        });
    }

    @Test
    void isZeroForEqualSetsAndSymmetric() {
        onEachDevice(energy -> {
            float[] a = points(3000, 3, 0);
            float[] b = points(2500, 4, 0.1f);
            assertEquals(0, distance(energy, a, a.clone()), 1e-6);
            assertEquals(distance(energy, a, b), distance(energy, b, a), 1e-6);
        });
    }

    @Test
    void twoPointsAreApartByTwiceTheirDistance() {
        onEachDevice(energy -> assertEquals(2 * 5, distance(energy, new float[] {1, 1}, new float[] {4, 5})));
    }

    @Test
    void samplesOfOneDensityAreNearAndOfAnotherAreNot() {
        onEachDevice(energy -> {
            int count = 20_000;
            double same = distance(energy, points(count, 5, 0), points(count, 6, 0));
            double moved = distance(energy, points(count, 5, 0), points(count, 6, 0.1f));
            // its expected value for two samples of N points is 2 E|X-X'| / N, 5e-5 here; spread as large as itself
            assertTrue(same >= 0 && same < 2e-4, "same " + same);
            assertTrue(moved > 1e-2, "moved " + moved);
        });
    }

    @Test
    void sameBitsEveryTime() {
        onEachDevice(energy -> {
            float[] a = points(5000, 7, 0);
            float[] b = points(6000, 8, 0);
            assertEquals(distance(energy, a, b), distance(energy, a, b));
        });
    }

    @Test
    void refusesWhatIsNoSetOfPoints() {
        onEachDevice(energy -> {
            assertThrows(IllegalArgumentException.class, () -> distance(energy, new float[0], new float[2]));
            assertThrows(IllegalArgumentException.class, () -> distance(energy, new float[2], new float[3]));
        });
    }
}
