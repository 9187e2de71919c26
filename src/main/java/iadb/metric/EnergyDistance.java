package iadb.metric;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException.WrongResultException;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.plan.Throughput;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The energy distance between two sets of points (Székely and Rizzo 2013), 2 E|X-Y| - E|X-X'| - E|Y-Y'|, without a square root,
 * over all pairs including those of a point with itself: at least 0, and 0 for equal sets. It is computed on a device, since the
 * number of pairs is quadratic. The same points give the same bits.
 */
public final class EnergyDistance implements AutoCloseable {
    private static final int ROWS = 16;    // as in cl/energy.cl
    private static final int PIECE = 2048; // as in cl/energy.cl
    private static final int GROUP_SIZE = 64;
    private static final long LAUNCH_NANOS = 25_000_000;
    private static final double FIRST_UNITS = 64;
    private static final int[] TEST_COUNTS = {19, PIECE + 5};
    private static final double TEST_TOLERANCE = 1e-5; // for distances below 1; a piece's sum is rounded by about 2e-7

    private final Context context;
    private final Resources resources = new Resources();
    private final Kernel kernel;
    private final Throughput throughput = new Throughput(FIRST_UNITS, LAUNCH_NANOS);

    /** Points on the device. */
    private record Points(int count, DeviceBuffer x, DeviceBuffer y) { }

    /** Builds the kernel, and tests it on the first use of this device and driver. */
    public EnergyDistance(Context context) {
        this.context = context;
        List<String> options = options(context.device().fusesMultiplyAdd());
        try {
            Program program = resources.add(context.build(sources(), options));
            kernel = resources.add(program.kernel("sum_distances"));
            context.checkOnce(sources(), options, this::selfTest);
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** The sources of its program. */
    public static List<Source> sources() { return List.of(Source.of("arithmetic.cl"), Source.of("energy.cl")); }

    /** The build options of its program. */
    static List<String> options(boolean fusesMultiplyAdd) {
        return List.of(Source.STANDARD, fusesMultiplyAdd ? "-DHAS_FMA" : "");
    }

    /**
     * The distance, in time proportional to the product of the counts.
     *
     * @param a              [N, 2]; not modified
     * @param b              [M, 2]; not modified
     * @param shouldContinue called about ten times a second
     * @return in the coordinates' unit; not finite if a coordinate is not
     * @throws IllegalArgumentException if a set is empty or of odd length
     * @throws CancellationException if {@code shouldContinue} returns false
     */
    public double distance(float[] a, float[] b, BooleanSupplier shouldContinue) {
        try (Resources own = new Resources()) {
            Points x = upload(a, own);
            Points y = upload(b, own);
            double value = 2 * mean(x, y, shouldContinue) - mean(x, x, shouldContinue) - mean(y, y, shouldContinue);
            return value < 0 ? 0 : value; // rounding may leave equal sets below 0; NaN stays
        }
    }

    /** Uploads x and y separately, padded to whole blocks of rows. */
    private Points upload(float[] points, Resources owner) {
        SlicedWasserstein.requirePoints(points);
        int count = points.length / 2;
        float[][] coordinates = new float[2][(count + ROWS - 1) / ROWS * ROWS];
        for (int n = 0; n < points.length; n++) {
            coordinates[n % 2][n / 2] = points[n];
        }
        return new Points(count, owner.add(context.buffer(coordinates[0])), owner.add(context.buffer(coordinates[1])));
    }

    /** E|X-Y|; each pair of a set with itself counts twice and is computed once. */
    private double mean(Points a, Points b, BooleanSupplier shouldContinue) {
        int blocks = (a.count() + ROWS - 1) / ROWS;
        int pieces = (b.count() + PIECE - 1) / PIECE;
        int units = Math.multiplyExact(blocks, pieces);
        long groupSize = Math.min(GROUP_SIZE, context.device().maxGroupSize());
        double sum = 0;
        try (DeviceBuffer sums = context.buffer((long) units * Float.BYTES)) {
            kernel.set("ax", a.x()).set("ay", a.y()).set("a_count", a.count()).set("bx", b.x()).set("by", b.y())
                    .set("b_count", b.count()).set("same", a == b ? 1 : 0).set("sums", sums);
            for (int done = 0; done < units; ) {
                if (!shouldContinue.getAsBoolean()) {
                    throw new CancellationException("an energy distance was cancelled");
                }
                int now = (int) Math.max(1, Math.min(units - done, throughput.work(LAUNCH_NANOS)));
                long start = System.nanoTime();
                kernel.set("first", done).set("count", now);
                context.enqueue(kernel, (now + groupSize - 1) / groupSize * groupSize, groupSize);
                context.finish();
                throughput.learn(now, System.nanoTime() - start, LAUNCH_NANOS);
                done += now;
            }
            for (float part : sums.read(new float[units])) {
                sum += part;
            }
        }
        return sum / ((double) a.count() * b.count());
    }

    /**
     * Compares the distance of two small sets with its definition in double precision.
     *
     * @return true
     * @throws WrongResultException if they differ
     */
    boolean selfTest() {
        float[] a = testPoints(0);
        float[] b = testPoints(1);
        double expected = 2 * exactMean(a, b) - exactMean(a, a) - exactMean(b, b);
        double error = Math.abs(distance(a, b, () -> true) - expected);
        if (!(error <= TEST_TOLERANCE)) {
            throw new WrongResultException(context.device(),
                    String.format(Locale.ROOT, "an energy distance is off by %.1e", error));
        }
        return true;
    }

    private static float[] testPoints(int set) {
        float[] points = new float[2 * TEST_COUNTS[set]];
        for (int c = 0; c < points.length; c++) {
            points[c] = Philox.unitInterval(Philox.draw(0, RandomPurpose.REFERENCE_POINTS, c, set)[0]);
        }
        return points;
    }

    private static double exactMean(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i += 2) {
            for (int j = 0; j < b.length; j += 2) {
                double dx = (double) a[i] - b[j];
                double dy = (double) a[i + 1] - b[j + 1];
                sum += Math.sqrt(dx * dx + dy * dy);
            }
        }
        return sum / (a.length / 2.0 * (b.length / 2.0));
    }

    @Override
    public void close() { resources.close(); }
}
