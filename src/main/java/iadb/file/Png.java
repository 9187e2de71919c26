package iadb.file;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Writes pictures as PNG. 8-bit indexed pictures and RGB, of which a run or a recording writes hundreds, are encoded here in a
 * third of the time that ImageIO takes, which encodes all others. The deflate level is low, since they are mostly of one colour.
 */
public final class Png {
    private static final int DEFLATE_LEVEL = 4;
    private static final int RGB_DEFLATE_LEVEL = 1; // a window has a million pixels
    private static final int MAX_DEFLATE_LEVEL = 9;
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final byte COLOUR_TYPE_RGB = 2;
    private static final byte COLOUR_TYPE_INDEXED = 3;

    private Png() { }

    /** Writes a picture to a file; several threads may call this at once. */
    public static void write(Path target, BufferedImage picture) throws IOException {
        AtomicFile.write(target, out -> write(out, picture));
    }

    static void write(OutputStream out, BufferedImage picture) throws IOException {
        if (picture.getColorModel() instanceof IndexColorModel colours && isPlain(colours)) {
            ByteBuffer palette = ByteBuffer.allocate(3 * colours.getMapSize());
            for (int entry = 0; entry < colours.getMapSize(); entry++) {
                palette.put((byte) colours.getRed(entry)).put((byte) colours.getGreen(entry)).put((byte) colours.getBlue(entry));
            }
            write(out, picture, COLOUR_TYPE_INDEXED, palette.array(), deflated(indexedRows(picture), DEFLATE_LEVEL));
        } else if (picture.getType() == BufferedImage.TYPE_INT_RGB) {
            write(out, picture, COLOUR_TYPE_RGB, new byte[0], deflated(rgbRows(picture), RGB_DEFLATE_LEVEL));
        } else {
            writeByImageIo(out, picture);
        }
    }

    private static boolean isPlain(IndexColorModel colours) {
        return colours.getPixelSize() == 8 && colours.getTransferType() == DataBuffer.TYPE_BYTE && !colours.hasAlpha();
    }

    private static void write(OutputStream out, BufferedImage picture, byte colourType, byte[] palette, byte[] deflated)
            throws IOException {
        out.write(SIGNATURE);
        writeChunk(out, "IHDR", ByteBuffer.allocate(13).putInt(picture.getWidth()).putInt(picture.getHeight())
                .put((byte) 8).put(colourType).array());
        if (palette.length > 0) {
            writeChunk(out, "PLTE", palette);
        }
        writeChunk(out, "IDAT", deflated);
        writeChunk(out, "IEND", new byte[0]);
    }

    /** The rows from the top, each after filter type 0 (none): filters do not help where bytes are indices. */
    private static byte[] indexedRows(BufferedImage picture) {
        int width = picture.getWidth();
        byte[] row = new byte[width];
        byte[] rows = new byte[(width + 1) * picture.getHeight()];
        for (int y = 0; y < picture.getHeight(); y++) {
            picture.getRaster().getDataElements(0, y, width, 1, row);
            System.arraycopy(row, 0, rows, y * (width + 1) + 1, width);
        }
        return rows;
    }

    /** Such rows of red, green and blue; filters would take longer than the deflation that they save. */
    private static byte[] rgbRows(BufferedImage picture) {
        int width = picture.getWidth();
        int[] row = new int[width];
        byte[] rows = new byte[(3 * width + 1) * picture.getHeight()];
        int at = 0;
        for (int y = 0; y < picture.getHeight(); y++) {
            picture.getRaster().getDataElements(0, y, width, 1, row);
            at++;
            for (int rgb : row) {
                rows[at++] = (byte) (rgb >> 16);
                rows[at++] = (byte) (rgb >> 8);
                rows[at++] = (byte) rgb;
            }
        }
        return rows;
    }

    private static byte[] deflated(byte[] rows, int level) throws IOException {
        ByteArrayOutputStream deflated = new ByteArrayOutputStream(rows.length / 8);
        Deflater deflater = new Deflater(level);
        try (DeflaterOutputStream stream = new DeflaterOutputStream(deflated, deflater, 1 << 14)) {
            stream.write(rows);
        } finally {
            deflater.end();
        }
        return deflated.toByteArray();
    }

    private static void writeChunk(OutputStream out, String type, byte[] content) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(3 * Integer.BYTES + content.length).putInt(content.length);
        chunk.put(type.getBytes(StandardCharsets.US_ASCII)).put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), Integer.BYTES, Integer.BYTES + content.length);
        out.write(chunk.putInt((int) crc.getValue()).array());
    }

    private static void writeByImageIo(OutputStream out, BufferedImage picture) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
        try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
            ImageWriteParam param = writer.getDefaultWriteParam();
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionQuality(1 - DEFLATE_LEVEL / (float) MAX_DEFLATE_LEVEL);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(picture, null, null), param);
        } finally {
            writer.dispose();
        }
    }
}
