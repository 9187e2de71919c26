package iadb;

/**
 * How far a training is.
 *
 * @param done  iterations that are over
 * @param total iterations that there will be
 * @param loss  mean loss of a batch since the report before, Σ|D - (x1 - x0)|² over its rows
 */
public record TrainingProgress(int done, int total, double loss) {
}
