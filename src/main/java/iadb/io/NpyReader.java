package iadb.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A NumPy array of float32 or float64 in C order, read from its start in pieces of any size. */
final class NpyReader implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final NpyHeader header;
    private final ByteBuffer chunk;
    private long left; // elements

    /**
     * Takes over the channel of a file, also where this throws.
     *
     * @throws InvalidInputException as {@link NpyHeader#read} does
     */
    NpyReader(FileChannel channel, Path file) throws IOException {
        this.file = file;
        this.channel = channel;
        try {
            header = NpyHeader.read(channel, file);
            channel.position(header.dataOffset());
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(header.order()).limit(0);
        left = header.elements();
    }

    /** The length of each axis. */
    long[] shape() {
        return header.shape();
    }

    /** Fills {@code values} with the next elements, as floats, or with as many as there are; returns how many. */
    int read(float[] values) throws IOException {
        int count = (int) Math.min(values.length, left);
        for (int i = 0; i < count; i++) {
            if (chunk.remaining() < header.elementBytes()) {
                fill();
            }
            values[i] = header.elementBytes() == Float.BYTES ? chunk.getFloat() : (float) chunk.getDouble();
        }
        left -= count;
        return count;
    }

    private void fill() throws IOException {
        chunk.compact();
        while (chunk.position() < header.elementBytes()) {
            if (channel.read(chunk) < 0) {
                throw new InvalidInputException(file + " became shorter while it was read");
            }
        }
        chunk.flip();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
