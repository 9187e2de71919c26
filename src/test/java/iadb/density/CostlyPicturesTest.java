package iadb.density;

import static iadb.density.RawPng.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import iadb.fault.InvalidInputException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small files that would take minutes or gigabytes to decode are refused first, or read without the costly part. */
@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CostlyPicturesTest {
    private static final int BOMB_BYTES = 40_000_000;

    @TempDir
    private Path folder;

    private ImageDensity read(byte[] bytes) throws IOException {
        return ImageFile.read(Files.write(folder.resolve("picture"), bytes), false);
    }

    private void assertRefused(byte[] bytes, String reason) {
        String message = assertThrows(InvalidInputException.class, () -> read(bytes)).getMessage();
        assertTrue(message.contains(reason) && message.contains("picture") && !message.contains("\n"), message);
    }

    /** A grey JPEG in which every scan after the first changes nothing, in three bytes. */
    private static byte[] progressiveJpeg(int width, int height, int scans) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytes(0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0));
        out.writeBytes(new byte[64]);
        out.writeBytes(bytes(0xFF, 0xC2, 0, 11, 8, height >> 8, height, width >> 8, width, 1, 1, 0x11, 0));
        for (int[] table : new int[][] {{0x00, 0}, {0x10, 0xE0}}) {
            out.writeBytes(bytes(0xFF, 0xC4, 0, 20, table[0], 1));
            out.writeBytes(new byte[15]);
            out.write(table[1]);
        }
        out.writeBytes(bytes(0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0, 0, 0x7F));
        for (int scan = 1; scan < scans; scan++) {
            out.writeBytes(bytes(0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0, 0xFF, 0, 0));
        }
        out.writeBytes(bytes(0xFF, 0xD9));
        return out.toByteArray();
    }

    @Test
    void aJpegOfThousandsOfScansIsRefused() throws IOException {
        assertRefused(progressiveJpeg(8000, 8000, 1000), "1,000 scans");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(white(), "jpeg", out);
        assertEquals(9, read(out.toByteArray()).width(), "one scan");
    }

    private static BufferedImage white() {
        BufferedImage image = new BufferedImage(9, 9, BufferedImage.TYPE_BYTE_GRAY);
        image.setRGB(3, 3, -1);
        return image;
    }

    /** A GIF with an extension of this many blocks of 255 bytes before its picture. */
    private static byte[] gif(byte[] extension, int blocks) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        ImageIO.write(white(), "gif", whole);
        byte[] gif = whole.toByteArray();
        int header = 13 + 3 * (2 << (gif[10] & 7));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(gif, 0, header);
        out.writeBytes(extension);
        byte[] block = new byte[256];
        Arrays.fill(block, (byte) 255);
        for (int i = 0; i < blocks; i++) {
            out.writeBytes(block);
        }
        out.write(0);
        out.write(gif, header, gif.length - header);
        return out.toByteArray();
    }

    @Test
    void aGifOfALongCommentIsRefused() throws IOException {
        byte[] comment = bytes(0x21, 0xFE);
        byte[] program = bytes(0x21, 0xFF, 0); // no name, and then its data
        byte[] text = bytes(0x21, 0x01, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); // a length that the decoder ignores
        byte[] control = bytes(0x21, 0xF9, 255, 0, 0, 0, 0, 0, 0x21, 0xFE);
        for (byte[] extension : new byte[][] {comment, program, text, control}) {
            assertRefused(gif(extension, 20_000), "comments");
            assertEquals(9, read(gif(extension, 100)).width());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zTXt", "iTXt", "iCCP"})
    void aPngsPackedTextIsNotUnpacked(String type) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        packed.writeBytes(type.equals("iTXt") ? bytes('k', 0, 1, 0, 0, 0) : bytes('k', 0, 0));
        try (var text = new DeflaterOutputStream(packed, new Deflater(Deflater.BEST_SPEED))) {
            byte[] some = new byte[1 << 20];
            for (int i = 0; i < BOMB_BYTES >> 20; i++) {
                text.write(some);
            }
        }
        RawPng grey = new RawPng(1, 1, 8, RawPng.GREY).chunk(type, packed.toByteArray());
        RawPng palette = new RawPng(1, 1, 8, RawPng.PALETTE).chunk(type, packed.toByteArray()).chunk("PLTE", bytes(9, 9, 9));
        for (byte[] png : new byte[][] {grey.rows(bytes(1)), palette.rows(bytes(0))}) {
            long before = allocated();
            assertEquals(1, read(png).width());
            assertTrue(allocated() - before < BOMB_BYTES / 4, "its " + type + " is ignored");
        }
    }

    private static long allocated() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }

    private static byte[] bmp(int width, int height) {
        return ByteBuffer.allocate(60).order(ByteOrder.LITTLE_ENDIAN).put(bytes('B', 'M')).putInt(60).putInt(0)
                .putInt(54).putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) 24).array();
    }

    @Test
    void headersOfHugePicturesAreRefused() {
        assertRefused(bmp(2_000_000_000, 1_000_000_000), "damaged"); // the decoder compares its size with the file's
        assertRefused(bmp(40_000, 40_000), "damaged");
        assertRefused(new RawPng(50_000, 50_000, 1, RawPng.GREY).rows(), "50,000 x 50,000 pixels");
        byte[] gif = bytes('G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0, 0, 0, ',', 0, 0, 0, 0, 255, 255, 255, 255, 0, 2, 0, ';');
        assertRefused(gif, "65,535 x 65,535 pixels");
        assertRefused(progressiveJpeg(65_500, 65_500, 1), "65,500 x 65,500 pixels");
    }
}
