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
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.TuningChoice.Trial;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The plan {@code joint} ({@code cl/joint.cl}): trains many maps of one shape in one launch. Each map has a place, in which one
 * work-group trains it, whole, through many steps; no group waits for another. The bits of a map are those of {@code fused} with the
 * same tuning.
 *
 * <p>A place takes 20 bytes of the device's memory for each parameter (weights, moments, average and gradient), 4 for each hidden
 * weight's transposed copy, and 4 for each step of a launch: 0.32 MB for the tutorial's network. Data take 8 bytes a point.
 */
public final class JointPlan implements AutoCloseable {
    /** The most steps of a launch. */
    public static final int MAX_STEPS = 4096;

    private static final int PLACES_PER_UNIT = 12; // of a GPU, which holds 2, 3, 4 or 6 groups at once, whatever its tuning
    private static final int TRAINING_WORDS = 12; // of a joint_training
    private static final int TRIAL_STEPS = 4;
    private static final float TRIAL_RATE = 1e-3f;

    private final Context context;
    private final NetworkShape shape;
    private final Tuning tuning;
    private final int places;
    private final Resources resources = new Resources();
    private final Kernel kernel;
    private final DeviceBuffer trainings; // [places][TRAINING_WORDS]
    private final DeviceBuffer parameters; // [places][shape.bufferFloats()]
    private final DeviceBuffer moment1; // as parameters
    private final DeviceBuffer moment2; // as parameters
    private final DeviceBuffer average; // as parameters; unused where a map has none
    private final DeviceBuffer transposed; // [places][shape.transposedFloats()]
    private final DeviceBuffer losses; // [MAX_STEPS][places]
    private final int[] words;

    /**
     * How the map in a place trains; {@link Plan.Batch} explains the settings.
     *
     * @param first0  where its points of p0 begin in the plan's points
     * @param points0 n0, their number
     * @param first1  where its points of p1 begin
     * @param points1 n1, their number; 0: as many as those of p0, to which they belong row by row
     */
    public record Training(int first0, int points0, int first1, int points1, long seed, float learningRate, int cosineSteps,
            double averageDecay) { }

    /**
     * The tuning with which maps train at once on a device, with the bits of a training alone. On a GPU the candidates are timed, once.
     *
     * @param alone what a map that trains alone takes
     * @param rows  B
     * @return empty if the device trains maps with other bits than this plan, or the batch is too large for one group
     */
    public static Optional<Tuning> tuning(Context context, PlanChoice alone, NetworkShape shape, int rows) {
        Tuning own = alone.tuning();
        if (alone.kind() == PlanChoice.Kind.LAYERED || own.blockTiles(rows) > 1) {
            return Optional.empty();
        }
        if (own.groupSize() == 1 || TuningTable.candidates(context.device(), TuningTable.Purpose.JOINT, shape, rows).isEmpty()) {
            return Optional.of(own);
        }
        return Optional.of(TuningChoice.of(context.device(), TuningTable.Purpose.JOINT, shape, rows, JointPlan::sources).measured(context,
                tuning -> context.prebuild(sources(), tuning.options(shape, context.device())), tuning -> trial(context, shape, rows, tuning))
                .fit(shape, Tuning.Footprint.ALL_LAYERS, context.device()).filter(joint -> joint.bits().equals(own.bits())).orElse(own));
    }

