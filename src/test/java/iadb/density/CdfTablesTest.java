package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CdfTablesTest {
    @Test
    void sumsRowsFromTheTopAndColumnsInsideTheirRow() {
        CdfTables tables = CdfTables.of(Density.of("test", 3, 2, new short[] {1, 0, 2, (short) 65535, 5, 0}));
        assertArrayEquals(new long[] {3, 65543}, tables.rowEnd());
        assertArrayEquals(new int[] {1, 1, 3, 65535, 65540, 65540}, tables.columnEnd());
        assertEquals(65543, tables.total());
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
                CdfTables tables = CdfTables.of(Density.of("test", size[0], size[1], weights));
                long r = 0;
                for (int p = 0; p < weights.length; p++) {
                    for (int k = 0; k < weights[p]; k++) {
                        assertEquals(p, tables.pixelAt(r++));
                    }
                }
                assertEquals(tables.total(), r);
            }
        }
    }

    @Test
    void refusesIntegersOutsideTheTotal() {
        CdfTables tables = CdfTables.of(Density.of("test", 2, 1, new short[] {0, 4}));
        assertThrows(IndexOutOfBoundsException.class, () -> tables.pixelAt(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> tables.pixelAt(4));
    }

    @Test
    void theWidestWhiteRowJustFitsUnsigned32Bits() {
        short[] weights = new short[2 * CdfTables.MAX_WIDTH];
        Arrays.fill(weights, (short) 65535);
        CdfTables tables = CdfTables.of(Density.of("wide", CdfTables.MAX_WIDTH, 2, weights));
        assertEquals(0xffff_ffff, tables.columnEnd()[CdfTables.MAX_WIDTH - 1]);
        assertEquals(2 * 0xffff_ffffL, tables.total());
        Random random = new Random(3);
        for (int k = 0; k < 1000; k++) {
            long r = random.nextLong(tables.total());
            assertEquals(r / 65535, tables.pixelAt(r));
        }
        assertEquals(weights.length - 1, tables.pixelAt(tables.total() - 1));
    }

    @Test
    void refusesAWiderOne() {
        short[] weights = new short[CdfTables.MAX_WIDTH + 1];
        weights[0] = 1;
        var refusal = assertThrows(InvalidInputException.class,
                () -> CdfTables.of(Density.of("wide", weights.length, 1, weights)));
        assertTrue(refusal.getMessage().contains("65,537"), refusal.getMessage());
    }
}
