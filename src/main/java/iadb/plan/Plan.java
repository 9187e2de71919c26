package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The launches of one training step, in order, and the tuning behind them. {@link PlanChoice} says which plan a device
 * can run.
 *
 * <p>Buffers that only this plan needs (gradients of the blocks; with {@code layered} also activations) belong to it.
 */
public final class Plan implements AutoCloseable {
    private final Context context;
    private final NetworkShape shape;
    private final Tuning tuning;
    private final Batch batch;
    private final TrainingState state;
    private final Program program;
    private final Resources resources = new Resources();
    private final List<Launch> launches = new ArrayList<>();
    private Kernel persistent;
    private DeviceBuffer stepsDone;

    /**
     * The plan that was chosen, ready to run over this batch and state.
     *
     * @throws DeviceLimitException when the device cannot hold its buffers, or run its kernels in groups of their size
     */
    public Plan(Context context, NetworkShape shape, PlanChoice choice, Batch batch, TrainingState state) {
        this(context, shape, choice, batch, state, List.of());
    }

    /** @param options further build options, for tests */
    Plan(Context context, NetworkShape shape, PlanChoice choice, Batch batch, TrainingState state, List<String> options) {
        this.context = context;
        this.shape = shape;
        this.batch = batch;
        this.state = state;
        tuning = choice.tuning();
        try {
            List<String> allOptions = new ArrayList<>(choice.options(shape, context.device()));
            allOptions.addAll(options);
            program = resources.add(context.build(sources(choice.kind()), allOptions));
            switch (choice.kind()) {
                case LAYERED -> addLayeredLaunches();
                case FUSED -> addFusedLaunches();
                case PERSISTENT -> addPersistentLaunch();
            }
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** The program of a plan. */
    public static List<Source> sources(PlanChoice.Kind kind) {
        String files = switch (kind) {
            case LAYERED -> "philox arithmetic network blend adam layered";
            case FUSED -> "philox arithmetic network blend gradient adam fused";
            case PERSISTENT -> "philox arithmetic network blend gradient barrier adam persistent";
        };
        return Arrays.stream(files.split(" ")).map(file -> Source.of(file + ".cl")).toList();
    }

    /** Enqueues {@code count} training steps from step {@code first} on, counted from 0. */
    public void enqueueSteps(int first, int count) {
        if (persistent != null) {
            launches.get(0).enqueue(context, first);
            persistent.lastArguments(first, count);
            context.enqueue(persistent, (long) persistentGroups() * tuning.groupSize(), tuning.groupSize());
            return;
        }
        for (int step = first; step < first + count; step++) {
            for (Launch launch : launches) {
                launch.enqueue(context, step);
            }
        }
    }

    /**
     * Of a plan whose launch may end before its last step: how many steps the last one did, [1], a float. Empty: a launch
     * does its one step.
     */
    public Optional<DeviceBuffer> stepsDone() {
        return Optional.ofNullable(stepsDone);
    }

    private int persistentGroups() {
        return persistentGroups(tuning, batch.rows(), context.device());
    }

    /** Groups that wait for each other in the plan persistent: one a block, at most one a compute unit. */
    public static int persistentGroups(Tuning tuning, int batch, Device device) {
        return Math.min(tuning.blocks(batch), device.computeUnits());
    }

    private void addPersistentLaunch() {
        int blocks = tuning.blocks(batch.rows());
        DeviceBuffer arrivals = floats(2);
        int polls = BarrierSelfTest.polls(context, program, persistentGroups(), tuning.groupSize());
        stepsDone = floats(1);
        add(new Launch(resources.add(program.kernel("barrier_reset")).arguments(arrivals, polls), 1, 1, false));
        boolean ownCopies = tuning.groupSize() == 1; // one for each group, and gradients by the parity of the step
        int sets = ownCopies ? 2 : 1;
        long copies = ownCopies ? persistentGroups() * (3L * shape.bufferFloats() + shape.transposedFloats()) : 1;
        persistent = resources.add(program.kernel("persistent_steps")).arguments(joined(
                List.of(batch.data0(), batch.points0(), batch.data1(), batch.points1(), seedLow(), seedHigh(), batch.rows(),
                        blocks, tuning.blockTiles(batch.rows())),
                weightArguments(),
                List.of(floats(copies), floats((long) sets * blocks * shape.bufferFloats()), floats((long) sets * blocks),
                        state.losses(), state.lossSlots(), arrivals, stepsDone)));
        checkGroupSize(persistent, tuning.groupSize());
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
        int blockTiles = tuning.blockTiles(batch.rows());

        add("layered_rows", tiles, true, batch.data0(), batch.points0(), batch.data1(), batch.points1(), seedLow(),
                seedHigh(), tiles, input, target);
        add("layered_forward_first", tiles, false, tiles, state.parameters(), input, act[0]);
        for (int l = 1; l < act.length; l++) {
            add("layered_forward", tiles, false, tiles, l, state.parameters(), act[l - 1], act[l]);
        }
        add("layered_output", blocks, false, batch.rows(), blocks, blockTiles, state.parameters(), last, target, dVelocity,
                blockLoss);
        add("layered_backward_output", blocks, false, batch.rows(), blocks, blockTiles, state.parameters(), dVelocity, last,
                dBlocks);
        for (int l = act.length - 1; l > 0; l--) {
            add("layered_backward", blocks, false, batch.rows(), blocks, blockTiles, l, state.transposed(), act[l],
                    act[l - 1], dBlocks);
        }
        add("layered_backward_first", blocks, false, batch.rows(), blocks, blockTiles, input, act[0], dBlocks);
        addUpdate(blocks, dBlocks, blockLoss);
    }

    private void addUpdate(int blocks, DeviceBuffer dBlocks, DeviceBuffer blockLoss) {
        Kernel kernel = resources.add(program.kernel("update")).arguments(joined(List.of(blocks, dBlocks, blockLoss),
                weightArguments(), List.of(state.losses(), state.lossSlots())));
        add(new Launch(kernel, tuning.updateGroups(), tuning.updateGroupSize(), true));
    }

    /** What both kernels that move weights take: the rates, and the state. */
    private List<Object> weightArguments() {
        List<Object> arguments = new ArrayList<>(List.of(batch.rates().arguments()));
        arguments.addAll(List.of(state.parameters(), state.moment1(), state.moment2(), state.transposed(),
                state.average().orElse(state.parameters()))); // which is not touched where no average is kept
        return arguments;
    }

    private static Object[] joined(List<Object> first, List<Object> second, List<Object> third) {
        return Stream.of(first, second, third).flatMap(List::stream).toArray();
    }

    /** Adds a launch of the tuning's group size; with {@code takesStep} the step's number is its last argument. */
    private void add(String name, int groups, boolean takesStep, Object... arguments) {
        Kernel kernel = resources.add(program.kernel(name)).arguments(arguments);
        add(new Launch(kernel, groups, tuning.groupSize(), takesStep));
    }

    private void add(Launch launch) {
        checkGroupSize(launch.kernel(), launch.groupSize());
        launches.add(launch);
    }

    private void checkGroupSize(Kernel kernel, int groupSize) {
        if (groupSize > kernel.maxGroupSize()) {
            throw new DeviceLimitException("%s runs the kernel %s in groups of at most %s work-items, not %s".formatted(
                    context.device().name(), kernel.name(), kernel.maxGroupSize(), groupSize));
        }
    }

    private DeviceBuffer floats(long count) {
        return resources.add(context.buffer(count * Float.BYTES));
    }

    private int seedLow() {
        return (int) batch.seed();
    }

    private int seedHigh() {
        return (int) (batch.seed() >>> 32);
    }

    @Override
    public void close() {
        resources.close();
    }
}
