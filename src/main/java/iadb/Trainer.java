package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.model.Model;
import iadb.train.DivergedException;
import iadb.train.TrainingSettings;
import iadb.train.TrainingRun;
import java.util.OptionalDouble;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/** Learns the map between two densities by Iterative α-(de)Blending (Heitz, Belcour, Chambon, SIGGRAPH 2023). */
public final class Trainer {
    private Trainer() {
    }

    /**
     * Trains, on the calling thread; several threads may do so at once, and share the device.
     *
     * @param p0             where the map starts
     * @param p1             where it ends
     * @param settings       how to train
     * @param deviceChoice   OpenCL device: {@code auto}, an index, or part of a name
     * @param shouldContinue called about ten times a second with the progress; where it returns false the training stops, and the map
     *                       is what was learned so far
     * @return the map, owned by the caller
     * @throws DivergedException when the loss or a weight becomes infinite or NaN; it carries the last model with a finite loss, which
     *                           {@link LearnedMap#of} makes a map of
     */
    public static LearnedMap train(Density p0, Density p1, TrainingSettings settings, String deviceChoice,
            Predicate<TrainingProgress> shouldContinue) {
        Device device = Device.select(deviceChoice);
        Model model;
        try (Context context = Context.open(device); TrainingRun run = new TrainingRun(context, settings, p0, p1)) {
            run.train(0, progress -> {
                OptionalDouble loss = IntStream.range(0, progress.losses().length).mapToDouble(i -> progress.losses()[i]).average();
                return loss.isEmpty() || shouldContinue.test(
                        new TrainingProgress(progress.stepsDone(), settings.iterations(), loss.getAsDouble()));
            });
            model = run.model();
        }
        return new LearnedMap(model, device, LearnedMap.TUTORIAL);
    }
}
