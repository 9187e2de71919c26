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
 * Two steps of a plan on a handful of rows, at a rate that falls and with an average, held against {@link ReferenceNetwork}:
 * whether a device can be believed. Done once for a plan, tuning and network on a device and driver, with the very program that
 * trains. The host's part takes some milliseconds, of the largest network some seconds.
 */
public final class PlanCheck {
    private static final int ROWS = 37;
    private static final int POINTS = 41;
    private static final int TRIALS_OF_BARRIER = 8;
    private static final int STEPS = 2;
    private static final float LEARNING_RATE = 1e-3f;
    private static final int COSINE_STEPS = 4;
    private static final double AVERAGE_DECAY = 0.9;
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
        long seed = seedAwayFromKinks(start, points0, points1);
        try (Resources resources = new Resources()) {
            DeviceBuffer data0 = resources.add(context.buffer(points0));
            DeviceBuffer data1 = resources.add(context.buffer(points1));
            TrainingState state = resources.add(TrainingState.of(context, Checkpoint.start(start, true), STEPS));
            Batch batch = new Batch(data0, POINTS, data1, POINTS, ROWS, seed, new Rates(LEARNING_RATE, COSINE_STEPS, AVERAGE_DECAY));
            Plan plan = resources.add(new Plan(context, shape, choice, batch, state));

            ReferenceNetwork reference = new ReferenceNetwork(start);
            double[] average = new double[shape.bufferFloats()];
            for (int step = 0; step < STEPS; step++) {
                if (!ran(plan, step)) {
                    return false; // the barrier was called off on a busy machine: what runs in its place is checked as well
                }
                float[][] rows = ReferenceRows.of(points0, points1, ROWS, seed, step);
                double[] gradient = reference.gradient(rows);
                String by = " by the plan " + choice.kind();
                if (step == 0) {
                    float[] moment1 = read(state.moment1(), shape);
                    for (int l = 0; l < shape.layers(); l++) {
                        int end = shape.biasOffset(l) + shape.outputs(l);
                        requireNear(context.device(), "the gradient of layer " + (l + 1) + by,
                                off(moment1, MOMENT1_SHARE, gradient, shape.weightOffset(l), end));
                    }
                }
                double loss = reference.loss(rows);
                requireNear(context.device(), "the loss of step " + (step + 1) + by,
                        Math.abs(state.losses().read(new float[1], step)[0] - loss) / loss);
                reference.adam(gradient, learningRate(step));
                requireNear(context.device(), "a weight after step " + (step + 1) + by,
                        off(read(state.parameters(), shape), 1, reference.parameters(), 0, shape.bufferFloats()));
                takeIntoAverage(average, reference.parameters(), step);
                requireNear(context.device(), "the average of the weights after step " + (step + 1) + by,
                        off(read(state.result(), shape), 1, average, 0, shape.bufferFloats()));
            }
            return true;
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
            points[i] = Philox.unitInterval(Philox.draw(0, Stream.REFERENCE_POINTS, i, which)[0]);
        }
        return points;
    }

    /** A seed by which no unit comes near its kink. */
    private static long seedAwayFromKinks(Network start, float[] points0, float[] points1) {
        long seed = 0;
        while (comesNearKinks(new ReferenceNetwork(start), points0, points1, seed)) {
            seed++;
        }
        return seed;
    }

    private static boolean comesNearKinks(ReferenceNetwork reference, float[] points0, float[] points1, long seed) {
        for (int step = 0; step < STEPS; step++) {
            float[][] rows = ReferenceRows.of(points0, points1, ROWS, seed, step);
            if (reference.nearestKink(rows) < LEAST_FROM_KINK) {
                return true;
            }
            reference.adam(reference.gradient(rows), learningRate(step));
        }
        return false;
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
