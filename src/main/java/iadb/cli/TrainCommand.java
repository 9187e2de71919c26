package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.Checkpoint;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws, trains, saves the model. */
@Command(name = "train", mixinStandardHelpOptions = true,
        description = {"Draws points of both densities, trains, and saves the model and the loss.",
            "With --resume, continues a stopped training from its last checkpoint; the result is the same, bit for bit, as without the"
            + " stop."})
final class TrainCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(TrainCommand.class);

    @Mixin
    private DensityOptions densities;

    @Mixin
    private Options.Training training;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all random numbers, from -2^63 to 2^63 - 1 (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--checkpoint-every", paramLabel = "N", defaultValue = "0",
            description = "Write checkpoint.safetensors every N iterations and at the end (default: 0, never).")
    private int checkpointEvery;

    @Option(names = "--resume", paramLabel = "FILE",
            description = "Continue from a checkpoint, with the options that it was started with. --iterations is the new total,"
                    + " with --reflow that of each round, which cannot be changed after the first round; --reflow may add rounds."
                    + " --p0 and --p1 are needed only for images or points that were too large for the checkpoint. The default of"
                    + " --out is the checkpoint's folder.")
    private Path resume;

    @Mixin
    private Options.DeviceChoice device;

    @Mixin
    private Options.Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Options.refuse(checkpointEvery < 0, "--checkpoint-every " + checkpointEvery + " is not " + Options.range("", "--checkpoint-every"));
        densities.warnOfInvert();
        if (resume != null && !Options.isGiven(spec, "--out")) {
            output.folder = Optional.ofNullable(resume.getParent()).orElse(Path.of("."));
        }
        if (resume != null && !Files.exists(resume)) {
            throw new InvalidInputException("no such file: " + resume, InvalidInputException.Setting.CHECKPOINTS);
        }
        Checkpoint.Contents from = resume == null ? null : Checkpoint.read(resume);
        TrainingSettings settings = from == null ? settings() : resumed(from);
        int every = from == null || Options.isGiven(spec, "--checkpoint-every") ? checkpointEvery
                : Provenance.checkpointEvery(from, resume.toString());
        List<Density> pair;
        if (from == null) {
            pair = densities(settings);
        } else {
            List<Optional<Density>> given = densities.given(Optional.of(from.model()), settings.data(), settings.seed());
            pair = List.of(from.density(true, given.get(0), resume.toString()), from.density(false, given.get(1), resume.toString()));
        }
        Path folder = output.ready();
        try (Context context = device.open();
                TrainingReporter reporter = new TrainingReporter(context, settings, every, pair.get(0), pair.get(1), folder, from,
                        resume)) {
            reporter.train(() -> { });
            if (!reporter.hasTrained()) {
                return 0; // stopped by Ctrl-C, which the exit code says
            }
            reporter.save();
            System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %s to %s, %,d iterations, loss %.4g",
                    folder.resolve("model.safetensors"), pair.get(0).name(), pair.get(1).name(), reporter.run().steps(),
                    reporter.loss())));
        }
        return 0;
    }

    /** The settings of a training that is not resumed. */
    TrainingSettings settings() { return training.settings(seed); }

    /** The densities of a training that is not resumed, p0 and p1. */
    List<Density> densities(TrainingSettings settings) { return densities.both(settings.data(), seed); }

    boolean inverts() { return densities.invert; }

    /** T, the steps of the map of its preset. */
    int steps() { return training.preset().steps(); }

    private TrainingSettings resumed(Checkpoint.Contents from) {
        List<String> held = new ArrayList<>(Options.Training.NAMES);
        held.removeAll(List.of("--iterations", "--reflow"));
        held.addAll(List.of("--seed", "--box", "--bandwidth"));
        from.p0().ifPresent(p0 -> held.add("--p0"));
        from.p1().ifPresent(p1 -> held.add("--p1"));
        for (String option : held) {
            Options.refuse(Options.isGiven(spec, option), option + " is taken from the checkpoint: leave it out with --resume");
        }
        int done = from.checkpoint().step();
        boolean firstRound = Provenance.round(from, resume.toString()) == 0;
        Optional<Integer> iterations = Optional.of(training.iterations).filter(n -> Options.isGiven(spec, "--iterations"));
        iterations.ifPresent(n -> {
            InvalidInputException.requireRange("--iterations", n, Integer.MAX_VALUE);
            Options.refuse(firstRound && n < done, String.format(Locale.ROOT,
                    "--iterations %,d is less than the %,d that %s has already done", n, done, resume));
        });
        Optional<Integer> reflow = Optional.of(training.reflow).filter(n -> Options.isGiven(spec, "--reflow"));
        TrainingSettings settings = Provenance.resumed(from, iterations, reflow, resume.toString());
        if (done == settings.totalIterations()) {
            LOG.warn(String.format(Locale.ROOT, "%s is already at %,d of %,d iterations: give a larger %s", resume, done, done,
                    firstRound ? "--iterations or --reflow" : "--reflow"));
        }
        return settings;
    }
}
