package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A JPEG gives its stored values, whatever else the file contains, and is refused if some are missing. */
class JpegFileTest {
    private static final int APP2 = 0xE2;
    private static final int SCANS = 10; // of Java's progressive writer, in colour
    private static final byte[] STRAY = {0, 0, 7, 0};

    @TempDir
    private Path folder;

    private short[] read(byte[] jpeg) throws IOException {
        return ImageFile.read(Files.write(folder.resolve("picture.jpg"), jpeg), false).weights();
    }

    private void assertRefused(byte[] jpeg, String reason) {
        String message = assertThrows(InvalidInputException.class, () -> read(jpeg)).getMessage();
        assertTrue(message.contains(reason) && message.contains("picture.jpg") && !message.contains("\n"), message);
    }

    private static byte[] colour(boolean progressive) throws IOException {
        return RawJpeg.of(RawJpeg.noise(40, 30, BufferedImage.TYPE_INT_RGB), progressive);
    }

    private static byte[] grey() throws IOException {
        return RawJpeg.of(RawJpeg.noise(40, 30, BufferedImage.TYPE_BYTE_GRAY), false);
    }

    /** One part of a profile, which may be cut into several. */
    private static byte[] profile(byte[] data, int part, int parts) {
        return RawJpeg.segment(APP2, "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII),
                new byte[] {(byte) part, (byte) parts}, data);
    }

    private static byte[] profile(int colourSpace) {
        return ICC_Profile.getInstance(colourSpace).getData();
    }

    @Test
    void aColourProfileChangesNothingWhateverItIs() throws IOException {
        byte[] linear = profile(ColorSpace.CS_LINEAR_RGB);
        byte[][] profiles = {profile(linear, 1, 1), profile(profile(ColorSpace.CS_sRGB), 1, 1),
            profile(profile(ColorSpace.CS_GRAY), 1, 1), profile(new byte[0], 1, 1), profile(linear, 1, 2), profile(linear, 3, 1),
            profile(new byte[500], 1, 1), RawJpeg.joined(profile(linear, 1, 1), profile(linear, 1, 1)),
            RawJpeg.joined(profile(linear, 1, 2), profile(linear, 2, 3)), RawJpeg.segment(APP2),
            RawJpeg.segment(APP2, new byte[65_533])};
        for (byte[] plain : new byte[][] {colour(false), colour(true), grey()}) {
            short[] expected = read(plain);
            for (byte[] profile : profiles) {
                assertArrayEquals(expected, read(RawJpeg.withInserted(plain, RawJpeg.HEADER_BYTES, profile)));
            }
        }
    }

    @Test
    void theWeightsAreThoseOfTheDecodersOwnPixels() throws IOException {
        byte[] jpeg = colour(false);
        BufferedImage image = ImageIO.read(Files.write(folder.resolve("own.jpg"), jpeg).toFile());
        assertArrayEquals(Picture.of(image, false).weights(), read(jpeg));
    }

    @Test
    void strayBytesBeforeAMarkerChangeNothing() throws IOException {
        for (byte[] plain : new byte[][] {colour(false), colour(true), grey()}) {
            short[] expected = read(plain);
            assertArrayEquals(expected, read(RawJpeg.withInserted(plain, RawJpeg.HEADER_BYTES, STRAY)));
            assertArrayEquals(expected, read(RawJpeg.withInserted(plain, RawJpeg.find(plain, RawJpeg.START_OF_SCAN, 0), STRAY)));
            assertArrayEquals(expected, read(RawJpeg.withInserted(plain, plain.length - 2, STRAY)));
            assertArrayEquals(expected, read(RawJpeg.joined(plain, STRAY)));
        }
    }

    @Test
    void aCutPictureIsRefusedThoughAnotherWarningComesFirst() throws IOException {
        byte[] plain = colour(false);
        byte[] laterJfif = plain.clone();
        laterJfif[11] = 3; // its version, of which libjpeg warns as unknown
        assertArrayEquals(read(plain), read(laterJfif));
        byte[][] pictures = {plain, laterJfif, RawJpeg.withInserted(plain, RawJpeg.HEADER_BYTES, STRAY),
            RawJpeg.withInserted(plain, RawJpeg.find(plain, RawJpeg.START_OF_SCAN, 0), STRAY)};
        for (byte[] picture : pictures) {
            for (int length = picture.length - 3; length > 0; length -= 29) {
                byte[] cut = Arrays.copyOf(picture, length);
                String message = assertThrows(InvalidInputException.class, () -> read(cut)).getMessage();
                assertTrue(message.contains("cut short") || length < 4 && message.contains("not an image"), message);
            }
        }
    }

    @Test
    void anEndMarkerAloneMayBeMissing() throws IOException {
        for (byte[] plain : new byte[][] {colour(false), grey()}) {
            short[] expected = read(plain);
            assertArrayEquals(expected, read(Arrays.copyOf(plain, plain.length - 1)));
            assertArrayEquals(expected, read(Arrays.copyOf(plain, plain.length - 2)));
        }
    }

    @Test
    void aProgressivePictureCutBetweenTwoScansIsRefused() throws IOException {
        byte[] whole = colour(true);
        assertEquals(1200, read(whole).length);
        for (int scan = 1; scan < SCANS; scan++) {
            assertRefused(Arrays.copyOf(whole, RawJpeg.find(whole, RawJpeg.START_OF_SCAN, scan)), "cut short");
        }
        assertRefused(Arrays.copyOf(whole, whole.length - 2), "cut short");
    }

    @ParameterizedTest
    @ValueSource(ints = {0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCF, 0xF7})
    void anUnsupportedKindIsRefusedWithARemedy(int frame) throws IOException {
        byte[] jpeg = grey();
        jpeg[RawJpeg.find(jpeg, RawJpeg.START_OF_FRAME, 0) + 1] = (byte) frame;
        assertRefused(jpeg, "is a kind of JPEG that cannot be decoded here: save it as a PNG");
    }

    @Test
    void twelveBitsAreAnUnsupportedKind() throws IOException {
        byte[] jpeg = grey();
        jpeg[RawJpeg.find(jpeg, RawJpeg.START_OF_FRAME, 0) + 4] = 12;
        assertRefused(jpeg, "is a kind of JPEG that cannot be decoded here: save it as a PNG");
    }

    @Test
    void twoComponentsAreAnUnsupportedKind() throws IOException {
        Raster two = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 16, 16, 2, new Point());
        assertRefused(ImageBytes.of("jpeg", new IIOImage(two, null, null), param -> { }),
                "is a kind of JPEG that cannot be decoded here: save it as a PNG");
    }
}
