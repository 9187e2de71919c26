package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * The launches of one training step, in order. {@link PlanSelector} selects a plan that the device can run. Owns the gradients of
 * the blocks, and with {@code layered} the activations.
 */
public final class Plan implements AutoCloseable {
    private final Context context;
    private final NetworkShape shape;
    private final Tuning tuning;
    private final Batch batch;
    private final int blocks; // of the batch's gradients
    private final TrainingState state;
    private final Program program;
    private final Resources resources = new Resources();
    private final List<Launch> launches = new ArrayList<>();
    private final DeviceBuffer dBlocks; // [sets][blocks][shape.bufferFloats()]
    private final DeviceBuffer blockLoss; // [sets][blocks]
    private Kernel persistent; // null in other plans
    private DeviceBuffer stepsDone; // null in other plans

    /**
     * The data of a training, and how far a step moves the weights ({@code cl/blend.cl}, {@code cl/adam.cl}).
     *
     * @param data0        [n0, 2], the points of p0
     * @param data1        [n1, 2], the points of p1
     * @param paired       whether row i of data1 belongs to row i of data0; n0 and n1 are equal then
     * @param rows         B, rows of each step
     * @param seed         key of the generator that draws the rows
     * @param learningRate Adam's step size
     * @param cosineSteps  steps over which the rate falls to 0 along half a cosine, lr (1 + cos(πt/cosineSteps)) / 2; 0: constant
     * @param averageDecay decay of the exponential average of the weights, in [0, 1); 0: no average
     */
    public record Batch(DeviceBuffer data0, DeviceBuffer data1, boolean paired, int rows, long seed, float learningRate, int cosineSteps,
            double averageDecay) {
        /** Without pairs, with a constant rate and no average of the weights. */
        public Batch(DeviceBuffer data0, DeviceBuffer data1, int rows, long seed, float learningRate) {
            this(data0, data1, false, rows, seed, learningRate, 0, 0);
        }

        boolean averages() { return averageDecay > 0; }
    }

    /** A launch of a kernel whose arguments are set, except the step's number. */
    private record Launch(Kernel kernel, int groups, int groupSize, IntConsumer setStep) {
        void enqueue(Context context, int step) {
            setStep.accept(step);
            context.enqueue(kernel, (long) groups * groupSize, groupSize);
        }
    }

