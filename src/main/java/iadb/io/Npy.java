package iadb.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * NumPy's array file, version 1.0: float32, little-endian, C order. The header is padded so that the data starts at a
 * multiple of 64 bytes, as NumPy itself does, and the file can be mapped into memory.
 */
public final class Npy {
    private static final int ALIGNMENT = 64;
    private static final int PREFIX_BYTES = 10;

    private static final Pattern SHAPE = Pattern.compile("'shape': \\(([0-9, ]*)\\)");

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

    /**
     * Reads the elements of a float32 array in C order, of any shape.
     *
     * @throws InvalidInputException if the file is not such an array, or is shorter than its shape says
     */
    public static float[] read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.limit() < PREFIX_BYTES + Short.BYTES || bytes.get(0) != (byte) 0x93 || bytes.getInt(1) != 0x504D554E) {
            throw new InvalidInputException(file + " is no NPY file");
        }
        boolean isFirstVersion = bytes.get(6) == 1;
        int start = isFirstVersion ? PREFIX_BYTES : PREFIX_BYTES + Short.BYTES;
        long end = start + (isFirstVersion ? Short.toUnsignedLong(bytes.getShort(8)) : Integer.toUnsignedLong(bytes.getInt(8)));
        if (end > bytes.limit()) {
            throw new InvalidInputException(file + " ends within its header");
        }
        String header = new String(bytes.array(), start, (int) end - start, StandardCharsets.ISO_8859_1);
        Matcher shape = SHAPE.matcher(header);
        if (!header.contains("'<f4'") || !header.contains("'fortran_order': False") || !shape.find()) {
            throw new InvalidInputException(file + " is no array of float32 in C order: " + header.strip());
        }
        long elements = 1;
        for (String length : shape.group(1).split(",")) {
            elements *= length.isBlank() ? 1 : Long.parseLong(length.strip());
        }
        if (elements * Float.BYTES != bytes.limit() - end) {
            throw new InvalidInputException("%s holds %,d bytes of data where shape (%s) needs %,d".formatted(file,
                    bytes.limit() - end, shape.group(1), elements * Float.BYTES));
        }
        float[] data = new float[(int) elements];
        bytes.position((int) end).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(data);
        return data;
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
