package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.cl.WrongAnswerException;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.random.Philox;
import iadb.random.Stream;
import java.util.Locale;

/**
 * Two steps of a plan on a handful of rows, held against {@link ReferenceNetwork}: whether a device can be believed. Done once
 * for a plan, tuning and network on a device and driver, with the very program that trains. The host's part takes some
 * milliseconds, of the largest network about a second.
 */
public final class PlanCheck {
    private static final int ROWS = 37;
    private static final int POINTS = 41;
    private static final int TRIALS_OF_BARRIER = 8;
    private static final float LEARNING_RATE = 1e-3f;
    private static final double MOMENT1_SHARE = 0.1; // of the gradient, after the first step

    /**
     * Of norms, and of losses. Sums in single precision are some 2e-6 off, and the suite asks for 1e-5: this tells a device
     * that answers wrongly from one that rounds in its own way.
     */
    private static final double MOST_OFF = 1e-4;

    /** So far is each unit from its kink in single precision's eyes, else one that falls to the other side changes the gradient. */
    private static final double LEAST_FROM_KINK = 1e-6;

    private PlanCheck() {
    }

    /** @throws WrongAnswerException if what the plan computes is not what the host computes */
    public static void require(Context context, NetworkShape shape, PlanChoice choice) {
        context.checkOnce(Plan.sources(choice.kind()), choice.tuning().options(shape, context.device()),
                () -> check(context, shape, choice));
    }

    /** Whether the check could be made; see {@link #require}. */
    static boolean check(Context context, NetworkShape shape, PlanChoice choice) {
        float[] points0 = points(0);
        float[] points1 = points(1);
        Network start = Network.initial(shape, 0);
        long seed = seedAwayFromKinks(new ReferenceNetwork(start), points0, points1);
        try (Resources resources = new Resources()) {
            DeviceBuffer data0 = resources.add(context.buffer(points0));
            DeviceBuffer data1 = resources.add(context.buffer(points1));
            TrainingState state = resources.add(TrainingState.of(context, Checkpoint.start(start, false), 2));
            Batch batch = new Batch(data0, POINTS, data1, POINTS, ROWS, seed, new Rates(LEARNING_RATE, 0, 0));
            Plan plan = resources.add(new Plan(context, shape, choice, batch, state));

            ReferenceNetwork reference = new ReferenceNetwork(start);
            for (int step = 0; step < 2; step++) {
                if (!ran(plan, step)) {
                    return false; // the barrier was called off on a busy machine: what runs in its place is checked as well
                }
                float[][] rows = ReferenceRows.of(points0, points1, ROWS, seed, step);
                double[] gradient = reference.gradient(rows);
                if (step == 0) {
                    float[] moment1 = state.moment1().read(new float[shape.bufferFloats()]);
                    for (int l = 0; l < shape.layers(); l++) {
                        int end = shape.biasOffset(l) + shape.outputs(l);
                        requireNear(context.device(), "the gradient of layer " + (l + 1) + " by the plan " + choice.kind(),
                                off(moment1, MOMENT1_SHARE, gradient, shape.weightOffset(l), end));
                    }
                }
                double loss = reference.loss(rows);
                requireNear(context.device(), "the loss of step " + (step + 1) + " by the plan " + choice.kind(),
                        Math.abs(state.losses().read(new float[1], step)[0] - loss) / loss);
                reference.adam(gradient, LEARNING_RATE);
                if (step == 0) { // the second has kinks that no seed was chosen for
                    requireNear(context.device(), "a weight after a step by the plan " + choice.kind(), off(
                            state.parameters().read(new float[shape.bufferFloats()]), 1, reference.parameters(), 0, shape.bufferFloats()));
                }
            }
            return true;
        }
    }

    /** Points [POINTS, 2] in the unit square. */
    private static float[] points(int which) {
        float[] points = new float[2 * POINTS];
        for (int i = 0; i < points.length; i++) {
            points[i] = Philox.unitInterval(Philox.draw(0, Stream.REFERENCE_POINTS, i, which)[0]);
        }
        return points;
    }

    private static long seedAwayFromKinks(ReferenceNetwork reference, float[] points0, float[] points1) {
        long seed = 0;
        while (reference.nearestKink(ReferenceRows.of(points0, points1, ROWS, seed, 0)) < LEAST_FROM_KINK) {
            seed++;
        }
        return seed;
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

    private static void requireNear(Device device, String what, double off) {
        if (!(off <= MOST_OFF)) {
            throw new WrongAnswerException(device, String.format(Locale.ROOT, "%s is off by %.1e of its size", what, off));
        }
    }
}
