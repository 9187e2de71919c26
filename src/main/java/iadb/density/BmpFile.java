package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.Set;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Checks a BMP's header, that of OS/2 and Windows 2 (12 bytes) or of a later Windows. */
final class BmpFile extends PictureFile {
    private static final int OLDEST = 12;
    private static final Set<Integer> HEADER_BYTES = Set.of(OLDEST, 40, 52, 56, 108, 124);
    private static final Set<Integer> PIXEL_BITS = Set.of(1, 4, 8, 16, 24, 32);
    private static final int BI_BITFIELDS = 3; // 0 to 2: uncompressed, runs of 8-bit pixels, runs of 4-bit pixels
    private static final int BI_JPEG = 4;
    private static final int BI_PNG = 5;

    private boolean wrapsAnotherFormat;

    BmpFile(String name, ImageInputStream file) { super(name, file); }

    @Override
    void survey() throws IOException {
        in.setByteOrder(ByteOrder.LITTLE_ENDIAN);
        try {
            in.seek(14);
            int header = in.readInt();
            in.seek(header == OLDEST ? 24 : 28);
            int bits = in.readShort();
            in.seek(30);
            int field = in.readInt();
            int compression = header == OLDEST ? 0 : field;
            wrapsAnotherFormat = compression == BI_JPEG || compression == BI_PNG;
            unsupported = !HEADER_BYTES.contains(header) || !PIXEL_BITS.contains(bits) || compression < 0
                    || compression > BI_BITFIELDS;
        } catch (EOFException e) {
            unsupported = false; // the decoder refuses a file this short
        }
    }

    @Override
    void requireReadable(ImageReader reader) {
        if (wrapsAnotherFormat) { // whose size may differ from that in this header
            throw new InvalidInputException("%s is a BMP wrapped around a PNG or JPEG: save it as a PNG".formatted(name));
        }
    }
}