    /** Steps of as many maps as keep the device busy; the answer is the weights of one of them. */
    private static Trial trial(Context context, NetworkShape shape, int rows, Tuning tuning) {
        Resources own = new Resources();
        try {
            int places = placesOf(context.device(), tuning);
            DeviceBuffer points = own.add(context.zeros(2 * Float.BYTES));
            JointPlan plan = own.add(new JointPlan(context, shape, tuning, rows, points, places));
            Checkpoint start = Checkpoint.start(Network.initial(shape, 0), false);
            IntStream.range(0, places).forEach(place -> plan.begin(place, new Training(0, 1, 0, 1, place, TRIAL_RATE, 0, 0), start));
            IntConsumer work = count -> {
                for (int done = 0; done < count; done += MAX_STEPS) {
                    int[] steps = new int[places];
                    Arrays.fill(steps, Math.min(MAX_STEPS, count - done));
                    plan.enqueueSteps(new int[places], steps);
                }
                context.finish();
            };
            work.accept(TRIAL_STEPS);
            return new Trial(own, work, plan.result(0, false).parameters());
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /**
     * Whether the device gives the bits of trainings alone; checked once for each program, device and driver.
     *
     * @param alone what a map that trains alone takes
     * @throws DeviceLimitException when the device cannot run the kernel
     */
    public static boolean passes(Context context, NetworkShape shape, PlanChoice alone, Tuning tuning) {
        return PlanSelfTest.jointPasses(context, shape, alone.tuning(), tuning);
    }

    /** The number of maps that keep a device busy: one a core of a CPU, and several a compute unit of a GPU. */
    public static int placesOf(Device device, Tuning tuning) {
        return device.computeUnits() * (tuning.groupSize() == 1 ? 1 : PLACES_PER_UNIT);
    }

    /** The sources of its program. */
    public static List<Source> sources() {
        return Stream.of("philox arithmetic network blend gradient adam joint".split(" ")).map(file -> Source.of(file + ".cl")).toList();
    }

    /**
     * Builds the kernel.
     *
     * @param tuning of {@link #tuning}
     * @param rows   B
     * @param points [any, 2], the data of all trainings
     * @throws DeviceLimitException when the device cannot hold the places, or run the kernel in groups of its size
     */
    public JointPlan(Context context, NetworkShape shape, Tuning tuning, int rows, DeviceBuffer points, int places) {
        this.context = context;
        this.shape = shape;
        this.tuning = tuning;
        this.places = places;
        words = new int[TRAINING_WORDS * places];
        try {
            Program program = resources.add(context.build(sources(), tuning.options(shape, context.device())));
            kernel = resources.add(program.kernel("joint_steps"));
            if (tuning.groupSize() > kernel.maxGroupSize()) {
                throw new DeviceLimitException("%s runs the kernel %s in groups of at most %s work-items, not %s".formatted(
                        context.device().name(), kernel.name(), kernel.maxGroupSize(), tuning.groupSize()), Limit.KERNEL);
            }
            trainings = floats(TRAINING_WORDS);
            parameters = floats(shape.bufferFloats());
            moment1 = floats(shape.bufferFloats());
            moment2 = floats(shape.bufferFloats());
            average = floats(shape.bufferFloats());
            transposed = floats(shape.transposedFloats());
            losses = floats(MAX_STEPS);
            kernel.set("points", points).set("trainings", trainings).set("places", places).set("batch", rows)
                    .set("parameters", parameters).set("moment1", moment1).set("moment2", moment2).set("average", average)
                    .set("transposed", transposed).set("d_parameters", floats(shape.bufferFloats())).set("losses", losses);
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    private DeviceBuffer floats(int ofPlace) { return resources.add(context.buffer((long) places * ofPlace * Float.BYTES)); }

    /** Puts a training into a place. */
    public void begin(int place, Training training, Checkpoint start) {
        long at = (long) place * shape.bufferFloats();
        parameters.write(start.weights().parameters(), at);
        moment1.write(start.moment1(), at);
        moment2.write(start.moment2(), at);
        start.average().ifPresent(weights -> average.write(weights.parameters(), at));
        transposed.write(start.weights().transposed(), (long) place * shape.transposedFloats());
        boolean averages = training.averageDecay() > 0;
        int[] own = {(int) training.seed(), (int) (training.seed() >>> 32), training.first0(), training.points0(), training.first1(),
            training.points1(), Float.floatToRawIntBits(training.learningRate()), training.cosineSteps(),
            Float.floatToRawIntBits(averages ? (float) (1 - training.averageDecay()) : 0),
            Float.floatToRawIntBits(averages ? (float) Math.log(training.averageDecay()) : 0), 0, 0};
        System.arraycopy(own, 0, words, TRAINING_WORDS * place, TRAINING_WORDS);
    }

    /**
     * Enqueues steps of all places in one launch.
     *
     * @param first [places], the first step of each, counted from 0
     * @param count [places], its number of steps, at most {@link #MAX_STEPS}; 0: the place is not in use
     */
    public void enqueueSteps(int[] first, int[] count) {
        for (int place = 0; place < places; place++) {
            words[TRAINING_WORDS * place + 10] = first[place];
            words[TRAINING_WORDS * place + 11] = count[place];
        }
        trainings.write(words);
        context.enqueue(kernel, (long) places * tuning.groupSize(), tuning.groupSize());
    }

    /** Waits for the last launch; returns the losses of its first {@code steps} steps, [steps][places], undefined where a place made fewer. */
    public float[] losses(int steps) { return losses.read(new float[steps * places]); }

    /** Waits for what is enqueued; returns the weights to map with of a place: their average if the training has one. */
    public Network result(int place, boolean averages) {
        return new Network(shape, (averages ? average : parameters).read(new float[shape.bufferFloats()], (long) place * shape.bufferFloats()));
    }

    @Override
    public void close() { resources.close(); }
}
