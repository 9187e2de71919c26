// Checks that a PNG is whole before it is decoded. Java's decoder skips the checksums and stops reading once it has
// enough rows, so that a file with flipped bytes would otherwise become a wrong density without a word.
package iadb.density;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import javax.imageio.stream.ImageInputStream;

/** The chunks of a PNG and their checksums (PNG specification, third edition, section 5.3). */
final class PngChunks {
    private static final int SIGNATURE_BYTES = 8;
    private static final int IEND = 0x49454e44;
    private static final int ANCILLARY = 0x20000000; // the lower-case bit of the type's first letter

    private PngChunks() {}

    /**
     * Walks all chunks up to IEND: whether the file reaches it, with a right checksum on every chunk that the picture needs.
     * Takes a few kilobytes, whatever the chunks claim.
     *
     * @param in at the PNG's first byte, and left there
     * @throws IOException if the stream cannot be read
     */
    static boolean areWhole(ImageInputStream in) throws IOException {
        long start = in.getStreamPosition();
        in.setByteOrder(ByteOrder.BIG_ENDIAN);
        in.seek(start + SIGNATURE_BYTES);
        try {
            int type;
            do {
                long length = in.readUnsignedInt();
                type = in.readInt();
                boolean needed = (type & ANCILLARY) == 0;
                boolean right = checksum(type, length, in) == in.readUnsignedInt();
                if (needed && !right) {
                    return false;
                }
            } while (type != IEND);
            return true;
        } catch (EOFException e) {
            return false;
        } finally {
            in.seek(start);
        }
    }

    private static long checksum(int type, long length, ImageInputStream in) throws IOException {
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
}
