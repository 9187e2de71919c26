package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.model.Network;
import iadb.train.Progress;
import iadb.train.TrainingConfig;
import iadb.train.TrainingSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A whole training from the command line: progress on stderr, then the model and the loss as files. */
final class TrainingRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);
    private static final Duration REPORT_INTERVAL = Duration.ofMillis(100);

    private final Density p0;
    private final Density p1;
    private final TrainingConfig config;
    private final int iterations;
    private final Path folder;
    private final TrainingSession session;
    private final LossHistory history;

    /** Draws the data and builds the kernels; files will go into {@code folder}. */
    TrainingRun(Context context, TrainingConfig config, int iterations, Density p0, Density p1, Path folder) {
        this.p0 = p0;
        this.p1 = p1;
        this.config = config;
        this.iterations = iterations;
        this.folder = folder;
        session = new TrainingSession(context, config, p0, p1);
        history = new LossHistory(iterations);
        session.choice().reason().ifPresent(reason -> LOG.warn("{}; plan {} instead", reason, session.choice().kind()));
        LOG.info("{} -> {} on {}, plan {}", p0.name(), p1.name(), context.device().name(), session.choice().kind());
        LOG.debug("tuning: {}", session.choice().tuning());
    }

    TrainingSession session() {
        return session;
    }

    /** Trains to the end, or to Ctrl-C. */
    void train() throws IOException {
        try (ProgressDisplay display = ProgressDisplay.of(iterations)) {
            while (session.stepsEnqueued() < iterations && !Interruption.underWay()) {
                take(session.advance(iterations - session.stepsEnqueued(), REPORT_INTERVAL), display);
            }
            take(session.drain(), display);
        }
        if (Interruption.underWay()) {
            LOG.warn("stopped at iteration {}; saving what there is", session.stepsEnqueued());
        }
    }

    private void take(Progress progress, ProgressDisplay display) throws IOException {
        if (history.steps() == 0 && progress.stepsDone() > 0 && LOG.isDebugEnabled()) {
            LOG.debug(String.format(Locale.ROOT, "first losses %.2f s after the start", PhaseClock.sinceStart()));
        }
        history.add(progress.losses());
        if (!progress.finite()) {
            history.write(folder);
            throw new DivergedException("the loss of iteration " + (history.steps() + 1), config.learningRate());
        }
        display.show(progress.stepsDone(), history.smoothed());
    }

    /** The smoothed loss at the end. */
    double finalLoss() {
        return history.smoothed();
    }

    /** Writes {@code model.safetensors}, then {@code loss.csv} and {@code loss.png}. */
    void save() throws IOException {
        Network network = session.snapshot();
        if (!network.isFinite()) {
            history.write(folder);
            throw new DivergedException("a weight after iteration " + session.stepsEnqueued(), config.learningRate());
        }
        ModelFile.write(folder.resolve("model.safetensors"), new Model(network, Optional.of(p0), Optional.of(p1),
                Map.of("configuration", configuration().toString(), "seed", Long.toString(config.seed()),
                        "program", ProgramVersion.text())));
        history.write(folder);
    }

    /** What this training was told, and the plan whose bits it has: files of the same training are the same. */
    JsonRecord configuration() {
        return new JsonRecord().add("p0", p0.name()).add("p1", p1.name()).add("data", config.dataPoints())
                .add("iterations", session.stepsEnqueued()).add("batch", config.batch()).add("lr", config.learningRate())
                .add("width", config.shape().width()).add("depth", config.shape().depth())
                .add("plan", session.choice().kind().byBits().toString()).add("tuning", session.choice().tuning().toString());
    }

    @Override
    public void close() {
        session.close();
    }

    /** The loss or a weight became infinite or NaN. */
    static final class DivergedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DivergedException(String what, float learningRate) {
            super(String.format(Locale.ROOT, "the training diverged: %s is not finite; take a smaller --lr than %s", what,
                    Float.toString(learningRate)));
        }
    }
}
