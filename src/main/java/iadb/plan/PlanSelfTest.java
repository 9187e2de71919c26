package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.WrongResultException;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.plan.Plan.Batch;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Compares two steps of a plan on a few rows, with a falling rate and an average, with {@link ReferenceNetwork}. Runs once for
 * each plan, tuning, network, device and driver, with the program that trains. The host's part takes milliseconds, and about a
 * second for the largest network. On a device other than a CPU, whose compiler may round the same formulas differently in two
 * programs, {@code persistent} must also give the bits of {@code fused}.
 */
public final class PlanSelfTest {
    private static final int ROWS_OF_LARGE_NETWORKS = 37;
    private static final int MAX_SUMS = 1 << 17; // units in all rows: more take the host long, and some come near their kinks
    private static final int POINTS = 41;
    private static final float[] POINTS0 = points(0);
    private static final float[] POINTS1 = points(1);
    private static final int BARRIER_ATTEMPTS = 8;
    private static final int STEPS = 2;
    private static final int COMPARED_STEPS = 4; // in one launch of persistent
    private static final int COMPARED_TILES = 16;
    private static final float LEARNING_RATE = 1e-3f;
    private static final double AVERAGE_DECAY = 0.9;
    private static final double MOMENT1_SHARE = 0.1; // first moment / gradient, after the first step

    /** Largest relative error of norms and losses. Rounding gives about 2e-6. */
    private static final double TOLERANCE = 1e-4;
    /** The same for weights after the second step, whose rows may come near kinks; a step moves weights by about 1e-2. */
    private static final double TOLERANCE_NEAR_KINKS = 1e-3;
    /** Least distance of each unit from its ReLU's kink: rounding across the kink would change the gradient. */
    private static final double MIN_FROM_KINK = 1e-6;
    private static final int SEEDS = 64;

    private PlanSelfTest() { }

    /** A plan on a few points. */
    private record Trial(Plan plan, TrainingState state, int floats) {
        static Trial of(Resources resources, Context context, NetworkShape shape, PlanChoice choice, int rows, long seed,
                int steps) {
            DeviceBuffer data0 = resources.add(context.buffer(POINTS0));
            DeviceBuffer data1 = resources.add(context.buffer(POINTS1));
            TrainingState state = resources.add(TrainingState.of(context, Checkpoint.start(Network.initial(shape, 0), true),
                    steps));
            Batch batch = new Batch(data0, data1, false, rows, seed, LEARNING_RATE, steps, AVERAGE_DECAY);
            return new Trial(resources.add(new Plan(context, shape, choice, batch, state)), state, shape.bufferFloats());
        }

        /** Makes these steps; returns false if the barrier of {@code persistent} times out repeatedly, as on a busy machine. */
        boolean run(int first, int count) {
            int done = 0;
            for (int attempt = 0; attempt < BARRIER_ATTEMPTS && done < count; attempt++) {
                int left = count - done;
                plan.enqueueSteps(first + done, left);
                done += plan.stepsDone().map(steps -> (int) steps.read(new float[1])[0]).orElse(left);
            }
            return done == count;
        }

        float[] read(DeviceBuffer buffer) { return buffer.read(new float[floats]); }
    }

    /**
     * Requires that a plan computes correctly.
     *
     * @return false if the barrier of {@code persistent} timed out repeatedly, as on a busy machine, so that nothing was compared
     * @throws WrongResultException if the device's results differ from the host's
     * @throws OpenClException      if {@code persistent} gives other bits than {@code fused}
     */
    public static boolean require(Context context, NetworkShape shape, PlanChoice choice) {
        boolean hasTwin = choice.kind() == PlanChoice.Kind.PERSISTENT && context.device().type() != Device.Type.CPU;
        return context.checkOnce(Plan.sources(choice.kind()), choice.options(shape, context.device()),
                () -> check(context, shape, choice) && (!hasTwin || compareBits(context, shape, choice,
                        new PlanChoice(PlanChoice.Kind.FUSED, choice.tuning(), List.of()))));
    }

    /**
     * Builds the kernels of {@code persistent}, and launches them once, since some drivers finish a build then. Makes no step,
     * since groups cannot wait for each other while another plan trains.
     *
     * @param context a {@link Context#sibling} of the training's
     */
    static void buildPersistent(Context context, NetworkShape shape, PlanChoice choice) {
        BarrierSelfTest.passes(context, 1, choice.tuning().groupSize());
        try (Resources resources = new Resources()) {
            Trial.of(resources, context, shape, choice, 1, 0, STEPS).plan.enqueueSteps(0, 0);
            context.finish();
        }
    }

