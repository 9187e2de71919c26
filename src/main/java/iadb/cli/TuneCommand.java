package iadb.cli;

import iadb.profile.Tune;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Searches a device's fastest tunings. */
@Command(name = "tune", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Searches the fastest tunings of an OpenCL device and writes them to a file, for --tuning or IADB_CL_TUNING.",
            "Takes some minutes on an idle machine; on a busy one the result is noise."})
final class TuneCommand implements Callable<Integer> {
    @Mixin
    private Options.DeviceChoice device;

    @Option(names = {"-o", "--output"}, paramLabel = "FILE", defaultValue = "tuning.properties",
            description = "File of tunings; rows of other devices in it stay (default: ${DEFAULT-VALUE}).")
    private Path file;

    @Override
    public Integer call() throws IOException {
        Options.requireWritable(file, "a file");
        Tune.run(device.select(), file, System.out::println);
        return 0;
    }
}
