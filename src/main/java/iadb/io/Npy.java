package iadb.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * NumPy's array file, version 1.0: float32, little-endian, C order. The header is padded so that the data starts at a
 * multiple of 64 bytes, as NumPy itself does, and the file can be mapped into memory.
 */
public final class Npy {
    private static final int ALIGNMENT = 64;
    private static final int PREFIX_BYTES = 10;

    private Npy() {
    }

    /**
     * Writes an array.
     *
     * @param data  the elements, the last axis fastest
     * @param shape the length of each axis; their product is {@code data.length}
     * @throws IllegalArgumentException if the shape does not fit the data
     */
    public static void write(Path target, float[] data, int... shape) throws IOException {
        long elements = 1;
        for (int length : shape) {
            elements = length < 0 ? -1 : Math.multiplyExact(elements, length);
        }
        if (elements != data.length) {
            throw new IllegalArgumentException(
                    "shape " + Arrays.toString(shape) + " does not hold " + data.length + " elements");
        }
        AtomicFile.write(target, out -> {
            out.write(header(shape));
            writeFloats(out, data);
        });
    }

    /** Writes float32 values, little-endian, through a small buffer. */
    static void writeFloats(OutputStream out, float[] data) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(1 << 14).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : data) {
            if (!chunk.hasRemaining()) {
                out.write(chunk.array(), 0, chunk.position());
                chunk.clear();
            }
            chunk.putFloat(value);
        }
        out.write(chunk.array(), 0, chunk.position());
    }

    private static byte[] header(int[] shape) {
        String axes = Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        String comma = shape.length == 1 ? "," : "";
        String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + axes + comma + "), }";
        int used = PREFIX_BYTES + dictionary.length() + 1;
        int total = (used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        ByteBuffer header = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
        header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0);
        header.putShort((short) (total - PREFIX_BYTES));
        header.put(dictionary.getBytes(StandardCharsets.US_ASCII));
        while (header.remaining() > 1) {
            header.put((byte) ' ');
        }
        return header.put((byte) '\n').array();
    }
}
