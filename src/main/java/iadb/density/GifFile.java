// Java's GIF decoder gathers a comment by copying all of it for every 255
// bytes, and does not skip the empty passes of a low interlaced picture.
package iadb.density;

import iadb.io.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A GIF, by its blocks (GIF89a, sections 18 to 26), of which the first picture is read. */
final class GifFile extends PictureFile {
    private static final int MOST_EXTENSION_BYTES = 1 << 18; // before the first picture
    private static final int SIGNATURE_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int PICTURE = 0x2C;

    private boolean interlaced;

    GifFile(String name, ImageInputStream in) {
        super(name, in);
    }

    @Override
    ImageInputStream survey() throws IOException {
        try {
            walk(new ByteCursor(in));
        } catch (EOFException e) {
            // the decoder finds that, too
        }
        in.seek(0);
        return in;
    }

    private void walk(ByteCursor bytes) throws IOException {
        bytes.skip(SIGNATURE_BYTES);
        bytes.skip(4); // its screen's size
        int flags = bytes.next();
        bytes.skip(2 + paletteBytes(flags));
        if (pastExtensions(bytes, MOST_EXTENSION_BYTES) != PICTURE) {
            return;
        }
        bytes.skip(8); // its place and size
        flags = bytes.next();
        interlaced = (flags & 0x40) != 0;
        bytes.skip(paletteBytes(flags));
        bytes.skip(1); // the bits of its codes
    }

    private static int paletteBytes(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7));
    }

    /** The byte behind all extensions: comments, text and what programs keep. */
    private int pastExtensions(ByteCursor bytes, long most) throws IOException {
        long left = most;
        int kind = bytes.next();
        while (kind == EXTENSION) {
            bytes.skip(switch (bytes.next()) { // as the decoder does, whatever lengths these have
                case 0xF9 -> 5; // graphics control, up to its terminator
                case 0x01 -> 13; // plain text, its grid and colours
                case 0xFF -> bytes.next(); // an application's name
                default -> 0;
            });
            left -= skipBlocks(bytes, left);
            kind = bytes.next();
        }
        return kind;
    }

    private long skipBlocks(ByteCursor bytes, long most) throws IOException {
        long sum = 0;
        for (int block = bytes.next(); block > 0; block = bytes.next()) {
            sum += block;
            if (sum > most) {
                throw new InvalidInputException("%s is a GIF with more than %,d bytes of comments: save it as a PNG"
                        .formatted(name, MOST_EXTENSION_BYTES));
            }
            bytes.skip(block);
        }
        return sum;
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        int height = reader.getHeight(0);
        if (interlaced && height > 1 && height < 5) { // all rows but the first would come out black
            throw new InvalidInputException("%s is an interlaced GIF of fewer than five rows: save it as a PNG".formatted(name));
        }
    }
}
