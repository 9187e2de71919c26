package iadb;

/**
 * The progress of a training.
 *
 * @param done  iterations done
 * @param total iterations in all
 * @param loss  mean loss of a batch since the last report, Σ|D - (x1 - x0)|² over its rows
 */
public record TrainingProgress(int done, int total, double loss) {
}
