package iadb.cli;

import iadb.cl.Device;
import iadb.profile.Comparison;
import iadb.profile.MapUses;
import iadb.profile.Profile;
import iadb.profile.ResultFile;
import iadb.profile.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures this program on a device. */
@Command(name = "profile", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Measures this program on an OpenCL device: the device's peak, the share of it that each kernel and plan reaches,"
            + " how cost grows with width and batch, and the phases of a whole run. Takes four minutes on two cores.",
            "Prints tables, and writes profile.json and charts."})
final class ProfileCommand implements Callable<Integer> {
    @Mixin
    private Options.DeviceChoice device;

    @Option(names = "--quick", description = "Fewer and shorter measurements: within a minute on two cores.")
    private boolean quick;

    @Option(names = "--smoke", hidden = true)
    private boolean smoke;

    /** Measurements in the place of the profile. */
    private static final class Instead {
        @Option(names = "--map", description = "Instead, measure what using a trained map costs, and write map.json. Five minutes.")
        private boolean map;

        @Option(names = "--compare", description = "Instead, train in turn with the programs of --peers, and write compare.json and"
                + " quality.png.")
        private boolean compare;
    }

    @ArgGroup
    private Instead instead = new Instead();

    @Option(names = "--peers", paramLabel = "DIR", defaultValue = "tools/peers",
            description = "Folder of the programs to compare with, this program's repository has them (default: ${DEFAULT-VALUE}).")
    private Path peers;

    @Option(names = {"-o", "--out"}, paramLabel = "DIR", description = "Folder of the files, made if missing (default:"
            + " profile/DEVICE).")
    private Path folder;

    /** Where folders of devices lie by default. */
    @Option(names = "--results", hidden = true, defaultValue = "profile")
    private Path results;

    @Override
    public Integer call() throws IOException {
        Settings settings = smoke ? Settings.smoke() : quick ? Settings.quick() : Settings.full();
        Device chosen = device.select();
        Path out = Options.ready("-o", folder != null ? folder : results.resolve(ResultFile.folderName(chosen)));
        if (instead.map) {
            MapUses uses = MapUses.measure(chosen, settings);
            ResultFile.write(out.resolve(MapUses.FILE), uses);
            System.out.println(uses.text() + "written: " + out.resolve(MapUses.FILE));
        } else if (instead.compare) {
            Comparison comparison = Comparison.measure(chosen, settings, peers);
            ResultFile.write(out.resolve(Comparison.FILE), comparison);
            comparison.writeChart(out);
            System.out.println(comparison.text() + "written: " + out.resolve(Comparison.FILE) + " and quality.png");
        } else {
            Profile profile = Profile.measure(chosen, settings);
            ResultFile.write(out.resolve(Profile.FILE), profile);
            profile.writeCharts(out);
            System.out.println(profile.text() + "written: " + out.resolve(Profile.FILE) + " and charts beside it");
        }
        return 0;
    }
}
