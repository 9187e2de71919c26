package iadb.model;

import java.util.Optional;

/**
 * All that a training needs to continue with the same bits: rows are drawn by (seed, step), so the step is the generator's state.
 * The arrays have the layout of {@link NetworkShape} and are not copied.
 *
 * @param weights the current weights after {@code step} steps
 * @param moment1 [shape.bufferFloats()], Adam's first moment
 * @param moment2 [shape.bufferFloats()], Adam's second moment
 * @param average the average of the weights; empty if the training keeps none
 * @param step    steps that are done
 */
public record Checkpoint(Network weights, float[] moment1, float[] moment2, Optional<Network> average, int step) {
    public Checkpoint {
        int floats = weights.shape().bufferFloats();
        if (moment1.length != floats || moment2.length != floats || step < 0) {
            throw new IllegalArgumentException("%s and %s floats for %s, step %s".formatted(moment1.length, moment2.length,
                    weights.shape(), step));
        }
    }

    /**
     * Before the first step.
     *
     * @param averages whether the training keeps an average of the weights
     */
    public static Checkpoint start(Network weights, boolean averages) {
        int floats = weights.shape().bufferFloats();
        return new Checkpoint(weights, new float[floats], new float[floats], averages ? Optional.of(weights) : Optional.empty(), 0);
    }

    /** Whether no weight, moment or average is infinite or NaN. */
    public boolean isFinite() {
        NetworkShape shape = weights.shape();
        return weights.isFinite() && new Network(shape, moment1).isFinite() && new Network(shape, moment2).isFinite()
                && result().isFinite();
    }

    /** The weights that are saved and mapped with: the average if there is one. */
    public Network result() { return average.orElse(weights); }
}
