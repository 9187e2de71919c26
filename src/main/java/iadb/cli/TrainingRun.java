package iadb.cli;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.JsonRecord;
import iadb.model.Checkpoint;
import iadb.model.CheckpointFile;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.model.Network;
import iadb.plan.PlanChoice;
import iadb.train.DivergedException;
import iadb.train.Progress;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A whole training from the command line: progress on stderr and checkpoints, then the model and the loss as files. */
final class TrainingRun implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingRun.class);
    private static final Duration REPORT_INTERVAL = Duration.ofMillis(100);
    private static final String MODEL = "model.safetensors";
    private static final String CHECKPOINT = "checkpoint.safetensors";
    private static final String TOTAL = "total";
    private static final String EVERY = "checkpoint_every";

    /**
     * What to train.
     *
     * @param checkpointEvery steps from one checkpoint to the next; 0: none
     */
    record Task(TrainingSettings config, int checkpointEvery, Density p0, Density p1) {
    }

    private final Task task;
    private final TrainingSettings config;
    private final Context context;
    private final Device device;
    private final Path folder;
    private final TrainingSession session;
    private final LossHistory history;
    private Runnable begun = () -> { };
    private FileSystemException checkpointFault; // why the last one could not be written; null: it could, or there was none

    /** Draws the data and builds the kernels; files will go into {@code folder}. */
    static TrainingRun start(Context context, Task task, Path folder) {
        TrainingSession session = announce(context, task, 0).during(() -> new TrainingSession(context, task.config(), task.p0(), task.p1()));
        if (task.config().plan().isPresent()) { // else it is auto's own business, which --verbose and run.json tell
            session.choice().reason().ifPresent(reason -> LOG.warn("{}; plan {} instead", reason, session.choice().kind()));
        }
        return new TrainingRun(context, task, folder, session, new LossHistory(task.config().iterations()));
    }

    private TrainingRun(Context context, Task task, Path folder, TrainingSession session, LossHistory history) {
        this.task = task;
        this.folder = folder;
        this.session = session;
        this.history = history;
        config = task.config();
        this.context = context;
        device = context.device();
        LOG.debug("plan {}, tuning: {}", session.choice().kind(), session.choice().tuning());
    }

    /** Says what is about to happen, before kernels are built. */
    private static FirstUse announce(Context context, Task task, int step) {
        LOG.info("{} -> {} on {}, plan {}{}", task.p0().name(), task.p1().name(), context.device().name(),
                task.config().plan().map(PlanChoice.Kind::toString).orElse("auto"),
                step > 0 ? String.format(Locale.ROOT, ", from iteration %,d", step) : "");
        return FirstUse.of(context, PointSource.kernels(task.p0(), task.p1()) + 1); // and the plan's
    }

    /**
     * The task of a checkpoint.
     *
     * @param iterations empty: as many as the run that was stopped wanted
     * @param every      empty: as that run
     * @throws InvalidInputException when the checkpoint cannot be gone on from so
     */
    static Task resumed(CheckpointFile.Contents from, Optional<Integer> iterations, Optional<Integer> every,
            Optional<Density> p0, Optional<Density> p1, String file) {
        TrainingSettings config = Provenance.resumed(from.checkpoint().weights().shape(), from.metadata(), file);
        if (config.ema() > 0 != from.checkpoint().average().isPresent()) {
            throw new InvalidInputException(file + ": its average of the weights is missing, or was not asked for");
        }
        int total = iterations.orElseGet(() -> Provenance.number(from.metadata(), TOTAL, 1, file)
                .orElseThrow(() -> new InvalidInputException(
                        file + " does not say how many iterations its run had: give --iterations")));
        int step = from.checkpoint().step();
        if (total < step) {
            throw new InvalidInputException("%s is at iteration %s already: --iterations is the total, at least that".formatted(
                    file, step));
        }
        int cosineSteps = config.iterations();
        if (config.cosine() && total != cosineSteps) {
            throw new InvalidInputException("the learning rate of %s falls to 0 at iteration %s, %s".formatted(file, cosineSteps,
                    step == cosineSteps ? "where it is: further steps would learn nothing"
                            : "which only --iterations " + cosineSteps + " can be the end of"));
        }
        return new Task(config.withIterations(total), every.orElse(Provenance.number(from.metadata(), EVERY, 0, file).orElse(0)),
                from.density(true, p0, file), from.density(false, p1, file));
    }

    /**
     * Goes on from a checkpoint.
     *
     * @throws InvalidInputException when the device cannot go on with the plan and tuning that the checkpoint has
     */
    static TrainingRun resume(Context context, Task task, CheckpointFile.Contents from, Path folder, String file) {
        TrainingSettings config = task.config();
        LossHistory history = new LossHistory(from.losses(), from.metadata(), from.checkpoint().step(), file);
        TrainingSession session = announce(context, task, from.checkpoint().step()).during(
                () -> new TrainingSession(context, config, from.checkpoint(), task.p0(), task.p1()));
        String before = from.metadata().get("plan") + ", " + config.tuning().orElseThrow().bits();
        String now = session.choice().kind().byBits() + ", " + session.choice().tuning().bits();
        if (!now.equals(before)) {
            session.close();
            throw new InvalidInputException("%s cannot go on with the same bits on %s: it was trained by plan %s, and here it is %s"
                    .formatted(file, context.device().name(), UntrustedText.shown(before), now));
        }
        madeBy(context.device()).forEach((fact, here) -> {
            String there = from.metadata().getOrDefault(fact, "");
            if (!there.equals(here)) {
                LOG.warn("the training so far ran by another {} ({}): its bits may differ from here on", fact,
                        UntrustedText.shown(there));
            }
        });
        return new TrainingRun(context, task, folder, session, history);
    }

    /** What the bits of a training depend on beside what it was told. */
    private static Map<String, String> madeBy(Device device) {
        return new TreeMap<>(Map.of("device", device.name(), "driver", device.platformName() + " " + device.driver(), "program",
                ProgramVersion.text()));
    }

    TrainingSession session() {
        return session;
    }

    /** Trains to the end, or to Ctrl-C, writing checkpoints on the way. */
    void train() throws IOException {
        train(() -> { });
    }

    /** @param begun is run when the first losses are there */
    void train(Runnable begun) throws IOException {
        this.begun = begun;
        try (ProgressDisplay display = ProgressDisplay.of("training", "iterations", session.stepsEnqueued(), config.iterations())) {
            while (session.stepsEnqueued() < config.iterations() && !Interruption.underWay()) {
                int goal = nextStop();
                while (session.stepsEnqueued() < goal && !Interruption.underWay()) {
                    take(session.advance(goal - session.stepsEnqueued(), REPORT_INTERVAL), display);
                }
                take(session.drain(), display);
                if (task.checkpointEvery() > 0 && session.stepsEnqueued() > 0) {
                    tryCheckpoint();
                }
            }
        }
        if (Interruption.underWay()) {
            LOG.warn(stopped());
        }
    }

    private String stopped() {
        int done = session.stepsEnqueued();
        if (done == 0) {
            return "stopped before the first iteration: nothing is written";
        }
        String further = task.checkpointEvery() > 0 && checkpointFault == null
                ? "train --resume " + folder.resolve(CHECKPOINT) + " goes on" : "with --checkpoint-every it could be gone on from";
        return String.format(Locale.ROOT, "stopped at iteration %,d; saving what there is; %s", done, further);
    }

    /** Whether there is a step to save. */
    boolean hasTrained() {
        return session.stepsEnqueued() > 0;
    }

    private int nextStop() {
        if (task.checkpointEvery() == 0) {
            return config.iterations();
        }
        long next = (session.stepsEnqueued() / task.checkpointEvery() + 1L) * task.checkpointEvery();
        return (int) Math.min(config.iterations(), next);
    }

    private void take(Progress progress, ProgressDisplay display) throws IOException {
        if (history.steps() == 0 && progress.stepsDone() > 0) {
            LOG.debug("first losses {} s after the start", PhaseClock.sinceStart());
            begun.run();
        }
        history.add(progress.losses());
        if (!progress.finite()) {
            throw diverged("the loss of iteration " + (history.steps() + 1));
        }
        display.show(progress.stepsDone(), String.format(Locale.ROOT, "loss %.3g", history.smoothed()));
    }

    /** The smoothed loss at the end. */
    double finalLoss() {
        return history.smoothed();
    }

    /** A disk that is full now need not be so at the end: the training goes on, and the checkpoint before stays. */
    private void tryCheckpoint() throws IOException {
        try {
            writeCheckpoint();
            checkpointFault = null;
        } catch (FileSystemException e) {
            if (checkpointFault == null) {
                LOG.warn("cannot write {}: {}; the training goes on, and tries again", e.getFile(), FileFault.of(e));
            }
            checkpointFault = e;
        }
    }

    /** {@code checkpoint.safetensors}: all that {@link #resume} needs. */
    private void writeCheckpoint() throws IOException {
        Checkpoint checkpoint = session.checkpoint();
        if (!checkpoint.isFinite()) {
            throw diverged("a weight after iteration " + session.stepsEnqueued());
        }
        Map<String, String> metadata = new HashMap<>(Provenance.ofCheckpoint(config, session.choice()));
        metadata.putAll(history.facts());
        metadata.put(TOTAL, Integer.toString(config.iterations()));
        metadata.put(EVERY, Integer.toString(task.checkpointEvery()));
        metadata.putAll(madeBy(device));
        CheckpointFile.write(folder.resolve(CHECKPOINT), new CheckpointFile.Contents(checkpoint,
                Optional.of(task.p0()), Optional.of(task.p1()), history.wholeRows(), metadata));
    }

    /**
     * Writes {@code model.safetensors}, then {@code loss.csv} and {@code loss.png}.
     *
     * @throws IOException when one of them cannot be written, or the last checkpoint could not; those before are whole
     */
    void save() throws IOException {
        Network network = session.snapshot();
        if (!network.isFinite()) {
            throw diverged("a weight after iteration " + session.stepsEnqueued());
        }
        writeModel(network, session.stepsEnqueued());
        history.write(folder);
        if (checkpointFault != null) {
            throw checkpointFault;
        }
    }

    private void writeModel(Network network, int iterations) throws IOException {
        ModelFile.write(folder.resolve(MODEL), new Model(network, Optional.of(task.p0()), Optional.of(task.p1()),
                Provenance.ofModel(config, task.p0(), task.p1(), iterations, Optional.of(session.choice()))));
    }

    /** What to throw, after the losses and the last network whose loss was finite are written as far as they can be. */
    private DivergedException diverged(String what) {
        DivergedException e = new DivergedException(what, config.learningRate());
        int last = history.steps() - 1; // the loss of iteration n is that of the weights before it
        try {
            if (last >= 1 && last >= session.lastSafe().step()) {
                writeModel(again(session.lastSafe(), last), last);
                e = new DivergedException(e, String.format(Locale.ROOT,
                        "%s is the network of iteration %,d, the last with a finite loss", folder.resolve(MODEL), last));
            }
            history.write(folder);
        } catch (IOException | OpenClException | IllegalArgumentException fault) { // the divergence is what the user must know
            e.addSuppressed(fault);
        }
        return e;
    }

    /** The network after iteration {@code last}, by the same steps from an earlier one. */
    private Network again(Checkpoint from, int last) {
        try (TrainingSession session = new TrainingSession(context, config, from, task.p0(), task.p1())) {
            while (session.stepsEnqueued() < last) {
                session.advance(last - session.stepsEnqueued(), REPORT_INTERVAL);
                session.drain();
            }
            return session.snapshot();
        }
    }

    /** What this training was told, and the plan whose bits it has: files of the same training are the same. */
    JsonRecord configuration() {
        return Provenance.configuration(config, task.p0(), task.p1(), session.stepsEnqueued(), Optional.of(session.choice()));
    }

    @Override
    public void close() {
        session.close();
    }
}
