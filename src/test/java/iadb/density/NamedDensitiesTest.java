package iadb.density;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class NamedDensitiesTest {
    private static List<String> names() {
        return NamedDensities.names();
    }

    private static ImageDensity find(String name) {
        return NamedDensities.find(name).orElseThrow();
    }

    @Test
    void theProgramsDefaultsComeFirst() {
        assertEquals(List.of("gaussian", "spiral"), names().subList(0, 2));
        assertTrue(names().size() >= 10);
        assertEquals(names().size(), new HashSet<>(names()).size());
    }

    @Test
    void anUnknownNameIsNotFound() {
        assertTrue(NamedDensities.find("nothing").isEmpty());
        assertTrue(NamedDensities.find("").isEmpty());
        assertThrows(IllegalArgumentException.class, () -> NamedDensities.description("nothing"));
    }

    @ParameterizedTest
    @MethodSource("names")
    void isItselfAtEveryCall(String name) {
        ImageDensity density = find(name);
        assertEquals(name, density.name());
        assertTrue(density.isNamed());
        assertEquals(512, density.width());
        assertEquals(512, density.height());
        assertEquals(65535, density.brightest());
        assertArrayEquals(density.weights(), find(name).weights());
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasALineOfDescription(String name) {
        String description = NamedDensities.description(name);
        assertFalse(description.isBlank());
        assertTrue(description.length() <= 70 && !description.contains("\n"), description);
    }

    @ParameterizedTest
    @MethodSource("names")
    void isCentredWithAMargin(String name) {
        if (name.equals("uniform")) {
            return; // its promise is the whole square, tested below
        }
        ImageDensity density = find(name);
        double inside = 0;
        double meanX = 0;
        double meanY = 0;
        for (int p = 0; p < density.weights().length; p++) {
            double x = (p % 512 + 0.5) / 512;
            double y = 1 - (p / 512 + 0.5) / 512;
            double mass = (double) Short.toUnsignedInt(density.weights()[p]) / density.totalWeight();
            inside += x > 0.08 && x < 0.92 && y > 0.08 && y < 0.92 ? mass : 0;
            meanX += mass * x;
            meanY += mass * y;
        }
        assertTrue(inside > 0.998, name + " has " + inside + " inside the margin");
        assertEquals(0.5, meanX, 0.06, name);
        assertEquals(0.5, meanY, 0.06, name);
    }

    @Test
    void uniformHasDensityOneEverywhere() {
        ImageDensity uniform = find("uniform");
        assertEquals(0, uniform.logDensityAt(0, 0));
        assertEquals(0, uniform.logDensityAt(0.3, 0.999));
        assertEquals(1, uniform.acceptance());
    }

    @Test
    void gaussianHasItsSigma() {
        ImageDensity gaussian = find("gaussian");
        double variance = 0;
        for (int p = 0; p < gaussian.weights().length; p++) {
            double x = (p % 512 + 0.5) / 512 - 0.5;
            variance += x * x * Short.toUnsignedInt(gaussian.weights()[p]) / gaussian.totalWeight();
        }
        // The square cuts the tails beyond 4 sigma: 6e-5 of the mass at most 16 sigma^2 away, so 1e-3 of sigma^2 in all.
        assertEquals(0.125 * 0.125, variance, 1.1e-3 * 0.125 * 0.125);
    }

    @Test
    void theCheckerboardsFieldsAreEqual() {
        ImageDensity board = find("checkerboard");
        assertEquals(8 * 100 * 100 * 65535L, board.totalWeight());
        assertEquals(ImageDensity.WHITE, Short.toUnsignedInt(board.weights()[(511 - 56) * 512 + 56]));
    }

    @Test
    void lettersStandUpright() {
        ImageDensity letters = find("letters");
        assertTrue(letters.logDensityAt(0.29, 0.7) > 0, "the stem of the I, upper left");
        assertTrue(letters.logDensityAt(0.71, 0.87) > 0, "the tip of the A, upper right");
        assertTrue(letters.logDensityAt(0.17, 0.27) > 0, "the stem of the D, lower left");
        assertTrue(letters.logDensityAt(0.71, 0.28) > 0, "the middle bar of the B, lower right");
        assertEquals(Double.NEGATIVE_INFINITY, letters.logDensityAt(0.5, 0.5));
    }
}
