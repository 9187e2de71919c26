package iadb.density;

import static iadb.density.RawPng.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every pixel format of the four file formats gives the brightness that ImageFile specifies, exact to 16 bits. */
class ImageFormatsTest {
    private static final int WHITE = 65535;

    @TempDir
    private Path folder;

    private static int[] weights(ImageDensity density) {
        int[] weights = new int[density.weights().length];
        for (int p = 0; p < weights.length; p++) {
            weights[p] = Short.toUnsignedInt(density.weights()[p]);
        }
        return weights;
    }

    private int[] read(byte[] file) throws IOException {
        return weights(ImageFile.read(Files.write(folder.resolve("image"), file), false));
    }

    private int[] readInverted(byte[] file) throws IOException {
        return weights(ImageFile.read(Files.write(folder.resolve("image"), file), true));
    }

    private int[] readWritten(BufferedImage image, String format) throws IOException {
        Path file = folder.resolve("image." + format);
        assertEquals(true, ImageIO.write(image, format, file.toFile()), "Java writes this kind of " + format);
        return weights(ImageFile.read(file, false));
    }

    /** The luminance by its definition, in double: on 16-bit values, rounded once. */
    private static int luminance16(int red, int green, int blue) {
        return (int) Math.round(0.2126 * red + 0.7152 * green + 0.0722 * blue);
    }

