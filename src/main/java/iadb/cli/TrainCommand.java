package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.CheckpointFile;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Draws, trains, saves the model. */
@Command(name = "train", mixinStandardHelpOptions = true, versionProvider = ProgramVersion.class, sortOptions = false,
        description = {"Draws points of both densities, trains, and saves the model and the loss.",
            "With --resume a training that was stopped goes on from its last checkpoint, with the same bits as if it never had."})
final class TrainCommand implements Callable<Integer> {
    /** What a checkpoint has, and so is not to be said again. */
    private static final List<String> OF_THE_CHECKPOINT = List.of("--data", "--batch", "--lr", "--lr-schedule", "--ema", "--width",
            "--depth", "--plan", "--seed");

    @Mixin
    private Options.DensityPair densities;

    @Mixin
    private Options.Training training;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all that is random (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--checkpoint-every", paramLabel = "N", defaultValue = "0",
            description = "Write checkpoint.safetensors every N iterations and at the end (default: never).")
    private int checkpointEvery;

    @Option(names = "--resume", paramLabel = "FILE",
            description = "Go on from a checkpoint, whose options hold; --iterations is the total, --p0 and --p1 are needed only for"
                    + " pictures too large for the file, and --out is the checkpoint's folder unless it is given.")
    private Path resume;

    @Mixin
    private Options.DeviceChoice device;

    @Mixin
    private Options.Output output;

    @Mixin
    private Options.Verbosity verbosity;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        StderrLogging.setLevel(verbosity.verbose, verbosity.quiet);
        if (checkpointEvery < 0) {
            throw new InvalidInputException("--checkpoint-every " + checkpointEvery + " is not a whole number from 0 on");
        }
        Optional<CheckpointFile.Contents> from = Optional.ofNullable(resume).map(CheckpointFile::read);
        TrainingRun.Task task = from.map(this::resumedTask).orElseGet(this::task);
        if (resume != null && !isGiven("--out")) {
            output.folder = Optional.ofNullable(resume.getParent()).orElse(Path.of("."));
        }
        Path folder = output.ready();
        try (Context context = device.open();
                TrainingRun run = from.isEmpty() ? TrainingRun.start(context, task, folder)
                        : TrainingRun.resume(context, task, from.get(), folder, resume.toString())) {
            run.train();
            if (!run.hasTrained()) {
                return 0; // stopped by Ctrl-C, which the exit code says
            }
            run.save();
            System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %s to %s, %,d iterations, loss %.4g",
                    folder.resolve("model.safetensors"), task.p0().name(), task.p1().name(), run.session().stepsEnqueued(),
                    run.finalLoss())));
        }
        return 0;
    }

    private TrainingRun.Task task() {
        TrainingSettings config = training.settings(seed);
        List<Density> pair = Options.atOnce(first -> first ? densities.p0() : densities.p1());
        return new TrainingRun.Task(config, checkpointEvery, pair.get(0), pair.get(1));
    }

    private TrainingRun.Task resumedTask(CheckpointFile.Contents from) {
        for (String option : OF_THE_CHECKPOINT) {
            if (isGiven(option)) {
                throw new InvalidInputException(option + " is taken from the checkpoint: leave it out with --resume");
            }
        }
        if (isGiven("--iterations")) {
            Options.positive("--iterations", training.iterations, Integer.MAX_VALUE);
        }
        return TrainingRun.resumed(from, isGiven("--iterations") ? Optional.of(training.iterations) : Optional.empty(),
                isGiven("--checkpoint-every") ? Optional.of(checkpointEvery) : Optional.empty(), densities.given(true),
                densities.given(false), resume.toString());
    }

    private boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }
}
