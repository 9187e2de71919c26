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
public final class RawPng {
    public static final int GREY = 0;
    static final int RGB = 2;
    static final int PALETTE = 3;
    static final int GREY_ALPHA = 4;
    static final int RGB_ALPHA = 6;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public RawPng(int width, int height, int depth, int colourKind) {
        out.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        chunk("IHDR", ByteBuffer.allocate(13)
                .putInt(width).putInt(height).put((byte) depth).put((byte) colourKind).array());
    }

    public RawPng chunk(String type, byte[] data) {
        append(out, ByteBuffer.wrap(type.getBytes(StandardCharsets.US_ASCII)).getInt(), data);
        return this;
    }

    /** Writes a chunk: length, type, data and checksum. */
    public static void append(ByteArrayOutputStream out, int type, byte[] data) {
        byte[] typed = ByteBuffer.allocate(Integer.BYTES + data.length).putInt(type).put(data).array();
        CRC32 crc = new CRC32();
        crc.update(typed);
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(data.length).array());
        out.writeBytes(typed);
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt((int) crc.getValue()).array());
    }

    /** Ends the file with one IDAT of the rows' packed bytes, unfiltered, and IEND. */
    byte[] rows(byte[]... rows) {
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        for (byte[] row : rows) {
            raw.write(0);
            raw.writeBytes(row);
        }
        return chunk("IDAT", packed(raw.toByteArray())).chunk("IEND", new byte[0]).bytes();
    }

    /** Rows as the data of an IDAT chunk. */
    public static byte[] packed(byte[] rows) {
        Deflater deflater = new Deflater();
        deflater.setInput(rows);
        deflater.finish();
        byte[] packed = new byte[rows.length + 100];
        int length = deflater.deflate(packed);
        deflater.end();
        return Arrays.copyOf(packed, length);
    }

    public byte[] bytes() {
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
