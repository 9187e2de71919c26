package iadb.cli;

import iadb.cl.Context;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.draw.PointSource;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.AtomicFile;
import iadb.file.Csv;
import iadb.file.Png;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.plan.PlanChoice;
import iadb.plot.Chart;
import iadb.sample.PushForward;
import iadb.train.DivergedException;
import iadb.train.LossHistory;
import iadb.train.Provenance;
import iadb.train.TrainingRun;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A training of the command line: shows its progress, stops it on Ctrl-C, and writes its checkpoints, model and losses. */
final class TrainingReporter implements TrainingRun.Observer, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingReporter.class);
    private static final String TABLE = "loss.csv";
    private static final String PICTURE = "loss.png";

    private final TrainingRun run;
    private final TrainingSettings settings;
    private final int checkpointEvery;
    private final Path model;
    private final Path checkpoint;
    private final Path folder;
    private Runnable started = () -> { };
    private ProgressDisplay display; // of the current phase; null: none yet
    private int shownRound;
    private FileSystemException checkpointFault; // why the last checkpoint could not be written; null: no failure

    /**
     * Draws the data and builds the kernels.
     *
     * @param checkpointEvery steps from one checkpoint to the next; 0: none
     * @param resumed         a checkpoint's content, and the file it came from; null: trains from the start
     */
    TrainingReporter(Context context, TrainingSettings settings, int checkpointEvery, Density p0, Density p1, Path folder,
            Checkpoint.Contents resumed, Path file) {
        this.settings = settings;
        this.checkpointEvery = checkpointEvery;
        this.folder = folder;
        model = folder.resolve("model.safetensors");
        checkpoint = folder.resolve("checkpoint.safetensors");
        LOG.info("{} -> {} on {}{}{}", p0.name(), p1.name(), context.device().name(), settings.plan().map(kind -> ", plan " + kind).orElse(""),
                resumed == null || resumed.checkpoint().step() == 0 ? ""
                        : String.format(Locale.ROOT, ", from iteration %,d", resumed.checkpoint().step()));
        int programs = PointSource.kernels(p0, p1) + 1; // and the plan's
        ProgressDisplay building = ProgressDisplay.ofSteps("building kernels", programs);
        try {
            context.onFirstUse(use -> {
                Options.DeviceChoice.log(use);
                if (!use.measures()) {
                    building.show(Math.min(use.checked(), programs), "");
                }
            });
            boolean mapped = resumed != null && resumed.roundStart().isPresent(); // pairs of the map, not of the densities
            long pairs = mapped ? settings.data() : Stream.of(p0, p1).mapToLong(this::rows).max().orElseThrow();
            PushForward.Watch pairing = share -> {
                building.close();
                display = display != null ? display : ProgressDisplay.of("pairing", "pairs", 0, pairs);
                display.show((long) (share * pairs), "");
                return !Interruption.isRequested();
            };
            run = resumed == null ? new TrainingRun(context, settings, p0, p1, pairing)
                    : TrainingRun.resume(context, settings, p0, p1, resumed, file.toString(), pairing);
            if (display != null) {
                display.show(pairs, "");
            }
        } finally {
            building.close();
            if (display != null) {
                display.close();
            }
        }
        double side = Density.box(Optional.of(p0), Optional.of(p1)).side();
        double area = side * side;
        run.session().pairs().ifPresent(pairs -> LOG.info(String.format(Locale.ROOT, "paired %,d points by optimal transport in %.1f s:"
                + " mean squared distance %.4g (independent %.4g, lower bound %.4g)", pairs.count(), pairs.seconds(),
                area * pairs.meanSquare(), area * pairs.independent(), area * pairs.lowerBound())));
        PlanChoice choice = run.session().choice();
        if (resumed != null) {
            warnOfOtherMachine(resumed, Provenance.ofMachine(context.device()));
        } else if (settings.plan().isPresent()) {
            choice.reason().ifPresent(reason -> LOG.warn("{}; plan {} instead", reason, choice.kind()));
        } else {
            choice.refusals().forEach(refusal -> LOG.debug("plan {} cannot run: {}", refusal.kind(), refusal.reason()));
        }
        LOG.debug("plan {}, tuning: {}", choice.kind(), choice.tuning());
    }

    private long rows(Density density) { return density instanceof PointDensity points ? points.count() : settings.data(); }

    private static void warnOfOtherMachine(Checkpoint.Contents resumed, Map<String, String> machine) {
        machine.forEach((fact, here) -> {
            String there = resumed.metadata().getOrDefault(fact, "");
            if (!there.equals(here)) {
                LOG.warn("the checkpoint was made with another {} ({}): the result may differ in its bits from that of a training without a stop", fact,
                        UntrustedText.shown(there));
            }
        });
    }

    TrainingRun run() { return run; }

    /** The smoothed loss so far. */
    double loss() { return run.history().smoothed(); }

    /** Whether there is a step to save. */
    boolean hasTrained() { return run.steps() > 0; }

    /**
     * Trains to the end or to Ctrl-C.
     *
     * @param whenStarted runs when the first losses are known
     */
    void train(Runnable whenStarted) throws IOException {
        started = whenStarted;
        try (ProgressDisplay shown = ProgressDisplay.of("training", "iterations", run.steps(), settings.totalIterations())) {
            display = shown;
            shownRound = run.round();
            run.train(checkpointEvery, this);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (DivergedException e) {
            throw kept(e);
        }
        if (Interruption.isRequested()) {
            LOG.warn(stopped());
        }
    }

    private String stopped() {
        if (!hasTrained()) {
            return "stopped before the first iteration: nothing is written";
        }
        return String.format(Locale.ROOT, "stopped at iteration %,d; saving the model so far; %s", run.steps(),
                checkpointEvery > 0 && checkpointFault == null ? "to continue: train --resume " + checkpoint
                        : "only a training with --checkpoint-every can be continued");
    }

    @Override
    public boolean progressed(TrainingSession.Progress progress) {
        if (started != null && progress.losses().length > 0) {
            LOG.debug(String.format(Locale.ROOT, "first loss %.1f s after the start", TutorialCommand.sinceStart()));
            started.run();
            started = null;
        }
        if (run.round() > shownRound) {
            shownRound = run.round();
            LOG.info("{}: training on pairs of the map so far", inRound());
        }
        if (progress.losses().length > 0) {
            display.show(progress.stepsDone(), String.format(Locale.ROOT, "%sloss %.3g",
                    shownRound == 0 ? "" : inRound() + ", ", run.history().smoothed()));
        }
        return !Interruption.isRequested();
    }

    @Override
    public void lastRound(DeviceLimitException why) {
        LOG.warn("{}; the training ends before reflow round {} of {}: a smaller --data may fit", why.getMessage(), run.round() + 1,
                settings.reflow());
    }

    private String inRound() { return "reflow round %s of %s".formatted(run.round(), settings.reflow()); }

    /** If the disk is full, the training continues and the last complete checkpoint stays: there may be space later. */
    @Override
    public void checkpoint(Checkpoint.Contents contents) {
        try {
            Checkpoint.write(checkpoint, contents);
            checkpointFault = null;
        } catch (FileSystemException e) {
            if (checkpointFault == null) {
                LOG.warn("cannot write {}: {}; the training continues, and tries again", e.getFile(), FileFault.of(e));
            }
            checkpointFault = e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes {@code model.safetensors}, then {@code loss.csv} and {@code loss.png}.
     *
     * @throws IOException when one of them, or the last checkpoint, cannot be written; files written before it are complete
     */
    void save() throws IOException {
        try {
            Model.write(model, run.model());
        } catch (DivergedException e) {
            throw kept(e);
        }
        write(run.history(), folder);
        if (checkpointFault != null) {
            throw checkpointFault;
        }
    }

    /** Writes the last network with a finite loss, and the losses, if possible. */
    private DivergedException kept(DivergedException e) {
        DivergedException reported = e;
        try {
            if (e.lastFinite().isPresent()) {
                Model.write(model, e.lastFinite().get());
                reported = new DivergedException(e, String.format(Locale.ROOT,
                        "%s is the network of iteration %,d, the last with a finite loss", model, e.lastFiniteIteration()));
            }
            write(run.history(), folder);
        } catch (IOException fault) { // the divergence matters more
            reported.addSuppressed(fault);
        }
        return reported;
    }

    /** Writes {@code loss.csv} and {@code loss.png}. */
    static void write(LossHistory history, Path folder) throws IOException {
        writeTable(history, folder);
        draw(history.curve()[0], history.curve()[1], folder);
    }

    private static void draw(double[] steps, double[] losses, Path folder) throws IOException {
        Png.write(folder.resolve(PICTURE), Chart.curve(steps, losses, "iteration", "loss of a batch"));
    }

    /** Writes {@code loss.png} from {@code loss.csv} if there is only the latter. */
    static void drawIfMissing(Path folder) throws IOException {
        if (Files.exists(folder.resolve(PICTURE)) || Files.notExists(folder.resolve(TABLE))) {
            return;
        }
        String table = new String(Files.readAllBytes(folder.resolve(TABLE)), StandardCharsets.UTF_8);
        try {
            List<List<String>> rows = Csv.records(table).values().stream().skip(1).toList();
            draw(rows.stream().mapToDouble(row -> Double.parseDouble(row.get(0))).toArray(),
                    rows.stream().mapToDouble(row -> Float.parseFloat(row.get(1))).toArray(), folder);
        } catch (InvalidInputException | NumberFormatException | IndexOutOfBoundsException e) {
            LOG.warn("{} is not a table of losses, so {} is not drawn", folder.resolve(TABLE), PICTURE);
        }
    }

    /** Deletes {@code loss.png}, before other losses are written. */
    static void deletePicture(Path folder) throws IOException { Files.deleteIfExists(folder.resolve(PICTURE)); }

    /** Writes {@code loss.csv}. */
    static void writeTable(LossHistory history, Path folder) throws IOException {
        double[] steps = history.curve()[0];
        double[] losses = history.curve()[1];
        StringBuilder table = new StringBuilder("iteration,loss\n");
        for (int row = 0; row < steps.length; row++) {
            table.append((long) steps[row]).append(',').append((float) losses[row]).append('\n');
        }
        AtomicFile.write(folder.resolve(TABLE), out -> out.write(table.toString().getBytes(StandardCharsets.US_ASCII)));
    }

    @Override
    public void close() {
        run.close();
    }
}
