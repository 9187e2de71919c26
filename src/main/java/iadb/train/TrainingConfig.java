package iadb.train;

import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import java.util.Optional;

/**
 * What a training is told.
 *
 * @param shape        the network
 * @param dataPoints   points drawn from each density
 * @param batch        B, rows a step
 * @param learningRate Adam's step size
 * @param seed         of all that is random: data, initial weights, batches
 * @param plan         empty: the fastest
 */
public record TrainingConfig(NetworkShape shape, int dataPoints, int batch, float learningRate, long seed,
        Optional<PlanChoice.Kind> plan) {
    /** The same for a network of another shape. */
    public TrainingConfig withShape(NetworkShape other) {
        return new TrainingConfig(other, dataPoints, batch, learningRate, seed, plan);
    }

    /** The same by a plan of the caller's choice. */
    public TrainingConfig withPlan(PlanChoice.Kind chosen) {
        return new TrainingConfig(shape, dataPoints, batch, learningRate, seed, Optional.of(chosen));
    }
}
