package iadb.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.UniformPoints;
import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bytes follow NumPy's format description. */
class NpyTest {
    @TempDir
    Path folder;

    @Test
    void writesHeaderAndDataOfTheFormat() throws IOException {
        float[] data = UniformPoints.of(4099, 1);
        ByteBuffer file = write(data, 4099, 2);
        byte[] magic = new byte[6];
        file.get(magic);
        assertEquals("\u0093NUMPY", new String(magic, StandardCharsets.ISO_8859_1));
        assertEquals(1, file.get());
        assertEquals(0, file.get());
        byte[] header = new byte[file.getShort()];
        file.get(header);
        String text = new String(header, StandardCharsets.US_ASCII);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (4099, 2), }", text.strip());
        assertEquals('\n', text.charAt(text.length() - 1));
        assertEquals(0, file.position() % 64);
        assertEquals(4 * data.length, file.remaining());
        for (float value : data) {
            assertEquals(value, file.getFloat());
        }
    }

    @Test
    void readsBackWhatItWrote() throws IOException {
        float[] data = {1, -2.5f, Float.NaN, 1e-40f, 5, 6};
        Path file = folder.resolve("a.npy");
        for (int[] shape : new int[][] {{6}, {3, 2}, {1, 2, 3}}) {
            NpyWriter.writeArray(file, data, shape);
            assertArrayEquals(data, NpyReader.readArray(file));
        }
        NpyWriter.writeArray(file, new float[] {7});
        assertArrayEquals(new float[] {7}, NpyReader.readArray(file));
    }

    @Test
    void refusesWhatIsNoFloatArray() throws IOException {
        Path file = folder.resolve("a.npy");
        NpyWriter.writeArray(file, new float[6], 3, 2);
        byte[] good = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(good, good.length - 1));
        assertThrows(InvalidInputException.class, () -> NpyReader.readArray(file));
        Files.write(file, Arrays.copyOf(good, 40));
        assertThrows(InvalidInputException.class, () -> NpyReader.readArray(file));
        Files.writeString(file, new String(good, StandardCharsets.ISO_8859_1).replace("<f4", "<f8"), StandardCharsets.ISO_8859_1);
        assertThrows(InvalidInputException.class, () -> NpyReader.readArray(file));
        Files.writeString(file, new String(good, StandardCharsets.ISO_8859_1).replace("False", "True "), StandardCharsets.ISO_8859_1);
        assertTrue(assertThrows(InvalidInputException.class, () -> NpyReader.readArray(file)).getMessage().contains("ascontiguousarray"));
        Files.writeString(file, "x,y");
        assertThrows(InvalidInputException.class, () -> NpyReader.readArray(file));
    }

    @Test
    void writesTuplesAsPythonDoes() throws IOException {
        assertEquals("(3,)", shapeOf(write(new float[3], 3)));
        assertEquals("()", shapeOf(write(new float[1])));
        assertEquals("(0, 2)", shapeOf(write(new float[0], 0, 2)));
        assertEquals("(2, 3, 2)", shapeOf(write(new float[12], 2, 3, 2)));
    }

    @Test
    void refusesAShapeThatDoesNotFit() {
        Path target = folder.resolve("a.npy");
        assertThrows(IllegalArgumentException.class, () -> NpyWriter.writeArray(target, new float[5], 2, 2));
        assertThrows(IllegalArgumentException.class, () -> NpyWriter.writeArray(target, new float[4], -2, -2));
    }

    private ByteBuffer write(float[] data, int... shape) throws IOException {
        Path target = folder.resolve("a.npy");
        NpyWriter.writeArray(target, data, shape);
        return ByteBuffer.wrap(Files.readAllBytes(target)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String shapeOf(ByteBuffer file) {
        String text = new String(file.array(), StandardCharsets.ISO_8859_1);
        return text.substring(text.indexOf('('), text.indexOf(')') + 1);
    }
}
