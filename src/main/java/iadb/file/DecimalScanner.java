package iadb.file;

import java.nio.charset.StandardCharsets;

/**
 * Reads decimal numbers from bytes, with the result of {@link Double#parseDouble}: the nearest double, ties to even. Java's
 * parser needs a String for each number and takes several times as long.
 *
 * <p>A number is w 10^e with an integer w. If w and 10^|e| are doubles, one operation rounds their product or quotient correctly.
 * Otherwise, for e = -1 .. -26, the quotient of the nearest doubles is corrected by its remainder, an exact integer. This covers
 * all numbers of up to 19 digits from 1e-7 to 1e15; most others go to Java's parser.
 */
final class DecimalScanner {
    private static final int MAX_DIGITS = 19; // 10^19 < 2^64
    private static final int MAX_CHARS = 60;
    private static final int MAX_EXPONENT_DIGITS = 4;
    private static final int EXACT_TENS = 22; // 10^22 = 2^22 5^22 and 5^22 < 2^53
    private static final int FIVES = 26; // 6 * 5^26 < 2^63
    private static final long TWO_52 = 1L << 52;
    private static final long TWO_53 = 1L << 53;
    private static final double[] TEN = new double[FIVES + 1]; // nearest to 10^k
    private static final long[] FIVE = new long[FIVES + 1]; // 5^k

    private int end;

    static {
        for (int k = 0; k <= FIVES; k++) {
            TEN[k] = Double.parseDouble("1e" + k);
            FIVE[k] = k == 0 ? 1 : 5 * FIVE[k - 1];
        }
    }

    /** The index after the number that was scanned last. */
    int end() { return end; }

    /**
     * The number that begins at an index: an optional sign, digits with an optional point, and an optional exponent. It ends
     * before the first byte that cannot belong to it.
     *
     * @param text has such a byte after the number
     * @return NaN if no number of at most {@value #MAX_CHARS} characters begins there; {@link #end} is then undefined
     */
    double scan(byte[] text, int from) {
        int at = from;
        boolean isNegative = text[at] == '-';
        if (isNegative || text[at] == '+') {
            at++;
        }
        int start = at;
        long w = 0;
        for (; isDigit(text[at]); at++) {
            w = 10 * w + text[at] - '0';
        }
        int digits = at - start;
        int e = 0;
        if (text[at] == '.') {
            int point = at++;
            for (; isDigit(text[at]); at++) {
                w = 10 * w + text[at] - '0';
            }
            e = point + 1 - at;
            digits -= e;
        }
        if (digits == 0) {
            return Double.NaN;
        }
        boolean isShort = digits <= MAX_DIGITS || digits - leadingZeros(text, start) <= MAX_DIGITS;
        if (text[at] == 'e' || text[at] == 'E') {
            at++;
            boolean isFraction = text[at] == '-';
            if (isFraction || text[at] == '+') {
                at++;
            }
            int first = at;
            int exponent = 0;
            for (; isDigit(text[at]); at++) {
                exponent = 10 * exponent + text[at] - '0'; // overflows only if it is not used
            }
            if (at == first) {
                return Double.NaN;
            }
            isShort &= at - first <= MAX_EXPONENT_DIGITS;
            e += isFraction ? -exponent : exponent;
        }
        end = at;
        if (at - from > MAX_CHARS) {
            return Double.NaN;
        }
        double value = isShort ? value(w, e) : Double.NaN;
        if (Double.isNaN(value)) {
            return Double.parseDouble(new String(text, from, at - from, StandardCharsets.ISO_8859_1));
        }
        return isNegative ? -value : value;
    }

    private static boolean isDigit(byte c) { return c >= '0' && c <= '9'; }

    private static int leadingZeros(byte[] text, int start) {
        int zeros = 0;
        for (int at = start; text[at] == '0' || text[at] == '.'; at++) {
            zeros += text[at] == '0' ? 1 : 0;
        }
        return zeros;
    }

    /** The double nearest to w 10^e, w unsigned; NaN if neither method applies. */
    private static double value(long w, int e) {
        if (w == 0) {
            return 0;
        }
        if (w > 0 && w <= TWO_53 && Math.abs(e) <= EXACT_TENS) {
            return e < 0 ? w / TEN[-e] : w * TEN[e];
        }
        return e < 0 && e >= -FIVES ? quotient(w, -e) : Double.NaN;
    }

    /**
     * The double nearest to w / 10^k, w unsigned. The quotient m / 2^(s+k) of the rounded values has three relative errors of at
     * most 2^-53, together below 3 units of m. It differs from w / 10^k by r / (5^k 2^(s+k)), r = w 2^s - m 5^k; so 2 |r| is
     * less than 6 * 5^26 < 2^63, and 64-bit arithmetic, which is exact modulo 2^64, gives it. A tie is impossible: 5^k is odd.
     *
     * @return NaN if m is so near a power of two that the spacing of doubles changes
     */
    private static double quotient(long w, int k) {
        double rounded = w >= 0 ? w : 2.0 * (w >>> 1 | w & 1);
        long bits = Double.doubleToRawLongBits(rounded / TEN[k]);
        long m = bits & (TWO_52 - 1) | TWO_52;
        int s = 1075 - (int) (bits >>> 52) - k;
        if (s < 0 || m < TWO_52 + 4 || m > TWO_53 - 4) {
            return Double.NaN;
        }
        long r = (s < Long.SIZE ? w << s : 0) - m * FIVE[k];
        for (; 2 * r > FIVE[k]; r -= FIVE[k]) {
            bits++;
        }
        for (; 2 * r < -FIVE[k]; r += FIVE[k]) {
            bits--;
        }
        return Double.longBitsToDouble(bits);
    }
}
