// Java's GIF decoder ignores the logical screen, copies a whole comment again for every 255 bytes of it, and does not skip the
// empty passes of a low interlaced picture.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Locale;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Reads a GIF's blocks (GIF89a, sections 18 to 26) and puts the first picture at its place on the screen, empty elsewhere. */
final class GifFile extends PictureFile {
    private static final int MAX_EXTENSION_BYTES = 1 << 18; // before the first picture
    private static final int SIGNATURE_BYTES = 6;
    private static final int EXTENSION = 0x21;
    private static final int PICTURE = 0x2C;
    private static final int MAX_LITERAL_BITS = 8; // of LZW codes that Java's decoder supports; other programs write up to 11

    private int screenWidth;
    private int screenHeight;
    private int left;
    private int top;
    private boolean interlaced;
    private boolean more;

    GifFile(String name, ImageInputStream file) { super(name, file); }

    @Override
    void survey() throws IOException {
        in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
        try {
            in.seek(SIGNATURE_BYTES);
            screenWidth = in.readUnsignedShort();
            screenHeight = in.readUnsignedShort();
            int flags = in.readUnsignedByte();
            in.skipBytes(2 + paletteBytes(flags));
            if (skipExtensions(MAX_EXTENSION_BYTES) != PICTURE) {
                return;
            }
            left = in.readUnsignedShort();
            top = in.readUnsignedShort();
            in.skipBytes(4); // its size
            flags = in.readUnsignedByte();
            interlaced = (flags & 0x40) != 0;
            in.skipBytes(paletteBytes(flags));
            unsupported = in.readUnsignedByte() > MAX_LITERAL_BITS;
            skipBlocks(Long.MAX_VALUE);
            more = skipExtensions(Long.MAX_VALUE) == PICTURE;
        } catch (EOFException e) {
            more = false;
        }
    }

    private static int paletteBytes(int flags) { return (flags & 0x80) == 0 ? 0 : 3 * (2 << (flags & 7)); }

    /** Skips comments, texts and application data; returns the byte after them. */
    private int skipExtensions(long maxBytes) throws IOException {
        long allowed = maxBytes;
        int kind = in.readUnsignedByte();
        while (kind == EXTENSION) {
            in.skipBytes(switch (in.readUnsignedByte()) { // as the decoder does, which ignores the stored lengths
                case 0xF9 -> 5; // graphics control, up to its terminator
                case 0x01 -> 13; // plain text: its grid and colours
                case 0xFF -> in.readUnsignedByte(); // an application's name
                default -> 0;
            });
            allowed -= skipBlocks(allowed);
            kind = in.readUnsignedByte();
        }
        return kind;
    }

    private long skipBlocks(long maxBytes) throws IOException {
        long sum = 0;
        for (int block = in.readUnsignedByte(); block > 0; block = in.readUnsignedByte()) {
            sum += block;
            if (sum > maxBytes) {
                throw new InvalidInputException(String.format(Locale.ROOT,
                        "%s is a GIF with more than %,d bytes of comments: save it as a PNG", name, MAX_EXTENSION_BYTES));
            }
            in.skipBytes(block);
        }
        return sum;
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        int height = reader.getHeight(0);
        ImageFile.requireReadableSize(name, screenWidth(reader.getWidth(0)), screenHeight(height));
        if (interlaced && height > 1 && height < 5) { // all rows but the first would come out black
            throw new InvalidInputException("%s is an interlaced GIF of fewer than five rows: save it as a PNG".formatted(name));
        }
    }

    /** A picture beyond the screen's edge enlarges the screen, as in browsers. */
    private int screenWidth(int pictureWidth) { return Math.max(screenWidth, left + pictureWidth); }

    private int screenHeight(int pictureHeight) { return Math.max(screenHeight, top + pictureHeight); }

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
    boolean hasMorePictures() { return more; }
}
