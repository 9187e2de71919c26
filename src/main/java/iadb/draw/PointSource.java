package iadb.draw;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.density.CdfTables;
import iadb.density.Density;
import iadb.random.Stream;
import java.util.List;

/**
 * A density on the device, ready to be drawn from: by rejection, as the method's tutorial does it, or by inverting the
 * CDF tables where less than one candidate in 64 would be accepted. Both give the same distribution.
 */
public final class PointSource implements AutoCloseable {
    /** Bytes of a point on the device: two floats. */
    public static final int POINT_BYTES = 2 * Float.BYTES;

    static final double LEAST_ACCEPTANCE = 1.0 / 64;
    private static final int GROUP_SIZE = 64;
    private static final int DENSITY_ARGUMENTS = 4; // arguments of both kernels that stand for the density
    private static final int MAX_GROUPS = 1024;

    private final Context context;
    private final Program program;
    private final Kernel kernel;
    private final List<DeviceBuffer> tables;

    /** Puts {@code density} on the device, choosing the method by its acceptance rate. */
    public PointSource(Context context, Density density) {
        this(context, density, density.acceptance() >= LEAST_ACCEPTANCE);
    }

    PointSource(Context context, Density density, boolean byRejection) {
        this.context = context;
        program = context.build(List.of(Source.of("philox.cl"), Source.of("draw.cl")), List.of("-cl-std=CL1.2"));
        if (byRejection) {
            DeviceBuffer weights = context.buffer((long) density.weights().length * Short.BYTES);
            weights.write(density.weights());
            tables = List.of(weights);
            kernel = program.kernel("draw_by_rejection")
                    .arguments(weights, density.width(), density.height(), density.brightest());
        } else {
            CdfTables cdf = CdfTables.of(density);
            DeviceBuffer rowEnd = context.buffer((long) cdf.rowEnd().length * Long.BYTES);
            DeviceBuffer columnEnd = context.buffer((long) cdf.columnEnd().length * Integer.BYTES);
            rowEnd.write(cdf.rowEnd());
            columnEnd.write(cdf.columnEnd());
            tables = List.of(rowEnd, columnEnd);
            kernel = program.kernel("draw_by_inversion")
                    .arguments(rowEnd, columnEnd, density.width(), density.height());
        }
    }

    /**
     * A new buffer of {@code count} points [count, 2], owned by the caller: draws {@code first} .. of the stream.
     *
     * @param first index of the first draw; the same index gives the same point, however many are drawn at once
     */
    public DeviceBuffer draw(long seed, Stream stream, int first, int count) {
        DeviceBuffer points = context.buffer((long) count * POINT_BYTES);
        Object[] arguments = {(int) seed, (int) (seed >>> 32), stream.ordinal(), first, count, points};
        for (int i = 0; i < arguments.length; i++) {
            kernel.argument(DENSITY_ARGUMENTS + i, arguments[i]);
        }
        long groups = Math.min(MAX_GROUPS, (count + GROUP_SIZE - 1L) / GROUP_SIZE);
        context.enqueue(kernel, groups * GROUP_SIZE, GROUP_SIZE);
        return points;
    }

    /** The same points on the host, [count, 2]. */
    public float[] drawToHost(long seed, Stream stream, int first, int count) {
        try (DeviceBuffer points = draw(seed, stream, first, count)) {
            return points.read(new float[2 * count]);
        }
    }

    @Override
    public void close() {
        tables.forEach(DeviceBuffer::close);
        kernel.close();
        program.close();
    }
}
