package iadb.cli;

import iadb.profile.Tune;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Searches for the fastest kernel parameters of a device. */
@Command(name = "tune", mixinStandardHelpOptions = true,
        description = {"Searches for the fastest kernel parameters of an OpenCL device and writes them to a file, for --tuning or"
            + " IADB_CL_TUNING. Takes some minutes. On a busy machine the result is unreliable."})
final class TuneCommand implements Callable<Integer> {
    @Mixin
    private Options.DeviceChoice device;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", defaultValue = "tuning.properties",
            description = "File of kernel parameters; entries of other devices are kept (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Override
    public Integer call() throws IOException {
        Options.requireWritable(file, "a file");
        Tune.run(device.select(file), file, System.out::println);
        return 0;
    }
}
