package iadb.cli;

import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.ImageDensity;
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
@Command(name = "profile", mixinStandardHelpOptions = true,
        description = {"Measures this program on an OpenCL device: the device's peak, the share of it that each kernel and plan reaches,"
            + " how cost grows with width and batch, and the phases of a whole run. Prints tables, and writes profile.json and charts."
            + " Takes four minutes on two cores."})
final class ProfileCommand implements Callable<Integer> {
    @Mixin
    private Options.DeviceChoice device;

    @Option(names = "--quick", description = "Make fewer and shorter measurements: takes less than a minute on two cores.")
    private boolean quick;

    @Option(names = "--smoke", hidden = true)
    private boolean smoke;

    /** Other measurements. */
    private static final class Mode {
        @Option(names = "--map", description = "Measure the cost of using a trained map instead, and write map.json. Takes five minutes.")
        private boolean map;

        @Option(names = "--compare", description = "Train alternately with the programs in --peers instead, and write"
                + " compare.json, quality.png and variation.png. Takes ten minutes.")
        private boolean compare;
    }

    @ArgGroup
    private Mode mode = new Mode();

    @Option(names = "--peers", paramLabel = "DIR", defaultValue = "tools/peers",
            description = "Folder of the programs to compare with; they are in this program's repository (default: ${DEFAULT-VALUE}).")
    private Path peers;

    @Option(names = "--p0", paramLabel = "IMAGE|NAME", description = "Start density of --compare (default: gaussian).")
    private String p0;

    @Option(names = "--p1", paramLabel = "IMAGE|NAME", description = "Target density of --compare (default: spiral).")
    private String p1;

    @Option(names = {"-o", "--output"}, paramLabel = "DIR", description = "Folder for all files, created if missing"
            + " (default: profile/DEVICE).")
    private Path folder;

    /** Contains the folder of each device by default. */
    @Option(names = "--results", hidden = true, defaultValue = "profile")
    private Path results;

    @Override
    public Integer call() throws IOException {
        Options.refuse(!mode.compare && (p0 != null || p1 != null), "--p0 and --p1 apply to --compare");
        Density start = ImageDensity.parse(p0 == null ? "gaussian" : p0, false);
        Density target = ImageDensity.parse(p1 == null ? "spiral" : p1, false);
        Settings settings = smoke ? Settings.smoke() : quick ? Settings.quick() : Settings.full();
        Device chosen = device.select();
        Path out = folder != null ? Options.ready("-o", folder)
                : Options.ready("the folder", results.resolve(ResultFile.folderName(chosen)));
        if (mode.map) {
            MapUses uses = MapUses.measure(chosen, settings);
            ResultFile.write(out.resolve(MapUses.FILE), uses);
            System.out.println(uses.text() + "written: " + out.resolve(MapUses.FILE));
        } else if (mode.compare) {
            Comparison comparison = Comparison.measure(chosen, settings, peers, start, target);
            ResultFile.write(out.resolve(Comparison.FILE), comparison);
            comparison.writeCharts(out);
            System.out.println(comparison.text() + "written: " + out.resolve(Comparison.FILE) + " and charts");
        } else {
            Profile profile = Profile.measure(chosen, settings);
            ResultFile.write(out.resolve(Profile.FILE), profile);
            profile.writeCharts(out);
            System.out.println(profile.text() + "written: " + out.resolve(Profile.FILE) + " and charts");
        }
        return 0;
    }
}
