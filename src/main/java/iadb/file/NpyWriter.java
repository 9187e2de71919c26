package iadb.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Writes a NumPy file of float32, little-endian, in C order. The caller writes each row once, in any order; the file replaces the
 * target at {@link #finish}. As with NumPy, the data starts at a multiple of 64 bytes.
 */
public final class NpyWriter implements AutoCloseable {
    static final byte[] MAGIC = "\u0093NUMPY".getBytes(StandardCharsets.ISO_8859_1);
    static final int PREFIX_BYTES = 10; // of version 1.0: the magic number, the version, the header's length

    private static final int ALIGNMENT = 64;
    private static final int CHUNK_BYTES = 1 << 16;

    private final AtomicFile file;
    private final int columns;
    private final int headerBytes;

    private NpyWriter(AtomicFile file, int columns, byte[] header) throws IOException {
        this.file = file;
        this.columns = columns;
        headerBytes = header.length;
        file.stream().write(header);
    }

    /** Opens an array [planes, rows, columns]; the columns are x, y and, if there are three, the log-density. */
    public static NpyWriter open(Path target, long planes, long rows, int columns) throws IOException {
        AtomicFile file = AtomicFile.open(target);
        try {
            return new NpyWriter(file, columns, header(planes, rows, columns));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /**
     * Writes consecutive rows; not supported for a pipe.
     *
     * @param row        index of the first, 0 to planes · rows − 1
     * @param points     [n, 2]
     * @param logDensity [n]; null if there are two columns
     */
    public void put(long row, float[] points, float[] logDensity) throws IOException {
        file.position(headerBytes + row * columns * Float.BYTES);
        writeFloats(file.stream(), rows(points, logDensity, columns));
    }

    /** Completes the file and replaces the target. */
    public void finish() throws IOException { file.commit(); }

    /** Discards an unfinished file. */
    @Override
    public void close() { file.close(); }

    /**
     * Writes a whole array.
     *
     * @param data  the elements, the last axis fastest
     * @param shape the length of each axis
     * @throws IllegalArgumentException if the shape does not have as many elements as the data
     */
    public static void writeArray(Path target, float[] data, int... shape) throws IOException {
        if (Arrays.stream(shape).anyMatch(length -> length < 0)
                || Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact) != data.length) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " does not hold " + data.length + " elements");
        }
        AtomicFile.write(target, out -> {
            out.write(header(Arrays.stream(shape).asLongStream().toArray()));
            writeFloats(out, data);
        });
    }

    /** The header of an array. */
    static byte[] header(long... shape) {
        String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': " + text(shape) + ", }";
        int total = (PREFIX_BYTES + dictionary.length() + ALIGNMENT) / ALIGNMENT * ALIGNMENT; // with a line feed at the end
        String padded = dictionary + " ".repeat(total - PREFIX_BYTES - dictionary.length() - 1) + "\n";
        return ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).put((byte) 1).put((byte) 0)
                .putShort((short) padded.length()).put(padded.getBytes(StandardCharsets.US_ASCII)).array();
    }

    /** A shape as Python writes it. */
    static String text(long[] shape) {
        return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", shape.length == 1 ? ",)" : ")"));
    }

    /** A table [n, columns]: points [n, 2] in the first columns and, unless null, the log-density [n] in the last. */
    static float[] rows(float[] points, float[] logDensity, int columns) {
        if (columns == 2) {
            return points;
        }
        float[] rows = new float[columns * (points.length / 2)];
        for (int n = 0; n < points.length / 2; n++) {
            rows[columns * n] = points[2 * n];
            rows[columns * n + 1] = points[2 * n + 1];
            if (logDensity != null) {
                rows[columns * n + columns - 1] = logDensity[n];
            }
        }
        return rows;
    }

    /** Writes float32 values, little-endian. */
    static void writeFloats(OutputStream out, float[] values) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; ) {
            int count = Math.min(CHUNK_BYTES / Float.BYTES, values.length - i);
            chunk.asFloatBuffer().put(values, i, count);
            out.write(chunk.array(), 0, count * Float.BYTES);
            i += count;
        }
    }
}
