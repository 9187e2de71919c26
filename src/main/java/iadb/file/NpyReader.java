package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Elements that lie one after another in a NumPy array file, read in pieces of any size. It keeps a position of its own, so that
 * several read one file in turn: the columns of a table in Fortran order.
 */
final class NpyReader {
    private static final int CHUNK_BYTES = 1 << 16;

    private final Path file;
    private final FileChannel channel;
    private final int elementBytes;
    private final ByteBuffer chunk;
    private long next; // byte of the file that is read into the chunk next

    /**
     * @param channel of the file; stays the caller's
     * @param first   number of the first element, as they lie in the file
     */
    NpyReader(FileChannel channel, Path file, NpyHeader header, long first) {
        this.file = file;
        this.channel = channel;
        elementBytes = header.elementBytes();
        chunk = ByteBuffer.allocateDirect(CHUNK_BYTES).order(header.order()).limit(0);
        next = header.dataOffset() + first * elementBytes;
    }

    /**
     * The next element, as a float.
     *
     * @throws InvalidInputException if the file ends before it
     */
    float next() throws IOException {
        if (chunk.remaining() < elementBytes) {
            fill();
        }
        return elementBytes == Float.BYTES ? chunk.getFloat() : (float) chunk.getDouble();
    }

    private void fill() throws IOException {
        chunk.compact();
        while (chunk.position() < elementBytes) {
            int count = channel.read(chunk, next);
            if (count < 0) {
                throw new InvalidInputException(file + " became shorter while it was read");
            }
            next += count;
        }
        chunk.flip();
    }
}
