package iadb.profile;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.model.NetworkShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this program does on a device and its share of the device's peak, as {@code profile.json} holds it.
 *
 * @param machine  where and when
 * @param settings how much was measured
 * @param peak     what the device can do at best
 * @param sgemm    what OpenBLAS does on the same CPU
 * @param plans    a training step of the default network and batch under each plan
 * @param kernels  each kernel
 * @param map      throughput over the number of points
 * @param widths   a training step over the network's width
 * @param batches  a training step over the batch
 * @param run      the wall time of a whole run by phases
 */
public record Profile(Map<String, Object> machine, Settings settings, Peak peak, Peak.Sgemm sgemm, List<TrainingStep> plans,
        List<KernelTimes> kernels, List<MapUses.Throughput> map, List<TrainingStep> widths, List<TrainingStep> batches, Run run) {
    public static final String FILE = "profile.json";

    private static final Logger LOG = LoggerFactory.getLogger(Profile.class);

    /** Measures everything; what is in work is logged. */
    public static Profile measure(Device device, Settings settings) throws IOException {
        NetworkShape shape = settings.shape();
        try (Context context = Context.open(device); Context profiling = Context.open(device, true)) {
            LOG.info("peak of {}", device.name());
            Peak first = Peak.measure(context, settings); // and again below: one that was disturbed would raise all shares
            Peak.Sgemm sgemm = Peak.Sgemm.measure(device);
            LOG.info("plans");
            List<TrainingStep> plans = TrainingStep.ofPlans(context, shape, settings.batch(), settings);
            LOG.info("kernels");
            List<KernelTimes> kernels = new ArrayList<>(KernelTimes.ofPlans(profiling, shape, settings.batch(), settings));
            kernels.addAll(KernelTimes.ofMap(profiling, shape, settings));
            kernels.addAll(KernelTimes.ofDraws(profiling, List.of(TrainingStep.P0, onePixel()), settings));
            Peak second = Peak.measure(context, settings);
            LOG.info("map");
            List<MapUses.Throughput> map = MapUses.Throughput.measure(context, shape, settings);
            LOG.info("width and batch");
            List<TrainingStep> widths = new ArrayList<>();
            for (int width : settings.widths()) {
                widths.addAll(steps(context, new NetworkShape(width, settings.depth()), settings.batch(), settings));
            }
            List<TrainingStep> batches = new ArrayList<>();
            for (int batch : settings.batches()) {
                batches.addAll(steps(context, shape, batch, settings));
            }
            LOG.info("a whole run");
            Run run = Run.measure(device, settings);
            Peak peak = first.orBetter(second).orBetter(Peak.measure(context, settings));
            return new Profile(ResultFile.machine(device), settings, peak, sgemm, plans.stream().map(one -> one.against(peak)).toList(),
                    kernels.stream().map(one -> one.against(peak)).toList(), map.stream().map(one -> one.against(peak)).toList(),
                    widths.stream().map(one -> one.against(peak)).toList(), batches.stream().map(one -> one.against(peak)).toList(), run);
        }
    }

    private static List<TrainingStep> steps(Context context, NetworkShape shape, int batch, Settings settings) {
        try {
            return settings.everyPlan() ? TrainingStep.ofPlans(context, shape, batch, settings)
                    : List.of(TrainingStep.ofFastest(context, shape, batch, settings));
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

    /**
     * The wall time of a whole run by phases: the program in a process of its own, as a user starts it.
     *
     * @param iterations        of its training
     * @param seconds           of each phase, from its {@code run.json}
     * @param wallSeconds       from the start of the process to its end
     * @param residentMegabytes its peak memory; null where the system does not report it
     * @param firstStepSeconds  from the start of the virtual machine to the end of the first training step, programs cached
     */
    record Run(int iterations, Map<String, Double> seconds, double wallSeconds, Double residentMegabytes, Spread firstStepSeconds) {
        private static Run measure(Device device, Settings settings) throws IOException {
            Path folder = Files.createTempDirectory("iadb-profile");
            try {
                String[] oneStep = {"--iterations", "1", "--points", "1", "--steps", "1", "--no-frames"};
                start(device, folder, oneStep); // fills caches and does not count
                double[] first = new double[settings.startRuns()];
                for (int i = 0; i < first.length; i++) {
                    start(device, folder, oneStep);
                    Map<String, Double> phases = phases(folder);
                    first[i] = Stream.of("start", "prepare", "train").mapToDouble(phases::get).sum();
                }
                ChildProcess whole = start(device, folder, "--iterations", Integer.toString(settings.iterations()));
                return new Run(settings.iterations(), phases(folder), whole.seconds(), whole.residentMegabytes(), Spread.of(first));
            } finally {
                ChildProcess.deleteFolder(folder);
            }
        }

        private static ChildProcess start(Device device, Path folder, String... arguments) throws IOException {
            return ChildProcess.runJar(Stream.concat(Stream.of("--quiet", "--device", Integer.toString(device.index()), "--out",
                    folder.toString()), Stream.of(arguments)).toArray(String[]::new));
        }

        private static Map<String, Double> phases(Path folder) throws IOException {
            JsonObject run = JsonParser.parseString(Files.readString(folder.resolve("run.json"))).getAsJsonObject();
            Map<String, Double> phases = new LinkedHashMap<>();
            run.getAsJsonObject("seconds").entrySet().forEach(phase -> phases.put(phase.getKey(), phase.getValue().getAsDouble()));
            return phases;
        }
    }

    /** Tables for a terminal. */
    public String text() {
        return "%s, %s, driver %s\ncommit %s, %s, %s settings\n\n".formatted(machine.get("device"), machine.get("platform"),
                machine.get("driver"), machine.get("commit"), machine.get("date"), settings.name())
                + String.join("\n", peakText(), steps("a training step", plans), kernelsText(), mapText(),
                steps("over the width", widths), steps("over the batch", batches), runText());
    }

    private String peakText() {
        Table table = new Table("peak", "vector", "GFLOP/s");
        for (Peak.AtWidth at : peak.gflopsByWidth()) {
            table.row("multiply-adds" + (at.vector() == peak.vector() ? ", the best" : ""), Integer.toString(at.vector()),
                    Table.number(at.gflops()));
        }
        table.row("OpenBLAS sgemm", "-", Table.number(sgemm.gflops()));
        String verdict = sgemm.gflops() == null ? "" : sgemm.gflops() < peak.gflops() ? ": below the measured peak, as it must be"
                : ": ABOVE the measured peak, so that all shares of it are too high";
        return table + "(" + sgemm.note() + verdict + ")\ncopy of memory: " + Table.number(peak.gigabytes())
                + " GB/s, read and written\n";
    }

    private static String steps(String head, List<TrainingStep> all) {
        Table table = new Table(head, "width", "batch", "us a step", "middle half", "GFLOP/s", "of peak");
        for (TrainingStep one : all) {
            table.row(one.plan(), Integer.toString(one.width()), Integer.toString(one.batch()),
                    Table.number(one.microseconds().median()), Table.range(one.microseconds()), Table.number(one.gflops()),
                    Table.percent(one.shareOfPeak()));
        }
        return table.toString();
    }

    private String kernelsText() {
        Table table = new Table("kernel", "of", "launches", "event us", "host us", "GFLOP/s", "of peak", "GB/s", "of copy");
        for (KernelTimes one : kernels) {
            table.row(one.kernel(), one.work(), Table.number(one.launches()), Table.number(one.eventMicroseconds().median()),
                    Table.number(one.hostMicroseconds().median()), Table.number(one.gflops()), Table.percent(one.shareOfPeak()),
                    Table.number(one.gigabytes()), Table.percent(one.shareOfCopy()));
        }
        return table + "(host us: in the call that enqueues; bytes that stay in caches can exceed a copy's bandwidth)\n";
    }

    private String mapText() {
        Table table = new Table("map, points", "steps", "ms", "middle half", "million point-steps a second", "GFLOP/s", "of peak");
        for (MapUses.Throughput one : map) {
            table.row(String.format(Locale.ROOT, "%,d", one.points()), Integer.toString(one.steps()),
                    Table.number(one.milliseconds().median()), Table.range(one.milliseconds()),
                    Table.number(one.pointStepsPerSecond().median() * 1e-6), Table.number(one.gflops()),
                    Table.percent(one.shareOfPeak()));
        }
        return table.toString();
    }

    private String runText() {
        Table table = new Table(String.format(Locale.ROOT, "a run of %,d iterations", run.iterations()), "seconds");
        run.seconds().forEach((phase, seconds) -> table.row(phase, Table.number(seconds)));
        table.row("process, start to end", Table.number(run.wallSeconds()));
        table.row("start to first training step", Table.number(run.firstStepSeconds().median()));
        return table + (run.residentMegabytes() == null ? "" : "peak memory: " + Table.number(run.residentMegabytes()) + " MB\n");
    }
}
