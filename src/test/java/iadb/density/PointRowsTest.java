package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import iadb.fault.InvalidInputException;
import iadb.file.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All points of a small file, and a uniform sample of a large one in bounded memory. */
class PointRowsTest {
    private static final int LARGE = 2_000_000;

    @TempDir
    private Path folder;

    /** Rows (i, scale i), i = 0 .. count - 1. */
    private Path csv(String name, int count, int scale) throws IOException {
        return Files.writeString(folder.resolve(name),
                IntStream.range(0, count).mapToObj(i -> i + "," + scale * i + "\n").collect(Collectors.joining()));
    }

    /** The same as float32. */
    private Path npy(String name, int count, int scale) throws IOException {
        float[] array = new float[2 * count];
        for (int i = 0; i < count; i++) {
            array[2 * i] = i;
            array[2 * i + 1] = scale * i;
        }
        Path file = folder.resolve(name);
        NpyWriter.writeArray(file, array, count, 2);
        return file;
    }

    private static double[] xs(PointRows points) {
        return IntStream.range(0, points.rows().length / 2).mapToDouble(n -> points.rows()[2 * n]).toArray();
    }

    @Test
    void aFileOfAtMostTheWantedRowsIsReadWholeAndInOrder() throws IOException {
        Path file = csv("p.csv", 20_000, 1);
        double[] all = IntStream.range(0, 20_000).asDoubleStream().toArray();
        for (int most : new int[] {20_000, 20_001, Integer.MAX_VALUE}) {
            PointRows points = PointRows.read(file, most, 1);
            assertEquals(20_000, points.total());
            assertArrayEquals(all, xs(points));
        }
        assertEquals(20_000, PointRows.read(file, 19_999, 1).total());
        assertEquals("p.csv", PointRows.read(file, 2, 1).name());
    }

    @Test
    void coordinatesKeepTheirDoubles() throws IOException {
        Path file = Files.writeString(folder.resolve("utm.csv"), "500000.123456,4649776.22482\n500000.123457,4649776.22483\n");
        double[] expected = {500000.123456, 4649776.22482, 500000.123457, 4649776.22483};
        assertArrayEquals(expected, PointRows.read(file, 9, 0).rows());
    }

    /**
     * Over S = 4,000 seeds, each of 40 rows is among 8 sampled ones Binomial(S, 1/5) times, deviation 25.3, and each pair of rows
     * Binomial(S, 8 * 7 / (40 * 39)) times, deviation 11.8. All 40 + 780 lie within five deviations with probability above 0.999.
     */
    @Test
    void eachRowAndEachPairOfRowsIsEquallyLikely() throws IOException {
        Path file = csv("p.csv", 40, 1);
        int seeds = 4000;
        int[][] together = new int[40][40];
        for (int seed = 0; seed < seeds; seed++) {
            double[] rows = xs(PointRows.read(file, 8, seed));
            assertEquals(8, DoubleStream.of(rows).distinct().count());
            for (double a : rows) {
                for (double b : rows) {
                    together[(int) a][(int) b]++;
                }
            }
        }
        for (int a = 0; a < 40; a++) {
            for (int b = 0; b <= a; b++) {
                double share = a == b ? 8 / 40.0 : 8 * 7 / (40.0 * 39);
                assertEquals(seeds * share, together[a][b], 5 * Math.sqrt(seeds * share * (1 - share)), a + " and " + b);
            }
        }
    }

    @Test
    void sameLengthAndSeedGiveTheSameRowsInTheSameOrder() throws IOException {
        PointRows first = PointRows.read(csv("a.csv", 30_000, 2), 1000, 5);
        PointRows second = PointRows.read(csv("b.csv", 30_000, 3), 1000, 5);
        Path npy = npy("c.npy", 30_000, 2);
        assertArrayEquals(xs(first), xs(second));
        assertArrayEquals(first.rows(), PointRows.read(npy, 1000, 5).rows());
        assertArrayEquals(second.rows(), DoubleStream.of(xs(first)).flatMap(x -> DoubleStream.of(x, 3 * x)).toArray());
        assertFalse(Arrays.equals(first.rows(), PointRows.read(npy, 1000, 6).rows()));
    }

    /** The sample of a file is a part of saved results: it may not change with Java or with this program. */
    @Test
    void theSampleOfASeedIsFixed() throws IOException {
        assertArrayEquals(new double[] {438, 753, 659, 990, 742}, xs(PointRows.read(csv("p.csv", 1000, 1), 5, 42)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "1,2 | p.csv holds one point: a density needs at least two",
        "1,2#1,2.0#1.0,2 | p.csv: all points are equal",
        "1,2#1,2#1,2#1,2 | p.csv: all points of a sample of 3 are equal",
        "1,2#3,4#5,6#7,8#9,x | p.csv, line 5: 'x' is not a finite number",
        "1,2#3,4#5,6#7,8#inf,1 | p.csv, line 5: 'inf' is not a finite number",
        "x,y | p.csv holds no points: write one on each line, as x,y"})
    void otherFilesAreRefusedInOneLine(String text, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), text.replace('#', '\n'));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> PointRows.read(file, 3, 1));
        assertEquals(folder.resolve(message).toString(), e.getMessage());
    }

    @Test
    void aMissingFileIsRefused() {
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> PointRows.read(folder.resolve("p.npy"), 3, 1));
        assertTrue(e.getMessage().startsWith("no such file: "), e.getMessage());
    }

    /** All points together would take 32 MB. */
    @Test
    void aLargeFileIsReadInBoundedMemory() throws IOException, InterruptedException {
        Path csv = folder.resolve("large.csv");
        String block = IntStream.range(0, 1000).mapToObj(i -> "0." + i + "," + i + "\n").collect(Collectors.joining());
        Files.writeString(csv, block.repeat(LARGE / 1000));
        Path npy = npy("large.npy", LARGE, 1);
        ProcessBuilder child = new ProcessBuilder(ChildRun.JAVA, "-Xmx16m", "-cp", System.getProperty("java.class.path"),
                PointRowsTest.class.getName(), csv.toString(), npy.toString());
        assertEquals("65536 of 2000000\n".repeat(2), ChildRun.of(child, folder, ChildRun.LIMIT).well().out());
    }

    /** Reads files; run by the test above. */
    public static void main(String[] files) {
        for (String file : files) {
            PointRows points = PointRows.read(Path.of(file), 65_536, 1);
            System.out.print(points.rows().length / 2 + " of " + points.total() + "\n");
        }
    }
}
