package iadb.density;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DensityTest {
    private static final double NOWHERE = Double.NEGATIVE_INFINITY;

    private static ImageDensity of(int width, int height, int... weights) {
        short[] shorts = new short[weights.length];
        for (int p = 0; p < shorts.length; p++) {
            shorts[p] = (short) weights[p];
        }
        return ImageDensity.of("test", width, height, shorts);
    }

    @Test
    void countsUnsignedWeights() {
        ImageDensity density = of(2, 2, 65535, 0x8000, 0, 1);
        assertEquals(65535, density.brightest());
        assertEquals(65535L + 0x8000 + 1, density.totalWeight());
        assertEquals((65535.0 + 0x8000 + 1) / 4 / 65535, density.acceptance());
        assertEquals(1, of(3, 1, 7, 7, 7).acceptance());
    }

    @Test
    void theTopRowOfTheImageIsAtYOne() {
        ImageDensity density = of(2, 2,
                1, 2,
                3, 4);
        assertEquals(Math.log(1 * 4 / 10.0), density.logDensityAt(0.25, 0.75));
        assertEquals(Math.log(2 * 4 / 10.0), density.logDensityAt(0.75, 0.75));
        assertEquals(Math.log(3 * 4 / 10.0), density.logDensityAt(0.25, 0.25));
        assertEquals(Math.log(4 * 4 / 10.0), density.logDensityAt(0.75, 0.25));
    }

    @Test
    void aPixelOwnsItsLeftAndItsLowerEdge() {
        ImageDensity density = of(2, 2,
                1, 2,
                3, 4);
        assertEquals(density.logDensityAt(0.75, 0.75), density.logDensityAt(0.5, 0.5));
        assertEquals(density.logDensityAt(0.25, 0.25), density.logDensityAt(0, 0));
        assertEquals(density.logDensityAt(0.25, 0.25), density.logDensityAt(Math.nextDown(0.5), Math.nextDown(0.5)));
    }

    @Test
    void isZeroOutsideTheSquareAndOnBlackPixels() {
        ImageDensity density = of(2, 1, 5, 0);
        assertEquals(Math.log(2), density.logDensityAt(0.1, 0.5));
        assertEquals(NOWHERE, density.logDensityAt(0.6, 0.5));
        double[] outside = {-Double.MIN_VALUE, 1, 1.5, -3, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        for (double x : outside) {
            assertEquals(NOWHERE, density.logDensityAt(x, 0.5));
            assertEquals(NOWHERE, density.logDensityAt(0.1, x));
        }
        assertEquals(Math.log(2), density.logDensityAt(-0.0, -0.0));
    }

    @Test
    void theLargestNumbersBelowOneAreInTheLastPixelAtEverySide() {
        double[] largest = {Math.nextDown(1.0), Math.nextDown(1f)};
        for (int side = 1; side <= 4097; side++) {
            int[] weights = new int[side];
            weights[side - 1] = 9;
            double expected = Math.log(side);
            for (double x : largest) {
                assertEquals(expected, of(side, 1, weights).logDensityAt(x, 0.5));
            }
            weights[side - 1] = 0;
            weights[0] = 9;
            for (double y : largest) {
                assertEquals(expected, of(1, side, weights).logDensityAt(0.5, y));
            }
        }
    }

    @Test
    void integratesToOne() {
        Random random = new Random(1);
        int width = 7;
        int height = 5;
        int[] weights = random.ints(width * height, 0, 65536).toArray();
        ImageDensity density = of(width, height, weights);
        double mass = 0;
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                mass += Math.exp(density.logDensityAt((j + 0.5) / width, (i + 0.5) / height)) / (width * height);
            }
        }
        // 35 terms, each within a few roundoffs of 2^-53 after log and exp of a value below 8: far below 1e-13
        assertEquals(1, mass, 1e-13);
    }

    @Test
    void refusesBlackAndSaysWhatToTry() {
        var black = assertThrows(InvalidInputException.class, () -> of(2, 1, 0, 0));
        assertEquals("test is all black: a density needs at least one bright pixel", black.getMessage());
    }

    @Test
    void refusesSizesThatDoNotFitTheWeights() {
        assertThrows(IllegalArgumentException.class, () -> of(2, 2, 1, 2, 3));
        assertThrows(IllegalArgumentException.class, () -> of(0, 0));
        assertThrows(IllegalArgumentException.class, () -> of(-1, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> of(65536, 65536));
    }

    @Test
    void onlyADensityFoundByNameIsNamed() {
        ImageDensity heart = NamedDensities.find("heart").orElseThrow();
        assertTrue(heart.isNamed());
        assertFalse(of(1, 1, 1).isNamed());
        assertTrue(heart.file().isEmpty());
    }

    @Test
    void takesTheWeightsWithoutCopying() {
        short[] weights = {1, 2};
        assertSame(weights, ImageDensity.of("test", 2, 1, weights).weights());
    }
}
