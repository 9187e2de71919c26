// Java's PNG decoder skips the checksums and stops reading once it has enough rows, so that a file with flipped bytes would
// become a wrong density without a word; of a picture with a palette it reads all texts and profiles, and refuses it for theirs.
package iadb.density;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A PNG, by its chunks and their checksums (PNG specification, third edition, section 5.3). */
final class PngFile extends PictureFile {
    private static final int SIGNATURE_BYTES = 8;
    private static final int FRAME_BYTES = 12; // of a chunk: length, type and checksum
    private static final int IEND = 0x49454e44;
    private static final int TRNS = 0x74524e53;
    private static final int EXIF = 0x65584966;
    private static final int ANCILLARY = 0x20000000; // the lower-case bit of the type's first letter
    private static final int MOST_EXIF_BYTES = 1 << 16;

    private boolean whole;
    private Orientation orientation = Orientation.UPRIGHT;

    PngFile(String name, ImageInputStream in) {
        super(name, in);
    }

    /** Walks all chunks up to IEND: whether the file reaches it, with a right checksum on every chunk that the picture needs. */
    @Override
    ImageInputStream survey() throws IOException {
        Excerpt needed = new Excerpt(in);
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        in.seek(SIGNATURE_BYTES);
        try {
            whole = true;
            for (int type = 0; type != IEND; ) {
                long start = in.getStreamPosition();
                long length = in.readUnsignedInt();
                type = in.readInt();
                if (type == EXIF) {
                    orientation = Orientation.ofExif(peek((int) Math.min(MOST_EXIF_BYTES, length)));
                }
                boolean right = checksum(type, length) == in.readUnsignedInt();
                boolean ancillary = (type & ANCILLARY) != 0;
                whole &= right || ancillary;
                if (ancillary && type != TRNS) {
                    needed.omit(start, start + length + FRAME_BYTES);
                }
            }
        } catch (EOFException e) {
            whole = false;
        }
        return needed;
    }

    private byte[] peek(int count) throws IOException {
        byte[] bytes = new byte[count];
        in.mark();
        in.readFully(bytes);
        in.reset();
        return bytes;
    }

    private long checksum(int type, long length) throws IOException {
        CRC32 crc = new CRC32();
        for (int shift = 24; shift >= 0; shift -= 8) {
            crc.update(type >>> shift);
        }
        byte[] block = new byte[8192];
        for (long left = length; left > 0; ) {
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
    boolean isForeignKind() {
        return false;
    }

    @Override
    Picture arranged(Picture decoded) {
        return orientation.upright(decoded);
    }
}
