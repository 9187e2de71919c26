package iadb.density;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A picture is read upright, whatever the order of its stored rows. */
class OrientationTest {
    private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
    private static final int APP1 = 0xE1;
    private static final int SHORT = 3;

    @TempDir
    private Path folder;

    /** Exif data of two entries, the second the orientation. */
    private static byte[] exif(ByteOrder order, int type, int value) {
        ByteBuffer tiff = ByteBuffer.allocate(8 + 2 + 24 + 4).order(order);
        tiff.put((order == ByteOrder.LITTLE_ENDIAN ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
        tiff.putShort((short) 42).putInt(8);
        tiff.putShort((short) 2);
        tiff.putShort((short) 0x010F).putShort((short) 2).putInt(4).putInt(0x41424300); // the manufacturer
        tiff.putShort((short) 0x0112).putShort((short) type).putInt(1).putShort((short) value).putShort((short) 0);
        return tiff.putInt(0).array();
    }

    /** The rows of a picture as letters, from the darkest to the brightest stored value. */
    private String seen(byte[] file, short[] stored) throws IOException {
        ImageDensity density = ImageFile.read(Files.write(folder.resolve("picture"), file), false);
        StringBuilder letters = new StringBuilder();
        for (int p = 0; p < density.weights().length; p++) {
            letters.append(p > 0 && p % density.width() == 0 ? "/" : "");
            for (int k = 0; k < stored.length; k++) {
                letters.append(stored[k] == density.weights()[p] ? (char) ('a' + k) : "");
            }
        }
        return letters.toString();
    }

    @ParameterizedTest
    @CsvSource({"1, abc/def", "2, cba/fed", "3, fed/cba", "4, def/abc",
        "5, ad/be/cf", "6, da/eb/fc", "7, fc/eb/da", "8, cf/be/ad"})
    void everyOrientationIsShownUpright(int value, String expected) throws IOException {
        var picture = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        picture.getRaster().setSamples(0, 0, 3, 2, 0, new int[] {10, 50, 90, 130, 170, 210});
        byte[] plain = RawJpeg.of(picture, false);
        short[] stored = ImageFile.read(Files.write(folder.resolve("plain"), plain), false).weights();
        assertEquals("abc/def", seen(plain, stored));
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            byte[] exif = exif(order, SHORT, value);
            byte[] segment = RawJpeg.segment(APP1, EXIF, exif);
            byte[] other = RawJpeg.segment(APP1, "http://ns.adobe.com/xap/1.0/\0".getBytes(StandardCharsets.US_ASCII));
            assertEquals(expected, seen(RawJpeg.withInserted(plain, RawJpeg.HEADER_BYTES, segment), stored), "JPEG");
            assertEquals(expected, seen(RawJpeg.withInserted(plain, RawJpeg.HEADER_BYTES, other, segment), stored), "after XMP");
            assertEquals(expected, seen(RawJpeg.withInserted(plain, 2, segment), stored), "before JFIF");
            byte[] png = new RawPng(3, 2, 8, RawPng.GREY).chunk("eXIf", exif).rows(new byte[] {1, 2, 3}, new byte[] {4, 5, 6});
            assertEquals(expected, seen(png, new short[] {257, 514, 771, 1028, 1285, 1542}), "PNG");
        }
    }

    @Test
    void anInvalidOrientationIsReadAsUpright() {
        for (int value : new int[] {0, 9, 256, 65535}) {
            assertEquals(Picture.UPRIGHT, Picture.orientation(exif(ByteOrder.BIG_ENDIAN, SHORT, value)));
        }
        assertEquals(Picture.UPRIGHT, Picture.orientation(exif(ByteOrder.LITTLE_ENDIAN, 7, 6)), "another type");
    }

    @Test
    void damagedExifIsUprightAndNeverFails() {
        byte[] whole = exif(ByteOrder.BIG_ENDIAN, SHORT, 6);
        for (int length = 0; length < whole.length - 4; length++) {
            assertEquals(Picture.UPRIGHT, Picture.orientation(Arrays.copyOf(whole, length)), "cut to " + length);
        }
        Random random = new Random(8);
        for (int trial = 0; trial < 20_000; trial++) {
            byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
            for (int k = 0; k <= trial % 4; k++) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            Picture.orientation(damaged);
        }
    }
}
