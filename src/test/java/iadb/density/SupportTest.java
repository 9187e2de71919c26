package iadb.density;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Two pixels around what is brighter than 2 % of the brightest. */
class SupportTest {
    /** 20 × 10 pixels, black but for one in column 10 and row 4 from the top. */
    private static ImageDensity dot(int weight) {
        return Densities.dot(20, 10, 4 * 20 + 10, weight);
    }

    @Test
    void reachesTwoPixelsFromABrightOneInUnitsOfItsSides() {
        ImageDensity density = dot(9);
        double left = 10 / 20.0;
        double bottom = 1 - 5 / 10.0;
        assertTrue(density.isOnSupport(left + 0.01, bottom + 0.01));
        assertTrue(density.isOnSupport(left - 1.99 / 20, bottom + 0.05));
        assertFalse(density.isOnSupport(left - 2.01 / 20, bottom + 0.05));
        assertTrue(density.isOnSupport(left + 0.01, bottom - 1.99 / 10));
        assertFalse(density.isOnSupport(left + 0.01, bottom - 2.01 / 10));
        assertTrue(density.isOnSupport(left - 1.41 / 20, bottom - 1.41 / 10), "the corner is round");
        assertFalse(density.isOnSupport(left - 1.42 / 20, bottom - 1.42 / 10));
    }

    @Test
    void darkPixelsDoNotCount() {
        short[] weights = new short[20 * 10];
        weights[4 * 20 + 10] = (short) 50_000;
        weights[4 * 20 + 2] = (short) 1000;  // exactly 2 %
        weights[4 * 20 + 17] = (short) 1001;
        ImageDensity density = ImageDensity.of("dots", 20, 10, weights);
        assertFalse(density.isOnSupport(2.5 / 20, 1 - 4.5 / 10));
        assertTrue(density.isOnSupport(17.5 / 20, 1 - 4.5 / 10));
    }

    @Test
    void itsMarginGoesBeyondTheSquare() {
        ImageDensity density = Densities.filled("all", 4, 4, () -> 1);
        assertTrue(density.isOnSupport(-0.49, 0.5) && density.isOnSupport(0.5, 1.49));
        assertFalse(density.isOnSupport(-0.51, 0.5) || density.isOnSupport(0.5, 1.51) || density.isOnSupport(Double.NaN, 0.5));
        assertFalse(density.isOnSupport(1e30, 0) || density.isOnSupport(0, Double.NEGATIVE_INFINITY));
    }

    @Test
    void theShareOffCountsPoints() {
        assertEquals(0.75, dot(1).shareOffSupport(new float[] {0.52f, 0.55f, 0, 0, 1, 1, Float.NaN, 0.5f}));
    }
}
