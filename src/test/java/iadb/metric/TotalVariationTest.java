package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.UniformPoints;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.plot.Box;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The total variation against cases that are known. Sums of 4,096 doubles of at most 1 are off by less than 1e-12. */
class TotalVariationTest {
    private static final double ROUNDING = 1e-12;

    private static PointDensity density(float[] points) { return new PointDensity("p", Optional.empty(), points, Box.UNIT, 0); }

    @Test
    void equalSetsAreAtZeroAndSetsWithoutCommonCellsAtOne() {
        float[] points = UniformPoints.of(999, 1);
        points[0] = 1; // the last cell holds the square's edges
        points[1] = 1;
        assertEquals(0, new TotalVariation(density(points)).distance(points), ROUNDING);
        float[] left = UniformPoints.of(999, 2);
        float[] right = left.clone();
        for (int k = 0; k < left.length; k += 2) {
            left[k] *= 0.49f;
            right[k] = 0.5f + 0.49f * right[k];
        }
        assertEquals(1, new TotalVariation(density(left)).distance(right), ROUNDING);
    }

    @Test
    void aShareInAnotherCellOrOutsideIsTheDistance() {
        TotalVariation ofFour = new TotalVariation(density(new float[] {0.1f, 0.1f, 0.1f, 0.1f, 0.9f, 0.1f, 0.9f, 0.9f}));
        assertEquals(0.25, ofFour.distance(new float[] {0.1f, 0.1f, 0.9f, 0.9f, 0.9f, 0.1f, 0.9f, 0.9f}), ROUNDING);
        assertEquals(0.25, ofFour.distance(new float[] {0.1f, 0.1f, 0.1f, 0.1f, 0.9f, 0.1f, 0.9f, 1.1f}), ROUNDING);
        assertEquals(0.5, ofFour.distance(new float[] {0.1f, 0.1f, Float.NaN, 0.1f, 0.9f, 0.1f, -1e9f, 0.9f}), ROUNDING);
    }

    @Test
    void anImageHasTheMassOfItsPixels() {
        short half = (short) 20_000;
        TotalVariation ofHalves = new TotalVariation(ImageDensity.of("halves", 2, 1, new short[] {half, 0})); // all mass at x < 1/2
        assertEquals(1, ofHalves.distance(new float[] {0.75f, 0.5f}), ROUNDING);
        float[] grid = new float[2 * 32 * 64]; // a point in each cell at x < 1/2
        for (int n = 0; n < 32 * 64; n++) {
            grid[2 * n] = (n % 32 + 0.5f) / 64;
            grid[2 * n + 1] = (n / 32 + 0.5f) / 64;
        }
        assertEquals(0, ofHalves.distance(grid), ROUNDING);
    }
}
