package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.awt.Point;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are not pictures are refused in one line that names the file; a density is read back unchanged from its PNG. */
class ImageFileTest {
    @TempDir
    private Path folder;

    private String refusalOf(Path file) {
        String message = assertThrows(InvalidInputException.class, () -> ImageFile.read(file, false)).getMessage();
        assertTrue(message.contains(file.getFileName().toString()), message);
        assertFalse(message.contains("\n"), message);
        return message;
    }

    private String refusalOf(byte[] content) throws IOException {
        return refusalOf(Files.write(folder.resolve("picture"), content));
    }

    private static byte[] written(String format) throws IOException {
        Random random = new Random(5);
        var image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 1200; p++) {
            image.setRGB(p % 40, p / 40, random.nextInt(1 << 24));
        }
        var out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, format, out));
        return out.toByteArray();
    }

    @Test
    void aDensityComesBackFromItsPng() {
        Random random = new Random(6);
        int[][] sizes = {{1, 1}, {1, 9}, {9, 1}, {37, 41}, {300, 200}};
        for (int[] size : sizes) {
            short[] weights = new short[size[0] * size[1]];
            for (int p = 0; p < weights.length; p++) {
                weights[p] = (short) (random.nextInt(65536) | (p == 0 ? 1 : 0));
            }
            ImageDensity density = ImageDensity.of("noise", size[0], size[1], weights);
            ImageDensity back = ImageFile.fromPng("noise", ImageFile.toPng(density));
            assertEquals(size[0], back.width());
            assertEquals(size[1], back.height());
            assertArrayEquals(weights, back.weights());
            assertEquals("noise", back.name());
        }
    }

    @Test
    void namedDensitiesComeBackFromTheirPng() {
        for (String name : NamedDensities.names()) {
            ImageDensity density = NamedDensities.find(name).orElseThrow();
            ImageDensity back = ImageFile.fromPng(name, ImageFile.toPng(density));
            assertArrayEquals(density.weights(), back.weights(), name);
        }
    }

    @Test
    void damagedBytesFromAModelFileAreRefusedByName() {
        var refusal = assertThrows(InvalidInputException.class, () -> ImageFile.fromPng("p0", new byte[] {1, 2}));
        assertTrue(refusal.getMessage().startsWith("p0 is not an image"), refusal.getMessage());
    }

    @Test
    void theFilesNameWithoutFoldersIsTheDensitys() throws IOException {
        Path file = Files.write(folder.resolve("cat.png"), written("png"));
        ImageDensity density = ImageFile.read(file, false);
        assertEquals("cat.png", density.name());
        assertEquals(file, density.file().orElseThrow());
        assertFalse(density.isNamed());
    }

    @Test
    void theFormatIsKnownByTheContentAndNotTheEnding() throws IOException {
        Path file = Files.write(folder.resolve("really-a-gif.png"), written("gif"));
        assertEquals(40, ImageFile.read(file, false).width());
    }

    @Test
    void aMissingFileIsRefusedWithARemedy() {
        Path file = folder.resolve("none.png");
        assertEquals("no such file: " + file
                + "; give a PNG, JPEG, BMP or GIF, or the name of a density", refusalOf(file));
    }

    @Test
    void aFolderIsRefused() {
        assertTrue(refusalOf(folder).contains("is a folder"));
    }

    @Test
    void whatIsNoImageIsRefused() throws IOException {
        for (String content : new String[] {"", "G", "hello, this is a letter\n", "\0\0\0\0\0\0\0\0\0\0\0\0", "%PDF-1.4"}) {
            assertTrue(refusalOf(content.getBytes(StandardCharsets.ISO_8859_1)).contains("not an image"), content);
        }
        assertTrue(refusalOf(written("tiff")).contains("give a PNG, JPEG, BMP or GIF"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
    void aFileCutShortAnywhereIsRefused(String format) throws IOException {
        byte[] whole = written(format);
        // the last bytes of a GIF or JPEG only mark its end: without them the picture is still complete
        int needed = whole.length - (format.equals("gif") ? 2 : format.equals("jpg") ? 2 : 0);
        for (int length = 0; length < needed; length += length < 64 ? 1 : 23) {
            String message = refusalOf(Arrays.copyOf(whole, length));
            assertTrue(message.contains("cut short") || message.contains("not an image"), format + " " + length + message);
        }
        assertTrue(refusalOf(Arrays.copyOf(whole, needed - 1)).contains("cut short"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
    void damageNeverEscapesAsAnythingButARefusal(String format) throws IOException {
        byte[] whole = written(format);
        Random random = new Random(7);
        for (int trial = 0; trial < 400; trial++) {
            byte[] damaged = whole.clone();
            int reach = trial % 2 == 0 ? Math.min(100, damaged.length) : damaged.length; // half of the trials in the headers
            for (int k = 0; k <= trial % 4; k++) {
                damaged[random.nextInt(reach)] = (byte) random.nextInt(256);
            }
            Path file = Files.write(folder.resolve("damaged"), damaged);
            try {
                ImageFile.read(file, false);
            } catch (InvalidInputException e) {
                assertFalse(e.getMessage().contains("\n"), e.getMessage());
            }
        }
    }

    @Test
    void aFlippedBitInAPngsPixelsIsNoticed() throws IOException {
        byte[] png = written("png");
        for (int at = 41; at < png.length - 16; at += 97) {
            byte[] damaged = png.clone();
            damaged[at] ^= 4;
            assertTrue(refusalOf(damaged).contains("damaged or cut short"));
        }
    }

    @Test
    void aHugePictureIsRefusedFromItsHeader() throws IOException {
        int[][] sizes = {{1_000_000_000, 1_000_000_000}, {32_769, 1}, {1, 32_769}, {8193, 8193}, {8192, 8193}};
        for (int[] size : sizes) {
            String message = refusalOf(new RawPng(size[0], size[1], 8, RawPng.GREY).rows(new byte[10]));
            assertTrue(message.contains(": give an image of at most 67,108,864 pixels and at most 32,768 on a side"), message);
            assertEquals(message, refusalOf(new RawPng(size[0], size[1], 8, RawPng.GREY).bytes()));
        }
        assertTrue(refusalOf(new RawPng(8192, 8192, 8, RawPng.GREY).bytes()).contains("cut short"));
        byte[] gif = written("gif");
        int imageSize = new String(gif, StandardCharsets.ISO_8859_1).indexOf(",\0\0\0\0") + 5;
        Arrays.fill(gif, imageSize, imageSize + 4, (byte) 0xff);
        assertTrue(refusalOf(gif).contains("65,535 x 65,535 pixels: give"));
        byte[] bmp = written("bmp");
        bmp[20] = 0x7f; // the third byte of its width: the decoder itself sees that the file is too short for that
        assertTrue(refusalOf(bmp).contains("damaged or cut short"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"BI_PNG", "BI_JPEG"})
    void aBmpAroundAnotherPictureIsRefused(String compression) throws IOException {
        byte[] bmp = ImageBytes.of("bmp", new BufferedImage(9, 9, BufferedImage.TYPE_INT_RGB), param -> {
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionType(compression);
        });
        assertTrue(refusalOf(bmp).contains("wrapped around"));
    }

    @Test
    void aBlackPictureIsRefusedWithTheRemedy() throws IOException {
        String black = refusalOf(new RawPng(2, 1, 8, RawPng.GREY).rows(new byte[2]));
        assertEquals(folder.resolve("picture") + " is all black: a density needs at least one bright pixel", black);
        Path white = Files.write(folder.resolve("white"), new RawPng(1, 1, 8, RawPng.GREY).rows(new byte[] {-1}));
        var refusal = assertThrows(InvalidInputException.class, () -> ImageFile.read(white, true));
        assertEquals(Optional.of(InvalidInputException.Setting.INVERT), refusal.setting());
    }

    @Test
    void aWhollyTransparentPictureIsCalledThatWhetherInvertedOrNot() throws IOException {
        byte[][] pictures = {
            new RawPng(2, 1, 8, RawPng.GREY_ALPHA).rows(new byte[] {-1, 0, 5, 0}),
            new RawPng(1, 1, 8, RawPng.RGB_ALPHA).rows(new byte[] {-1, -1, -1, 0}),
            new RawPng(1, 1, 16, RawPng.GREY_ALPHA).rows(new byte[] {-1, -1, 0, 0}),
            new RawPng(1, 1, 8, RawPng.PALETTE).chunk("PLTE", new byte[] {-1, -1, -1}).chunk("tRNS", new byte[1])
                    .rows(new byte[1]),
            new RawPng(1, 1, 8, RawPng.GREY).chunk("tRNS", new byte[] {0, 9}).rows(new byte[] {9})};
        for (byte[] picture : pictures) {
            Path file = Files.write(folder.resolve("clear.png"), picture);
            for (boolean invert : new boolean[] {false, true}) {
                var refusal = assertThrows(InvalidInputException.class, () -> ImageFile.read(file, invert));
                assertEquals(file + " is fully transparent: a density needs at least one visible pixel", refusal.getMessage());
            }
        }
        assertTrue(refusalOf(new RawPng(2, 1, 8, RawPng.GREY_ALPHA).rows(new byte[] {-1, 0, 0, -1})).contains("all black"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tEXt", "zTXt", "iTXt", "iCCP", "gAMA", "cHRM", "sBIT", "bKGD", "pHYs",
        "hIST", "tIME", "sPLT", "sRGB", "eXIf", "quIt"})
    void aFaultInAChunkThatThePictureDoesNotNeedIsPassedOver(String type) throws IOException {
        byte[] data = "made by hand".getBytes(StandardCharsets.US_ASCII); // which is correct for none of the chunks
        RawPng palette = new RawPng(3, 1, 8, RawPng.PALETTE).chunk(type, data).chunk("PLTE", new byte[] {9, 9, 9, 5, 5, 5});
        RawPng colour = new RawPng(1, 1, 8, RawPng.RGB).chunk(type, data);
        RawPng grey = new RawPng(3, 1, 8, RawPng.GREY).chunk(type, data);
        byte[][] pictures = {palette.chunk(type, data).rows(new byte[] {1, 0, 1}), grey.rows(new byte[] {5, 9, 5}),
            colour.rows(new byte[] {9, 9, 9})};
        for (byte[] picture : pictures) {
            short[] weights = ImageFile.read(Files.write(folder.resolve("picture"), picture), false).weights();
            assertArrayEquals(weights.length == 1 ? new short[] {9 * 257} : new short[] {5 * 257, 9 * 257, 5 * 257}, weights);
            byte[] flipped = picture.clone();
            flipped[41] ^= 1; // in the chunk's data: its checksum is wrong
            assertArrayEquals(weights, ImageFile.read(Files.write(folder.resolve("picture"), flipped), false).weights());
        }
    }

    @Test
    void aPictureThatIsMostlyBrightGetsAHintAtInvert() throws IOException {
        byte[][] rows = new byte[20][40];
        for (byte[] row : rows) {
            Arrays.fill(row, (byte) 240);
        }
        Path paper = folder.resolve("drawing.png");
        Files.write(paper, new RawPng(40, 20, 8, RawPng.GREY).rows(rows));
        assertTrue(ImageFile.invertHint(ImageFile.read(paper, false), false).isEmpty(), "even: nothing to invert");
        for (int dark = 1; dark <= 6; dark++) { // of 20 rows
            Arrays.fill(rows[3 * dark], (byte) 20);
            Files.write(paper, new RawPng(40, 20, 8, RawPng.GREY).rows(rows));
            ImageDensity drawing = ImageFile.read(paper, false);
            assertEquals("most of drawing.png is bright, and bright is dense",
                    ImageFile.invertHint(drawing, false).orElseThrow());
            assertTrue(ImageFile.invertHint(ImageFile.read(paper, true), true).isEmpty());
        }
        for (byte[] row : rows) { // as uniform as a photograph
            for (int j = 0; j < row.length; j++) {
                row[j] = (byte) (j * 255 / 39);
            }
        }
        Files.write(paper, new RawPng(40, 20, 8, RawPng.GREY).rows(rows));
        assertTrue(ImageFile.invertHint(ImageFile.read(paper, false), false).isEmpty());
    }

    @Test
    void aNamedDensityGetsNoHintHoweverBright() {
        for (String name : NamedDensities.names()) {
            assertTrue(ImageFile.invertHint(NamedDensities.find(name).orElseThrow(), false).isEmpty(), name);
        }
    }

    @Test
    void aJpegInPrintingColoursIsRefusedWithARemedy() throws IOException {
        Raster inks = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 4, new Point());
        assertTrue(refusalOf(ImageBytes.of("jpeg", new IIOImage(inks, null, null), param -> { })).contains("CMYK"));
    }

    @Test
    void aTinyInterlacedGifIsRefusedSinceJavaReadsItWrongly() throws IOException {
        for (int height = 1; height < 7; height++) {
            var image = new BufferedImage(3, height, BufferedImage.TYPE_BYTE_GRAY);
            for (int i = 0; i < height; i++) {
                image.getRaster().setSamples(0, i, 3, 1, 0, new int[] {10 + i, 20 + i, 30 + i});
            }
            var out = new ByteArrayOutputStream();
            assertTrue(ImageIO.write(image, "gif", out)); // Java's writer interlaces
            if (height > 1 && height < 5) {
                assertTrue(refusalOf(out.toByteArray()).contains("interlaced GIF"));
            } else {
                ImageDensity density = ImageFile.read(Files.write(folder.resolve("tiny"), out.toByteArray()), false);
                for (int p = 0; p < 3 * height; p++) {
                    assertEquals(257 * (10 * (p % 3 + 1) + p / 3), Short.toUnsignedInt(density.weights()[p]));
                }
            }
        }
    }
}
