// Finds what makes a small JPEG or GIF cost minutes before it is decoded. A progressive JPEG may hold a scan of three bytes
// over the whole picture, thousands of times; Java's GIF decoder gathers a comment by copying all of it for every 255 bytes.
package iadb.density;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import javax.imageio.stream.ImageInputStream;

/** The scans of a JPEG (ITU-T T.81, annex B) and the extensions of a GIF (GIF89a, sections 23 to 26). */
final class CostlyParts {
    /** Pixels times scans of a JPEG: more than of the largest picture with the ten scans that a progressive one usually has. */
    static final long MOST_SCANNED_PIXELS = 1L << 30;

    /** Bytes of a GIF's extensions before its first picture. */
    static final int MOST_EXTENSION_BYTES = 1 << 18;

    private static final int START_OF_SCAN = 0xDA;
    private static final int END_OF_IMAGE = 0xD9;
    private static final int GIF_HEADER_BYTES = 10;

    private CostlyParts() {}

    /**
     * Counts the scans up to the end of the image, or of the file.
     *
     * @param in at the JPEG's first byte, and left there
     */
    static int jpegScans(ImageInputStream in) throws IOException {
        long start = in.getStreamPosition();
        InputStream bytes = buffered(in);
        int scans = 0;
        try {
            while (true) {
                int marker = nextMarker(bytes);
                if (marker == END_OF_IMAGE) {
                    return scans;
                }
                scans += marker == START_OF_SCAN ? 1 : 0;
                if (marker > 0x01 && (marker < 0xD0 || marker > 0xD8)) { // all others stand alone
                    skip(bytes, ((next(bytes) << 8) | next(bytes)) - 2);
                }
            }
        } catch (EOFException e) {
            return scans;
        } finally {
            in.seek(start);
        }
    }

    /** The next marker, past whatever is none: compressed data have a zero behind each 0xFF. */
    private static int nextMarker(InputStream bytes) throws IOException {
        int before = next(bytes);
        int c = next(bytes);
        while (before != 0xFF || c == 0 || c == 0xFF) {
            before = c;
            c = next(bytes);
        }
        return c;
    }

    /**
     * Adds up the extensions before the first picture: comments, text and what programs keep.
     *
     * @param in at the GIF's first byte, and left there
     */
    static long gifExtensionBytes(ImageInputStream in) throws IOException {
        long start = in.getStreamPosition();
        InputStream bytes = buffered(in);
        long sum = 0;
        try {
            skip(bytes, GIF_HEADER_BYTES);
            int flags = next(bytes);
            skip(bytes, 2 + ((flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7))));
            while (next(bytes) == 0x21) {
                skip(bytes, switch (next(bytes)) { // as the decoder does, whatever lengths these have
                    case 0xF9 -> 5; // graphics control, up to its terminator
                    case 0x01 -> 13; // plain text, its grid and colours
                    case 0xFF -> next(bytes); // an application's name
                    default -> 0;
                });
                for (int block = next(bytes); block > 0; block = next(bytes)) {
                    skip(bytes, block);
                    sum += block;
                }
            }
            return sum;
        } catch (EOFException e) {
            return sum;
        } finally {
            in.seek(start);
        }
    }

    private static InputStream buffered(ImageInputStream in) {
        return new BufferedInputStream(new InputStream() {
            @Override
            public int read() throws IOException {
                return in.read();
            }

            @Override
            public int read(byte[] bytes, int from, int count) throws IOException {
                return in.read(bytes, from, count);
            }
        });
    }

    private static int next(InputStream bytes) throws IOException {
        int c = bytes.read();
        if (c < 0) {
            throw new EOFException();
        }
        return c;
    }

    private static void skip(InputStream bytes, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            next(bytes);
        }
    }
}
