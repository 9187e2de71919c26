package iadb.train;

import iadb.fault.InvalidInputException;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.Tuning;
import java.util.Optional;

/**
 * How to train. A value out of its range is an {@link InvalidInputException} whose message begins with the name of the setting.
 *
 * @param iterations   training steps, 1 or more
 * @param batch        B, rows of a step, 1 to {@value #MAX_BATCH}
 * @param learningRate Adam's step size, above 0
 * @param cosine       whether the learning rate falls to 0 over the iterations along half a cosine; otherwise it is constant
 * @param ema          decay of the exponential average of the weights that the map uses, such as 0.999; 0: the last weights
 * @param shape        the network
 * @param encodingDeviation σ of the directions of its encoding, in turns per side of the square, above 0; not used without an encoding
 * @param data         points drawn from each density, 1 to {@value #MAX_DATA}
 * @param seed         of all random numbers: the same seed on the same device gives the same map, bit for bit
 * @param coupling     which x0 is blended with which x1
 * @param reflow       R, rounds of {@code iterations} steps after the first, each on pairs (x0, map(x0)) of the map so far; 0: none
 * @param plan         empty: the fastest that the device can run
 * @param tuning       the tuning of a checkpoint, or another that gives the same bits; empty: that of the device
 */
public record TrainingSettings(int iterations, int batch, float learningRate, boolean cosine, double ema, NetworkShape shape,
        double encodingDeviation, int data, long seed, Coupling coupling, int reflow, Optional<PlanChoice.Kind> plan, Optional<Tuning> tuning) {
    /** The launch of a larger batch could not be interrupted soon enough. */
    public static final int MAX_BATCH = 1 << 20;

    /** The coordinates of more points would not fit into an array with room to spare. */
    public static final int MAX_DATA = 1 << 28;

    /** Above this many turns across the square single precision loses the phase. */
    public static final int MAX_DEVIATION = 1000;

    /** @throws InvalidInputException if a value is out of its range */
    public TrainingSettings {
        InvalidInputException.requireRange("iterations", iterations, Integer.MAX_VALUE);
        InvalidInputException.requireRange("data", data, MAX_DATA);
        InvalidInputException.requireRange("batch", batch, MAX_BATCH);
        if (reflow < 0) {
            throw new InvalidInputException("reflow %s is not a number of rounds, such as 1".formatted(reflow));
        }
        if ((1L + reflow) * iterations > Integer.MAX_VALUE) {
            throw new InvalidInputException("%s iterations and as many in each of %s reflow rounds are more than %s in all"
                    .formatted(iterations, reflow, Integer.MAX_VALUE));
        }
        if (!(learningRate > 0 && learningRate < Float.POSITIVE_INFINITY)) {
            throw new InvalidInputException("learning rate " + shown(learningRate) + " is not a number above 0, such as 0.001");
        }
        if (!(encodingDeviation > 0 && encodingDeviation <= MAX_DEVIATION)) {
            throw new InvalidInputException("encoding deviation " + shown(encodingDeviation) + " is not a number above 0 and at most "
                    + MAX_DEVIATION + ", such as 1");
        }
        if (!(ema >= 0 && ema < 1)) {
            throw new InvalidInputException("ema " + shown(ema) + " is not a decay of at least 0 (off) and less than 1, such as 0.999");
        }
    }

    private static String shown(Number value) { return value.toString().replaceFirst("\\.0$", ""); }

    /** The tutorial's settings: 65,536 iterations of 256 rows, a rate of 0.001, 4 layers of 64 units, 65,536 points, seed 0. */
    public static TrainingSettings tutorial() {
        return new TrainingSettings(65_536, 256, 1e-3f, false, 0, NetworkShape.TUTORIAL, Network.DEFAULT_DEVIATION, 65_536, 0,
                Coupling.INDEPENDENT, 0, Optional.empty(), Optional.empty());
    }

    /** With another number of iterations. */
    public TrainingSettings withIterations(int steps) {
        return new TrainingSettings(steps, batch, learningRate, cosine, ema, shape, encodingDeviation, data, seed, coupling, reflow,
                plan, tuning);
    }

    /** With another number of rows per iteration. */
    public TrainingSettings withBatch(int rows) {
        return new TrainingSettings(iterations, rows, learningRate, cosine, ema, shape, encodingDeviation, data, seed, coupling,
                reflow, plan, tuning);
    }

    /** With another learning rate, and whether it falls to 0 over the iterations. */
    public TrainingSettings withLearningRate(float rate, boolean falls) {
        return new TrainingSettings(iterations, batch, rate, falls, ema, shape, encodingDeviation, data, seed, coupling, reflow,
                plan, tuning);
    }

    /** With another decay of the average of the weights; 0: no average. */
    public TrainingSettings withEma(double decay) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, decay, shape, encodingDeviation, data, seed, coupling,
                reflow, plan, tuning);
    }

    /** With another network. */
    public TrainingSettings withShape(NetworkShape network) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, network, encodingDeviation, data, seed, coupling,
                reflow, plan, tuning);
    }

    /**
     * With random Fourier features (Tancik et al., NeurIPS 2020), which let the network learn thin strokes: the sines and cosines
     * of 2π b · (x, y, α) for F directions b become inputs beside x, y and α. The directions are drawn from the seed, kept in
     * the model, and not trained.
     *
     * @param features F, from 8 to 128 and a multiple of 8, such as 32; 0: none
     * @param sigma    standard deviation of a direction's x and y, in turns per side of the square, above 0 and at most
     *                 {@value #MAX_DEVIATION}, such as 1; that of α is half of it. A smaller one suits smoother densities
     * @throws InvalidInputException if a value is out of its range
     */
    public TrainingSettings withEncoding(int features, double sigma) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, new NetworkShape(shape.width(), shape.depth(), features),
                sigma, data, seed, coupling, reflow, plan, tuning);
    }

    /** With another number of points drawn from each density. */
    public TrainingSettings withData(int points) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, shape, encodingDeviation, points, seed, coupling,
                reflow, plan, tuning);
    }

    /** With another seed. */
    public TrainingSettings withSeed(long other) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, shape, encodingDeviation, data, other, coupling,
                reflow, plan, tuning);
    }

    /** With another coupling of the two data sets. */
    public TrainingSettings withCoupling(Coupling other) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, shape, encodingDeviation, data, seed, other,
                reflow, plan, tuning);
    }

    /** With another number of reflow rounds, each of {@link #iterations} steps. */
    public TrainingSettings withReflow(int rounds) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, shape, encodingDeviation, data, seed, coupling,
                rounds, plan, tuning);
    }

    /** With a plan that need not be the fastest; empty: the fastest. */
    public TrainingSettings withPlan(Optional<PlanChoice.Kind> wanted) {
        return new TrainingSettings(iterations, batch, learningRate, cosine, ema, shape, encodingDeviation, data, seed, coupling,
                reflow, wanted, tuning);
    }

    /** The network before the first step. */
    public Network initialNetwork() { return Network.initial(shape, encodingDeviation, seed); }

    /** The steps of all rounds. */
    public int totalIterations() { return (1 + reflow) * iterations; }

    /** Steps over which the learning rate falls to 0; 0: it is constant. */
    int cosineSteps() { return cosine ? iterations : 0; }
}