    /** Compares with the reference; see {@link #require}. */
    static boolean check(Context context, NetworkShape shape, PlanChoice choice) {
        ReferenceNetwork reference = new ReferenceNetwork(Network.initial(shape, 0));
        int rowCount = rowCount(shape, choice.tuning());
        long seed = seedAwayFromKinks(reference, rowCount);
        double[] average = new double[shape.bufferFloats()];
        String by = " by the plan " + choice.kind();
        try (Resources resources = new Resources()) {
            Trial trial = Trial.of(resources, context, shape, choice, rowCount, seed, STEPS);
            for (int step = 0; step < STEPS; step++) {
                if (!trial.run(step, 1)) {
                    return false;
                }
                float[][] rows = rows(POINTS0, POINTS1, rowCount, seed, step);
                double[] gradient = reference.gradient(rows);
                if (step == 0) {
                    float[] moment1 = trial.read(trial.state.moment1());
                    for (int l = 0; l < shape.layers(); l++) {
                        requireNear(context.device(), "the gradient of layer " + (l + 1) + by,
                                distance(moment1, MOMENT1_SHARE, gradient, shape.weightOffset(l), shape.endOffset(l)), TOLERANCE);
                    }
                }
                double loss = reference.loss(rows);
                requireNear(context.device(), "the loss of step " + (step + 1) + by,
                        Math.abs(trial.state.losses().read(new float[1], step)[0] - loss) / loss, TOLERANCE);
                reference.adam(gradient, LEARNING_RATE * (1 + Math.cos(Math.PI * step / STEPS)) / 2);
                double[] parameters = reference.parameters();
                // the average is Σ decay^(step-s) p_s over the steps s so far, divided by the sum of these factors
                double share = (1 - AVERAGE_DECAY) / (1 - Math.pow(AVERAGE_DECAY, step + 1));
                Arrays.setAll(average, i -> average[i] + share * (parameters[i] - average[i]));
                double tolerance = step == 0 ? TOLERANCE : TOLERANCE_NEAR_KINKS;
                requireNear(context.device(), "a weight after step " + (step + 1) + by,
                        distance(trial.read(trial.state.parameters()), 1, parameters, 0, parameters.length), tolerance);
                requireNear(context.device(), "the average of the weights after step " + (step + 1) + by,
                        distance(trial.read(trial.state.result()), 1, average, 0, average.length), tolerance);
            }
            return true;
        }
    }

    /**
     * Compares the parameters of two plans after some steps.
     *
     * @return false if nothing was compared, as by {@link #require}
     * @throws OpenClException if a bit differs
     */
    static boolean compareBits(Context context, NetworkShape shape, PlanChoice choice, PlanChoice other) {
        int rowCount = COMPARED_TILES * choice.tuning().tileRows() + 5;
        try (Resources resources = new Resources()) {
            Trial one = Trial.of(resources, context, shape, choice, rowCount, 0, COMPARED_STEPS);
            Trial two = Trial.of(resources, context, shape, other, rowCount, 0, COMPARED_STEPS);
            if (!one.run(0, COMPARED_STEPS) || !two.run(0, COMPARED_STEPS)) {
                return false;
            }
            if (!Arrays.equals(one.read(one.state.parameters()), two.read(two.state.parameters()))) {
                throw new OpenClException("the plan %s gives other bits than the plan %s on %s".formatted(choice.kind(),
                        other.kind(), context.device().name()));
            }
            return true;
        }
    }

    /**
     * Whether {@code joint} gives the bits of {@code fused} with the same bits of tuning, in places with and without an average. Checked
     * once, as by {@link #require}.
     *
     * @param alone the tuning of a training alone
     */
    static boolean jointPasses(Context context, NetworkShape shape, Tuning alone, Tuning joint) {
        return require(context, shape, new PlanChoice(PlanChoice.Kind.FUSED, alone, List.of())) && context.checkOnce(JointPlan.sources(), joint.options(shape, context.device()), () -> compareJoint(context, shape, alone, joint));
    }

