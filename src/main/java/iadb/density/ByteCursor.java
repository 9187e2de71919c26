package iadb.density;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.stream.ImageInputStream;

/** Walks over a stream from its beginning, byte by byte through a buffer or in leaps; only this may move the stream meanwhile. */
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

    /** How many bytes lie before the next one. */
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

    /** Up to so many bytes, less where the stream ends before. */
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

    /** Goes to a position at or behind this one, which may lie behind the end. */
    void leapTo(long position) {
        if (position - bufferStart > end) {
            bufferStart = position;
            at = 0;
            end = 0;
        } else {
            at = (int) (position - bufferStart);
        }
    }

    /** Goes over so many bytes. */
    void skip(int count) {
        leapTo(position() + count);
    }
}
