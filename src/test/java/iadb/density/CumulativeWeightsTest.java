package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A uniform integer below the total weight finds a pixel with exactly that pixel's share. */
class CumulativeWeightsTest {
    /** The pixel whose share of the weights holds the integer r, by two searches as on the device. */
    private static int pixelAt(ImageDensity density, long[] byRow, int[] inRows, long r) {
        int row = 0;
        while (byRow[row] <= r) {
            row++;
        }
        long inRow = row == 0 ? r : r - byRow[row - 1];
        int first = row * density.width();
        int pixel = first;
        for (int last = first + density.width() - 1; pixel < last; ) {
            int middle = (pixel + last) >>> 1;
            if (Integer.toUnsignedLong(inRows[middle]) > inRow) {
                last = middle;
            } else {
                pixel = middle + 1;
            }
        }
        return pixel;
    }

    @Test
    void sumsRowsFromTheTopAndColumnsInsideTheirRow() {
        ImageDensity density = ImageDensity.of("test", 3, 2, new short[] {1, 0, 2, (short) 65535, 5, 0});
        assertArrayEquals(new long[] {3, 65543}, density.cumulativeByRow());
        assertArrayEquals(new int[] {1, 1, 3, 65535, 65540, 65540}, density.cumulativeInRows());
        assertEquals(65543, density.totalWeight());
    }

    @Test
    void everyPixelOwnsAsManyIntegersAsItsWeight() {
        Random random = new Random(2);
        int[][] sizes = {{1, 1}, {1, 7}, {7, 1}, {2, 2}, {3, 5}, {8, 8}, {13, 4}};
        for (int[] size : sizes) {
            for (int trial = 0; trial < 20; trial++) {
                short[] weights = new short[size[0] * size[1]];
                for (int p = 0; p < weights.length; p++) {
                    weights[p] = (short) (random.nextBoolean() ? 0 : random.nextInt(40));
                }
                weights[random.nextInt(weights.length)] = 3;
                ImageDensity density = ImageDensity.of("test", size[0], size[1], weights);
                long[] byRow = density.cumulativeByRow();
                int[] inRows = density.cumulativeInRows();
                long r = 0;
                for (int p = 0; p < weights.length; p++) {
                    for (int k = 0; k < weights[p]; k++) {
                        assertEquals(p, pixelAt(density, byRow, inRows, r++));
                    }
                }
                assertEquals(byRow[size[1] - 1], r);
                assertEquals(density.totalWeight(), r);
            }
        }
    }

    @Test
    void theWidestWhiteRowJustFitsUnsigned32Bits() {
        short[] weights = new short[2 * ImageDensity.MAX_SAMPLED_WIDTH];
        Arrays.fill(weights, (short) 65535);
        ImageDensity density = ImageDensity.of("wide", ImageDensity.MAX_SAMPLED_WIDTH, 2, weights);
        long[] byRow = density.cumulativeByRow();
        int[] inRows = density.cumulativeInRows();
        assertEquals(0xffff_ffff, inRows[ImageDensity.MAX_SAMPLED_WIDTH - 1]);
        assertEquals(2 * 0xffff_ffffL, byRow[1]);
        assertEquals(2 * 0xffff_ffffL, density.totalWeight());
        Random random = new Random(3);
        for (int k = 0; k < 1000; k++) {
            long r = random.nextLong(byRow[1]);
            assertEquals(r / 65535, pixelAt(density, byRow, inRows, r));
        }
        assertEquals(weights.length - 1, pixelAt(density, byRow, inRows, byRow[1] - 1));
    }

    @Test
    void refusesAWiderOne() {
        short[] weights = new short[ImageDensity.MAX_SAMPLED_WIDTH + 1];
        weights[0] = 1;
        ImageDensity wide = ImageDensity.of("wide", weights.length, 1, weights);
        var refusal = assertThrows(InvalidInputException.class, wide::cumulativeInRows);
        assertTrue(refusal.getMessage().contains("65,537"), refusal.getMessage());
    }
}
