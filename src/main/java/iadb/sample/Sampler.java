package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import java.util.List;

/** The map's kernels for networks of one shape. Makes any number of {@link MapSession}s; outlives them. */
public final class Sampler implements AutoCloseable {
    private final Context context;
    private final NetworkShape shape;
    private final Tuning tuning;
    private final Program program;

    /** @throws DeviceLimitException when the device cannot hold two layers of the network */
    public Sampler(Context context, NetworkShape shape) {
        this(context, shape, TuningTable.find(context.device(), TuningTable.Purpose.MAP));
    }

    /** With another tuning than the device's own. */
    public Sampler(Context context, NetworkShape shape, Tuning base) {
        this.context = context;
        this.shape = shape;
        tuning = base.fit(shape, Tuning.Footprint.TWO_LAYERS, context.device())
                .orElseThrow(() -> new DeviceLimitException("%s has %,d bytes of local memory, too few for width %d"
                        .formatted(context.device().name(), context.device().localBytes(), shape.width())));
        program = context.build(sources(), tuning.options(shape, context.device()));
    }

    /** The map's program. */
    public static List<Source> sources() {
        return List.of(Source.of("arithmetic.cl"), Source.of("network.cl"), Source.of("map.cl"));
    }

    /**
     * Points on their way from p0 to p1 along the field of {@code parameters}.
     *
     * @param parameters [shape.bufferFloats()], may be live weights of a training
     * @param points     [count, 2], moved in place; neither buffer is owned by the session
     * @param T          Euler steps from α = 0 to 1
     */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int T) {
        Kernel kernel = program.kernel("euler");
        try {
            return new MapSession(context, kernel.arguments(parameters, points, T), tuning, shape.forwardFlops(), count, T);
        } catch (RuntimeException e) {
            kernel.close();
            throw e;
        }
    }

    @Override
    public void close() {
        program.close();
    }
}
