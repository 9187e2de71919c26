package iadb.plan;

import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;

/**
 * What the steps of a training draw their rows from, and how far they move the weights ({@code cl/blend.cl}, {@code cl/adam.cl}).
 *
 * @param data0        [points, 2], the points of p0
 * @param data1        [points, 2], the points of p1
 * @param rows         B, rows a step
 * @param seed         key of the generator that draws the rows
 * @param learningRate Adam's step size
 * @param cosineSteps  steps over which it falls to 0 along half a cosine, lr (1 + cos(πt/cosineSteps)) / 2; 0: it is constant
 * @param averageDecay decay of the exponential average of the weights, in [0, 1); 0: none is kept
 */
public record Batch(DeviceBuffer data0, DeviceBuffer data1, int rows, long seed, float learningRate, int cosineSteps,
        double averageDecay) {
    /** With a constant rate, and no average of the weights. */
    public Batch(DeviceBuffer data0, DeviceBuffer data1, int rows, long seed, float learningRate) {
        this(data0, data1, rows, seed, learningRate, 0, 0);
    }

    /** Whether the average of the weights is kept. */
    boolean averages() { return averageDecay > 0; }

    /** Sets the arguments of a kernel that draws rows. */
    Kernel setData(Kernel kernel) {
        return kernel.set("data0", data0).set("points0", points(data0)).set("data1", data1).set("points1", points(data1)).setSeed(seed);
    }

    private static int points(DeviceBuffer data) { return (int) (data.bytes() / (2 * Float.BYTES)); }

    /** Sets the arguments of a kernel that moves weights. */
    Kernel setRates(Kernel kernel) {
        return kernel.set("learning_rate", learningRate).set("cosine_steps", cosineSteps)
                .set("average_rate", averages() ? (float) (1 - averageDecay) : 0f)
                .set("log_decay", averages() ? (float) Math.log(averageDecay) : 0f);
    }
}
