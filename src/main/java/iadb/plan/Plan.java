package iadb.plan;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import java.util.ArrayList;
import java.util.List;

/**
 * The launches of one training step, in order, and the tuning behind them. {@link PlanChoice} says which plan a device
 * can run; {@link #build} makes it.
 *
 * <p>Buffers that only this plan needs (gradients of the blocks; with {@code layered} also activations) belong to it.
 */
public final class Plan implements AutoCloseable {
    private static final int UPDATE_GROUP_SIZE = 64;

    private final Context context;
    private final NetworkShape shape;
    private final Tuning tuning;
    private final Batch batch;
    private final TrainingState state;
    private final Program program;
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final List<Launch> launches = new ArrayList<>();

    private Plan(Context context, NetworkShape shape, Tuning tuning, Batch batch, TrainingState state, String file) {
        this.context = context;
        this.shape = shape;
        this.tuning = tuning;
        this.batch = batch;
        this.state = state;
        List<Source> sources = List.of(Source.of("philox.cl"), Source.of("network.cl"), Source.of("blend.cl"),
                Source.of("adam.cl"), Source.of(file));
        program = context.build(sources, tuning.options(shape));
    }

    /** The plan that was chosen, ready to run over this batch and state. */
    public static Plan build(Context context, NetworkShape shape, PlanChoice choice, Batch batch, TrainingState state) {
        Plan plan = new Plan(context, shape, choice.tuning(), batch, state, choice.kind().name + ".cl");
        switch (choice.kind()) {
            case FUSED -> plan.addFusedLaunches();
            case LAYERED -> plan.addLayeredLaunches();
        }
        return plan;
    }

    /** Enqueues training step {@code step}, counted from 0. */
    public void enqueueStep(int step) {
        for (Launch launch : launches) {
            launch.enqueue(context, step);
        }
    }

    /** Kernel launches a step. */
    public int launchesPerStep() {
        return launches.size();
    }

    private void addFusedLaunches() {
        int blocks = tuning.blocks(batch.rows());
        DeviceBuffer dBlocks = floats((long) blocks * shape.bufferFloats());
        DeviceBuffer blockLoss = floats(blocks);
        add("fused_gradient", blocks, true, batch.data0(), batch.points0(), batch.data1(), batch.points1(), seedLow(),
                seedHigh(), batch.rows(), blocks, tuning.blockTiles(batch.rows()), state.parameters(),
                state.transposed(), dBlocks, blockLoss);
        addUpdate(blocks, dBlocks, blockLoss);
    }

    private void addLayeredLaunches() {
        int tiles = tuning.tiles(batch.rows());
        int blocks = tuning.blocks(batch.rows());
        long rows = (long) tiles * tuning.tileRows();
        DeviceBuffer dBlocks = floats((long) blocks * shape.bufferFloats());
        DeviceBuffer blockLoss = floats(blocks);
        DeviceBuffer input = floats(rows * 4);
        DeviceBuffer target = floats(rows * 2);
        DeviceBuffer dVelocity = floats(rows * 2);
        DeviceBuffer[] act = new DeviceBuffer[shape.depth()];
        for (int l = 0; l < act.length; l++) {
            act[l] = floats(rows * shape.width());
        }
        DeviceBuffer last = act[act.length - 1];
        Object[] span = {batch.rows(), blocks, tuning.blockTiles(batch.rows())};

        add("layered_rows", tiles, true, batch.data0(), batch.points0(), batch.data1(), batch.points1(), seedLow(),
                seedHigh(), tiles, input, target);
        add("layered_forward_first", tiles, false, tiles, state.parameters(), input, act[0]);
        for (int l = 1; l < act.length; l++) {
            add("layered_forward", tiles, false, tiles, l, state.parameters(), act[l - 1], act[l]);
        }
        add("layered_output", blocks, false, span[0], span[1], span[2], state.parameters(), last, target, dVelocity,
                blockLoss);
        add("layered_backward_output", blocks, false, span[0], span[1], span[2], state.parameters(), dVelocity, last,
                dBlocks);
        for (int l = act.length - 1; l > 0; l--) {
            add("layered_backward", blocks, false, span[0], span[1], span[2], l, state.transposed(), act[l],
                    act[l - 1], dBlocks);
        }
        add("layered_backward_first", blocks, false, span[0], span[1], span[2], input, act[0], dBlocks);
        addUpdate(blocks, dBlocks, blockLoss);
    }

    private void addUpdate(int blocks, DeviceBuffer dBlocks, DeviceBuffer blockLoss) {
        Kernel kernel = program.kernel("update").arguments(blocks, dBlocks, blockLoss, batch.learningRate(),
                state.parameters(), state.moment1(), state.moment2(), state.transposed(), state.losses(),
                state.lossSlots());
        int groupSize = tuning.groupSize() == 1 ? 1 : (int) Math.min(UPDATE_GROUP_SIZE, context.device().maxGroupSize());
        launches.add(new Launch(kernel, tuning.updateGroups(), groupSize, 10));
    }

    /** Adds a launch of the tuning's group size; with {@code takesStep} the step's number is its last argument. */
    private void add(String name, int groups, boolean takesStep, Object... arguments) {
        Kernel kernel = program.kernel(name).arguments(arguments);
        launches.add(new Launch(kernel, groups, tuning.groupSize(), takesStep ? arguments.length : Launch.NO_STEP));
    }

    private DeviceBuffer floats(long count) {
        DeviceBuffer buffer = context.buffer(count * Float.BYTES);
        buffers.add(buffer);
        return buffer;
    }

    private int seedLow() {
        return (int) batch.seed();
    }

    private int seedHigh() {
        return (int) (batch.seed() >>> 32);
    }

    @Override
    public void close() {
        launches.forEach(launch -> launch.kernel().close());
        buffers.forEach(DeviceBuffer::close);
        program.close();
    }
}
