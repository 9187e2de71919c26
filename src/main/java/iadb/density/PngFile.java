// Java's PNG decoder ignores checksums and stops once it has enough rows, so that flipped bytes would silently give a wrong
// density. In a picture with a palette it reads texts and profiles, and refuses the picture for a fault in them.
package iadb.density;

import java.io.EOFException;
import java.io.IOException;
import java.util.zip.CRC32;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Reads a PNG's chunks and their checksums (PNG specification, third edition, section 5.3). */
final class PngFile extends PictureFile {
    private static final int SIGNATURE_BYTES = 8;
    private static final int LENGTH_BYTES = 4; // of a chunk; its type, data and checksum follow
    private static final int TYPE_BYTES = 4;
    private static final int CHECKSUM_BYTES = 4;
    private static final int IEND = 0x49454e44;
    private static final int TRNS = 0x74524e53;
    private static final int EXIF = 0x65584966;
    private static final int ANCILLARY = 0x20000000; // the lower-case bit of the type's first letter
    private static final int MAX_EXIF_BYTES = 1 << 16;

    private boolean whole;
    private int orientation = Picture.UPRIGHT;

    PngFile(String name, ImageInputStream file) { super(name, file); }

    /** Checks that the file reaches IEND and that every chunk needed for the picture has the right checksum. */
    @Override
    void survey() throws IOException {
        in.seek(SIGNATURE_BYTES);
        try {
            whole = true;
            for (int type = 0; type != IEND; ) {
                long start = in.getStreamPosition();
                long length = in.readUnsignedInt();
                type = in.readInt();
                if (type == EXIF) {
                    byte[] exif = new byte[(int) Math.min(MAX_EXIF_BYTES, length)];
                    in.readFully(exif);
                    orientation = Picture.orientation(exif);
                }
                in.seek(start + LENGTH_BYTES);
                long checksum = checksum(TYPE_BYTES + length);
                boolean ancillary = (type & ANCILLARY) != 0;
                whole &= checksum == in.readUnsignedInt() || ancillary;
                if (ancillary && type != TRNS) {
                    needed.omit(start, start + LENGTH_BYTES + TYPE_BYTES + length + CHECKSUM_BYTES);
                }
            }
        } catch (EOFException e) {
            whole = false;
        }
    }

    /** The checksum of the next bytes. */
    private long checksum(long count) throws IOException {
        CRC32 crc = new CRC32();
        byte[] block = new byte[8192];
        for (long left = count; left > 0; ) {
            int read = in.read(block, 0, (int) Math.min(block.length, left));
            if (read < 0) {
                throw new EOFException("the file ends inside a chunk");
            }
            crc.update(block, 0, read);
            left -= read;
        }
        return crc.getValue();
    }

    @Override
    void requireReadable(ImageReader reader) throws IOException {
        if (!whole) {
            throw new IOException("a chunk's checksum is wrong, or the file ends before IEND");
        }
    }

    @Override
    Picture arranged(Picture decoded) { return decoded.upright(orientation); }
}