    /**
     * Builds the plan's kernels.
     *
     * @param furtherOptions added to the build options
     * @throws DeviceLimitException when the device cannot hold the buffers, or cannot run a kernel in groups of its size
     */
    public Plan(Context context, NetworkShape shape, PlanChoice choice, Batch batch, TrainingState state,
            String... furtherOptions) {
        this.context = context;
        this.shape = shape;
        this.batch = batch;
        this.state = state;
        tuning = choice.tuning();
        blocks = tuning.blocks(batch.rows());
        try {
            List<String> options = new ArrayList<>(choice.options(shape, context.device()));
            options.addAll(List.of(furtherOptions));
            program = resources.add(context.build(sources(choice.kind()), options));
            dBlocks = floats((long) gradientSets(choice.kind()) * blocks * shape.bufferFloats());
            blockLoss = floats((long) gradientSets(choice.kind()) * blocks);
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

    /** The sources of a plan's program. */
    public static List<Source> sources(PlanChoice.Kind kind) {
        String files = switch (kind) {
            case LAYERED -> "philox arithmetic network blend adam layered";
            case FUSED -> "philox arithmetic network blend gradient adam fused";
            case PERSISTENT -> "philox arithmetic network blend gradient barrier adam persistent";
        };
        return Arrays.stream(files.split(" ")).map(file -> Source.of(file + ".cl")).toList();
    }

    /** Enqueues {@code count} training steps, beginning with step {@code first}, counted from 0. */
    public void enqueueSteps(int first, int count) {
        if (persistent != null) {
            launches.get(0).enqueue(context, first);
            persistent.set("first_step", first).set("steps", count);
            context.enqueue(persistent, (long) persistentGroups() * tuning.groupSize(), tuning.groupSize());
            return;
        }
        for (int step = first; step < first + count; step++) {
            for (Launch launch : launches) {
                launch.enqueue(context, step);
            }
        }
    }

    /** The number of steps that the last {@link #enqueueSteps} made, [1], a float; empty for a plan that always makes all. */
    public Optional<DeviceBuffer> stepsDone() { return Optional.ofNullable(stepsDone); }

    private int persistentGroups() { return persistentGroups(tuning, batch.rows(), context.device()); }

    /** The groups of {@code persistent}, which wait for each other: one for each block, at most one for each compute unit. */
    static int persistentGroups(Tuning tuning, int batch, Device device) {
        return Math.min(tuning.blocks(batch), device.computeUnits());
    }

    /** With groups of one work-item, {@code persistent} has separate gradients for even and odd steps. */
    private int gradientSets(PlanChoice.Kind kind) {
        return kind == PlanChoice.Kind.PERSISTENT && tuning.groupSize() == 1 ? 2 : 1;
    }

    private void addPersistentLaunch() {
        DeviceBuffer arrivals = floats(2);
        int polls = BarrierSelfTest.polls(context, program, persistentGroups(), tuning.groupSize());
        stepsDone = floats(1);
        add("barrier_reset", 1, 1).set("arrivals", arrivals).set("polls", polls);
        long copies = tuning.groupSize() == 1 ? persistentGroups() * (3L * shape.bufferFloats() + shape.transposedFloats()) : 1;
        persistent = checked(resources.add(program.kernel("persistent_steps")), tuning.groupSize());
        setData(persistent).set("copies", floats(copies)).set("arrivals", arrivals).set("steps_done", stepsDone);
        setWeights(setBlocks(persistent)).set("d_blocks", dBlocks).set("block_loss", blockLoss);
    }

    private void addFusedLaunches() {
        setBlocks(setData(add("fused_gradient", blocks))).set("parameters", state.parameters())
                .set("transposed", state.transposed()).set("d_blocks", dBlocks).set("block_loss", blockLoss);
        addUpdate();
    }

    private void addLayeredLaunches() {
        int tiles = tuning.tiles(batch.rows());
        long rows = (long) tiles * tuning.tileRows();
        DeviceBuffer input = floats(rows * (1 + shape.inputs(0)));
        DeviceBuffer target = floats(rows * 2);
        DeviceBuffer dVelocity = floats(rows * 2);
        DeviceBuffer[] act = new DeviceBuffer[shape.depth()];
        for (int l = 0; l < act.length; l++) {
            act[l] = floats(rows * shape.width());
        }
        DeviceBuffer last = act[act.length - 1];

        setData(add("layered_rows", tiles)).set("tiles", tiles).set("parameters", state.parameters()).set("input", input)
                .set("target", target);
        add("layered_forward_first", tiles).set("tiles", tiles).set("parameters", state.parameters()).set("input", input)
                .set("act", act[0]);
        for (int l = 1; l < act.length; l++) {
            add("layered_forward", tiles).set("tiles", tiles).set("l", l).set("parameters", state.parameters())
                    .set("below", act[l - 1]).set("act", act[l]);
        }
        setBlocks(add("layered_output", blocks)).set("parameters", state.parameters()).set("act", last).set("target", target)
                .set("d_velocity", dVelocity).set("block_loss", blockLoss);
        setBlocks(add("layered_backward_output", blocks)).set("parameters", state.parameters()).set("d_velocity", dVelocity)
                .set("act", last).set("d_blocks", dBlocks);
        for (int l = act.length - 1; l > 0; l--) {
            setBlocks(add("layered_backward", blocks)).set("l", l).set("transposed", state.transposed()).set("d_act", act[l])
                    .set("below", act[l - 1]).set("d_blocks", dBlocks);
        }
        setBlocks(add("layered_backward_first", blocks)).set("input", input).set("d_act", act[0]).set("d_blocks", dBlocks);
        addUpdate();
    }

    private void addUpdate() {
        setWeights(add("update", tuning.updateGroups(), tuning.updateGroupSize())).set("blocks", blocks).set("d_blocks", dBlocks)
                .set("block_loss", blockLoss);
    }

    /** Sets the arguments of a kernel that draws rows. */
    private Kernel setData(Kernel kernel) {
        return kernel.set("data0", batch.data0()).set("points0", points(batch.data0())).set("data1", batch.data1())
                .set("points1", batch.paired() ? 0 : points(batch.data1())).setSeed(batch.seed());
    }

    private static int points(DeviceBuffer data) { return (int) (data.bytes() / (2 * Float.BYTES)); }

    /** Sets the arguments of a kernel that strides over the blocks of a batch. */
    private Kernel setBlocks(Kernel kernel) {
        return kernel.set("batch", batch.rows()).set("blocks", blocks).set("block_tiles", tuning.blockTiles(batch.rows()));
    }

    /** Sets the arguments of a kernel that moves the weights. */
    private Kernel setWeights(Kernel kernel) {
        return kernel.set("learning_rate", batch.learningRate()).set("cosine_steps", batch.cosineSteps())
                .set("average_rate", batch.averages() ? (float) (1 - batch.averageDecay()) : 0f)
                .set("log_decay", batch.averages() ? (float) Math.log(batch.averageDecay()) : 0f)
                .set("parameters", state.parameters()).set("moment1", state.moment1())
                .set("moment2", state.moment2()).set("transposed", state.transposed())
                .set("average", state.average().orElse(state.parameters())) // not used without an average
                .set("losses", state.losses()).set("loss_slots", state.lossSlots());
    }

    private Kernel add(String name, int groups) { return add(name, groups, tuning.groupSize()); }

    /** Adds a launch; returns its kernel, of which the caller sets all arguments except the step's number. */
    private Kernel add(String name, int groups, int groupSize) {
        Kernel kernel = checked(resources.add(program.kernel(name)), groupSize);
        launches.add(new Launch(kernel, groups, groupSize, kernel.takes("step") ? kernel.setter("step") : step -> { }));
        return kernel;
    }

    private Kernel checked(Kernel kernel, int groupSize) {
        if (groupSize > kernel.maxGroupSize()) {
            throw new DeviceLimitException("%s runs the kernel %s in groups of at most %s work-items, not %s".formatted(
                    context.device().name(), kernel.name(), kernel.maxGroupSize(), groupSize), Limit.KERNEL);
        }
        return kernel;
    }

    private DeviceBuffer floats(long count) { return resources.add(context.buffer(count * Float.BYTES)); }

    @Override
    public void close() { resources.close(); }
}
