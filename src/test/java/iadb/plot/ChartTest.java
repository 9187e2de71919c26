package iadb.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A curve of any values can be plotted, and its axes have round numbers. */
class ChartTest {
    @Test
    void aFallingCurveFallsInThePicture() {
        double[] x = new double[256];
        double[] y = new double[256];
        for (int i = 0; i < x.length; i++) {
            x[i] = 256 * (i + 1);
            y[i] = 1 - i / 300.0;
        }
        BufferedImage plot = Chart.curve(x, y, "iteration", "loss");
        assertEquals(900, plot.getWidth());
        assertEquals(600, plot.getHeight());
        assertTrue(curveHeight(plot, 150) < curveHeight(plot, 450));
        assertTrue(curveHeight(plot, 450) < curveHeight(plot, 800));
    }

    @Test
    void oneRowShowsAsADot() {
        assertTrue(curvePixels(Chart.curve(new double[] {256}, new double[] {0.25}, "iteration", "loss")) > 20);
    }

    @Test
    void rowsThatAreNotFiniteAreSkipped() {
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        double[] y = {1, nan, inf, 2, 5};
        BufferedImage holes = Chart.curve(new double[] {0, 1, 2, 3, nan}, y, "x", "y");
        BufferedImage clean = Chart.curve(new double[] {0, 3}, new double[] {1, 2}, "x", "y");
        assertEquals(0, differingPixels(holes, clean));
        assertEquals(0, curvePixels(Chart.curve(new double[] {0}, new double[] {nan}, "x", "y")));
    }

    @Test
    void everyRangeGivesAFewTicks() {
        double[][] ranges = {
            {0, 0}, {1, 1}, {-3, -3}, {1e16, 1e16 + 2}, {1e-300, 1e300}, {-1e300, 1e300}, {1e300, 1e300}, {4e-324, 1},
            {-1e-320, 1e-320}, {0, 4e-324}, {1, 20}, {0.001, 999}, {1e-9, 2e-9}, {-7, 12345678}, {0.1, 0.1000001},
        };
        for (double[] range : ranges) {
            BufferedImage plot = Chart.curve(new double[] {range[0], range[1]}, range, "x", "y");
            assertTrue(curvePixels(plot) > 0, range[0] + " to " + range[1]);
            assertTicksAreFew(Axis.tight(range[0], range[1], 8));
            assertTicksAreFew(Axis.rounded(range[0], range[1], 8));
        }
    }

    @Test
    void randomRangesGiveAFewTicks() {
        Random random = new Random(3);
        for (int trial = 0; trial < 2000; trial++) {
            double min = Math.pow(10, 600 * random.nextDouble() - 300);
            double max = min * Math.pow(10, random.nextDouble() * random.nextInt(12));
            if (max <= Axis.LARGEST) {
                assertTicksAreFew(Axis.tight(min, max, 8));
                assertTicksAreFew(Axis.rounded(-max, min, 8));
                assertTicksAreFew(Axis.logarithmic(min, max * 20, 8));
            }
        }
    }

    @Test
    void labelsAreRoundWithThousandsApart() {
        assertEquals(List.of("0", "10,000", "20,000", "30,000", "40,000", "50,000", "60,000"),
                Axis.tight(0, 65536, 8).labels());
        assertEquals(List.of("0.0", "0.2", "0.4", "0.6", "0.8"), Axis.rounded(0.12, 0.65, 6).labels());
        assertEquals(List.of("0.01", "0.1", "1", "10", "100"), Axis.logarithmic(0.012, 99, 8).labels());
        assertEquals(List.of("1e-6", "2e-6", "3e-6", "4e-6"), Axis.tight(1e-6, 4e-6, 5).labels());
    }

    @Test
    void severalCurvesHaveColoursAndNamesOfTheirOwn() {
        double[] x = {0.01, 1, 100};
        Chart.Series one = new Chart.Series("one", x, new double[] {1, 0.1, 0.01}, false);
        Chart.Series other = new Chart.Series("other", x, new double[] {2, 2, 2}, false);
        Chart.Series limit = new Chart.Series("limit", x, new double[] {0.005, 0.005, 0.005}, true);
        BufferedImage alone = Chart.curves(List.of(one, limit), true, "seconds", "distance");
        BufferedImage all = Chart.curves(List.of(one, other, limit), true, "seconds", "distance");
        assertTrue(curvePixels(alone) > 500);
        assertTrue(differingPixels(alone, all) > 500);
        assertTrue(curveHeight(all, 200) < curveHeight(all, 700));
    }

    @Test
    void refusesColumnsOfDifferentLengths() {
        assertThrows(IllegalArgumentException.class, () -> Chart.curve(new double[2], new double[3], "x", "y"));
    }

    private static void assertTicksAreFew(Axis axis) {
        String range = axis.low() + " to " + axis.high() + ": " + axis.labels();
        assertFalse(axis.ticks().isEmpty(), range);
        assertTrue(axis.ticks().size() <= 14, range);
        assertEquals(axis.ticks().size(), axis.labels().size());
        for (double tick : axis.ticks()) {
            assertTrue(axis.at(tick) >= -1e-6 && axis.at(tick) <= 1 + 1e-6, range);
        }
    }

    private static double curveHeight(BufferedImage plot, int x) {
        int y = 0;
        while (!isCurve(plot.getRGB(x, y))) {
            y++;
        }
        return y;
    }

    private static int curvePixels(BufferedImage plot) {
        int count = 0;
        for (int p = 0; p < plot.getWidth() * plot.getHeight(); p++) {
            count += isCurve(plot.getRGB(p % plot.getWidth(), p / plot.getWidth())) ? 1 : 0;
        }
        return count;
    }

    private static boolean isCurve(int rgb) {
        return (rgb >> 8 & 255) - (rgb >> 16 & 255) > 60;
    }

    private static int differingPixels(BufferedImage a, BufferedImage b) {
        int count = 0;
        for (int p = 0; p < a.getWidth() * a.getHeight(); p++) {
            int x = p % a.getWidth();
            int y = p / a.getWidth();
            count += a.getRGB(x, y) == b.getRGB(x, y) ? 0 : 1;
        }
        return count;
    }
}
