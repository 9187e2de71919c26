package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.cl.WrongAnswerException;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Two steps of a plan on a handful of rows, at a rate that falls and with an average, held against {@link ReferenceNetwork}:
 * whether a device can be believed. Done once for a plan, tuning and network on a device and driver, with the very program that
 * trains. The host's part takes some milliseconds, of the largest network about a second. On a device other than a CPU the
 * parameters of {@code persistent} after some steps must also have the bits of those of {@code fused}: its compiler makes two
 * programs of the same formulas.
 */
public final class PlanSelfTest {
    private static final int ROWS_OF_LARGE_NETWORKS = 37;
    private static final int MOST_SUMS = 1 << 17; // of units in all rows: more take the host long, and come near their kinks
    private static final int POINTS = 41;
    private static final int TRIALS_OF_BARRIER = 8;
    private static final int STEPS = 2;
    private static final int COMPARED_STEPS = 4; // of persistent in one launch
    private static final int COMPARED_TILES = 16;
    private static final float LEARNING_RATE = 1e-3f;
    private static final int COSINE_STEPS = 2;
    private static final double AVERAGE_DECAY = 0.9;
    private static final double MOMENT1_SHARE = 0.1; // of the gradient, after the first step

    /**
     * Of norms, and of losses. Sums in single precision are some 2e-6 off, and the suite asks for 1e-5: this tells a device
     * that answers wrongly from one that rounds in its own way.
     */
    private static final double MOST_OFF = 1e-4;

    /** So far is each unit from its kink in single precision's eyes, else one that falls to the other side changes the gradient. */
    private static final double LEAST_FROM_KINK = 1e-6;
    private static final int TRIALS_OF_SEEDS = 64;

    /** Of weights after the second step, which has kinks that no seed was chosen for; a step moves them by some 1e-2. */
    private static final double MOST_OFF_NEAR_KINKS = 1e-3;

    private PlanSelfTest() {
    }

    /**
     * Whether the check could be made: {@code persistent} may time out again and again on a busy machine.
     *
     * @throws WrongAnswerException if what the plan computes is not what the host computes
     * @throws OpenClException      if {@code persistent} gives other bits than {@code fused}
     */
    public static boolean require(Context context, NetworkShape shape, PlanChoice choice) {
        boolean hasTwin = choice.kind() == PlanChoice.Kind.PERSISTENT && context.device().type() != Device.Type.CPU;
        return context.checkOnce(Plan.sources(choice.kind()), choice.options(shape, context.device()),
                () -> check(context, shape, choice) && (!hasTwin || compareBits(context, shape, choice,
                        new PlanChoice(PlanChoice.Kind.FUSED, choice.tuning(), List.of()))));
    }

    /**
     * Builds the kernels of {@code persistent}, and has the driver finish them, which some do at the first launch. Its groups could
     * not wait for each other while others train: it makes no step.
     *
     * @param context a {@link Context#sibling} of the training's
     */
    static void buildPersistent(Context context, NetworkShape shape, PlanChoice choice) {
        BarrierSelfTest.passes(context, 1, choice.tuning().groupSize());
        try (Resources resources = new Resources()) {
            DeviceBuffer data = resources.add(context.buffer(points(0)));
            TrainingState state = resources.add(TrainingState.of(context, Checkpoint.start(Network.initial(shape, 0), true), STEPS));
            Batch batch = new Batch(data, POINTS, data, POINTS, 1, 0, new Rates(LEARNING_RATE, 0, AVERAGE_DECAY));
            resources.add(new Plan(context, shape, choice, batch, state)).enqueueSteps(0, 0);
            context.finish();
        }
    }

    /** Whether the check could be made; see {@link #require}. */
    static boolean check(Context context, NetworkShape shape, PlanChoice choice) {
        float[] points0 = points(0);
        float[] points1 = points(1);
        Network start = Network.initial(shape, 0);
        int rowCount = rowCount(shape, choice.tuning());
        long seed = seedAwayFromKinks(new ReferenceNetwork(start), points0, points1, rowCount);
        try (Resources resources = new Resources()) {
            DeviceBuffer data0 = resources.add(context.buffer(points0));
            DeviceBuffer data1 = resources.add(context.buffer(points1));
            TrainingState state = resources.add(TrainingState.of(context, Checkpoint.start(start, true), STEPS));
            Batch batch = new Batch(data0, POINTS, data1, POINTS, rowCount, seed,
                    new Rates(LEARNING_RATE, COSINE_STEPS, AVERAGE_DECAY));
            Plan plan = resources.add(new Plan(context, shape, choice, batch, state));

            ReferenceNetwork reference = new ReferenceNetwork(start);
            double[] average = new double[shape.bufferFloats()];
            for (int step = 0; step < STEPS; step++) {
                if (!ran(plan, step)) {
                    return false;
                }
                float[][] rows = rows(points0, points1, rowCount, seed, step);
                double[] gradient = reference.gradient(rows);
                String by = " by the plan " + choice.kind();
                if (step == 0) {
                    float[] moment1 = read(state.moment1(), shape);
                    for (int l = 0; l < shape.layers(); l++) {
                        int end = shape.biasOffset(l) + shape.outputs(l);
                        requireNear(context.device(), "the gradient of layer " + (l + 1) + by,
                                off(moment1, MOMENT1_SHARE, gradient, shape.weightOffset(l), end), MOST_OFF);
                    }
                }
                double loss = reference.loss(rows);
                requireNear(context.device(), "the loss of step " + (step + 1) + by,
                        Math.abs(state.losses().read(new float[1], step)[0] - loss) / loss, MOST_OFF);
                reference.adam(gradient, learningRate(step));
                takeIntoAverage(average, reference.parameters(), step);
                double most = step == 0 ? MOST_OFF : MOST_OFF_NEAR_KINKS;
                requireNear(context.device(), "a weight after step " + (step + 1) + by,
                        off(read(state.parameters(), shape), 1, reference.parameters(), 0, shape.bufferFloats()), most);
                requireNear(context.device(), "the average of the weights after step " + (step + 1) + by,
                        off(read(state.result(), shape), 1, average, 0, shape.bufferFloats()), most);
            }
            return true;
        }
    }