    private static boolean compareJoint(Context context, NetworkShape shape, Tuning alone, Tuning joint) {
        int rowCount = 2 * joint.tileRows() + 5;
        float[] points = Arrays.copyOf(POINTS0, 4 * POINTS);
        System.arraycopy(POINTS1, 0, points, 2 * POINTS, 2 * POINTS);
        Checkpoint start = Checkpoint.start(Network.initial(shape, 0), true);
        boolean same = true;
        try (Resources resources = new Resources()) {
            Trial fused = Trial.of(resources, context, shape, new PlanChoice(PlanChoice.Kind.FUSED, alone, List.of()), rowCount, 0,
                    COMPARED_STEPS);
            fused.run(0, COMPARED_STEPS);
            JointPlan plan = resources.add(new JointPlan(context, shape, joint, rowCount, resources.add(context.buffer(points)), 3));
            for (int place = 0; place < 3; place++) { // the one in the middle is not in use
                plan.begin(place, new JointPlan.Training(0, POINTS, POINTS, POINTS, 0, LEARNING_RATE, COMPARED_STEPS, AVERAGE_DECAY), start);
            }
            plan.enqueueSteps(new int[3], new int[] {COMPARED_STEPS, 0, 1});
            plan.enqueueSteps(new int[] {0, 0, 1}, new int[] {0, 0, COMPARED_STEPS - 1});
            float[] parameters = fused.read(fused.state.parameters());
            float[] average = fused.read(fused.state.result());
            for (int place : new int[] {0, 2}) {
                same &= Arrays.equals(parameters, plan.result(place, false).parameters())
                        && Arrays.equals(average, plan.result(place, true).parameters());
            }
        }
        return same;
    }

    /** Random points [POINTS, 2] in the unit square. */
    private static float[] points(int which) {
        float[] points = new float[2 * POINTS];
        for (int i = 0; i < points.length; i++) {
            points[i] = Philox.unitInterval(Philox.draw(0, RandomPurpose.REFERENCE_POINTS, i, which)[0]);
        }
        return points;
    }

    /** Rows of more than one tile, so that gradients of several blocks are added; fewer for a large network. */
    private static int rowCount(NetworkShape shape, Tuning tuning) {
        int rows = tuning.tileRows() + 5;
        return (long) rows * shape.width() * shape.depth() <= MAX_SUMS ? rows : ROWS_OF_LARGE_NETWORKS;
    }

    /**
     * The batch of {@code step}, computed on the host as by {@code cl/blend.cl}: [batch][5] x, y, α, target x, target y.
     *
     * @param points0 [n0, 2], the data of p0
     * @param points1 [n1, 2], the data of p1
     */
    static float[][] rows(float[] points0, float[] points1, int batch, long seed, int step) {
        float[][] rows = new float[batch][];
        for (int r = 0; r < batch; r++) {
            int[] draw = Philox.draw(seed, RandomPurpose.TRAINING_ROWS, r, step);
            int i = 2 * index(draw[0], points0.length / 2);
            int j = 2 * index(draw[1], points1.length / 2);
            float alpha = Philox.unitInterval(draw[2]);
            rows[r] = new float[] {Math.fma(alpha, points1[j], (1 - alpha) * points0[i]),
                Math.fma(alpha, points1[j + 1], (1 - alpha) * points0[i + 1]), alpha,
                points1[j] - points0[i], points1[j + 1] - points0[i + 1]};
        }
        return rows;
    }

    private static int index(int bits, int count) { return (int) (Integer.toUnsignedLong(bits) * count >>> 32); }

    /** The first seed by which no unit comes near its kink in the first step, or else the best of {@value #SEEDS}. */
    private static long seedAwayFromKinks(ReferenceNetwork reference, int rowCount) {
        long best = 0;
        double farthest = 0;
        for (long seed = 0; seed < SEEDS && farthest < MIN_FROM_KINK; seed++) {
            double nearest = reference.nearestKink(rows(POINTS0, POINTS1, rowCount, seed, 0));
            if (nearest > farthest) {
                farthest = nearest;
                best = seed;
            }
        }
        return best;
    }

    /** |values / scale - expected| / |expected| by 2-norms over [from, to). */
    private static double distance(float[] values, double scale, double[] expected, int from, int to) {
        double difference = 0;
        double norm = 0;
        for (int i = from; i < to; i++) {
            difference += Math.pow(values[i] / scale - expected[i], 2);
            norm += expected[i] * expected[i];
        }
        return Math.sqrt(difference / norm);
    }

    private static void requireNear(Device device, String what, double distance, double tolerance) {
        if (!(distance <= tolerance)) {
            throw new WrongResultException(device, String.format(Locale.ROOT, "%s is off by %.1e of its size", what, distance));
        }
    }
}
