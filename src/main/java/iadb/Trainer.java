package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.model.Model;
import iadb.model.Network;
import iadb.train.DivergedException;
import iadb.train.Progress;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/** Learns the map between two densities by Iterative α-(de)Blending (Heitz, Belcour, Chambon, SIGGRAPH 2023). */
public final class Trainer {
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(100);

    private Trainer() {
    }

    /**
     * Trains, on the calling thread; several threads may do so at once, and share the device.
     *
     * @param p0            where the map starts
     * @param p1            where it ends
     * @param config        how to train
     * @param deviceChoice  OpenCL device: {@code auto}, an index, or part of a name
     * @param goOn          told how far it is some ten times a second; where it says false the training stops, and the map is
     *                      what was learned so far
     * @return the map, owned by the caller
     * @throws DivergedException when the loss or a weight becomes infinite or NaN
     */
    public static LearnedMap train(Density p0, Density p1, TrainingSettings config, String deviceChoice,
            Predicate<TrainingProgress> goOn) {
        Device device = Device.select(deviceChoice);
        Model model;
        try (Context context = Context.open(device); TrainingSession session = new TrainingSession(context, config, p0, p1)) {
            boolean stopped = false;
            while (session.stepsEnqueued() < config.iterations() && !stopped) {
                Progress progress = session.advance(config.iterations() - session.stepsEnqueued(), BETWEEN_REPORTS);
                requireFinite(progress.finite(), "the loss before iteration " + progress.stepsDone(), config);
                stopped = progress.losses().length > 0
                        && !goOn.test(new TrainingProgress(progress.stepsDone(), config.iterations(), mean(progress.losses())));
            }
            requireFinite(session.drain().finite(), "the loss before iteration " + session.stepsEnqueued(), config);
            Network network = session.snapshot();
            requireFinite(network.isFinite(), "a weight after iteration " + session.stepsEnqueued(), config);
            model = new Model(network, Optional.of(p0), Optional.of(p1),
                    Provenance.ofModel(config, p0, p1, session.stepsEnqueued(), Optional.of(session.choice())));
        }
        return new LearnedMap(model, device, LearnedMap.TUTORIAL_WAY);
    }

    private static void requireFinite(boolean finite, String what, TrainingSettings settings) {
        if (!finite) {
            throw new DivergedException(what, settings.learningRate());
        }
    }

    private static double mean(float[] losses) {
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }
}