    /**
     * Compares the parameters after some steps of two plans.
     *
     * @return whether the comparison could be made; see {@link #require}
     * @throws OpenClException if a bit differs
     */
    static boolean compareBits(Context context, NetworkShape shape, PlanChoice choice, PlanChoice other) {
        int rowCount = COMPARED_TILES * choice.tuning().tileRows() + 5;
        Optional<float[]> parameters = parameters(context, shape, choice, rowCount);
        Optional<float[]> others = parameters(context, shape, other, rowCount);
        if (parameters.isEmpty() || others.isEmpty()) {
            return false;
        }
        if (!Arrays.equals(parameters.get(), others.get())) {
            throw new OpenClException("the plan %s gives other bits than the plan %s on %s".formatted(choice.kind(), other.kind(),
                    context.device().name()));
        }
        return true;
    }

    /** Parameters after {@value #COMPARED_STEPS} steps; empty when the barrier timed out too often. */
    private static Optional<float[]> parameters(Context context, NetworkShape shape, PlanChoice choice, int rowCount) {
        try (Resources resources = new Resources()) {
            DeviceBuffer data0 = resources.add(context.buffer(points(0)));
            DeviceBuffer data1 = resources.add(context.buffer(points(1)));
            Checkpoint start = Checkpoint.start(Network.initial(shape, 0), true);
            TrainingState state = resources.add(TrainingState.of(context, start, COMPARED_STEPS));
            Batch batch = new Batch(data0, POINTS, data1, POINTS, rowCount, 0,
                    new Rates(LEARNING_RATE, COMPARED_STEPS, AVERAGE_DECAY));
            Plan plan = resources.add(new Plan(context, shape, choice, batch, state));
            int step = 0;
            for (int trial = 0; trial < TRIALS_OF_BARRIER && step < COMPARED_STEPS; trial++) {
                int count = COMPARED_STEPS - step;
                plan.enqueueSteps(step, count);
                step += plan.stepsDone().map(done -> (int) done.read(new float[1])[0]).orElse(count);
            }
            return step == COMPARED_STEPS ? Optional.of(read(state.parameters(), shape)) : Optional.empty();
        }
    }

    private static float[] read(DeviceBuffer buffer, NetworkShape shape) {
        return buffer.read(new float[shape.bufferFloats()]);
    }

    private static double learningRate(int step) {
        return LEARNING_RATE * (1 + Math.cos(Math.PI * step / COSINE_STEPS)) / 2;
    }

    /** Σ decay^(step-s) p_s over the steps s so far, divided by the sum of these factors. */
    private static void takeIntoAverage(double[] average, double[] parameters, int step) {
        double share = (1 - AVERAGE_DECAY) / (1 - Math.pow(AVERAGE_DECAY, step + 1));
        for (int i = 0; i < average.length; i++) {
            average[i] += share * (parameters[i] - average[i]);
        }
    }

    /** Points [POINTS, 2] in the unit square. */
    private static float[] points(int which) {
        float[] points = new float[2 * POINTS];
        for (int i = 0; i < points.length; i++) {
            points[i] = Philox.unitInterval(Philox.draw(0, RandomPurpose.REFERENCE_POINTS, i, which)[0]);
        }
        return points;
    }

    /** A tile and a part of another, so that blocks of gradients are added up; of a large network fewer. */
    private static int rowCount(NetworkShape shape, Tuning tuning) {
        int rows = tuning.tileRows() + 5;
        return (long) rows * shape.width() * shape.depth() <= MOST_SUMS ? rows : ROWS_OF_LARGE_NETWORKS;
    }

    /**
     * The batch of {@code step} on the host, as {@code cl/blend.cl} defines it: [batch][5] x, y, α, target x, target y.
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

    /** The first seed by which no unit comes near its kink in the first step, or of many the one that keeps farthest away. */
    private static long seedAwayFromKinks(ReferenceNetwork reference, float[] points0, float[] points1, int rowCount) {
        long best = 0;
        double farthest = 0;
        for (long seed = 0; seed < TRIALS_OF_SEEDS && farthest < LEAST_FROM_KINK; seed++) {
            double nearest = reference.nearestKink(rows(points0, points1, rowCount, seed, 0));
            if (nearest > farthest) {
                farthest = nearest;
                best = seed;
            }
        }
        return best;
    }

    private static boolean ran(Plan plan, int step) {
        for (int trial = 0; trial < TRIALS_OF_BARRIER; trial++) {
            plan.enqueueSteps(step, 1);
            if (plan.stepsDone().isEmpty() || plan.stepsDone().get().read(new float[1])[0] == 1) {
                return true;
            }
        }
        return false;
    }

    /** |values / scale - expected| / |expected| over [from, to), 2-norms. */
    private static double off(float[] values, double scale, double[] expected, int from, int to) {
        double difference = 0;
        double norm = 0;
        for (int i = from; i < to; i++) {
            difference += Math.pow(values[i] / scale - expected[i], 2);
            norm += expected[i] * expected[i];
        }
        return Math.sqrt(difference / norm);
    }

    private static void requireNear(Device device, String what, double off, double most) {
        if (!(off <= most)) {
            throw new WrongAnswerException(device, String.format(Locale.ROOT, "%s is off by %.1e of its size", what, off));
        }
    }
}
