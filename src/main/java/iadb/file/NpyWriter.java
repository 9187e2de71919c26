package iadb.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * A float32 array whose shape is known and whose elements come in pieces, in order or not; it replaces the target at
 * {@link #finish}. Whoever writes it sees to it that each element is written once.
 */
public final class NpyWriter implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 18;

    private final AtomicFile file;
    private final int headerBytes;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private NpyWriter(AtomicFile file, byte[] header) throws IOException {
        this.file = file;
        headerBytes = header.length;
        file.write(ByteBuffer.wrap(header));
    }

    /**
     * Starts an array.
     *
     * @param shape the length of each axis, the last one fastest
     */
    public static NpyWriter open(Path target, long... shape) throws IOException {
        AtomicFile file = AtomicFile.open(target);
        try {
            return new NpyWriter(file, NpyHeader.ofFloats(shape));
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Writes the elements that follow those of the last call. */
    public void append(float[] values) throws IOException {
        for (int i = 0; i < values.length; ) {
            i = fill(values, i);
            file.write(chunk);
        }
    }

    /** Writes the elements from number {@code first} of the array on; not to a pipe. */
    public void put(long first, float[] values) throws IOException {
        file.position(headerBytes + first * Float.BYTES);
        append(values);
    }

    private int fill(float[] values, int from) {
        chunk.clear();
        int count = Math.min(chunk.remaining() / Float.BYTES, values.length - from);
        chunk.asFloatBuffer().put(values, from, count);
        chunk.limit(count * Float.BYTES);
        return from + count;
    }

    /** Ends the array and puts it in the target's place. */
    public void finish() throws IOException {
        file.commit();
    }

    /** Drops what is not finished. */
    @Override
    public void close() {
        file.close();
    }
}
