package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Points of NPY and CSV files, read whole and in pieces; other files are refused in one line that names them. */
class PointReaderTest {
    @TempDir
    Path folder;

    /** All points as floats, after reading them with and without counting them first. */
    private static float[] all(Path file, int piece) throws IOException {
        double[] points = doubles(file, piece, true);
        assertArrayEquals(points, doubles(file, piece, false));
        float[] floats = new float[points.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) points[i];
        }
        return floats;
    }

    private static double[] doubles(Path file, int piece, boolean countFirst) throws IOException {
        try (PointReader reader = PointReader.open(file)) {
            long count = countFirst ? reader.count() : 0;
            DoubleStream.Builder points = DoubleStream.builder();
            for (double[] next = reader.read(piece); next.length > 0; next = reader.read(piece)) {
                assertTrue(next.length <= 2 * piece);
                Arrays.stream(next).forEach(points);
            }
            double[] all = points.build().toArray();
            assertEquals(2 * (countFirst ? count : reader.count()), all.length);
            return all;
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
                "a third column is ignored");
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
        NpyWriter.writeArray(npy, points, 20_011, 2);
        Path csv = Files.writeString(folder.resolve("p.csv"), text);
        for (int piece : new int[] {1, 999, 20_011, 1 << 20}) {
            assertArrayEquals(points, all(npy, piece));
            assertArrayEquals(points, all(csv, piece));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1,2\n3,4\n", "x,y\n1,2\n3,4", "x,y\r\n1 , 2\r\n\r\n3,\t4\r\n", "\uFEFF1,2\n3,4\n", "1e0,2.0\n+3,0.4e1\n",
        "x,y,log_density\n1,2,NaN\n3,4,-Infinity\n", "\n\n x,y\n\n1,2\n3,4\n\n",
        "id,x,y\n7,1,2\n8,3,4\n", ",\"x\",\"y\"\n0,1,2\n1,3,4\n", "Y,X\n2,1\n4,3\n", "left,up\n1,2\n3,4\n", "1,2,9\n3,4,9\n",
        "x,y\r1,2\r3,4\r", "x;y\n1;2\n3;4\n", "1\t2\n3\t4\n", "\tx\ty\n0\t1\t2\n1\t3\t4\n", "1 2\n3 4\n", " x    y\n 1.0  2.0 \n 3.0  4.0 \n"})
    void readsTextAsPeopleWriteIt(String text) throws IOException {
        assertArrayEquals(new float[] {1, 2, 3, 4}, all(Files.writeString(folder.resolve("p.csv"), text), 10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "x,y | holds no point",
        "\"\" | holds no point",
        "1 | one column",
        "1,2,3,4 | 4 columns",
        "1,2;3,4 | '1,2' is not a finite number; columns are separated by semicolons, and the decimal separator is a point",
        "1,2 3,4 | '2 3' is not a finite number; columns are separated by commas",
        "x,y#1 2 | separate columns by commas",
        "1,2#3 | 1 columns, but the first point has 2",
        "1,2#3,NaN | 'NaN' is not a finite number",
        "1,2#3,1e99 | 1e99 is too large",
        "1,2#0x10,4 | '0x10'",
        "1,2#3,4f | '4f'",
        "1,2#3,- | '-'",
        "1,2#3,Infinity | not a finite number",
        "x,y#a,b | 'a' is not a finite number",
        "nan,nan#1,2 | 'nan' is not a finite number",
        "0x1,2#1,2 | '0x1'",
        "0.5;0.5#0.1,0.1 | 1 columns, but the first point has 2",
        "y,z#1,2 | the header names y and no x",
        "t,x#1,2 | the header names x and no y",
        "t,x,z#1,2,3 | the header names x and no y",
        "x,y,x#1,2,3 | the header names x more than once",
        "'1,\"2#3,4' | a quote is not closed",
        "hello world#0.1,0.1 | 2 columns, but the header has 1",
        "a,b,c#1,2,3 | names two of them x and y",
        "1,2#3, | ''"})
    void refusesOtherTextWithItsLine(String text, String reason) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), text.replace('#', '\n'));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains(reason) && e.getMessage().contains("p.csv"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    /** A header of numpy.savetxt is a comment: its columns are found by name, never by position. */
    @ParameterizedTest
    @ValueSource(strings = {"# x,y\n1.0e+00,2.0e+00\n3.0e+00,4.0e+00\n", "# y,x\n2,1\n4,3\n", "# x,y,log_density\n1,2,-1\n3,4,-2\n",
        "# y x\n2 1\n4 3\n", "# y,x\n2 1\n4 3\n", "# made by hand\n# y,x\n# m,m\n2,1\n4,3\n", "#,y,x\n0,2,1\n1,4,3\n",
        "# a grid of 10 x 10\n1,2,0\n3,4,0\n", "# 640 x 480\n1,2,0\n3,4,0\n", "# y up, x right, in pixels\n1,2\n3,4\n", "# 9,9\n1,2\n# 9,9\n3,4\n#\n",
        "# \"of a kind\nx,y\n1,2\n  # \"another\n3,4\n"})
    void aCommentThatNamesTheColumnsIsTheHeaderAndOthersArePassedOver(String text) throws IOException {
        assertArrayEquals(new float[] {1, 2, 3, 4}, all(Files.writeString(folder.resolve("p.csv"), text), 10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "# y,z#1,2 | the header names y and no x",
        "# id,left,up#1,2,3 | no header names two of them x and y",
        "# x,y | holds no point"})
    void aCommentThatLeavesTheColumnsOpenIsRefused(String text, String reason) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), text.replaceAll("(?!^)#", "\n"));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains(reason), e.getMessage());
    }

    @Test
    void quotedFieldsHoldWhatRfc4180LetsThemHold() throws IOException {
        String text = "\"y\",\"a \"\"name\"\", and\r\nmore\",\"x\"\r\n\"2\",\"1,5\n\n\",\"1\"\r\n4,\"\",3\r\n";
        Path file = Files.writeString(folder.resolve("p.csv"), text);
        assertArrayEquals(new float[] {1, 2, 3, 4}, all(file, 10));
        Path quoted = Files.writeString(folder.resolve("q.csv"), "\"1\",\"2.5\"\n 3 , \"-4e1\" \r\n\" 5\",\"6 \"\n\"7\"\"\",8\n");
        assertTrue(assertThrows(InvalidInputException.class, () -> all(quoted, 10)).getMessage().contains("line 4: '7\"'"));
        Files.writeString(quoted, Files.readString(quoted).replace("\"\"\"", "\""));
        assertArrayEquals(new float[] {1, 2.5f, 3, -40, 5, 6, 7, 8}, all(quoted, 10));
        Files.writeString(file, text + "\"4\",,\"z\"");
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertEquals(file + ", line 7: 'z' is not a finite number", e.getMessage());
    }

    /** Lines of plain numbers and others, in any order and at any place of the reader's buffer, follow the same rules. */
    @Test
    void plainAndOtherLinesMix() throws IOException {
        Random random = new Random(4);
        String[] forms = {"%s,a b,%s\n", "\"%s\",,%s\r\n", " %s , \u00e9,\t%s \n", "# 1,2\n%s,\"\n\",%s\n",
            "\n  \n%s,#,%s\r", "%s,'; ,%s\n"};
        StringBuilder text = new StringBuilder("y,name,x\n");
        double[] expected = new double[20_000];
        for (int i = 0; i < expected.length; i += 2) {
            expected[i] = random.nextGaussian() * 1e6;
            expected[i + 1] = random.nextDouble();
            text.append(String.format(forms[random.nextInt(forms.length)], expected[i + 1], expected[i]));
        }
        Path file = Files.writeString(folder.resolve("p.csv"), text.append("1,-,1e39"));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> doubles(file, 999, false));
        long line = text.toString().replace("\r\n", "\n").chars().filter(c -> c == '\n' || c == '\r').count() + 1;
        assertEquals(String.format(Locale.ROOT, "%s, line %,d: 1e39 is too large for a coordinate", file, line), e.getMessage());
        Files.writeString(file, text.delete(text.length() - 8, text.length()));
        assertArrayEquals(expected, doubles(file, 999, false));
    }

    @Test
    void aLineOfPlainNumbersHasTheSameLimitAsOthers() throws IOException {
        for (String end : new String[] {"\n", "\r\n"}) {
            String blanks = " ".repeat(1000 - "1,2".length() - end.length() + 1);
            Path file = Files.writeString(folder.resolve("p.csv"), "1,2\n1," + blanks + "2" + end);
            assertArrayEquals(new float[] {1, 2, 1, 2}, all(file, 10));
            Files.writeString(file, "1,2\n1, " + blanks + "2" + end);
            InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
            assertEquals(file + ", line 2: it is longer than 1,000 characters", e.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 2 a b#1 2 #3 4 c d", "1 2 a#3 4 \t#", "x,y,z#1,2,3#4,5#6,7,8", "1,2#3,4,5#", "1;2#3,4#",
        "1 2#\t3 4 5#"})
    void aLineWithAnotherNumberOfColumnsIsRefusedByItsLine(String text) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), text.replace('#', '\n'));
        assertThrows(InvalidInputException.class, () -> doubles(file, 10, false));
    }

    @Test
    void textInUtf16IsRefusedByItsName() throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), "x,y\n1,2\n", StandardCharsets.UTF_16);
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().endsWith("is text in UTF-16: save it as UTF-8"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1,\""})
    void aLineWithoutEndIsRefusedInLittleMemory(String start) throws IOException {
        Path file = Files.writeString(folder.resolve("p.csv"), start + "\0".repeat(1 << 20));
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> all(file, 10));
        assertTrue(e.getMessage().contains(start.isEmpty() ? "longer than 1,000" : "a quote is not closed within 1,000"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<f4", "<f8", ">f4", ">f8"})
    void fortranOrderGivesTheSamePointsAsCOrder(String type) throws IOException {
        int rows = 40_009; // each column is several of the reader's pieces
        double[] byRow = new Random(3).doubles(3L * rows).toArray();
        double[] byColumn = new double[byRow.length];
        for (int i = 0; i < byRow.length; i++) {
            byColumn[i % 3 * rows + i / 3] = byRow[i];
        }
        float[] expected = all(npy(type, "False", "(" + rows + ", 3)", 1, byRow), 1 << 20);
        for (int piece : new int[] {999, 1 << 20}) {
            assertArrayEquals(expected, all(npy(type, "True", "(" + rows + ", 3)", 1, byColumn), piece));
        }
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, all(npy(type, "True", "(3, 2)", 1, 1, 3, 5, 2, 4, 6), 2));
    }

    @Test
    void refusesArraysThatAreNoPoints() throws IOException {
        assertFault("(6,)", npy("<f4", "False", "(6,)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("(3, 2, 1)", npy("<f4", "False", "(3, 2, 1)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("(2, 4), but points have (N, 2): save array.T", npy("<f4", "False", "(2, 4)", 1, 1, 2, 3, 4, 5, 6, 7, 8));
        assertFault("(4, 4), but points have (N, 2)", npy("<f4", "True", "(4, 4)", 1, new double[16]));
        assertFault("(0, 2)", npy("<f4", "False", "(0, 2)", 1));
        assertFault("'i4'", npy("<i4", "False", "(3, 2)", 1, 1, 2, 3, 4, 5, 6));
        assertFault("16 bytes", npy("<f4", "False", "(3, 2)", 1, 1, 2, 3, 4));
        assertFault("version 4", npy("<f4", "False", "(3, 2)", 4, 1, 2, 3, 4, 5, 6));
        assertFault("shape", npy("<f4", "False", "(4611686018427387904, 2)", 1, 1, 2));
        assertFault("shape", npy("<f4", "False", "(99999999999999999999, 2)", 1, 1, 2));
        assertFault("point 2 is not finite", npy("<f8", "False", "(2, 2)", 1, 1, 2, Double.NaN, 4));
        assertFault("point 1 is not finite", npy("<f8", "False", "(2, 2)", 1, 1e300, 2, 3, 4));
        assertFault("point 2 is not finite", npy("<f8", "True", "(2, 2)", 1, 1, 2, 3, Double.NaN));
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
    void pointsAreToldFromPicturesByEndingOrContent() throws IOException {
        for (String name : new String[] {"a.csv", "b.TSV", "c.txt", "d.dat", "e.npy"}) {
            assertTrue(PointReader.isPoints(folder.resolve(name)), name);
        }
        Path text = Files.writeString(folder.resolve("p.jpg"), "1,2\n");
        for (Path file : new Path[] {Path.of("a.png"), Path.of("csv.gif"), Path.of("ring"), folder, text}) {
            assertFalse(PointReader.isPoints(file), file.toString());
        }
        Path array = folder.resolve("array");
        NpyWriter.writeArray(array, new float[2], 1, 2);
        assertTrue(PointReader.isPoints(array));
    }

    @Test
    void refusesWhatIsNoFileOfPoints() throws IOException {
        for (Path file : new Path[] {folder.resolve("missing.csv"), folder, Files.writeString(folder.resolve("p.out"), "1,2\n")}) {
            assertThrows(InvalidInputException.class, () -> PointReader.open(file));
        }
    }

    @Test
    void picturesAreNoPointsWhateverTheirEnding() throws IOException {
        for (String start : new String[] {"\u0089PNG\r\n", "\u00FF\u00D8\u00FF\u00E0", "GIF89a", "BM\u0046\0\0\0\0\0\0\0"}) {
            for (String name : new String[] {"p.txt", "p.dat", "p.csv", "p.npy"}) {
                Path file = folder.resolve(name);
                Files.write(file, (start + "rest").getBytes(StandardCharsets.ISO_8859_1));
                assertFalse(PointReader.isPoints(file), name + " with " + start);
            }
        }
        Path text = folder.resolve("p.txt");
        Files.writeString(text, "BMI,x,y\n1,2,3\n");
        assertTrue(PointReader.isPoints(text));
        assertTrue(PointReader.isPoints(folder.resolve("missing.csv")), "by its name");
        assertFalse(PointReader.isPoints(folder.resolve("missing.png")));
    }
}
