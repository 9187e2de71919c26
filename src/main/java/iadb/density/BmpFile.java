package iadb.density;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Set;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A BMP, by its header: of OS/2 or Windows 2 (12 bytes), or of a later Windows. */
final class BmpFile extends PictureFile {
    private static final int HEADER_BYTES = 34; // the file's own 14 and the next header up to its compression
    private static final int OLDEST = 12;
    private static final Set<Integer> KNOWN_SIZES = Set.of(OLDEST, 40, 52, 56, 108, 124);
    private static final Set<Integer> KNOWN_BITS = Set.of(1, 4, 8, 16, 24, 32);
    private static final int BI_BITFIELDS = 3; // and below: none, and runs of 8 or 4 bits
    private static final int BI_JPEG = 4;
    private static final int BI_PNG = 5;

    private boolean foreign;
    private boolean wrapped;

    BmpFile(String name, ImageInputStream in) {
        super(name, in);
    }

    @Override
    ImageInputStream survey() throws IOException {
        byte[] bytes = new ByteCursor(in).next(HEADER_BYTES);
        in.seek(0);
        if (bytes.length == HEADER_BYTES) {
            ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            int size = header.getInt(14);
            int bits = header.getShort(size == OLDEST ? 24 : 28);
            int compression = size == OLDEST ? 0 : header.getInt(30);
            wrapped = compression == BI_JPEG || compression == BI_PNG;
            foreign = !KNOWN_SIZES.contains(size) || !KNOWN_BITS.contains(bits) || compression < 0 || compression > BI_BITFIELDS;
        }
        return in;
    }

    /** A BMP may contain a PNG or JPEG whose size differs from its header. */
    @Override
    void requireReadable(ImageReader reader) {
        if (wrapped) {
            throw new InvalidInputException("%s is a BMP wrapped around a PNG or JPEG: save it as a PNG".formatted(name));
        }
    }

    @Override
    boolean isForeignKind() {
        return foreign;
    }
}
