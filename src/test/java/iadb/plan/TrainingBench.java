package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Runs a plan on random data, for tests that read all of its state. */
public final class TrainingBench implements AutoCloseable {
    public static final float LEARNING_RATE = 1e-3f;

    private static final int POINTS = 1009; // a prime: indices must not rely on a power of two
    private static final int LOSS_SLOTS = 128;
    private static final int BARRIER_TRIALS = 3;
    private static final Map<List<Integer>, Boolean> BARRIERS = new ConcurrentHashMap<>(); // by device, groups and their size

    final NetworkShape shape;
    final int batch;
    final long seed;
    final Network start;
    private final Context context;
    private final PlanChoice choice;
    private final float[] points0 = new float[2 * POINTS];
    private final float[] points1 = new float[2 * POINTS];
    private final DeviceBuffer data0;
    private final DeviceBuffer data1;
    private final TrainingState state;
    private final Plan plan;
    private int steps;

    public TrainingBench(Device device, PlanChoice.Kind kind, Tuning base, NetworkShape shape, int batch, long seed) {
        this.shape = shape;
        this.batch = batch;
        this.seed = seed;
        choice = PlanSelector.candidates(Optional.of(kind), base, device, shape, batch).get(0);
        assumeTrue(choice.kind() != PlanChoice.Kind.PERSISTENT || groupsCanWait(device), () -> "the barrier across "
                + Plan.persistentGroups(choice.tuning(), batch, device) + " work-groups does not pass its proof on " + device
                + ": no training takes the plan persistent there");
        context = Context.open(device);
        Random random = new Random(seed);
        for (int i = 0; i < points0.length; i++) {
            points0[i] = random.nextFloat();
            points1[i] = random.nextFloat() * random.nextFloat();
        }
        data0 = context.buffer(points0);
        data1 = context.buffer(points1);
        start = Network.initial(shape, seed);
        state = TrainingState.of(context, Checkpoint.start(start, false), LOSS_SLOTS);
        plan = new Plan(context, shape, choice,
                new Batch(data0, data1, batch, seed, LEARNING_RATE), state);
    }

    /** Whether persistent can run here. On PoCL it must, even where the machine is too busy for the barrier to pass its test. */
    private boolean groupsCanWait(Device device) {
        int groups = Plan.persistentGroups(choice.tuning(), batch, device);
        int groupSize = choice.tuning().groupSize();
        boolean isCertain = groups == 1 || device.platformName().equals("Portable Computing Language");
        return isCertain || BARRIERS.computeIfAbsent(List.of(device.index(), groups, groupSize), key -> {
            try (Context trial = Context.open(device)) {
                return IntStream.range(0, BARRIER_TRIALS).anyMatch(i -> BarrierSelfTest.passes(trial, groups, groupSize));
            }
        });
    }

    /** This device's own tuning and those of other kinds of devices. */
    public static List<Tuning> tunings(Device device) {
        List<Tuning> tunings = new ArrayList<>();
        tunings.add(TuningTable.find(device, TuningTable.Purpose.TRAINING));
        tunings.add(TuningTable.ofKind("gpu", TuningTable.Purpose.TRAINING));
        tunings.add(new Tuning(8, 32, 4, 2, 1, 1, 1, 2, 1)); // AVX2
        tunings.add(new Tuning(4, 16, 4, 1, 64, 4, 1, 3, 32)); // a GPU whose groups do not share sums
        return tunings;
    }

    PlanChoice choice() {
        return choice;
    }

    public void run(int count) {
        run(plan, count);
    }

    /** Another plan on the same batch and state, with further build options; closed by the caller. */
    Plan plan(PlanChoice.Kind kind, String... options) {
        return new Plan(context, shape, new PlanChoice(kind, choice.tuning(), List.of()),
                new Batch(data0, data1, batch, seed, LEARNING_RATE), state, options);
    }

    /** Runs steps by a plan until {@code count} more are done; a barrier may time out on a busy machine. */
    void run(Plan by, int count) {
        int end = steps + count;
        for (int attempt = 0; steps < end && attempt < 100; attempt++) {
            steps += runOnce(by, end - steps);
        }
        assertEquals(end, steps, "barriers timed out again and again");
    }

    /** One launch, or one launch per step; returns how many steps were done. */
    private int runOnce(Plan by, int count) {
        by.enqueueSteps(steps, count);
        context.finish();
        return by.stepsDone().map(done -> (int) done.read(new float[1])[0]).orElse(count);
    }

    /** One launch; returns how many of {@code count} steps were done. */
    int tryOnce(Plan by, int count) {
        int done = runOnce(by, count);
        steps += done;
        return done;
    }

    int steps() {
        return steps;
    }

    float[] parameters() {
        return state.parameters().read(new float[shape.bufferFloats()]);
    }

    float[] transposed() {
        return state.transposed().read(new float[shape.transposedFloats()]);
    }

    /** The gradient of the first step: Adam's first moment starts at zero, so that it is 0.1 times the gradient. */
    double[] firstGradient() {
        float[] moment = state.moment1().read(new float[shape.bufferFloats()]);
        double[] gradient = new double[moment.length];
        for (int i = 0; i < moment.length; i++) {
            gradient[i] = moment[i] / (double) 0.1f;
        }
        return gradient;
    }

    float loss(int step) {
        return state.losses().read(new float[1], step % LOSS_SLOTS)[0];
    }

    /** The batch of a step, [B][5]: x, y, α, target x, target y. */
    float[][] rows(int step) {
        return PlanSelfTest.rows(points0, points1, batch, seed, step);
    }

    @Override
    public void close() {
        plan.close();
        state.close();
        data0.close();
        data1.close();
        context.close();
    }
}
