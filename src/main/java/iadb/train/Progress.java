package iadb.train;

/**
 * How far a training is, and what came back since the last report.
 *
 * @param stepsDone steps that are over, from the training's start
 * @param losses    Σ|D - target|² of each step that ended since the last report, in order; none from the first on that is not finite
 * @param finite    whether there was no such
 */
public record Progress(int stepsDone, float[] losses, boolean finite) {
}
