package iadb.train;

import iadb.fault.InvalidInputException;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.Rates;
import iadb.plan.Tuning;
import java.util.Optional;

/**
 * What a training is told.
 *
 * @param shape        the network
 * @param dataPoints   points drawn from each density
 * @param batch        B, rows a step
 * @param rates        Adam's step size, how it falls, and the average of the weights
 * @param seed         of all that is random: data, initial weights, batches
 * @param plan         empty: the fastest
 * @param tuning       to build the kernels with, as a checkpoint records it, or one of the device's that gives the same bits;
 *                     empty: the device's own. Made to fit either way: {@link TrainingSession#choice} says what came of it
 */
public record TrainingConfig(NetworkShape shape, int dataPoints, int batch, Rates rates, long seed,
        Optional<PlanChoice.Kind> plan, Optional<Tuning> tuning) {
    /** Rows of a batch, at most: a step of more would be a launch that nobody can stop. */
    public static final int MOST_ROWS = 1 << 20;

    /** @throws InvalidInputException if a value is out of its range */
    public TrainingConfig {
        if (dataPoints < 1) {
            throw new InvalidInputException(dataPoints + " points of data: 1 or more are needed");
        }
        if (batch < 1 || batch > MOST_ROWS) {
            throw new InvalidInputException("a batch of %s rows is not from 1 to %s".formatted(batch, MOST_ROWS));
        }
    }

    /** With a learning rate that stays, no average, and the device's own tuning: the tutorial. */
    public TrainingConfig(NetworkShape shape, int dataPoints, int batch, float learningRate, long seed,
            Optional<PlanChoice.Kind> plan) {
        this(shape, dataPoints, batch, Rates.constant(learningRate), seed, plan, Optional.empty());
    }

    /** The same with other rates. */
    public TrainingConfig withRates(Rates other) {
        return new TrainingConfig(shape, dataPoints, batch, other, seed, plan, tuning);
    }

    /** The same for a network of another shape. */
    public TrainingConfig withShape(NetworkShape other) {
        return new TrainingConfig(other, dataPoints, batch, rates, seed, plan, tuning);
    }

    /** The same by a plan of the caller's choice. */
    public TrainingConfig withPlan(PlanChoice.Kind chosen) {
        return new TrainingConfig(shape, dataPoints, batch, rates, seed, Optional.of(chosen), tuning);
    }
}
