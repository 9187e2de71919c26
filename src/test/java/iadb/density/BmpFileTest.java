package iadb.density;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** BMPs that Java's decoder supports are read; the others are refused with a remedy. */
class BmpFileTest {
    @TempDir
    private Path folder;

    private ImageDensity read(byte[] bmp) throws IOException {
        return ImageFile.read(Files.write(folder.resolve("picture.bmp"), bmp), false);
    }

    /** A BMP of eight columns and one row, white at the left; a black and white palette, or at least three bytes per pixel. */
    private static byte[] bmp(int headerBytes, int bits, int compression) {
        int entry = headerBytes == 12 ? 3 : 4;
        int paletteBytes = bits <= 8 ? entry << bits : 0;
        int masks = compression == 3 || compression == 6 ? 16 : 0;
        int offset = 14 + headerBytes + masks + paletteBytes;
        ByteBuffer out = ByteBuffer.allocate(offset + 64).order(ByteOrder.LITTLE_ENDIAN);
        out.put("BM".getBytes(StandardCharsets.US_ASCII)).putInt(offset + 64).putInt(0).putInt(offset).putInt(headerBytes);
        if (headerBytes == 12) {
            out.putShort((short) 8).putShort((short) 1).putShort((short) 1).putShort((short) bits);
        } else {
            out.putInt(8).putInt(1).putShort((short) 1).putShort((short) bits).putInt(compression);
        }
        out.position(14 + headerBytes);
        if (masks > 0) {
            out.putInt(0xFF0000).putInt(0xFF00).putInt(0xFF).putInt(0xFF000000);
        }
        if (bits <= 8) {
            out.position(out.position() + entry).put(new byte[] {-1, -1, -1});
        }
        out.position(offset);
        out.putInt(bits <= 8 ? 1 << 8 - bits : bits == 24 ? 0xFFFFFF : -1);
        return out.array();
    }

    @ParameterizedTest
    @CsvSource({"12, 1, 0", "12, 8, 0", "12, 24, 0", "40, 1, 0", "40, 4, 0", "40, 8, 0", "40, 24, 0", "40, 32, 0",
        "108, 8, 0", "124, 24, 0"})
    void whatTheDecoderKnowsIsRead(int headerBytes, int bits, int compression) throws IOException {
        ImageDensity density = read(bmp(headerBytes, bits, compression));
        assertEquals(8, density.width());
        assertEquals(65535, Short.toUnsignedInt(density.weights()[0]));
        assertEquals(65535, density.totalWeight());
    }

    @ParameterizedTest
    @CsvSource({"64, 8, 0", "16, 24, 0", "40, 2, 0", "40, 32, 6", "64, 1, 3", "64, 24, 4", "40, 8, 11"})
    void whatItDoesNotKnowIsRefusedWithARemedy(int headerBytes, int bits, int compression) {
        byte[] bmp = bmp(headerBytes, bits, compression);
        String message = assertThrows(InvalidInputException.class, () -> read(bmp)).getMessage();
        assertTrue(message.endsWith("picture.bmp is a kind of BMP that cannot be decoded here: save it as a PNG"), message);
    }

    @Test
    void aTruncatedHeaderIsReportedAsTruncated() throws IOException {
        byte[] whole = bmp(40, 24, 0);
        for (int length = 2; length < 54; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertTrue(assertThrows(InvalidInputException.class, () -> read(cut)).getMessage().contains("cut short"));
        }
    }
}
