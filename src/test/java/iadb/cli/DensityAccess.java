package iadb.cli;

import iadb.density.Density;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** What a command does with the file of {@code --p0} before it needs a device. */
public final class DensityAccess {
    private DensityAccess() { }

    /** Both densities, of which p0 is the file's, with at most {@code data} rows of points. */
    public static List<Density> both(Path p0, int data) {
        DensityOptions options = new DensityOptions();
        CommandSpec spec = CommandSpec.create().addMixin("densities", CommandSpec.forAnnotatedObject(options));
        new CommandLine(spec).parseArgs("--p0", p0.toString());
        return options.both(data, 0);
    }
}
