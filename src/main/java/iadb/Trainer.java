package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.train.DivergedException;
import iadb.train.TrainingQueue;
import iadb.train.TrainingRun;
import iadb.train.TrainingSettings;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

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
     * A map to train among others.
     *
     * @param name     for the caller; need not be unique
     * @param p0       start density of the map
     * @param p1       target density of the map
     * @param settings how to train
     */
    public record Job(String name, Density p0, Density p1, TrainingSettings settings) implements TrainingQueue.Job {
        @Override
        public List<Density> densities() { return List.of(p0, p1); }
    }

    /** Follows the training of many maps; with several devices, several threads call it. */
    public interface JobObserver {
        /**
         * Called several times a second for each device.
         *
         * @param done  iterations of all maps so far
         * @param total iterations of all maps
         * @return false to stop; the maps under way are lost
         */
        default boolean progressed(long done, long total) { return true; }

        /**
         * Called for each map as soon as it is trained.
         *
         * @param job     what was asked for
         * @param model   of which {@link LearnedMap#of} makes a map, and {@link Model#write} a file
         * @param seconds wall-clock seconds; other maps may train meanwhile
         */
        void trained(Job job, Model model, double seconds);

        /**
         * Called for a map that cannot be trained; throws {@code why} unless overridden, which stops the others.
         *
         * @param job what was asked for
         * @param why the reason
         */
        default void failed(Job job, RuntimeException why) { throw why; }
    }

    /**
     * Trains many maps. Maps of the same network, batch and number of points train at once on a device, one on each core of a CPU or
     * several on each compute unit of a GPU, if enough of them wait. Each has the bits that {@link #train} gives. Maps with the same
     * density objects and seed share their data on the device.
     *
     * <p>Device memory: 0.32 MB per map in training (tutorial network), plus 8 bytes per data point.
     *
     * @param jobs     taken in this order, but those that can train at once with an earlier one are taken with it
     * @param devices  OpenCL devices, each {@code auto}, an index, or part of a name; they share the jobs, each at its own speed, and if one
     *                 fails the others take its jobs
     * @param observer receives the maps
     * @throws InvalidInputException   if no device is named
     * @throws iadb.cl.OpenClException if the last device fails before all maps are trained
     */
    public static void trainAll(List<Job> jobs, List<String> devices, JobObserver observer) {
        if (devices.isEmpty()) {
            throw new InvalidInputException("no device to train on; name at least one, such as auto");
        }
        long total = jobs.stream().mapToLong(job -> job.settings().totalIterations()).sum();
        AtomicLong done = new AtomicLong();
        try (Resources resources = new Resources()) {
            List<Context> contexts = devices.stream().map(Device::select).distinct().map(device -> resources.add(Context.open(device))).toList();
            TrainingQueue.run(jobs, contexts, Optional.empty(), new TrainingQueue.Observer<>() {
                @Override
                public boolean progressed(long steps) { return observer.progressed(done.addAndGet(steps), total); }

                @Override
                public void trained(Job job, TrainingQueue.Result result, Context context) {
                    observer.trained(job, result.model(), result.seconds());
                }

                @Override
                public void failed(Job job, RuntimeException why) { observer.failed(job, why); }

                @Override
                public void lost(Device device, OpenClException why) { LOG.warn("{}; the other devices take its maps", why.getMessage()); }
            });
        }
    }

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
        try (Context context = Context.open(Device.select(device)); TrainingRun run = new TrainingRun(context, settings, p0, p1,
                share -> shouldContinue.test(new Progress(0, total, Double.NaN)))) {
            run.train(0, progress -> {
                float[] losses = progress.losses();
                loss[0] = IntStream.range(0, losses.length).mapToDouble(i -> losses[i]).average().orElse(loss[0]);
                return shouldContinue.test(new Progress(progress.stepsDone(), total, loss[0]));
            });
            return LearnedMap.of(run.model(), context);
        }
    }
}
