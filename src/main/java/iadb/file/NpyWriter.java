package iadb.file;

import iadb.plot.Box;
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
    private final Box box;
    private final int headerBytes;

    private NpyWriter(AtomicFile file, int columns, Box box, byte[] header) throws IOException {
        this.file = file;
        this.columns = columns;
        this.box = box;
        headerBytes = header.length;
        file.stream().write(header);
    }

    /**
     * Opens an array [planes, rows, columns]; the columns are x, y and, if there are three, the log-density. Its elements are float32,
     * or float64 if the box needs doubles.
     *
     * @param box in whose units the points are written
     */
    public static NpyWriter open(Path target, long planes, long rows, int columns, Box box) throws IOException {
        AtomicFile file = AtomicFile.open(target);
        try {
            return new NpyWriter(file, columns, box, header(box.needsDoubles(), planes, rows, columns));
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /**
     * Writes consecutive rows; not supported for a pipe.
     *
     * @param row        index of the first, 0 to planes · rows − 1
     * @param points     [n, 2], in the unit square
     * @param logDensity [n]; null if there are two columns
     */
    public void put(long row, float[] points, float[] logDensity) throws IOException {
        file.position(headerBytes + row * columns * (box.needsDoubles() ? Double.BYTES : Float.BYTES));
        write(file.stream(), points, logDensity, columns, box);
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
            out.write(header(false, Arrays.stream(shape).asLongStream().toArray()));
            writeFloats(out, data);
        });
    }

    /** Writes points [n, 2] of the unit square in the units of a box, as float32 or, if the box needs doubles, float64. */
    public static void writePoints(Path target, float[] points, Box box) throws IOException {
        AtomicFile.write(target, out -> {
            out.write(header(box.needsDoubles(), points.length / 2, 2));
            write(out, points, null, 2, box);
        });
    }

    /** The header of an array of float32, or of float64 if {@code wide}. */
    static byte[] header(boolean wide, long... shape) {
        String dictionary = "{'descr': '<f" + (wide ? 8 : 4) + "', 'fortran_order': False, 'shape': " + text(shape) + ", }";
        int total = (PREFIX_BYTES + dictionary.length() + ALIGNMENT) / ALIGNMENT * ALIGNMENT; // with a line feed at the end
        String padded = dictionary + " ".repeat(total - PREFIX_BYTES - dictionary.length() - 1) + "\n";
        return ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN).put(MAGIC).put((byte) 1).put((byte) 0)
                .putShort((short) padded.length()).put(padded.getBytes(StandardCharsets.US_ASCII)).array();
    }

    /** A shape as Python writes it. */
    static String text(long[] shape) {
        return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", shape.length == 1 ? ",)" : ")"));
    }

    /** Writes points of the unit square as rows of a table, in the units of a box; little-endian. */
    static void write(OutputStream out, float[] points, float[] logDensity, int columns, Box box) throws IOException {
        if (!box.needsDoubles()) {
            writeFloats(out, rows(box.toPlane(points), logDensity, columns));
            return;
        }
        double[] plane = box.toPlaneInDecimals(points);
        float[] rows = rows(points, logDensity, columns);
        ByteBuffer bytes = ByteBuffer.allocate(rows.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < rows.length; i++) {
            bytes.putDouble(i % columns < 2 ? plane[i / columns * 2 + i % columns] : rows[i]);
        }
        out.write(bytes.array());
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
