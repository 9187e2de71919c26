package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Resources;
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

    /** Points on their way from p0 to p1 as in the tutorial, by {@code T} steps of Euler of the same length. */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int T) {
        return session(parameters, points, count, Integration.of(Solver.EULER, Schedule.LINEAR, T, false));
    }

    /**
     * Points on their way along the field of {@code parameters}.
     *
     * @param parameters [shape.bufferFloats()], may be live weights of a training
     * @param points     [count, 2], moved in place; neither buffer is owned by the session
     * @param count      1 or more
     */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, Integration integration) {
        Resources resources = new Resources();
        try {
            DeviceBuffer alphas = resources.add(context.buffer(integration.alphas()));
            Kernel kernel = resources.add(program.kernel("move_points"))
                    .arguments(parameters, points, alphas, integration.solver().ordinal());
            long flopsPerPointStep = shape.forwardFlops() * integration.solver().evaluations();
            return new MapSession(context, kernel, resources, tuning, flopsPerPointStep, count, integration.T());
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    @Override
    public void close() {
        program.close();
    }
}
