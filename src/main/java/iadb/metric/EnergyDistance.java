package iadb.metric;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.plan.Throughput;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The energy distance of two sets of points (Székely and Rizzo 2013), 2 E|X-Y| - E|X-X'| - E|Y-Y'|, not rooted, over all
 * pairs, those of a point with itself among them: at least 0, and 0 for equal sets. On a device, since a pair costs a square
 * root and there are as many as points squared. The same points give the same bits.
 */
public final class EnergyDistance implements AutoCloseable {
    private static final int ROWS = 16;    // as in cl/energy.cl
    private static final int PIECE = 2048; // as in cl/energy.cl
    private static final int GROUP_SIZE = 64;
    private static final long LAUNCH_NANOS = 25_000_000;
    private static final double FIRST_UNITS = 64;

    private final Context context;
    private final Resources resources = new Resources();
    private final Kernel kernel;
    private final Throughput pace;

    /** Points on the device. */
    private record Points(int count, DeviceBuffer x, DeviceBuffer y) {
    }

    /** Builds its kernel, and has it checked at its first use of a device and driver. */
    public EnergyDistance(Context context) {
        this.context = context;
        pace = new Throughput(FIRST_UNITS, LAUNCH_NANOS);
        List<String> options = options(context.device().fusesMultiplyAdd());
        try {
            Program program = resources.add(context.build(sources(), options));
            kernel = resources.add(program.kernel("sum_distances"));
            context.checkOnce(sources(), options, () -> EnergySelfTest.require(context, this));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** Its program. */
    public static List<Source> sources() {
        return List.of(Source.of("arithmetic.cl"), Source.of("energy.cl"));
    }

    /** Build options of its program. */
    public static List<String> options(boolean fusesMultiplyAdd) {
        return List.of(Source.STANDARD, fusesMultiplyAdd ? "-DHAS_FMA" : "");
    }

    /**
     * The distance; takes time with the product of the counts.
     *
     * @param a [N, 2]; not modified
     * @param b [M, 2]; not modified
     * @return in the coordinates' unit; not finite if a coordinate is not
     * @throws IllegalArgumentException if a set is empty or of odd length
     */
    public double distance(float[] a, float[] b) {
        return distance(a, b, () -> true);
    }

    /**
     * As above.
     *
     * @param goOn asked some ten times a second
     * @throws CancellationException where it says false
     */
    public double distance(float[] a, float[] b, BooleanSupplier goOn) {
        try (Resources own = new Resources()) {
            Points first = upload(a, own);
            Points second = upload(b, own);
            double value = 2 * mean(first, second, goOn) - mean(first, first, goOn) - mean(second, second, goOn);
            return value < 0 ? 0 : value; // what rounding leaves of equal sets; NaN stays
        }
    }

    /** Coordinates apart, padded to whole blocks of rows. */
    private Points upload(float[] points, Resources owner) {
        int count = points.length / 2;
        if (count == 0 || points.length % 2 != 0) {
            throw new IllegalArgumentException(points.length + " coordinates: points are [N, 2] with N at least 1");
        }
        float[][] coordinates = new float[2][(count + ROWS - 1) / ROWS * ROWS];
        for (int n = 0; n < points.length; n++) {
            coordinates[n % 2][n / 2] = points[n];
        }
        return new Points(count, owner.add(context.buffer(coordinates[0])), owner.add(context.buffer(coordinates[1])));
    }

    /** E|X-Y|; of a set with itself, each pair counts twice and is computed once. */
    private double mean(Points a, Points b, BooleanSupplier goOn) {
        int blocks = (a.count() + ROWS - 1) / ROWS;
        int pieces = (b.count() + PIECE - 1) / PIECE;
        int units = Math.multiplyExact(blocks, pieces);
        double sum = 0;
        try (DeviceBuffer sums = context.buffer((long) units * Float.BYTES)) {
            kernel.set("ax", a.x()).set("ay", a.y()).set("a_count", a.count()).set("bx", b.x()).set("by", b.y())
                    .set("b_count", b.count()).set("same", a == b ? 1 : 0).set("sums", sums);
            for (int done = 0; done < units; ) {
                if (!goOn.getAsBoolean()) {
                    throw new CancellationException("an energy distance was cancelled");
                }
                int now = (int) Math.max(1, Math.min(units - done, pace.work(LAUNCH_NANOS)));
                long start = System.nanoTime();
                kernel.set("first", done).set("count", now);
                long groupSize = Math.min(GROUP_SIZE, context.device().maxGroupSize());
                context.enqueue(kernel, (now + groupSize - 1) / groupSize * groupSize, groupSize);
                context.finish();
                pace.learn(now, System.nanoTime() - start, LAUNCH_NANOS);
                done += now;
            }
            for (float part : sums.read(new float[units])) {
                sum += part;
            }
        }
        return sum / ((double) a.count() * b.count());
    }

    @Override
    public void close() {
        resources.close();
    }
}
