package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * NumPy's array file as a whole: float32, little-endian, C order. The header is padded so that the data starts at a
 * multiple of 64 bytes, as NumPy itself does, and the file can be mapped into memory.
 */
public final class Npy {
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
        try (NpyWriter writer = NpyWriter.open(target, Arrays.stream(shape).asLongStream().toArray())) {
            writer.append(data);
            writer.finish();
        }
    }

    /**
     * Reads the elements of a float32 or float64 array in C order, of any shape, as floats.
     *
     * @throws InvalidInputException if the file is not such an array, is not as long as its shape says, or has more elements
     *                               than a Java array
     */
    public static float[] read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            NpyHeader header = NpyHeader.read(channel, file);
            if (header.isFortran()) {
                throw new InvalidInputException(file + " is in Fortran order: save numpy.ascontiguousarray(array)");
            }
            if (header.elements() > Integer.MAX_VALUE - 8) {
                throw new InvalidInputException(String.format(Locale.ROOT, "%s holds %,d elements, too many to read at once", file,
                        header.elements()));
            }
            NpyReader reader = new NpyReader(channel, file, header, 0);
            float[] data = new float[(int) header.elements()];
            for (int i = 0; i < data.length; i++) {
                data[i] = reader.next();
            }
            return data;
        }
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
}
