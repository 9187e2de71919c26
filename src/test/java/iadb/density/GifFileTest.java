package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A GIF's first picture is placed on the screen, and a fault in it is reported for that picture. */
class GifFileTest {
    private static final int SCREEN = 6; // offset of the size
    private static final short WHITE = -1;

    @TempDir
    private Path folder;

    private ImageDensity read(byte[] gif, boolean invert) throws IOException {
        return ImageFile.read(Files.write(folder.resolve("picture.gif"), gif), invert);
    }

    private String refusalOf(byte[] gif, boolean invert) {
        String message = assertThrows(InvalidInputException.class, () -> read(gif, invert)).getMessage();
        assertTrue(message.contains("picture.gif") && !message.contains("\n"), message);
        return message;
    }

    /** Pictures of three columns and two rows, of one value each: 0 black, 1 white, 2 transparent. */
    private static byte[] gif(int... values) throws IOException {
        byte[] levels = {0, -1, 77};
        var palette = new IndexColorModel(2, 3, levels, levels, levels, 2);
        var out = new ByteArrayOutputStream();
        ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
        try (var stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.prepareWriteSequence(null);
            for (int value : values) {
                var picture = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_BINARY, palette);
                picture.getRaster().setSamples(0, 0, 3, 2, 0, new int[] {value, value, value, value, value, value});
                var how = writer.getDefaultWriteParam();
                how.setProgressiveMode(ImageWriteParam.MODE_DISABLED);
                writer.writeToSequence(new IIOImage(picture, null, null), how);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    /** A picture on a screen of a size, at a place. */
    private static byte[] placed(int value, int width, int height, int left, int top) throws IOException {
        byte[] gif = gif(value);
        ByteBuffer bytes = ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort(SCREEN, (short) width).putShort(SCREEN + 2, (short) height);
        int descriptor = descriptor(gif);
        bytes.putShort(descriptor + 1, (short) left).putShort(descriptor + 3, (short) top);
        return gif;
    }

    private static int descriptor(byte[] gif) {
        for (int at = gif.length - 10; at > 0; at--) {
            if (gif[at] == ',' && gif[at + 5] == 3 && gif[at + 6] == 0 && gif[at + 7] == 2 && gif[at + 8] == 0) {
                return at;
            }
        }
        throw new IllegalArgumentException("no picture");
    }

    @ParameterizedTest
    @CsvSource({
        "10, 8, 6, 1, 10, 8", "3, 2, 0, 0, 3, 2", "4, 2, 1, 0, 4, 2", "3, 9, 0, 7, 3, 9",
        "0, 0, 0, 0, 3, 2", "0, 0, 2, 3, 5, 5", "4, 3, 2, 2, 5, 4" // larger than the screen
    })
    void thePictureLiesAtItsPlaceAndTheRestIsEmpty(int screenWidth, int screenHeight, int left, int top, int width, int height)
            throws IOException {
        short[] expected = new short[width * height];
        for (int p = 0; p < 6; p++) {
            expected[(top + p / 3) * width + left + p % 3] = WHITE;
        }
        ImageDensity density = read(placed(1, screenWidth, screenHeight, left, top), false);
        assertEquals(width, density.width());
        assertEquals(height, density.height());
        assertArrayEquals(expected, density.weights());
    }

    @Test
    void theEmptyRestStaysEmptyWhereDarkIsDense() throws IOException {
        assertArrayEquals(read(placed(1, 10, 8, 6, 1), false).weights(), read(placed(0, 10, 8, 6, 1), true).weights());
    }

    @Test
    void aHugeScreenIsRefused() throws IOException {
        assertTrue(refusalOf(placed(1, 65_535, 65_535, 0, 0), false).contains("65,535 x 65,535 pixels: give"));
        assertTrue(refusalOf(placed(1, 1, 1, 65_000, 2), false).contains("65,003 x 4 pixels: give"));
    }

    @Test
    void aBlackFirstPictureOfSeveralIsCalledTheFirst() throws IOException {
        assertTrue(refusalOf(gif(0, 1), false)
                .endsWith(": its first picture is all black, and only the first is read: save another one as a PNG"));
        assertTrue(refusalOf(gif(1, 0), true).endsWith("save another one as a PNG"));
        assertTrue(refusalOf(gif(2, 1), false)
                .endsWith(": its first picture is fully transparent, and only the first is read: save another one as a PNG"));
        assertTrue(refusalOf(gif(0), false).endsWith("is all black: a density needs at least one bright pixel"));
        assertEquals(6 * 65535, read(gif(1, 0), false).totalWeight());
    }

    @Test
    void codesOfMoreThanEightBitsAreAnUnsupportedKind() throws IOException {
        byte[] gif = gif(1);
        int at = descriptor(gif);
        int palette = (gif[at + 9] & 0x80) == 0 ? 0 : 3 * (2 << (gif[at + 9] & 7));
        gif[at + 10 + palette] = 9;
        assertTrue(refusalOf(gif, false).endsWith("is a kind of GIF that cannot be decoded here: save it as a PNG"));
    }
}
