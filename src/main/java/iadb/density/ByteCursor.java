package iadb.density;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.stream.ImageInputStream;

/** Reads a stream from its beginning, byte by byte through a buffer, or skips ahead. Nothing else may move the stream meanwhile. */
final class ByteCursor {
    private static final int BUFFER_BYTES = 8192;

    private final ImageInputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private long bufferStart;
    private int at;
    private int end;

    ByteCursor(ImageInputStream in) {
        this.in = in;
    }

    /** The position of the next byte. */
    long position() {
        return bufferStart + at;
    }

    /**
     * The next byte, 0 .. 255.
     *
     * @throws EOFException if there is none
     */
    int next() throws IOException {
        if (at >= end) {
            bufferStart += at;
            at = 0;
            in.seek(bufferStart);
            end = in.read(buffer, 0, BUFFER_BYTES);
            if (end <= 0) {
                throw new EOFException();
            }
        }
        return buffer[at++] & 0xFF;
    }

    /** Two bytes, the higher first. */
    int nextBigEndian() throws IOException {
        return next() << 8 | next();
    }

    /** Two bytes, the lower first. */
    int nextLittleEndian() throws IOException {
        return next() | next() << 8;
    }

    /** The next {@code count} bytes; fewer if the stream ends first. */
    byte[] next(int count) throws IOException {
        byte[] bytes = new byte[count];
        int read = 0;
        try {
            while (read < count) {
                bytes[read] = (byte) next();
                read++;
            }
            return bytes;
        } catch (EOFException e) {
            return Arrays.copyOf(bytes, read);
        }
    }

    /** Moves ahead to a position, which may lie beyond the end. */
    void moveTo(long position) {
        if (position - bufferStart > end) {
            bufferStart = position;
            at = 0;
            end = 0;
        } else {
            at = (int) (position - bufferStart);
        }
    }

    /** Skips bytes. */
    void skip(int count) {
        moveTo(position() + count);
    }
}
