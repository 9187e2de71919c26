package iadb.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** NPY files of float32 points [N, 2], version 1.0, little-endian, row by row. */
final class Npy {
    private static final int PREFIX = 10;

    private Npy() {}

    /** The file's values, x and y in turn. */
    static float[] read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int headerLength = bytes.getShort(PREFIX - 2);
        String header = new String(bytes.array(), PREFIX, headerLength, StandardCharsets.ISO_8859_1);
        if (!header.contains("'<f4'") || !header.contains("'fortran_order': False") || !header.contains(", 2)")) {
            throw new IOException(file + " is not float32 [N, 2]: " + header.strip());
        }
        float[] values = new float[(bytes.capacity() - PREFIX - headerLength) / Float.BYTES];
        bytes.position(PREFIX + headerLength).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    static void write(Path file, float[] values) throws IOException {
        String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + values.length / 2 + ", 2), }";
        header += " ".repeat(64 - (PREFIX + header.length() + 1) % 64) + "\n";
        ByteBuffer bytes = ByteBuffer.allocate(PREFIX + header.length() + values.length * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0);
        bytes.putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
        for (float value : values) {
            bytes.putFloat(value);
        }
        Files.write(file, bytes.array());
    }
}
