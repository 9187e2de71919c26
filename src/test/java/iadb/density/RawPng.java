// Writes PNGs chunk by chunk, so that a test decides each bit of the file: Java's own writer chooses depth and colour
// kind by itself and cannot write damaged files.
package iadb.density;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A PNG under construction (PNG specification, third edition, sections 5 and 11). */
final class RawPng {
    static final int GREY = 0;
    static final int RGB = 2;
    static final int PALETTE = 3;
    static final int GREY_ALPHA = 4;
    static final int RGB_ALPHA = 6;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    RawPng(int width, int height, int depth, int colourKind) {
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        chunk("IHDR", ByteBuffer.allocate(13)
                .putInt(width).putInt(height).put((byte) depth).put((byte) colourKind).array());
    }

    RawPng chunk(String type, byte[] data) {
        byte[] typed = ByteBuffer.allocate(4 + data.length)
                .put(type.getBytes(StandardCharsets.US_ASCII)).put(data).array();
        CRC32 crc = new CRC32();
        crc.update(typed);
        out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
        out.writeBytes(typed);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
        return this;
    }

    /** Ends the file with one IDAT of the rows' packed bytes, unfiltered, and IEND. */
    byte[] rows(byte[]... rows) {
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        for (byte[] row : rows) {
            raw.write(0);
            raw.writeBytes(row);
        }
        Deflater deflater = new Deflater();
        deflater.setInput(raw.toByteArray());
        deflater.finish();
        byte[] packed = new byte[raw.size() + 100];
        int length = deflater.deflate(packed);
        deflater.end();
        return chunk("IDAT", Arrays.copyOf(packed, length)).chunk("IEND", new byte[0]).bytes();
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    /** Values 0 to 255 as bytes. */
    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = (byte) values[k];
        }
        return bytes;
    }
}
