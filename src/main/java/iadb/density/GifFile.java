// Java's GIF decoder gives a picture without the screen that it lies on, gathers a comment by copying all of it for every 255
// bytes, and does not skip the empty passes of a low interlaced picture.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A GIF, by its blocks (GIF89a, sections 18 to 26): its first picture, at its place on the screen, which is empty elsewhere. */
final class GifFile extends PictureFile {
    private static final int MOST_EXTENSION_BYTES = 1 << 18; // before the first picture
    private static final int SIGNATURE_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int PICTURE = 0x2C;
    private static final int MOST_LITERAL_BITS = 8; // that Java's decoder knows; other programs write up to 11

    private int screenWidth;
    private int screenHeight;
    private int left;
    private int top;
    private boolean interlaced;
    private int literalBits; // of the LZW codes
    private boolean more;

    GifFile(String name, ImageInputStream in) {
        super(name, in);
    }

    @Override
    ImageInputStream survey() throws IOException {
        try {
            walk(new ByteCursor(in));
        } catch (EOFException e) {
            more = false;
        }
        in.seek(0);
        return in;
    }

    private void walk(ByteCursor bytes) throws IOException {
        bytes.skip(SIGNATURE_BYTES);
        screenWidth = bytes.nextLittleEndian();
        screenHeight = bytes.nextLittleEndian();
        int flags = bytes.next();
        bytes.skip(2 + paletteBytes(flags));
        if (pastExtensions(bytes, MOST_EXTENSION_BYTES) != PICTURE) {
            return;
        }
        left = bytes.nextLittleEndian();
        top = bytes.nextLittleEndian();
        bytes.skip(4); // its size
        flags = bytes.next();
        interlaced = (flags & 0x40) != 0;
        bytes.skip(paletteBytes(flags));
        literalBits = bytes.next();
        skipBlocks(bytes, Long.MAX_VALUE);
        more = pastExtensions(bytes, Long.MAX_VALUE) == PICTURE;
    }

    private static int paletteBytes(int flags) {
        return (flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7));
    }

    /** The byte behind all extensions: comments, text and what programs keep. */
    private int pastExtensions(ByteCursor bytes, long most) throws IOException {
        long allowed = most;
        int kind = bytes.next();
        while (kind == EXTENSION) {
            bytes.skip(switch (bytes.next()) { // as the decoder does, whatever lengths these have
                case 0xF9 -> 5; // graphics control, up to its terminator
                case 0x01 -> 13; // plain text, its grid and colours
                case 0xFF -> bytes.next(); // an application's name
                default -> 0;
            });
            allowed -= skipBlocks(bytes, allowed);
            kind = bytes.next();
        }
        return kind;
    }

    private long skipBlocks(ByteCursor bytes, long most) throws IOException {
        long sum = 0;
        for (int block = bytes.next(); block > 0; block = bytes.next()) {
            sum += block;
            if (sum > most) {
                throw new InvalidInputException(String.format(Locale.ROOT,
                        "%s is a GIF with more than %,d bytes of comments: save it as a PNG", name, MOST_EXTENSION_BYTES));
            }
            bytes.skip(block);
        }
        return sum;
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        int height = reader.getHeight(0);
        DensityImage.requireReadableSize(name, screenWidth(reader.getWidth(0)), screenHeight(height));
        if (interlaced && height > 1 && height < 5) { // all rows but the first would come out black
            throw new InvalidInputException("%s is an interlaced GIF of fewer than five rows: save it as a PNG".formatted(name));
        }
    }

    /** A picture that is larger than its screen makes that larger, as browsers have it. */
    private int screenWidth(int pictureWidth) {
        return Math.max(screenWidth, left + pictureWidth);
    }

    private int screenHeight(int pictureHeight) {
        return Math.max(screenHeight, top + pictureHeight);
    }

    @Override
    boolean isForeignKind() {
        return literalBits > MOST_LITERAL_BITS;
    }

    @Override
    Picture arranged(Picture decoded) {
        int width = screenWidth(decoded.width());
        int height = screenHeight(decoded.height());
        if (width == decoded.width() && height == decoded.height()) {
            return decoded;
        }
        short[] weights = new short[width * height];
        for (int i = 0; i < decoded.height(); i++) {
            System.arraycopy(decoded.weights(), i * decoded.width(), weights, (top + i) * width + left, decoded.width());
        }
        return new Picture(width, height, weights);
    }

    @Override
    boolean hasMorePictures() {
        return more;
    }
}
