package iadb.plan;

import iadb.cl.Kernel;
import iadb.fault.InvalidInputException;

/**
 * The rate of each step of a training, and the average of its weights ({@code cl/adam.cl}).
 *
 * @param learningRate Adam's step size
 * @param cosineSteps  steps over which it falls to 0 along half a cosine, lr (1 + cos(πt/cosineSteps)) / 2; 0: it stays
 * @param averageDecay decay of the exponential average of the weights, in [0, 1); 0: none is kept
 */
public record Rates(float learningRate, int cosineSteps, double averageDecay) {
    /** @throws InvalidInputException if a value is out of its range */
    public Rates {
        if (!(learningRate > 0 && learningRate < Float.POSITIVE_INFINITY)) {
            throw new InvalidInputException("learning rate " + learningRate + " is not a number above 0, such as 0.001");
        }
        if (cosineSteps < 0 || !(averageDecay >= 0 && averageDecay < 1)) {
            throw new InvalidInputException("ema " + averageDecay + " is not a decay from 0 (off) to below 1, such as 0.999");
        }
    }

    /** The tutorial's: a constant rate, and no average. */
    public static Rates constant(float learningRate) { return new Rates(learningRate, 0, 0); }

    /** Whether the average of the weights is kept. */
    public boolean averages() { return averageDecay > 0; }

    /** Sets the arguments of a kernel that moves weights. */
    void bind(Kernel kernel) {
        kernel.set("learning_rate", learningRate).set("cosine_steps", cosineSteps)
                .set("average_rate", averages() ? (float) (1 - averageDecay) : 0f)
                .set("log_decay", averages() ? (float) Math.log(averageDecay) : 0f);
    }
}