    private static int luminance8(int red, int green, int blue) {
        return luminance16(257 * red, 257 * green, 257 * blue);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void greyPngOfFewBitsIsStretchedToSixteen(int depth) throws IOException {
        int levels = 1 << depth;
        byte[] row = new byte[Math.max(1, levels * depth / 8)];
        for (int v = 0; v < levels; v++) {
            row[v * depth / 8] |= (byte) (v << (8 - depth - v * depth % 8));
        }
        int[] expected = new int[levels];
        for (int v = 0; v < levels; v++) {
            expected[v] = v * (WHITE / (levels - 1));
        }
        assertArrayEquals(expected, read(new RawPng(levels, 1, depth, RawPng.GREY).rows(row)));
    }

    @Test
    void greyPngOfSixteenBitsKeepsThem() throws IOException {
        byte[] png = new RawPng(3, 2, 16, RawPng.GREY)
                .rows(bytes(0x12, 0x34, 0x00, 0x01, 0xff, 0xfe), bytes(0x80, 0x00, 0x7f, 0xff, 0x00, 0xff));
        assertArrayEquals(new int[] {0x1234, 1, 0xfffe, 0x8000, 0x7fff, 0x00ff}, read(png));
    }

    @Test
    void everySixteenBitGreySurvives() throws IOException {
        byte[][] rows = new byte[256][512];
        int[] expected = new int[65536];
        for (int v = 0; v < 65536; v++) {
            rows[v >> 8][2 * (v & 255)] = (byte) (v >> 8);
            rows[v >> 8][2 * (v & 255) + 1] = (byte) v;
            expected[v] = v;
        }
        assertArrayEquals(expected, read(new RawPng(256, 256, 16, RawPng.GREY).rows(rows)));
    }

    @Test
    void greyAlphaPngMultiplies() throws IOException {
        byte[] of8 = new RawPng(3, 1, 8, RawPng.GREY_ALPHA).rows(bytes(200, 255, 200, 128, 200, 0));
        assertArrayEquals(new int[] {200 * 257, Math.round(200 * 257 * 128 / 255f), 0}, read(of8));
        byte[] of16 = new RawPng(2, 1, 16, RawPng.GREY_ALPHA).rows(bytes(0x12, 0x34, 0xff, 0xff, 0xff, 0xff, 0x56, 0x78));
        assertArrayEquals(new int[] {0x1234, 0x5678}, read(of16));
    }

    @Test
    void invertComesBeforeAlpha() throws IOException {
        byte[] png = new RawPng(3, 1, 8, RawPng.GREY_ALPHA).rows(bytes(0, 255, 0, 0, 155, 51));
        assertArrayEquals(new int[] {WHITE, 0, 100 * 257 / 5}, readInverted(png));
        byte[] grey = new RawPng(2, 1, 16, RawPng.GREY).rows(bytes(0x12, 0x34, 0, 0));
        assertArrayEquals(new int[] {WHITE - 0x1234, WHITE}, readInverted(grey));
    }

    @Test
    void colourPngIsItsLuminance() throws IOException {
        byte[] of8 = new RawPng(5, 1, 8, RawPng.RGB).rows(bytes(255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77, 9, 100, 201));
        assertArrayEquals(new int[] {luminance8(255, 0, 0), luminance8(0, 255, 0), luminance8(0, 0, 255), 77 * 257,
                luminance8(9, 100, 201)}, read(of8));
        byte[] of16 = new RawPng(2, 1, 16, RawPng.RGB)
                .rows(bytes(0x12, 0x34, 0x12, 0x34, 0x12, 0x34, 0x01, 0x00, 0xab, 0xcd, 0x00, 0x07));
        assertArrayEquals(new int[] {0x1234, luminance16(0x100, 0xabcd, 7)}, read(of16));
    }

    @Test
    void colourAlphaPngMultiplies() throws IOException {
        byte[] of8 = new RawPng(2, 1, 8, RawPng.RGB_ALPHA).rows(bytes(9, 100, 201, 255, 255, 255, 255, 51));
        assertArrayEquals(new int[] {luminance8(9, 100, 201), WHITE / 5}, read(of8));
        byte[] of16 = new RawPng(1, 1, 16, RawPng.RGB_ALPHA).rows(bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x12, 0x34));
        assertArrayEquals(new int[] {0x1234}, read(of16));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void palettePngIsTheLuminanceOfItsEntries(int depth) throws IOException {
        byte[] png = new RawPng(2, 1, depth, RawPng.PALETTE)
                .chunk("PLTE", bytes(9, 100, 201, 250, 128, 3))
                .rows(depth == 8 ? bytes(1, 0) : bytes(1 << (8 - depth)));
        assertArrayEquals(new int[] {luminance8(250, 128, 3), luminance8(9, 100, 201)}, read(png));
    }

    @Test
    void alphaOfAPaletteMultiplies() throws IOException {
        byte[] png = new RawPng(3, 1, 8, RawPng.PALETTE)
                .chunk("PLTE", bytes(255, 255, 255, 9, 100, 201, 80, 80, 80))
                .chunk("tRNS", bytes(51, 255))
                .rows(bytes(0, 1, 2));
        assertArrayEquals(new int[] {WHITE / 5, luminance8(9, 100, 201), 80 * 257}, read(png));
    }

    @Test
    void theTransparentColourOfAPngIsBlack() throws IOException {
        byte[] grey8 = new RawPng(3, 1, 8, RawPng.GREY).chunk("tRNS", bytes(0, 200)).rows(bytes(200, 199, 7));
        assertArrayEquals(new int[] {0, 199 * 257, 7 * 257}, read(grey8));
        byte[] colour8 = new RawPng(2, 1, 8, RawPng.RGB).chunk("tRNS", bytes(0, 9, 0, 100, 0, 201))
                .rows(bytes(9, 100, 201, 9, 100, 202));
        assertArrayEquals(new int[] {0, luminance8(9, 100, 202)}, read(colour8));
        byte[] grey16 = new RawPng(2, 1, 16, RawPng.GREY).chunk("tRNS", bytes(0x12, 0x34)).rows(bytes(0x12, 0x34, 0x12, 0x35));
        assertArrayEquals(new int[] {0, 0x1235}, read(grey16));
    }

    @Test
    void aStoredGammaChangesNothing() throws IOException {
        byte[] png = new RawPng(2, 1, 8, RawPng.GREY).chunk("gAMA", bytes(0, 1, 0x86, 0xa0)).rows(bytes(100, 50));
        assertArrayEquals(new int[] {100 * 257, 50 * 257}, read(png));
    }

    @Test
    void bmpKeepsGreyColourAndPalette() throws IOException {
        int[] colours = {0xff0000, 0x00ff00, 0x0000ff, 0x4d4d4d, 0x0964c9};
        int[] expected = new int[colours.length];
        var rgb = new BufferedImage(colours.length, 1, BufferedImage.TYPE_3BYTE_BGR);
        for (int j = 0; j < colours.length; j++) {
            expected[j] = luminance8(colours[j] >> 16, colours[j] >> 8 & 255, colours[j] & 255);
            rgb.setRGB(j, 0, colours[j]);
        }
        assertArrayEquals(expected, readWritten(rgb, "bmp"));
        var grey = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
        grey.getRaster().setSamples(0, 0, 3, 1, 0, new int[] {3, 100, 250});
        assertArrayEquals(new int[] {3 * 257, 100 * 257, 250 * 257}, readWritten(grey, "bmp"));
        for (int depth : new int[] {1, 4, 8}) {
            assertArrayEquals(new int[] {luminance8(250, 128, 3), luminance8(9, 100, 201)}, readWritten(ofPalette(depth), "bmp"));
        }
    }

    @Test
    void bmpOfFiveAndSixBitsIsStretched() throws IOException {
        var image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
        image.getRaster().setPixel(0, 0, new int[] {7, 40, 21});
        int expected = luminance16(Math.round(7 * 65535 / 31f), Math.round(40 * 65535 / 63f), Math.round(21 * 65535 / 31f));
        assertArrayEquals(new int[] {expected}, readWritten(image, "bmp"));
    }

    @Test
    void gifIsTheLuminanceOfItsPalette() throws IOException {
        assertArrayEquals(new int[] {luminance8(250, 128, 3), luminance8(9, 100, 201)}, readWritten(ofPalette(8), "gif"));
    }

    @Test
    void theTransparentColourOfAGifIsBlack() throws IOException {
        var palette = new IndexColorModel(8, 2, bytes(255, 9), bytes(255, 100), bytes(255, 201), 0);
        var image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
        image.getRaster().setSample(1, 0, 0, 1);
        assertArrayEquals(new int[] {0, luminance8(9, 100, 201)}, readWritten(image, "gif"));
    }

    @Test
    void anAnimatedGifIsItsFirstFrame() throws IOException {
        var writer = ImageIO.getImageWritersByFormatName("gif").next();
        Path file = folder.resolve("animated.gif");
        try (var out = ImageIO.createImageOutputStream(file.toFile())) {
            writer.setOutput(out);
            writer.prepareWriteSequence(null);
            for (int value : new int[] {100, 200}) {
                var frame = new BufferedImage(1, 5, BufferedImage.TYPE_BYTE_GRAY);
                frame.getRaster().setSamples(0, 0, 1, 5, 0, new int[] {value, value, 1, value, 0});
                writer.writeToSequence(new IIOImage(frame, null, null), null);
            }
            writer.endWriteSequence();
        } finally {
            writer.dispose();
        }
        int grey = 100 * 257;
        assertArrayEquals(new int[] {grey, grey, 257, grey, 0}, weights(ImageFile.read(file, false)));
    }

    /** A level picture is stored by one coefficient, the mean, in steps of 1/8 of the quality's first divisor: v to within 1. */
    @Test
    void jpegIsReadAsItIsStoredWithoutAGammaConversion() throws IOException {
        for (int value : new int[] {1, 50, 100, 128, 200, 255}) {
            var grey = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
            var rgb = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
            for (int p = 0; p < 256; p++) {
                grey.getRaster().setSample(p % 16, p / 16, 0, value);
                rgb.setRGB(p % 16, p / 16, value * 0x10101);
            }
            assertEquals(257.0 * value, readWritten(grey, "jpg")[0], 257.0);
            assertEquals(257.0 * value, readWritten(rgb, "jpg")[0], 257.0);
        }
    }

    private static BufferedImage ofPalette(int depth) {
        byte[][] entries = new byte[3][1 << depth]; // a full palette: Java writes a short one of 8 bits as 1 bit, wrongly
        for (int k = 0; k < 3; k++) {
            entries[k][0] = bytes(9, 100, 201)[k];
            entries[k][1] = bytes(250, 128, 3)[k];
        }
        var palette = new IndexColorModel(depth, 1 << depth, entries[0], entries[1], entries[2]);
        int type = depth == 8 ? BufferedImage.TYPE_BYTE_INDEXED : BufferedImage.TYPE_BYTE_BINARY;
        var image = new BufferedImage(2, 1, type, palette);
        image.getRaster().setSample(0, 0, 0, 1);
        return image;
    }
}
