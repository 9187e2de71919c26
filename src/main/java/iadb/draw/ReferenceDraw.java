package iadb.draw;

import iadb.density.Density;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.math.BigInteger;

/**
 * The points of {@code cl/draw.cl} in exact integers on the host, from the definitions: what a device's answers are held
 * against, by {@link DrawSelfTest} and by the tests, and the points of a window's first frame. Slow.
 */
final class ReferenceDraw {
    private static final int BITS_AT_ONCE = 7; // of Owen's scrambling, by one draw

    private final Density density;
    private final long seed;
    private final RandomPurpose stream;
    private final long total;

    ReferenceDraw(Density density, long seed, RandomPurpose stream) {
        this.density = density;
        this.seed = seed;
        this.stream = stream;
        long sum = 0;
        for (int row = 0; row < density.height(); row++) {
            sum += rowWeight(row);
        }
        total = sum;
    }

    /** Points [count, 2], draws {@code first} .. of the stream. */
    float[] points(PointSource.Method method, int first, int count) {
        float[] points = new float[2 * count];
        for (int n = 0; n < count; n++) {
            long[] lattice = switch (method) {
                case REJECTION -> byRejection(first + n);
                case INVERSION -> byInversion(first + n);
                case SOBOL -> sobol(first + n);
            };
            points[2 * n] = lattice[0] * 0x1p-24f;
            points[2 * n + 1] = lattice[1] * 0x1p-24f;
        }
        return points;
    }

    private long[] byRejection(int n) {
        for (int candidate = 0;; candidate++) {
            int[] words = Philox.draw(seed, stream, n, candidate);
            long x = words[0] >>> 8;
            long y = words[1] >>> 8;
            int column = (int) (x * density.width() >> 24);
            int row = density.height() - 1 - (int) (y * density.height() >> 24);
            if (scaled(words[2], density.brightest()) < weight(row, column)) {
                return new long[] {x, y};
            }
        }
    }

    private long[] byInversion(int n) {
        int[] words = Philox.draw(seed, stream, n, 0);
        BigInteger uniform = BigInteger.valueOf(Integer.toUnsignedLong(words[1])).shiftLeft(32)
                .add(BigInteger.valueOf(Integer.toUnsignedLong(words[0])));
        long left = uniform.multiply(BigInteger.valueOf(total)).shiftRight(64).longValueExact();
        int pixel = 0;
        while (left >= weight(pixel / density.width(), pixel % density.width())) {
            left -= weight(pixel / density.width(), pixel % density.width());
            pixel++;
        }
        int column = pixel % density.width();
        int fromBottom = density.height() - 1 - pixel / density.width();
        long x = start(column, density.width());
        long y = start(fromBottom, density.height());
        return new long[] {x + scaled(words[2], start(column + 1, density.width()) - x),
            y + scaled(words[3], start(fromBottom + 1, density.height()) - y)};
    }

    private long[] sobol(int n) {
        int down = 0;
        for (int k = 0; k < 32; k++) {
            for (int i = 0; i <= k && (n >>> k & 1) == 1; i++) {
                down ^= (i & ~k) == 0 ? 1 << (31 - i) : 0; // whether k over i is odd
            }
        }
        long v = Integer.toUnsignedLong(owenScramble(down, 1));
        long u = Integer.toUnsignedLong(owenScramble(Integer.reverse(n), 0));

        int row = 0;
        long before = 0;
        while (v * total >>> 32 >= before + rowWeight(row)) {
            before += rowWeight(row++);
        }
        int fromBottom = density.height() - 1 - row;
        long y = start(fromBottom + 1, density.height());
        y -= 1 + cell(v, total, before, rowWeight(row), y - start(fromBottom, density.height()));

        int column = 0;
        before = 0;
        while (u * rowWeight(row) >>> 32 >= before + weight(row, column)) {
            before += weight(row, column++);
        }
        long x = start(column, density.width());
        x += cell(u, rowWeight(row), before, weight(row, column), start(column + 1, density.width()) - x);
        return new long[] {x, y};
    }

    /** Each bit is flipped or not by a random bit that belongs to all bits above it. */
    private int owenScramble(int bits, int dimension) {
        int flips = 0;
        for (int level = 0; level < 32; level++) {
            int done = level / BITS_AT_ONCE * BITS_AT_ONCE;
            int[] words = {upper(bits, done), done, stream.counterWord(), 1 + dimension};
            Philox.encrypt(words, seed);
            int node = 1 << (level - done) | upper(bits, level) & (1 << (level - done)) - 1;
            flips |= (words[node / 32] >>> node % 32 & 1) << (31 - level);
        }
        return bits ^ flips;
    }

    /** The upper {@code count} bits as a number. */
    private static int upper(int bits, int count) {
        return count == 0 ? 0 : bits >>> (32 - count);
    }

    /** Of {@code cells} cells that share a weight, the one in which u / 2^32 of the whole lies. */
    private static long cell(long u, long whole, long before, long weight, long cells) {
        BigInteger place = BigInteger.valueOf(u).multiply(BigInteger.valueOf(whole));
        BigInteger rest = place.subtract(BigInteger.valueOf(before).shiftLeft(32));
        return rest.multiply(BigInteger.valueOf(cells)).divide(BigInteger.valueOf(weight).shiftLeft(32)).longValueExact();
    }

    /** ⌊bits / 2^32 · range⌋. */
    private static long scaled(int bits, long range) {
        return Integer.toUnsignedLong(bits) * range >>> 32;
    }

    /** The first lattice position of a pixel, of so many pixels. */
    private static long start(int pixel, int pixels) {
        return (((long) pixel << 24) + pixels - 1) / pixels;
    }

    private long weight(int row, int column) {
        return Short.toUnsignedLong(density.weights()[row * density.width() + column]);
    }

    private long rowWeight(int row) {
        long sum = 0;
        for (int column = 0; column < density.width(); column++) {
            sum += weight(row, column);
        }
        return sum;
    }
}
