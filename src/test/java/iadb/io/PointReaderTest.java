package iadb.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Points of NPY and CSV files, whole and in pieces; whatever else a file holds is one line that names it. */
class PointReaderTest {
    @TempDir
    Path folder;

    private static float[] all(Path file, int piece) throws IOException {
        try (PointReader reader = PointReader.open(file)) {
            float[] points = new float[2 * (int) reader.count()];
            int done = 0;
            for (float[] next = reader.read(piece); next.length > 0; next = reader.read(piece)) {
                assertTrue(next.length <= 2 * piece);
                System.arraycopy(next, 0, points, done, next.length);
                done += next.length;
            }
            assertEquals(points.length, done);
            return points;
        }
    }

    /**
     * An NPY file by hand.
     *
     * @param values as its type, row by row
     */
    private Path npy(String type, String order, String shape, int version, double... values) throws IOException {
        String text = "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
        int size = type.endsWith("8") ? 8 : 4;
        ByteBuffer bytes = ByteBuffer.allocate(12 + text.length() + size * values.length);
        bytes.order(ByteOrder.LITTLE_ENDIAN).put("\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1)).put((byte) version).put((byte) 0);
        if (version == 1) {
            bytes.putShort((short) text.length());
        } else {
            bytes.putInt(text.length());
        }
        bytes.put(text.getBytes(StandardCharsets.ISO_8859_1)).order(type.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            if (size == 8) {
                bytes.putDouble(value);
            } else {
                bytes.putFloat((float) value);
            }
        }
        Path file = folder.resolve("points.npy");
        Files.write(file, Arrays.copyOf(bytes.array(), bytes.position()));
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"<f4", "<f8", ">f4", ">f8"})
    void readsFloatsOfBothSizesAndOrders(String type) throws IOException {
        float[] expected = {0.1f, 0.2f, -3, 4.5f, 1e-20f, 7};
        double[] values = {0.1, 0.2, -3, 4.5, 1e-20, 7};
        for (int version = 1; version <= 3; version++) {
            assertArrayEquals(expected, all(npy(type, "False", "(3, 2)", version, values), 2));
        }
        assertArrayEquals(new float[] {0.1f, 0.2f, 4.5f, 1e-20f}, all(npy(type, "False", "(2, 3)", 1, values), 5),
                "a third column is passed over");
    }

