// Java's decoders refuse a whole picture for a fault in a colour profile or a text, which do not matter to a density. Such parts
// are omitted from what the decoder reads; the rest reaches it byte for byte.
package iadb.density;

import java.io.IOException;
import java.util.TreeMap;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/** A buffered view of another stream without some of its ranges. Closing it does not close the other stream. */
final class PictureStream extends ImageInputStreamImpl {
    private static final int MAX_PIECES = 1 << 16; // a few megabytes

    private final ImageInputStream source;
    private final TreeMap<Long, Long> pieces = new TreeMap<>(); // by first position in this stream: that in the source
    private final byte[] buffer = new byte[8192];
    private long bufferStart; // position in this stream
    private int buffered;
    private long omitted;

    /** A view of a whole stream, whose position it changes. */
    PictureStream(ImageInputStream source) {
        this.source = source;
        pieces.put(0L, 0L);
    }

    /**
     * Omits a range of the source that lies after all ranges omitted so far, before anything is read; does nothing once there
     * are {@value #MAX_PIECES} pieces.
     *
     * @param from the first position in the source that is omitted
     * @param to   the first position after the range
     */
    void omit(long from, long to) {
        if (to > from && pieces.size() < MAX_PIECES) {
            pieces.put(from - omitted, to);
            omitted += to - from;
        }
    }

    @Override
    public int read() throws IOException { return fill() ? buffer[(int) (streamPos++ - bufferStart)] & 0xFF : -1; }

    /** Reads {@code count} bytes unless the stream ends first, as the inherited readInt and readShort require. */
    @Override
    public int read(byte[] bytes, int from, int count) throws IOException {
        int done = 0;
        while (done < count && fill()) {
            int start = (int) (streamPos - bufferStart);
            int copied = Math.min(count - done, buffered - start);
            System.arraycopy(buffer, start, bytes, from + done, copied);
            streamPos += copied;
            done += copied;
        }
        return done > 0 || count == 0 ? done : -1;
    }

    /** Makes the buffer contain the byte at the stream's position; false at the end. */
    private boolean fill() throws IOException {
        checkClosed();
        bitOffset = 0;
        if (streamPos < bufferStart || streamPos >= bufferStart + buffered) {
            var piece = pieces.floorEntry(streamPos);
            Long next = pieces.higherKey(streamPos);
            source.seek(piece.getValue() + streamPos - piece.getKey());
            int most = next == null ? buffer.length : (int) Math.min(buffer.length, next - streamPos);
            bufferStart = streamPos;
            buffered = Math.max(0, source.read(buffer, 0, most));
        }
        return buffered > 0;
    }
}
