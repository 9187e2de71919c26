package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceLimitException;
import iadb.cl.NoDeviceException;
import iadb.density.Density;
import iadb.fault.InvalidInputException;
import iadb.model.NetworkShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command behind {@code tools/profile}: measures this program on a device, and says how near to its limits it comes. */
@Command(name = "profile", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Measures this program on an OpenCL device: the device's peak, each kernel and plan against it, how cost"
            + " grows, and where a run's time goes.",
            "Prints tables, and writes profile.json and charts. With --compare it holds the programs of tools/peers against this"
            + " one instead, and writes compare.json and quality.png."})
public final class Profile implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(Profile.class);
    private static final int EXIT_FAILURE = 1;
    private static final int EXIT_INPUT = 2;
    private static final int EXIT_MACHINE = 3;
    private static final int SGEMM_SIDE = 1024;

    @Option(names = "--device", paramLabel = "auto|INDEX|TEXT|UUID", defaultValue = "auto",
            description = "The OpenCL device: an index or UUID, as the program's command 'devices' prints them, or part of a name"
                    + " (default: ${DEFAULT-VALUE}).")
    private String deviceChoice;

    @Option(names = "--quick", description = "Fewer and shorter measurements: within a minute on two cores.")
    private boolean quick;

    @Option(names = "--compare", description = "Train with other programs in turn with this one; nothing else is measured.")
    private boolean compare;

    @Option(names = "--map", description = "Measure what using a trained map costs; nothing else is measured. Five minutes on two cores.")
    private boolean map;

    @Option(names = "--averages",
            description = "Train all pairs of named densities and judge --ema's average beside the last weights; nothing else is"
                    + " measured. An hour on two cores; with --quick one pair only.")
    private boolean averages;

    @Option(names = "--figures", description = "Write the README's figures from the result files; nothing is measured.")
    private boolean figures;

    @Option(names = "--smoke", hidden = true)
    private boolean smoke;

    @Option(names = "--out", paramLabel = "DIR", description = "Folder of the files (default: tools/results/DEVICE).")
    private Path out;

    @Option(names = "--root", paramLabel = "DIR", defaultValue = ".", hidden = true)
    private Path root;

    /** Started by {@code tools/profile}. */
    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true");
        CommandLine command = new CommandLine(new Profile());
        command.setExecutionExceptionHandler((e, line, parsed) -> report(e));
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        if (figures) {
            ReadmeFigures.write(root);
            return 0;
        }
        Settings settings = smoke ? Settings.smoke() : quick ? Settings.quick() : Settings.full();
        Device device = Device.select(deviceChoice);
        Machine machine = Machine.of(device, root);
        Path folder = out != null ? out : root.resolve("tools/results").resolve(machine.slug());
        Files.createDirectories(folder);
        if (map) {
            MapUses uses = MapUses.measure(device, machine, settings);
            Result.write(folder.resolve(MapUses.FILE), uses);
            System.out.print(uses.text());
            System.out.println("written: " + folder.resolve(MapUses.FILE));
            return 0;
        }
        if (averages) {
            Averages measured = Averages.measure(device, machine, settings);
            Result.write(folder.resolve(Averages.FILE), measured);
            System.out.print(measured.text());
            System.out.println("written: " + folder.resolve(Averages.FILE));
            return 0;
        }
        if (compare) {
            Comparison comparison = Comparison.measure(device, machine, settings, root);
            Result.write(folder.resolve(Comparison.FILE), comparison);
            Charts.write(folder, comparison);
            System.out.print(comparison.text());
            System.out.println("written: " + folder.resolve(Comparison.FILE) + " and quality.png");
            return 0;
        }
        Result result = measure(device, machine, settings);
        Result.write(folder.resolve(Result.FILE), result);
        Charts.write(folder, result);
        System.out.print(ResultText.of(result));
        System.out.println("written: " + folder.resolve(Result.FILE) + " and charts beside it");
        return 0;
    }

    private Result measure(Device device, Machine machine, Settings settings) throws IOException {
        NetworkShape shape = settings.shape();
        try (Context context = Context.open(device); Context profiling = Context.open(device, true)) {
            LOG.info("peak of {}", device.name());
            Peak peak = Peak.measure(context, settings); // and again below: a disturbed one would flatter all shares
            Sgemm sgemm = Sgemm.measure(device, SGEMM_SIDE);
            LOG.info("plans");
            List<Growth> plans = Growth.ofPlans(context, shape, settings.batch(), settings, peak);
            LOG.info("kernels");
            List<KernelTimes> kernels = new ArrayList<>(KernelTimes.ofPlans(profiling, shape, settings.batch(), settings, peak));
            kernels.addAll(KernelTimes.ofMap(profiling, shape, settings, peak));
            kernels.addAll(KernelTimes.ofDraws(profiling, List.of(TrainingBlocks.P0, onePixel()), settings, peak));
            peak = peak.orBetter(Peak.measure(context, settings));
            LOG.info("map");
            List<MapThroughput> map = MapThroughput.measure(context, shape, settings, peak);
            LOG.info("width and batch");
            List<Growth> widths = new ArrayList<>();
            for (int width : settings.widths()) {
                widths.addAll(grown(context, new NetworkShape(width, settings.depth()), settings.batch(), settings, peak));
            }
            List<Growth> batches = new ArrayList<>();
            for (int batch : settings.batches()) {
                batches.addAll(grown(context, shape, batch, settings, peak));
            }
            LOG.info("a whole run");
            RunPhases run = RunPhases.measure(device, settings);
            peak = peak.orBetter(Peak.measure(context, settings));
            return new Result(machine, settings, peak, sgemm, plans, kernels, map, widths, batches, run).against(peak);
        }
    }

    private static List<Growth> grown(Context context, NetworkShape shape, int batch, Settings settings, Peak peak) {
        try {
            return settings.everyPlan() ? Growth.ofPlans(context, shape, batch, settings, peak)
                    : List.of(Growth.of(context, shape, batch, settings, peak));
        } catch (DeviceLimitException e) {
            LOG.info("left out: {}", e.getMessage());
            return List.of();
        }
    }

    /** One bright pixel of 64 × 64: its acceptance is so low that it is drawn from by inversion. */
    private static Density onePixel() {
        short[] weights = new short[64 * 64];
        weights[0] = 1;
        return Density.of("one pixel of 4,096", 64, 64, weights);
    }

    /** One line on stderr, and the exit code that the program's other commands have for it. */
    private static int report(Exception e) {
        LOG.debug("stack trace", e);
        LOG.error("{}", Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        if (e instanceof NoDeviceException) {
            return EXIT_MACHINE;
        }
        return e instanceof InvalidInputException ? EXIT_INPUT : EXIT_FAILURE;
    }
}
