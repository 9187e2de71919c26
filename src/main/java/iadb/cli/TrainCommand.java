package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.fault.UntrustedText;
import iadb.model.CheckpointFile;
import iadb.train.Provenance;
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
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Draws points of both densities, trains, and saves the model and the loss.",
            "With --resume, continues a training that was stopped from its last checkpoint; the result has the same bits as without"
            + " the stop."})
final class TrainCommand implements Callable<Integer> {
    /** Options whose values a checkpoint holds. */
    private static final List<String> OF_THE_CHECKPOINT = List.of("--data", "--batch", "--lr", "--lr-schedule", "--ema", "--width",
            "--depth", "--plan", "--seed");

    @Mixin
    private Options.DensityPair densities;

    @Mixin
    private Options.Training training;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all random numbers (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--checkpoint-every", paramLabel = "N", defaultValue = "0",
            description = "Write checkpoint.safetensors every N iterations and at the end (default: never).")
    private int checkpointEvery;

    @Option(names = "--resume", paramLabel = "FILE",
            description = "Continue a checkpoint with the options it was started with. --iterations is the total; --p0 and --p1 are"
                    + " needed only for images too large for the checkpoint; --out is the checkpoint's folder unless given.")
    private Path resume;

    @Mixin
    private Options.DeviceChoice device;

    @Mixin
    private Options.Output output;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Options.refuse(checkpointEvery < 0, "--checkpoint-every " + checkpointEvery + " is below 0");
        if (resume != null && !Options.isGiven(spec, "--out")) {
            output.folder = Optional.ofNullable(resume.getParent()).orElse(Path.of("."));
        }
        CheckpointFile.Contents from = resume == null ? null : CheckpointFile.read(resume);
        TrainingSettings settings = from == null ? training.settings(seed) : resumed(from);
        int every = from == null || Options.isGiven(spec, "--checkpoint-every") ? checkpointEvery
                : Provenance.checkpointEvery(from, resume.toString());
        List<Density> pair = Options.atOnce(first -> from == null ? densities.get(first)
                : from.density(first, densities.given(first), resume.toString()));
        Path folder = output.ready();
        try (Context context = device.open();
                TrainingFiles files = new TrainingFiles(context, settings, every, pair.get(0), pair.get(1), folder, from, resume)) {
            files.train(() -> { });
            if (!files.hasTrained()) {
                return 0; // stopped by Ctrl-C, which the exit code says
            }
            files.save();
            System.out.println(UntrustedText.line(String.format(Locale.ROOT, "%s: %s to %s, %,d iterations, loss %.4g",
                    folder.resolve("model.safetensors"), pair.get(0).name(), pair.get(1).name(), files.session().stepsEnqueued(),
                    files.loss())));
        }
        return 0;
    }

    private TrainingSettings resumed(CheckpointFile.Contents from) {
        for (String option : OF_THE_CHECKPOINT) {
            Options.refuse(Options.isGiven(spec, option), option + " is taken from the checkpoint: leave it out with --resume");
        }
        Optional<Integer> iterations = Optional.of(training.iterations).filter(n -> Options.isGiven(spec, "--iterations"));
        iterations.ifPresent(n -> Options.positive("--iterations", n, Integer.MAX_VALUE));
        return Provenance.resumed(from, iterations, resume.toString());
    }
}
