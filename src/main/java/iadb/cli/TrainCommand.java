package iadb.cli;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Draws, trains, saves the model. */
@Command(name = "train", mixinStandardHelpOptions = true, versionProvider = ProgramVersion.class, sortOptions = false,
        description = "Draws points of both densities, trains, and saves the model and the loss.")
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private Options.DensityPair densities;

    @Mixin
    private Options.Training training;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all that is random (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin
    private Options.DeviceChoice device;

    @Mixin
    private Options.Output output;

    @Mixin
    private Options.Verbosity verbosity;

    @Override
    public Integer call() throws IOException {
        StderrLogging.setLevel(verbosity.verbose, verbosity.quiet);
        TrainingConfig config = training.config(seed);
        Density p0 = densities.p0();
        Density p1 = densities.p1();
        Path folder = output.ready();
        try (Context context = Context.open(device.select());
                TrainingRun run = new TrainingRun(context, config, training.iterations, p0, p1, folder)) {
            run.train();
            run.save();
            System.out.printf(Locale.ROOT, "%s: %s to %s, %,d iterations, loss %.4g%n", folder.resolve("model.safetensors"),
                    p0.name(), p1.name(), run.session().stepsEnqueued(), run.finalLoss());
        }
        return 0;
    }
}
