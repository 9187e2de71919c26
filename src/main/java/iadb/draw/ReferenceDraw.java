package iadb.draw;

import iadb.cl.Context;
import iadb.cl.OpenClException.WrongResultException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.plot.Box;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Computes the points of {@code cl/draw.cl} on the host in exact integers, from the definitions: the reference for devices, and
 * the points of a window's first frame. Slow.
 */
final class ReferenceDraw {
    private static final int SCRAMBLING_BITS = 7; // levels of Owen's scrambling from one draw
    private static final short[] TEST_WEIGHTS = {1, 0, 3, 7, 2, 0, 0, 5, 1, 0, 4, 2, 0, 0, 6}; // [3][5]
    private static final float[] TEST_ROWS = {0.25f, 0.5f, 0.875f, 0.125f, 0.5f, 0.75f};
    private static final double TEST_NOISE = 0.0625;
    // of a coordinate below 2, in float: an ulp of the row, and of up to 6 deviations of noise 16 ulp (log 3, sqrt 3, cospi 4, the rest)
    private static final double TEST_NOISE_ERROR = 0x1p-23 + 6 * TEST_NOISE * 16 * 0x1p-24;
    private static final int TEST_POINTS = 300;
    private static final int TEST_FIRST = 123_456_789; // a large index, so that more of its bits matter
    private static final long TEST_SEED = 1L << 40;

    private final ImageDensity density; // null: rows
    private final PointDensity rows; // null: an image
    private final long seed;
    private final RandomPurpose purpose;
    private final long total; // of the weights, or rows

    private ReferenceDraw(ImageDensity density, PointDensity rows, long seed, RandomPurpose purpose) {
        this.density = density;
        this.rows = rows;
        this.seed = seed;
        this.purpose = purpose;
        total = rows != null ? rows.count() : IntStream.range(0, density.height()).mapToLong(this::rowWeight).sum();
    }

    static ReferenceDraw of(Density density, long seed, RandomPurpose purpose) {
        return density instanceof PointDensity rows ? new ReferenceDraw(null, rows, seed, purpose)
                : new ReferenceDraw(density.image(), null, seed, purpose);
    }

    /**
     * Compares a device's points of a small density with the reference: bit for bit, or with noise to a few ulp of its size.
     *
     * @return true
     * @throws WrongResultException if they differ
     */
    static boolean selfTest(Context context, PointSource.Method method) {
        Density density = method == PointSource.Method.ROWS || method == PointSource.Method.EVEN_ROWS
                ? new PointDensity("check", Optional.empty(), TEST_ROWS, Box.UNIT, TEST_NOISE)
                : ImageDensity.of("check", 5, 3, TEST_WEIGHTS.clone());
        double tolerance = density instanceof PointDensity ? TEST_NOISE_ERROR : 0;
        ReferenceDraw reference = of(density, TEST_SEED, RandomPurpose.START_POINTS);
        float[] expected = reference.points(method, TEST_FIRST, TEST_POINTS);
        float[] points;
        try (PointSource source = new PointSource(context, density, method)) {
            points = source.drawToHost(TEST_SEED, RandomPurpose.START_POINTS, TEST_FIRST, TEST_POINTS);
        }
        int wrong = 0;
        for (int n = 0; n < TEST_POINTS; n++) {
            double error = Math.max(Math.abs(points[2 * n] - expected[2 * n]), Math.abs(points[2 * n + 1] - expected[2 * n + 1]));
            wrong += error <= tolerance ? 0 : 1;
        }
        if (wrong > 0) {
            throw new WrongResultException(context.device(), "drawing by %s puts %s of %s points elsewhere".formatted(
                    method.name().toLowerCase(Locale.ROOT), wrong, TEST_POINTS));
        }
        return true;
    }

    /** The points [count, 2] of draws {@code first} to {@code first + count - 1}. */
    float[] points(PointSource.Method method, int first, int count) {
        float[] points = new float[2 * count];
        for (int n = 0; n < count; n++) {
            int draw = first + n;
            float[] point = switch (method) {
                case REJECTION -> onLattice(byRejection(draw));
                case INVERSION -> onLattice(byInversion(draw));
                case SOBOL -> onLattice(sobol(draw));
                case ROWS -> row(draw, Philox.draw(seed, purpose, draw, 0)[0]);
                case EVEN_ROWS -> row(draw, owenScramble(Integer.reverse(draw), 0));
            };
            points[2 * n] = point[0];
            points[2 * n + 1] = point[1];
        }
        return points;
    }

    private static float[] onLattice(long[] lattice) { return new float[] {lattice[0] * 0x1p-24f, lattice[1] * 0x1p-24f}; }

    private float[] row(int draw, int word) {
        int[] words = Philox.draw(seed, purpose, draw, 0);
        int row = (int) scaled(word, total);
        double radius = rows.noise() * Math.sqrt(-2 * Math.log(((words[2] >>> 8) + 0.5) * 0x1p-24));
        double angle = 2 * Math.PI * (words[3] >>> 8) * 0x1p-24;
        return new float[] {(float) (rows.points()[2 * row] + radius * Math.cos(angle)),
            (float) (rows.points()[2 * row + 1] + radius * Math.sin(angle))};
    }

    private long[] byRejection(int n) {
        for (int candidate = 0;; candidate++) {
            int[] words = Philox.draw(seed, purpose, n, candidate);
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
        int[] words = Philox.draw(seed, purpose, n, 0);
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

    /** Flips each bit by a random bit that depends on all bits above it. */
    private int owenScramble(int bits, int dimension) {
        int flips = 0;
        for (int level = 0; level < 32; level++) {
            int done = level / SCRAMBLING_BITS * SCRAMBLING_BITS;
            int[] words = {upper(bits, done), done, purpose.counterWord(), 1 + dimension};
            Philox.encrypt(words, seed);
            int node = 1 << (level - done) | upper(bits, level) & (1 << (level - done)) - 1;
            flips |= (words[node / 32] >>> node % 32 & 1) << (31 - level);
        }
        return bits ^ flips;
    }

    /** The upper {@code count} bits as a number. */
    private static int upper(int bits, int count) { return count == 0 ? 0 : bits >>> (32 - count); }

    /** Which of {@code cells} cells that share a weight contains u / 2^32 of the whole. */
    private static long cell(long u, long whole, long before, long weight, long cells) {
        BigInteger place = BigInteger.valueOf(u).multiply(BigInteger.valueOf(whole));
        BigInteger rest = place.subtract(BigInteger.valueOf(before).shiftLeft(32));
        return rest.multiply(BigInteger.valueOf(cells)).divide(BigInteger.valueOf(weight).shiftLeft(32)).longValueExact();
    }

    /** ⌊bits / 2^32 · range⌋. */
    private static long scaled(int bits, long range) { return Integer.toUnsignedLong(bits) * range >>> 32; }

    /** The first lattice position inside a pixel of a row or column of {@code pixels}. */
    private static long start(int pixel, int pixels) { return (((long) pixel << 24) + pixels - 1) / pixels; }

    private long weight(int row, int column) {
        return Short.toUnsignedLong(density.weights()[row * density.width() + column]);
    }

    private long rowWeight(int row) {
        return IntStream.range(0, density.width()).mapToLong(column -> weight(row, column)).sum();
    }
}
