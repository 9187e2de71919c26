package iadb.train;

import iadb.cl.Context;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.PlanChoice;
import iadb.sample.PushForward.Watch;
import iadb.train.TrainingSession.Progress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * One training, from its first step to its last or to its divergence: the loop, the losses, when checkpoints are due, and the
 * recovery of the last network with a finite loss. Prints nothing and writes no file; an {@link Observer} does.
 *
 * <p>With reflow (Liu, Gong, Liu, ICLR 2023, algorithm 1), round 0 learns a map of the densities, and each later round trains its
 * result on pairs (x0, map(x0)) of fresh x0, with new Adam moments. Steps count over all rounds.
 */
public final class TrainingRun implements AutoCloseable {
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(100);

    /** Follows a training, on the thread that trains. */
    @FunctionalInterface
    public interface Observer {
        /** Whether to continue; called before the first step, then about ten times a second. */
        boolean progressed(Progress progress);

        /** Called when the device cannot hold the data of the next reflow round: the training ends with the current one. */
        default void lastRound(DeviceLimitException why) {
        }

        /** Called when a checkpoint is due: after every N steps, at the end of each round, and when the training is stopped. */
        default void checkpoint(Checkpoint.Contents checkpoint) {
        }
    }

    private final Context context;
    private final TrainingSettings settings;
    private final Density p0;
    private final Density p1;
    private final LossHistory history;
    private final Map<PlanChoice.Kind, Integer> earlierStepsByPlan = new EnumMap<>(PlanChoice.Kind.class); // of earlier rounds
    private final List<Double> secondsByRound = new ArrayList<>(); // of completed rounds
    private int round; // 0: before the first reflow round
    private Network roundStart; // whose map gave this round's pairs; null in round 0
    private TrainingSession session; // of this round
    private long roundNanos = System.nanoTime(); // when this round began

    /** Draws the data, builds the kernels, and starts with fresh weights. */
    public TrainingRun(Context context, TrainingSettings settings, Density p0, Density p1) {
        this(context, settings, p0, p1, share -> true);
    }

    /**
     * Draws the data, builds the kernels, and starts with fresh weights.
     *
     * @param pairing called about ten times a second with the share of pairs that are made, while the data are paired
     * @throws InvalidInputException if p0 and p1 are points of different boxes, or cannot be paired as the settings say
     * @throws CancellationException if {@code pairing} returns false
     */
    public TrainingRun(Context context, TrainingSettings settings, Density p0, Density p1, Watch pairing) {
        this(context, settings, p0, p1, Checkpoint.start(settings.initialNetwork(), settings.ema() > 0),
                new LossHistory(settings.totalIterations()), 0, null, pairing);
    }

    private TrainingRun(Context context, TrainingSettings settings, Density p0, Density p1, Checkpoint start,
            LossHistory history, int round, Network roundStart, Watch pairing) {
        Density.box(Optional.of(p0), Optional.of(p1)); // one for both, or the model could not be used
        this.context = context;
        this.settings = settings;
        this.p0 = p0;
        this.p1 = p1;
        this.history = history;
        this.round = round;
        this.roundStart = roundStart;
        session = open(start, round, roundStart, pairing);
    }

    /** A session of a round, from a checkpoint whose step counts from the round's first. */
    private TrainingSession open(Checkpoint start, int ofRound, Network map, Watch pairing) {
        if (ofRound == 0) {
            return new TrainingSession(context, settings, start, p0, p1, pairing);
        }
        try (Pairing pairs = Pairing.byMap(context, settings, ofRound, p0, map)) {
            return new TrainingSession(context, start, pairs.await(pairing));
        }
    }

    /**
     * Starts the next round from the result of this one.
     *
     * @return false, in this round, if the observer stops it or the device cannot hold its data
     */
    private boolean startNextRound(Observer observer) {
        long nanos = System.nanoTime();
        Network result = session.snapshot();
        if (!result.isFinite()) {
            throw diverged("a weight after iteration " + steps());
        }
        TrainingSession next;
        try (Pairing pairs = Pairing.byMap(context, settings, round + 1, p0, result)) {
            do {
                if (!observer.progressed(new Progress(steps(), new float[0], true))) {
                    return false;
                }
            } while (!pairs.advance(BETWEEN_REPORTS));
            next = new TrainingSession(context, Checkpoint.start(result, settings.ema() > 0), pairs);
        } catch (DeviceLimitException e) {
            observer.lastRound(e);
            return false;
        }
        session.stepsByPlan().forEach((kind, count) -> earlierStepsByPlan.merge(kind, count, Integer::sum));
        session.close();
        session = next;
        secondsByRound.add((nanos - roundNanos) * 1e-9);
        roundNanos = nanos;
        roundStart = result;
        round++;
        return true;
    }

