package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.fault.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DensityParseTest {
    private static String refusalOf(String text) {
        String message = assertThrows(InvalidInputException.class, () -> ImageDensity.parse(text, false)).getMessage();
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test
    void aKnownNameIsTheNamedDensity() {
        assertTrue(ImageDensity.parse("spiral", false).isNamed());
        assertArrayEquals(ImageDensity.parse("spiral", false).weights(), ImageDensity.parse("spiral", true).weights());
    }

    @Test
    void anythingElseThatExistsIsAFile(@TempDir Path folder) throws Exception {
        byte[] png = ImageFile.toPng(ImageDensity.of("p", 2, 1, new short[] {7, 9}));
        for (String name : new String[] {"picture.png", "no-ending", "spiral"}) {
            Path file = Files.write(folder.resolve(name), png);
            ImageDensity density = ImageDensity.parse(file.toString(), false);
            assertEquals(name, density.name());
            assertFalse(density.isNamed());
            assertEquals(file, density.file().orElseThrow());
        }
    }

    @Test
    void invertReachesTheFile(@TempDir Path folder) throws Exception {
        byte[] png = ImageFile.toPng(ImageDensity.of("p", 2, 1, new short[] {0, 9}));
        Path file = Files.write(folder.resolve("p.png"), png);
        assertArrayEquals(new short[] {(short) 65535, (short) 65526}, ImageDensity.parse(file.toString(), true).weights());
    }

    @Test
    void aMisspeltNameGetsTheClosestOne() {
        assertTrue(refusalOf("sprial").contains("did you mean spiral?"));
        assertTrue(refusalOf("Heart").contains("did you mean heart?"));
        assertTrue(refusalOf("gauss").contains("did you mean gaussian?"));
        assertTrue(refusalOf("eight_gaussian").contains("did you mean eight-gaussians?"));
        assertTrue(refusalOf("checker").contains("did you mean checkerboard?"));
    }

    @Test
    void aTextFarFromEveryNameIsRefusedWithARemedy() {
        for (String text : new String[] {"photograph", "", " ", "a\0b"}) {
            String message = refusalOf(text);
            assertFalse(message.contains("did you mean"), message);
            assertTrue(message.contains("the name of a density") && message.contains("PNG, JPEG, BMP or GIF"), message);
        }
    }

    @Test
    void aMissingFileIsCalledMissing() {
        assertTrue(refusalOf("spirl.png").startsWith("no such file: spirl.png; give a PNG, JPEG, BMP or GIF"));
        assertTrue(refusalOf("folder/spiral").startsWith("no such file: "));
    }
}
