package iadb;

import iadb.fault.InvalidInputException;
import iadb.model.NetworkShape;
import iadb.plan.Rates;
import iadb.train.TrainingConfig;
import java.util.Objects;
import java.util.Optional;

/**
 * How to train. A value out of its range is an {@link InvalidInputException}, at once from the
 * methods that change one and else at the training.
 *
 * @param iterations   training steps, 1 or more
 * @param batch        rows a step, 1 to 2^20
 * @param learningRate Adam's step size, above 0
 * @param cosine       whether the learning rate falls to 0 over the iterations, along half a cosine; else it stays
 * @param ema          decay of the exponential average of the weights that the map is made of, such as 0.999; 0: the last
 *                     weights
 * @param width        units of a hidden layer: a multiple of 16 up to 256
 * @param depth        hidden layers, 1 to 8
 * @param data         points drawn from each density, 1 or more
 * @param seed         of all that is random: the same seed on the same device gives the same map, bit for bit
 * @param device       OpenCL device: {@code auto}, an index, or part of a name
 */
public record Configuration(int iterations, int batch, float learningRate, boolean cosine, double ema, int width, int depth,
        int data, long seed, String device) {
    /**
     * The method's tutorial: 65,536 iterations of 256 rows at a rate of 0.001, 64 units in 4 layers, seed 0.
     *
     * @return the configuration
     */
    public static Configuration tutorial() {
        return new Configuration(65_536, 256, 1e-3f, false, 0, 64, 4, 65_536, 0, "auto");
    }

    /**
     * The same with as many iterations.
     *
     * @param other iterations
     * @return the other configuration
     */
    public Configuration withIterations(int other) {
        return new Configuration(other, batch, learningRate, cosine, ema, width, depth, data, seed, device).checked();
    }

    /**
     * The same with another batch.
     *
     * @param other rows a step
     * @return the other configuration
     */
    public Configuration withBatch(int other) {
        return new Configuration(iterations, other, learningRate, cosine, ema, width, depth, data, seed, device).checked();
    }

    /**
     * The same with another learning rate, one that falls or stays.
     *
     * @param other Adam's step size
     * @param falls whether it falls to 0 over the iterations
     * @return the other configuration
     */
    public Configuration withLearningRate(float other, boolean falls) {
        return new Configuration(iterations, batch, other, falls, ema, width, depth, data, seed, device).checked();
    }

    /**
     * The same with the average of the weights.
     *
     * @param decay of the average
     * @return the other configuration
     */
    public Configuration withEma(double decay) {
        return new Configuration(iterations, batch, learningRate, cosine, decay, width, depth, data, seed, device).checked();
    }

    /**
     * The same with another network.
     *
     * @param otherWidth units of a hidden layer
     * @param otherDepth hidden layers
     * @return the other configuration
     */
    public Configuration withNetwork(int otherWidth, int otherDepth) {
        return new Configuration(iterations, batch, learningRate, cosine, ema, otherWidth, otherDepth, data, seed, device).checked();
    }

    /**
     * The same with as many points drawn from each density.
     *
     * @param points drawn from each density
     * @return the other configuration
     */
    public Configuration withData(int points) {
        return new Configuration(iterations, batch, learningRate, cosine, ema, width, depth, points, seed, device).checked();
    }

    /**
     * The same from another seed.
     *
     * @param other the seed
     * @return the other configuration
     */
    public Configuration withSeed(long other) {
        return new Configuration(iterations, batch, learningRate, cosine, ema, width, depth, data, other, device).checked();
    }

    /**
     * The same on another device.
     *
     * @param choice {@code auto}, an index, or part of a name
     * @return the other configuration
     */
    public Configuration withDevice(String choice) {
        return new Configuration(iterations, batch, learningRate, cosine, ema, width, depth, data, seed, choice).checked();
    }

    private Configuration checked() {
        training();
        return this;
    }

    /** As a training takes it. */
    TrainingConfig training() {
        Objects.requireNonNull(device, "device");
        if (iterations < 1) {
            throw new InvalidInputException(iterations + " iterations: 1 or more are needed");
        }
        return new TrainingConfig(new NetworkShape(width, depth), data, batch,
                new Rates(learningRate, cosine ? iterations : 0, ema), seed, Optional.empty(), Optional.empty());
    }
}