    /**
     * Continues the training of a checkpoint file.
     *
     * @param settings from {@link Provenance#resumed}
     * @param pairing  called about ten times a second with the share of pairs that are made, while the data are paired
     * @throws CancellationException if {@code pairing} returns false
     * @throws InvalidInputException when the device cannot continue it with the same bits
     */
    public static TrainingRun resume(Context context, TrainingSettings settings, Density p0, Density p1, Checkpoint.Contents from,
            String file, Watch pairing) {
        int round = Provenance.round(from, file);
        int steps = from.checkpoint().step();
        TrainingRun run = new TrainingRun(context, settings, p0, p1,
                from.checkpoint().withStep(steps - round * settings.iterations()),
                new LossHistory(from.losses(), from.metadata(), steps, file), round, from.roundStart().orElse(null), pairing);
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
     * Trains to the last iteration of the last round, or until the observer stops it.
     *
     * @param checkpointEvery N, steps between checkpoints; 0: no checkpoints
     * @throws DivergedException when the loss, or a weight at a checkpoint, becomes infinite or NaN
     */
    public void train(int checkpointEvery, Observer observer) {
        boolean continues = observer.progressed(drain());
        while (continues && steps() < settings.totalIterations()) {
            if (session.stepsEnqueued() == settings.iterations() && !startNextRound(observer)) {
                return; // with a checkpoint at the end of the round
            }
            long next = checkpointEvery == 0 ? settings.totalIterations() : (steps() / checkpointEvery + 1L) * checkpointEvery;
            continues = trainTo((int) Math.min(roundFirst() + settings.iterations(), next), observer);
            if (checkpointEvery > 0 && steps() > 0) {
                observer.checkpoint(checkpoint(checkpointEvery));
            }
        }
    }

    /** Trains to a step of this round; returns false if the observer stopped it. */
    private boolean trainTo(int step, Observer observer) {
        boolean continues = true;
        while (continues && steps() < step) {
            continues = observer.progressed(requireFinite(recorded(session.advance(step - steps(), BETWEEN_REPORTS, BETWEEN_REPORTS))));
        }
        Progress last = requireFinite(drain());
        return continues && observer.progressed(last);
    }

    private Progress drain() { return recorded(session.drain()); }

    /** Adds the losses to the history. */
    private Progress recorded(Progress progress) {
        history.add(progress.losses());
        return new Progress(roundFirst() + progress.stepsDone(), progress.losses(), progress.finite());
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
            throw diverged("a weight after iteration " + steps());
        }
        Map<String, String> metadata = Provenance.ofCheckpoint(settings, every, round, session.choice(), context.device());
        metadata.putAll(history.facts());
        return new Checkpoint.Contents(checkpoint.withStep(roundFirst() + checkpoint.step()), Optional.of(p0), Optional.of(p1),
                history.completeRows(), metadata, Optional.ofNullable(roundStart));
    }

    /**
     * The model so far.
     *
     * @throws DivergedException when a weight is infinite or NaN
     */
    public Model model() {
        Network network = session.snapshot();
        if (!network.isFinite()) {
            throw diverged("a weight after iteration " + steps());
        }
        return model(network, steps(), roundsTrained());
    }

    private Model model(Network network, int iterations, int rounds) {
        return new Model(network, Optional.of(p0), Optional.of(p1),
                Provenance.ofModel(settings, p0, p1, iterations, rounds, Optional.of(session.choice())));
    }

    /** The exception to throw, with the last network of a finite loss: the steps to it are repeated from the last safe state. */
    private DivergedException diverged(String what) {
        int last = history.steps() - 1; // the loss of iteration n is that of the weights before it
        if (round > 0 && last <= roundFirst()) {
            return new DivergedException(what, settings.learningRate(), Optional.of(model(roundStart, roundFirst(), round - 1)),
                    roundFirst());
        }
        Optional<Model> model = Optional.empty();
        RuntimeException fault = null;
        try {
            Checkpoint safe = session.lastSafe();
            if (last >= 1 && last >= roundFirst() + safe.step()) {
                model = replay(safe, last).map(network -> model(network, last, round));
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
        int lastOfRound = last - roundFirst();
        try (TrainingSession again = open(safe, round, roundStart, share -> true)) {
            boolean finite = true;
            while (finite && again.stepsEnqueued() < lastOfRound) {
                finite = again.advance(lastOfRound - again.stepsEnqueued(), BETWEEN_REPORTS).finite();
            }
            return again.drain().finite() && finite ? Optional.of(again.snapshot()) : Optional.empty();
        }
    }

    /** The steps of earlier rounds. */
    private int roundFirst() { return round * settings.iterations(); }

    /** The steps enqueued in all rounds so far. */
    public int steps() { return roundFirst() + session.stepsEnqueued(); }

    /** The current reflow round; 0 before the first. */
    public int round() { return round; }

    /** The reflow rounds behind the current weights. */
    public int roundsTrained() { return steps() > roundFirst() ? round : Math.max(0, round - 1); }

    /** The seconds of each round so far; those of mapping a round's pairs belong to it. */
    public List<Double> secondsByRound() {
        List<Double> seconds = new ArrayList<>(secondsByRound);
        seconds.add((System.nanoTime() - roundNanos) * 1e-9);
        return seconds;
    }

    /** The steps that each plan has done, in all rounds. */
    public Map<PlanChoice.Kind, Integer> stepsByPlan() {
        Map<PlanChoice.Kind, Integer> steps = new EnumMap<>(earlierStepsByPlan);
        session.stepsByPlan().forEach((kind, count) -> steps.merge(kind, count, Integer::sum));
        return steps;
    }

    /** The weights, the data and the plan of the current round; closed when the next round begins. */
    public TrainingSession session() { return session; }

    /** The losses so far. */
    public LossHistory history() { return history; }

    @Override
    public void close() {
        session.close();
    }
}
