package iadb.draw;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.PointDensity;
import iadb.random.RandomPurpose;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Draws points from a density on the device. Random points are drawn by rejection, as in the method's tutorial, or by inversion
 * of the CDF if fewer than one candidate in 64 would be accepted; both give the same distribution. Sobol points are always drawn
 * by inversion. Those of a density of points are drawn from its rows.
 */
public final class PointSource implements AutoCloseable {
    /** The sequence of unit-square points from which a density's points are made. */
    public enum Sequence {
        /** Independent points. */
        RANDOM,
        /**
         * Sobol's sequence, Owen-scrambled: each point is uniform, and together they are spread more evenly than random points, so
         * that a mean over them has a smaller error. Best used in multiples of a power of two.
         */
        SOBOL;

        /** The name on the command line. */
        @Override
        public String toString() { return name().toLowerCase(Locale.ROOT); }
    }

    /** Bytes of a point on the device: two floats. */
    public static final int POINT_BYTES = 2 * Float.BYTES;
    /** The build options of its program. */
    public static final List<String> OPTIONS = List.of(Source.STANDARD);

    static final double MIN_ACCEPTANCE = 1.0 / 64;
    private static final int GROUP_SIZE = 64;
    private static final int MAX_GROUPS = 1024;
    private static final int MIN_PIECE_POINTS = 1 << 10;
    private static final int LAUNCH_POINTS = 1 << 20; // with 64 candidates each, a launch takes about 10 ms on a CPU

    private final Context context;
    private final Kernel kernel;
    private final Resources resources = new Resources();

    /** The drawing methods, each with its own kernel. */
    enum Method {
        REJECTION("draw_by_rejection"), INVERSION("draw_by_inversion"), SOBOL("draw_sobol"), ROWS("draw_rows"),
        EVEN_ROWS("draw_rows");

        private final String kernel;

        Method(String kernel) {
            this.kernel = kernel;
        }
    }

    /** Puts {@code density} on the device, for random points; chooses the method by its acceptance rate. */
    public PointSource(Context context, Density density) { this(context, density, Sequence.RANDOM); }

    /** Puts {@code density} on the device. */
    public PointSource(Context context, Density density, Sequence sequence) {
        this(context, density, density instanceof PointDensity && sequence == Sequence.SOBOL ? Method.EVEN_ROWS
                : sequence == Sequence.SOBOL ? Method.SOBOL : method(density));
    }

    /** The method for random points. */
    private static Method method(Density density) {
        return density instanceof ImageDensity image
                ? image.acceptance() >= MIN_ACCEPTANCE ? Method.REJECTION : Method.INVERSION : Method.ROWS;
    }

    /** The number of different kernels that draw random points from two densities, 1 or 2. */
    public static int kernels(Density one, Density other) { return method(one) == method(other) ? 1 : 2; }

    /**
     * Computes a few points of {@link #drawToHost} on the host, before the device's kernels are built.
     *
     * @return empty if the density is drawn by inversion, which would be slow
     */
    public static Optional<float[]> drawWithoutDevice(Density density, long seed, RandomPurpose purpose, int first, int count) {
        return method(density) == Method.INVERSION ? Optional.empty()
                : Optional.of(ReferenceDraw.of(density, seed, purpose).points(method(density), first, count));
    }

    PointSource(Context context, Density density, Method method) {
        this.context = context;
        context.checkOnce(sources(), List.of(OPTIONS.get(0), method.kernel), () -> ReferenceDraw.selfTest(context, method));
        try {
            Program program = resources.add(context.build(sources(), OPTIONS));
            if (density instanceof PointDensity rows) {
                kernel = resources.add(program.kernel(method.kernel)).set("rows", resources.add(context.buffer(rows.points())))
                        .set("total", rows.count()).set("noise", rows.noise()).set("evenly", method == Method.EVEN_ROWS ? 1 : 0);
                return;
            }
            ImageDensity image = density.image();
            if (method == Method.REJECTION) {
                DeviceBuffer weights = resources.add(context.buffer((long) image.weights().length * Short.BYTES));
                weights.write(image.weights());
                kernel = resources.add(program.kernel(method.kernel))
                        .set("weights", weights).set("brightest", image.brightest());
            } else {
                int[] inRows = image.cumulativeInRows();
                DeviceBuffer rowEnd = resources.add(context.buffer((long) image.height() * Long.BYTES));
                DeviceBuffer columnEnd = resources.add(context.buffer((long) inRows.length * Integer.BYTES));
                rowEnd.write(image.cumulativeByRow());
                columnEnd.write(inRows);
                kernel = resources.add(program.kernel(method.kernel))
                        .set("row_end", rowEnd).set("column_end", columnEnd);
            }
            kernel.set("w", image.width()).set("h", image.height());
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** The sources of its program. */
    public static List<Source> sources() { return List.of(Source.of("philox.cl"), Source.of("draw.cl")); }

    /**
     * Draws points into a new buffer [count, 2], owned by the caller.
     *
     * @param first index of the first draw; the same index gives the same point, whatever the count
     */
    public DeviceBuffer draw(long seed, RandomPurpose purpose, int first, int count) {
        DeviceBuffer points = context.buffer((long) count * POINT_BYTES);
        try {
            drawInto(points, seed, purpose, first, count);
            return points;
        } catch (RuntimeException e) {
            points.close();
            throw e;
        }
    }

    /** Draws points into the start of a buffer, after all commands enqueued so far. */
    public void drawInto(DeviceBuffer points, long seed, RandomPurpose purpose, int first, int count) {
        long groupSize = Math.min(GROUP_SIZE, context.device().maxGroupSize());
        for (int done = 0; done < count; done += Math.min(LAUNCH_POINTS, count - done)) {
            int now = Math.min(LAUNCH_POINTS, count - done);
            kernel.setSeed(seed).set("stream", purpose.counterWord()).set("first", first).set("points", points)
                    .set("start", done).set("count", now);
            long groups = Math.min(MAX_GROUPS, (now + groupSize - 1) / groupSize);
            context.enqueue(kernel, groups * groupSize, groupSize);
            context.flush();
        }
    }

    /** Draws points [count, 2] to the host, in pieces if the device runs out of memory. */
    public float[] drawToHost(long seed, RandomPurpose purpose, int first, int count) {
        float[] drawn = new float[2 * count];
        int most = count;
        for (int done = 0; done < count; ) {
            int now = Math.min(most, count - done);
            try (DeviceBuffer points = draw(seed, purpose, first + done, now)) {
                System.arraycopy(points.read(new float[2 * now]), 0, drawn, 2 * done, 2 * now);
                done += now;
            } catch (OpenClException e) {
                if (!e.isOutOfMemory() || now <= MIN_PIECE_POINTS) {
                    throw e;
                }
                most = now / 2;
            }
        }
        return drawn;
    }

    @Override
    public void close() { resources.close(); }
}