    @Test
    void piecesOfAnySizeMakeTheSamePoints() throws IOException {
        Random random = new Random(1);
        float[] points = new float[2 * 20_011];
        StringBuilder text = new StringBuilder("x,y\n");
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat() - 0.5f;
            text.append(points[i]).append(i % 2 == 0 ? ',' : '\n');
        }
        Path npy = folder.resolve("p.npy");
        Npy.write(npy, points, 20_011, 2);
        Path csv = Files.writeString(folder.resolve("p.csv"), text);
        for (int piece : new int[] {1, 999, 20_011, 1 << 20}) {
            assertArrayEquals(points, all(npy, piece));
            assertArrayEquals(points, all(csv, piece));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,2\n3,4\n", "x,y\n1,2\n3,4", "x,y\r\n1 , 2\r\n\r\n3,\t4\r\n", "\uFEFF1,2\n3,4\n", "1e0,2.0\n+3,0.4e1\n",
        "x,y,log_density\n1,2,NaN\n3,4,-Infinity\n", "\n\n x,y\n\n1,2\n3,4\n\n",
        "id,x,y\n7,1,2\n8,3,4\n", ",\"x\",\"y\"\n0,1,2\n1,3,4\n", "Y,X\n2,1\n4,3\n", "left,up\n1,2\n3,4\n", "1,2,9\n3,4,9\n"})
    void readsTextAsPeopleWriteIt(String text) throws IOException {
        assertArrayEquals(new float[] {1, 2, 3, 4}, all(Files.writeString(folder.resolve("p.csv"), text), 10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "x,y | holds no point",
        "\"\" | holds no point",
        "1 | one column",
        "1,2,3,4 | 4 columns",
        "1,2;3,4 | '2;3'",
        "x;y#1;2 | commas go between",
        "1,2#3 | 1 columns where the first point has 2",
        "1,2#3,NaN | 'NaN' is no finite number",
        "1,2#3,1e99 | 1e99 is too large",
        "1,2#0x10,4 | '0x10'",
        "1,2#3,4f | '4f'",
        "1,2#3,- | '-'",
        "1,2#3,Infinity | no finite number",
        "x,y#a,b | 'a' is no finite number",
        "nan,nan#1,2 | 'nan' is no finite number",
        "0x1,2#1,2 | '0x1'",
        "0.5;0.5#0.1,0.1 | 2 columns where the header has 1",
        "hello world#0.1,0.1 | 2 columns where the header has 1",
        "a,b,c#1,2,3 | names two of them x and y",
        "1,2#3, | ''"})
    void refusesOtherTextWithItsLine(String text, String reason) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), text.replace('#', '\n'));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().contains("p.csv"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void aLineWithoutEndIsRefusedInLittleMemory() throws IOException {
        Path file = folder.resolve("p.csv");
        Files.write(file, new byte[1 << 20]);
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains("longer than"), e.getMessage());
    }

    @Test
    void refusesArraysThatAreNoPoints() throws IOException {
        assertFault("(6,)", npy("<f4", "False", "(6,)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("(3, 2, 1)", npy("<f4", "False", "(3, 2, 1)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("(2, 4)", npy("<f4", "False", "(2, 4)", 1, 1, 2, 3, 4, 5, 6, 7, 8));
        assertFault("(0, 2)", npy("<f4", "False", "(0, 2)", 1));
        assertFault("ascontiguousarray", npy("<f4", "True", "(3, 2)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("'i4'", npy("<i4", "False", "(3, 2)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("16 bytes", npy("<f4", "False", "(3, 2)", 1, 1, 2, 3, 4));
        assertFault("version 4", npy("<f4", "False", "(3, 2)", 4, 1, 2, 3, 4, 5, 6));
        assertFault("shape", npy("<f4", "False", "(4611686018427387904, 2)", 1, 1, 2));
        assertFault("shape", npy("<f4", "False", "(99999999999999999999, 2)", 1, 1, 2));
        assertFault("point 2 is not finite", npy("<f8", "False", "(2, 2)", 1, 1, 2, Double.NaN, 4));
        assertFault("point 1 is not finite", npy("<f8", "False", "(2, 2)", 1, 1e300, 2, 3, 4));
    }

    private static void assertFault(String reason, Path file) {
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().contains("points.npy"), e.getMessage());
        assertFalse(e.getMessage().contains("\n"));
    }

    @Test
    void everyTruncationIsAFault() throws IOException {
        byte[] whole = Files.readAllBytes(npy("<f4", "False", "(3, 2)", 1, 1, 2, 3, 4, 5, 6));
        Path file = folder.resolve("points.npy");
        for (int length = 6; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThrows(InvalidInputException.class, () -> all(file, 10));
        }
    }

    @Test
    void flippedBytesAreReadOrAreAFault() throws IOException {
        byte[] whole = Files.readAllBytes(npy("<f8", "False", "(3, 2)", 1, 1, 2, 3, 4, 5, 6));
        Path file = folder.resolve("points.npy");
        Random random = new Random(2);
        for (int trial = 0; trial < 2000; trial++) {
            byte[] bytes = whole.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bytes[6 + random.nextInt(bytes.length - 6)] ^= (byte) (1 + random.nextInt(255));
            }
            Files.write(file, bytes);
            try {
                all(file, 10);
            } catch (InvalidInputException e) {
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
    }

    @Test
    void refusesWhatIsNoFileOfPoints() throws IOException {
        for (Path file : new Path[] {folder.resolve("missing.csv"), folder, Files.writeString(folder.resolve("p.dat"), "1,2\n")}) {
            assertThrows(InvalidInputException.class, () -> PointReader.open(file));
        }
    }
}
