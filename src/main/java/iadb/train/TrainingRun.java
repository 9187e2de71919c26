package iadb.train;

import iadb.cl.Context;
import iadb.cl.OpenClException;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.train.TrainingSession.Progress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * One training, from its first step to its last or to its divergence: the loop, the losses, when checkpoints are due, and the
 * recovery of the last network with a finite loss. Prints nothing and writes no file; an {@link Observer} does.
 */
public final class TrainingRun implements AutoCloseable {
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(100);

    /** Follows a training, on the thread that trains. */
    @FunctionalInterface
    public interface Observer {
        /** Whether to continue; called before the first step, then about ten times a second. */
        boolean progressed(Progress progress);

        /** Called when a checkpoint is due: after every N steps, at the end, and when the training is stopped. */
        default void checkpoint(Checkpoint.Contents checkpoint) {
        }
    }

    private final Context context;
    private final TrainingSettings settings;
    private final Density p0;
    private final Density p1;
    private final TrainingSession session;
    private final LossHistory history;
    private final int stepsBefore; // steps of earlier runs that the history contains

    /** Draws the data, builds the kernels, and starts with fresh weights. */
    public TrainingRun(Context context, TrainingSettings settings, Density p0, Density p1) {
        this(context, settings, p0, p1, Checkpoint.start(Network.initial(settings.shape(), settings.seed()), settings.ema() > 0),
                new LossHistory(settings.iterations()));
    }

    /** Starts from a checkpoint, and adds the losses to those of {@code history}. */
    public TrainingRun(Context context, TrainingSettings settings, Density p0, Density p1, Checkpoint start, LossHistory history) {
        this.context = context;
        this.settings = settings;
        this.p0 = p0;
        this.p1 = p1;
        this.history = history;
        stepsBefore = history.steps() - start.step();
        session = new TrainingSession(context, settings, start, p0, p1);
    }

    /**
     * Continues the training of a checkpoint file.
     *
     * @param settings from {@link Provenance#resumed}
     * @throws InvalidInputException when the device cannot continue it with the same bits
     */
    public static TrainingRun resume(Context context, TrainingSettings settings, Density p0, Density p1, Checkpoint.Contents from,
            String file) {
        TrainingRun run = new TrainingRun(context, settings, p0, p1, from.checkpoint(),
                new LossHistory(from.losses(), from.metadata(), from.checkpoint().step(), file));
        String before = from.metadata().get("plan") + ", " + settings.tuning().orElseThrow().bits();
        String now = run.session.choice().kind().byBits() + ", " + run.session.choice().tuning().bits();
        if (now.equals(before)) {
            return run;
        }
        run.close();
        throw new InvalidInputException("%s cannot continue with the same bits on %s: its plan is %s, but that of the device is %s"
                .formatted(file, context.device().name(), UntrustedText.shown(before), now));
    }

    /**
     * Trains to the last iteration, or until the observer stops it.
     *
     * @param checkpointEvery N, steps between checkpoints; 0: no checkpoints
     * @throws DivergedException when the loss, or a weight at a checkpoint, becomes infinite or NaN
     */
    public void train(int checkpointEvery, Observer observer) {
        boolean continues = observer.progressed(drain());
        while (continues && session.stepsEnqueued() < settings.iterations()) {
            long next = checkpointEvery == 0 ? settings.iterations() : (session.stepsEnqueued() / checkpointEvery + 1L) * checkpointEvery;
            continues = trainTo((int) Math.min(settings.iterations(), next), observer);
            if (checkpointEvery > 0 && session.stepsEnqueued() > 0) {
                observer.checkpoint(checkpoint(checkpointEvery));
            }
        }
    }

    /** Trains to a step; returns false if the observer stopped it. */
    private boolean trainTo(int step, Observer observer) {
        boolean continues = true;
        while (continues && session.stepsEnqueued() < step) {
            continues = observer.progressed(requireFinite(advance(step - session.stepsEnqueued(), BETWEEN_REPORTS, BETWEEN_REPORTS)));
        }
        Progress last = requireFinite(drain());
        return continues && observer.progressed(last);
    }

    /** Calls {@link TrainingSession#advance}, and adds the losses to the history. */
    public Progress advance(int maxSteps, Duration budget, Duration longestLaunch) {
        return recorded(session.advance(maxSteps, budget, longestLaunch));
    }

    /** Calls {@link TrainingSession#drain}, and adds the losses to the history. */
    public Progress drain() { return recorded(session.drain()); }

    private Progress recorded(Progress progress) {
        history.add(progress.losses());
        return progress;
    }

    private Progress requireFinite(Progress progress) {
        if (!progress.finite()) {
            throw diverged("the loss of iteration " + (history.steps() + 1));
        }
        return progress;
    }

    private Checkpoint.Contents checkpoint(int every) {
        Checkpoint checkpoint = session.checkpoint();
        if (!checkpoint.isFinite()) {
            throw diverged("a weight after iteration " + session.stepsEnqueued());
        }
        Map<String, String> metadata = Provenance.ofCheckpoint(settings, every, session.choice(), context.device());
        metadata.putAll(history.facts());
        return new Checkpoint.Contents(checkpoint, Optional.of(p0), Optional.of(p1), history.completeRows(), metadata);
    }

    /**
     * The model so far.
     *
     * @throws DivergedException when a weight is infinite or NaN
     */
    public Model model() {
        Network network = session.snapshot();
        if (!network.isFinite()) {
            throw diverged("a weight after iteration " + session.stepsEnqueued());
        }
        return model(network, session.stepsEnqueued());
    }

    private Model model(Network network, int iterations) {
        return new Model(network, Optional.of(p0), Optional.of(p1),
                Provenance.ofModel(settings, p0, p1, iterations, Optional.of(session.choice())));
    }

    /** The exception to throw, with the last network of a finite loss: the steps to it are repeated from the last safe state. */
    private DivergedException diverged(String what) {
        int last = history.steps() - stepsBefore - 1; // the loss of iteration n is that of the weights before it
        Optional<Model> model = Optional.empty();
        RuntimeException fault = null;
        try {
            Checkpoint safe = session.lastSafe();
            if (last >= 1 && last >= safe.step()) {
                model = replay(safe, last).map(network -> model(network, last));
            }
        } catch (OpenClException | IllegalArgumentException e) { // the divergence matters more
            fault = e;
        }
        DivergedException diverged = new DivergedException(what, settings.learningRate(), model, last);
        if (fault != null) {
            diverged.addSuppressed(fault);
        }
        return diverged;
    }

    /** The network after step {@code last}; empty if a loss before it is not finite this time. */
    private Optional<Network> replay(Checkpoint safe, int last) {
        try (TrainingSession again = new TrainingSession(context, settings, safe, p0, p1)) {
            boolean finite = true;
            while (finite && again.stepsEnqueued() < last) {
                finite = again.advance(last - again.stepsEnqueued(), BETWEEN_REPORTS).finite();
            }
            return again.drain().finite() && finite ? Optional.of(again.snapshot()) : Optional.empty();
        }
    }

    /** The weights, the data and the plan. */
    public TrainingSession session() { return session; }

    /** The losses so far. */
    public LossHistory history() { return history; }

    @Override
    public void close() {
        session.close();
    }
}
