package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.train.DivergedException;
import iadb.train.TrainingRun;
import iadb.train.TrainingSettings;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Learns a map between two densities by Iterative α-(de)Blending (Heitz, Belcour, Chambon, SIGGRAPH 2023), and is where to start
 * reading this program:
 *
 * <ol>
 * <li>Points x0 of p0 and x1 of p1 are drawn on the device once ({@link iadb.draw.PointSource}, {@code cl/draw.cl}).
 * <li>A training step draws a batch of rows (x0, x1, α), α uniform in [0, 1), blends them to x_α = (1-α) x0 + α x1, and changes the
 *     weights of a multilayer perceptron D by Adam so that Σ|D(x_α, α) - (x1-x0)|² falls (algorithm 3). {@link iadb.plan.Plan}
 *     launches the kernels; {@code cl/fused.cl} has a whole step in one file.
 * <li>{@link iadb.train.TrainingSession} enqueues steps in slices and reads their losses; {@link iadb.train.TrainingRun} repeats that
 *     to the last iteration and keeps the loss history.
 * <li>The map integrates x ← x + D(x, t/T)/T for t = 0, …, T-1 (algorithm 4): {@link LearnedMap}, {@code cl/map.cl}.
 * </ol>
 */
public final class Trainer {
    private Trainer() { }

    /**
     * The progress of a training.
     *
     * @param done  iterations done, in all rounds
     * @param total iterations of all rounds
     * @param loss  mean loss Σ|D - (x1 - x0)|² of the batches since the last report; the last report's if there were none, NaN before
     *              the first batch
     */
    public record Progress(int done, int total, double loss) { }

    /**
     * Trains, on the calling thread; several threads may train at once, and share the device. If the device cannot hold the data of
     * a reflow round, the training ends with the round before.
     *
     * @param p0             start density of the map
     * @param p1             target density of the map
     * @param settings       how to train
     * @param device         OpenCL device: {@code auto}, an index, or part of a name
     * @param shouldContinue called about ten times a second, also while points are paired; false stops the training, and the map is what was
     *                       learned so far
     * @return the map, owned by the caller
     * @throws InvalidInputException if p0 and p1 are points of different boxes, or cannot be paired as the settings say;
     *                           {@link Densities#boxAround} gives one box for both
     * @throws CancellationException if {@code shouldContinue} returns false while the data are paired, before the first iteration
     * @throws DivergedException when the loss or a weight becomes infinite or NaN; it carries the last model with a finite loss, of
     *                           which {@link LearnedMap#of} makes a map
     */
    public static LearnedMap train(Density p0, Density p1, TrainingSettings settings, String device,
            Predicate<Progress> shouldContinue) {
        int total = settings.totalIterations();
        double[] loss = {Double.NaN}; // the last
        Model model;
        try (Context context = Context.open(Device.select(device)); TrainingRun run = new TrainingRun(context, settings, p0, p1,
                share -> shouldContinue.test(new Progress(0, total, Double.NaN)))) {
            run.train(0, progress -> {
                float[] losses = progress.losses();
                loss[0] = IntStream.range(0, losses.length).mapToDouble(i -> losses[i]).average().orElse(loss[0]);
                return shouldContinue.test(new Progress(progress.stepsDone(), total, loss[0]));
            });
            model = run.model();
        }
        return LearnedMap.of(model, device);
    }
}
