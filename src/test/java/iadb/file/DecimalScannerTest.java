package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every decimal gives the bits that {@link Double#parseDouble} gives. */
class DecimalScannerTest {
    private static final int TRIALS = 20_000;

    private final DecimalScanner scanner = new DecimalScanner();

    private double scan(String text) {
        return scanner.scan((text + ";").getBytes(StandardCharsets.ISO_8859_1), 0);
    }

    private void assertExact(String text) {
        assertEquals(Double.doubleToRawLongBits(Double.parseDouble(text)), Double.doubleToRawLongBits(scan(text)), text);
        assertEquals(text.length(), scanner.end(), text);
    }

    @Test
    void numbersAsProgramsWriteThem() {
        Random random = new Random(1);
        for (int i = 0; i < TRIALS; i++) {
            double value = random.nextGaussian() * Math.pow(10, random.nextInt(16) - 8);
            assertExact(Double.toString(value));
            assertExact(Float.toString((float) value));
            assertExact(String.format(Locale.ROOT, "%." + random.nextInt(20) + "f", value));
            assertExact(new BigDecimal(value).round(new MathContext(19)).unscaledValue() + "E-" + random.nextInt(30));
        }
    }

    @Test
    void anyDigitsAndExponents() {
        Random random = new Random(2);
        for (int i = 0; i < TRIALS; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "-" : random.nextBoolean() ? "+" : "");
            int digits = 1 + random.nextInt(25);
            int point = random.nextInt(digits + 2);
            int zeros = random.nextInt(digits);
            for (int d = 0; d < digits; d++) {
                text.append(d == point ? "." : "").append(d < zeros ? 0 : random.nextInt(10));
            }
            if (random.nextBoolean()) {
                text.append(random.nextBoolean() ? 'e' : 'E').append(random.nextInt(1 << random.nextInt(10)) - 100);
            }
            assertExact(text.toString());
        }
    }

    /** Decimals next to the middle between two doubles, where one digit decides, and middles themselves. */
    @Test
    void middlesBetweenDoubles() {
        Random random = new Random(3);
        for (int i = 0; i < TRIALS; i++) {
            double below = (1 + random.nextDouble()) * Math.pow(2, random.nextInt(100) - 60);
            if (i % 4 == 0) {
                below = Math.scalb(1.0, random.nextInt(100) - 60) * (1 + (random.nextInt(9) - 4) * 0x1p-52);
            }
            BigDecimal middle = new BigDecimal(below).add(new BigDecimal(Math.nextUp(below))).divide(BigDecimal.valueOf(2));
            for (int digits = 16; digits <= 20; digits++) {
                assertExact(middle.round(new MathContext(digits, RoundingMode.FLOOR)).toString());
                assertExact(middle.round(new MathContext(digits, RoundingMode.CEILING)).toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-0", "-0.000e-9", "0e99999", ".5", "5.", "1e400", "1e-400", "4.9e-324",
        "2.2250738585072012e-308",
        "9007199254740993", "9007199254740992", "4503599627370497.5", "18446744073709551615", "18446744073709551616",
        "9999999999999999999e-26", "9999999999999999999e-27", "1e-27", "1e23", "1e22", "123456789012345678901234567890",
        "0.00000000000000000000000000000000000000000000000000000001",
        "1e000000000000000000000000000000000001", "1e12345678901234567890"})
    void edges(String text) {
        assertExact(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "+", ".", "-.", "e5", ".e5", "1e", "1e+", "1e-x", "x1", "--1", "NaN", "Infinity",
        "0.00000000000000000000000000000000000000000000000000000000001"})
    void otherTextIsNoNumber(String text) {
        assertTrue(Double.isNaN(scan(text)), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5,2", "1.5 ", "1.5.2", "1.5f", "1.5-", "1.5x3"})
    void aNumberEndsAtTheFirstOtherByte(String text) {
        assertEquals(1.5, scan(text));
        assertEquals(3, scanner.end());
    }
}
