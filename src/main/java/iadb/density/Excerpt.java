// What a decoder must not see is passed over rather than handled by it: Java's decoders refuse a whole picture for a fault in a
// colour profile or a text, which say nothing about a density. What is left reaches the decoder byte for byte.
package iadb.density;

import java.io.IOException;
import java.util.TreeMap;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/** A stream that is another one without some ranges of it. Closing it does not close the other. */
final class Excerpt extends ImageInputStreamImpl {
    private static final int MOST_PIECES = 1 << 16; // whatever a file holds, this takes a few megabytes

    private final ImageInputStream source;
    private final TreeMap<Long, Long> pieces = new TreeMap<>(); // by where it begins here, where it begins in the source
    private long omitted;

    Excerpt(ImageInputStream source) {
        this.source = source;
        pieces.put(0L, 0L);
    }

    /**
     * Omits a range of the source that lies after all ranges omitted before; from the {@value #MOST_PIECES}th on, nothing.
     *
     * @param from the first position in the source that is omitted
     * @param to the first one after it that is not
     */
    void omit(long from, long to) {
        if (to > from && pieces.size() < MOST_PIECES) {
            pieces.put(from - omitted, to);
            omitted += to - from;
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int count) throws IOException {
        checkClosed();
        bitOffset = 0;
        var piece = pieces.floorEntry(streamPos);
        Long next = pieces.higherKey(streamPos);
        source.seek(piece.getValue() + streamPos - piece.getKey());
        int read = source.read(bytes, from, next == null ? count : (int) Math.min(count, next - streamPos));
        streamPos += Math.max(0, read);
        return read;
    }
}
