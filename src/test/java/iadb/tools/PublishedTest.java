package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The densities of published comparisons, and what is computed for them. */
class PublishedTest {
    private static final int COUNT = 100_000;

    /**
     * With 100,000 points the mean has a standard error of deviation / √N, and the variance one of at most √(2/N) times itself, since
     * no kurtosis here is above a normal one's 3; both may differ by 5 of them.
     */
    @ParameterizedTest
    @CsvSource({
        "NORMAL, 0, 0, 1, 1",
        "GAUSSIANS_A, 0, 0, 8.0625, 8.0625", // r²/2 + σ²
        "MOONS_A, 0.75, 0.75, 5.1525, 2.28771", // half circles of radius r: r²/2 + dx²/4 + σ², and r²/2 + dy²/4 - 2 r dy/π + σ²
        "GAUSSIANS_B, 0, 0, 12.816228, 12.816228",
        "MOONS_B, 0.8, 0.05, 6.78, 2.227711", // uniform in [0, 0.6]: 0.03
        "MOONS_C, 0, 0.5, 3.01, 0.98676",
        "S_CURVE, 0, 0, 1.130625, 4.335555", // 9/8, and 9/4 (3/2 + 4/3π), and σ²
        "GAUSSIANS_C, 0, 0, 13.5, 13.5",
        "MOONS_WIDE, 1.210245, -1.210245, 71.242723, 23.827889",
        "GAUSSIANS_WIDE, 0, 0, 74.25, 74.25",
        "CHECKERBOARD, 0, 0, 6.584362, 6.584362"})
    void pointsHaveTheMomentsOfTheirDensity(Dataset dataset, double meanX, double meanY, double varianceX, double varianceY) {
        float[] points = dataset.points(COUNT, 0);
        double[] mean = {meanX, meanY};
        double[] variance = {varianceX, varianceY};
        for (int axis = 0; axis < 2; axis++) {
            int k = axis;
            double average = IntStream.range(0, COUNT).mapToDouble(n -> points[2 * n + k]).average().orElseThrow();
            double square = IntStream.range(0, COUNT).mapToDouble(n -> Math.pow(points[2 * n + k] - mean[k], 2)).average().orElseThrow();
            assertEquals(mean[k], average, 5 * Math.sqrt(variance[k] / COUNT));
            assertEquals(variance[k], square, 5 * variance[k] * Math.sqrt(2.0 / COUNT));
        }
    }

    @ParameterizedTest
    @EnumSource
    void sameSeedGivesTheSamePoints(Dataset dataset) {
        assertArrayEquals(dataset.points(100, 1), dataset.points(100, 1));
        assertTrue(!Arrays.equals(dataset.points(100, 1), dataset.points(100, 2)));
    }

    @Test
    void checkerboardIsEmptyOnEverySecondSquare() {
        float[] points = Dataset.CHECKERBOARD.points(COUNT, 0);
        for (int n = 0; n < COUNT; n++) {
            int column = (int) Math.floor(points[2 * n] * 0.45F);
            int row = (int) Math.floor(points[2 * n + 1] * 0.45F);
            assertEquals(0, Math.floorMod(column + row, 2), points[2 * n] + ", " + points[2 * n + 1]);
        }
    }

    /** The first points that the source has written to its files. */
    @Test
    void testPointsOfPartAAreThoseOfItsSource() {
        assertArrayEquals(new float[] {-0.245454401f, -0.303198516f, 0.377206802f, 1.07718241f},
                Arrays.copyOf(TorchPoints.normal(4096, 300), 4), 1e-6f);
        assertArrayEquals(new float[] {4.3260808f, 0.264826477f, 3.85974693f, -0.0288449991f},
                Arrays.copyOf(TorchPoints.gaussians(8192, 100), 4), 1e-6f);
    }

    /** Along direction θ a shift by (3, 4) is 3 cos θ + 4 sin θ, whose mean square over all directions is 25/2. */
    @Test
    void slicedDistanceOfAShift() {
        float[] a = Dataset.MOONS_A.points(100, 0);
        float[] b = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            b[i] = a[i] + (i % 2 == 0 ? 3 : 4);
        }
        float[] directions = {0.5f, 0, 0, 2, 1, 1, -1, 1};
        assertEquals(Math.sqrt(12.5), Published.sliced(a, b, directions), 1e-5); // coordinates below 8 are rounded to 24 bits
    }

    @Test
    void tableHasARowForEachMap() {
        Published published = new Published(Map.of("A", new Published.Part(Map.of(), "", 1, List.of(new Published.Row("normal to moons-a",
                "reflow 1", "sliced W2", "64 x 4", 40_000, 256, 0.002, 60_000, 8192, 1, 10, List.of(
                new Published.Figure("1 step", 0.032, 0.031, 0.03), new Published.Figure("128 steps", null, 0.033, null),
                new Published.Figure("S", 0.5, 0.25, 0.0), new Published.Figure("NPE", null, 0.00006, 0.4)))))));
        String table = published.table();
        assertTrue(table.contains("| A: normal to moons, reflow 1 (10 s) | sliced W2 | 0.0310 (0.0320) |  | 0.0330 | 0.0300 "
                + "| S 0.250 (0.500); NPE 6.00e-05, exact 0.400 |"), table);
    }
}
