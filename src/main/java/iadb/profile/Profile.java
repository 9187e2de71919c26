package iadb.profile;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.file.Png;
import iadb.model.NetworkShape;
import iadb.plot.Chart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This program's performance on a device, and its share of the device's peak; the content of {@code profile.json}.
 *
 * @param machine  {@link ResultFile#machine}
 * @param settings the amount of measuring
 * @param peak     the device's peak
 * @param sgemm    OpenBLAS on the same CPU
 * @param plans    a training step of the default network and batch under each plan
 * @param kernels  each kernel
 * @param map      the map's throughput by number of points
 * @param widths   a training step by the network's width
 * @param batches  a training step by batch
 * @param atOnce   a training step of several maps at once, by their number
 * @param run      the time of a whole run by phases
 */
public record Profile(Map<String, Object> machine, Settings settings, Peak peak, Peak.Sgemm sgemm, List<TrainingStep> plans,
        List<KernelTimes> kernels, List<MapUses.Throughput> map, List<TrainingStep> widths, List<TrainingStep> batches, List<AtOnce> atOnce,
        Run run) {
    public static final String FILE = "profile.json";

    private static final Logger LOG = LoggerFactory.getLogger(Profile.class);

    /** Measures everything, and logs what is being measured. */
    public static Profile measure(Device device, Settings settings) throws IOException {
        NetworkShape shape = settings.shape();
        try (Context context = Context.open(device); Context profiling = Context.open(device, true)) {
            LOG.info("peak of {}", device.name());
            Peak first = Peak.measure(context, settings); // and twice below, since a disturbed measurement would raise all shares
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
            LOG.info("maps at once");
            List<AtOnce> atOnce = AtOnce.measure(context, shape, settings);
            LOG.info("a whole run");
            Run run = Run.measure(device, settings);
            Peak peak = first.orBetter(second).orBetter(Peak.measure(context, settings));
            return new Profile(ResultFile.machine(device), settings, peak, sgemm, plans.stream().map(one -> one.against(peak)).toList(),
                    kernels.stream().map(one -> one.against(peak)).toList(), map.stream().map(one -> one.against(peak)).toList(),
                    widths.stream().map(one -> one.against(peak)).toList(), batches.stream().map(one -> one.against(peak)).toList(), atOnce,
                    run);
        }
    }

    private static List<TrainingStep> steps(Context context, NetworkShape shape, int batch, Settings settings) {
        try {
            return settings.everyPlan() ? TrainingStep.ofPlans(context, shape, batch, settings)
                    : List.of(TrainingStep.ofFastest(context, shape, batch, settings));
        } catch (DeviceLimitException e) {
            LOG.info("skipped: {}", e.getMessage());
            return List.of();
        }
    }

    /** One bright pixel of 64 × 64, whose acceptance is so low that points are drawn by inversion. */
    private static Density onePixel() {
        short[] weights = new short[64 * 64];
        weights[0] = 1;
        return ImageDensity.of("one pixel of 4,096", 64, 64, weights);
    }

    /**
     * The time of a whole run by phases: the program runs in a separate process, as a user starts it.
     *
     * @param iterations        of its training
     * @param seconds           of each phase, from its {@code run.json}
     * @param wallSeconds       from the start of the process to its end
     * @param residentMegabytes its peak memory; null if the system does not report it
     * @param firstStepSeconds  from the start of the virtual machine to the end of the first training step, with cached programs
     */
    record Run(int iterations, Map<String, Double> seconds, double wallSeconds, Double residentMegabytes, Spread firstStepSeconds) {
        private static Run measure(Device device, Settings settings) throws IOException {
            Path folder = Files.createTempDirectory("iadb-profile");
            try {
                String[] oneStep = {"--iterations", "1", "--points", "1", "--steps", "1", "--no-frames"};
                start(device, folder, oneStep); // fills the caches; not counted
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

    /** Writes {@code kernels.png}, {@code map.png}, {@code width.png}, {@code batch.png} and {@code run.png} into a folder. */
    public void writeCharts(Path folder) throws IOException {
        Png.write(folder.resolve("kernels.png"), Chart.bars("share of the measured peak", 1, shares()));
        if (map.size() > 1) {
            Png.write(folder.resolve("map.png"), Chart.curves(mapSeries(), false, "points", "million point-steps per second"));
        }
        writeSteps(folder.resolve("width.png"), widths, TrainingStep::width, step -> step.microseconds().median(), true,
                "width", "microseconds per step of " + settings.batch() + " rows");
        writeSteps(folder.resolve("batch.png"), batches, TrainingStep::batch,
                step -> step.microseconds().median() / step.batch(), false, "batch", "microseconds per row");
        List<Chart.Bar> phases = new ArrayList<>();
        run.seconds().forEach((phase, seconds) ->
                phases.add(new Chart.Bar(phase, seconds, String.format(Locale.ROOT, "%.2f s", seconds))));
        Png.write(folder.resolve("run.png"), Chart.bars(String.format(Locale.ROOT,
                "time of a run of %,d iterations by phase", run.iterations()), 0, phases));
    }

    private List<Chart.Bar> shares() {
        List<Chart.Bar> bars = new ArrayList<>();
        plans.forEach(plan -> bars.add(share(plan.plan() + ", a whole step", plan.shareOfPeak())));
        kernels.stream().filter(kernel -> kernel.shareOfPeak() != null)
                .forEach(kernel -> bars.add(share(kernel.kernel() + ", " + kernel.work().split(",")[0], kernel.shareOfPeak())));
        map.forEach(one -> bars.add(share(String.format(Locale.ROOT, "map of %,d points", one.points()), one.shareOfPeak())));
        return bars;
    }

    private static Chart.Bar share(String name, double share) { return new Chart.Bar(name, share, Table.percent(share)); }

    private List<Chart.Series> mapSeries() {
        double limit = 1e3 * peak.gflops() / settings.shape().forwardFlops();
        Chart.Series measured = Chart.Series.of("map", map, MapUses.Throughput::points,
                one -> one.pointStepsPerSecond().median() * 1e-6);
        double[] ends = {measured.x()[0], measured.x()[measured.x().length - 1]};
        return List.of(measured, new Chart.Series("at the measured peak", ends, new double[] {limit, limit}, true));
    }

    private static void writeSteps(Path file, List<TrainingStep> all, ToDoubleFunction<TrainingStep> x,
            ToDoubleFunction<TrainingStep> y, boolean logarithmicY, String xTitle, String yTitle) throws IOException {
        Map<String, List<TrainingStep>> byPlan = new LinkedHashMap<>();
        all.forEach(one -> byPlan.computeIfAbsent(one.plan(), plan -> new ArrayList<>()).add(one));
        if (!all.isEmpty()) {
            List<Chart.Series> curves = byPlan.entrySet().stream()
                    .map(plan -> Chart.Series.of(plan.getKey(), plan.getValue(), x, y)).toList();
            Png.write(file, Chart.curves(curves, logarithmicY, xTitle, yTitle));
        }
    }

    /** The results as text for a terminal. */
    public String text() {
        return "%s, %s, driver %s\ncommit %s, %s, %s settings\n\n".formatted(machine.get("device"), machine.get("platform"),
                machine.get("driver"), machine.get("commit"), machine.get("date"), settings.name())
                + String.join("\n", peakText(), steps("a training step", plans), kernelsText(), mapText(),
                steps("by width", widths), steps("by batch", batches), atOnceText(), runText());
    }

    private String peakText() {
        Table table = new Table("peak", "vector", "GFLOP/s");
        for (Peak.AtWidth at : peak.gflopsByWidth()) {
            table.row("multiply-adds" + (at.vector() == peak.vector() ? ", the best" : ""), Integer.toString(at.vector()),
                    Table.number(at.gflops()));
        }
        table.row("OpenBLAS sgemm", "-", Table.number(sgemm.gflops()));
        String verdict = sgemm.gflops() == null ? "" : sgemm.gflops() < peak.gflops() ? ": below the measured peak, as expected"
                : ": ABOVE the measured peak, so all shares of the peak are too high";
        return table + "(" + sgemm.note() + verdict + ")\ncopy of memory: " + Table.number(peak.gigabytes())
                + " GB/s, read and written\n";
    }

    private static String steps(String head, List<TrainingStep> all) {
        Table table = new Table(head, "width", "batch", "us per step", "quartiles", "GFLOP/s", "of peak");
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
        return table + "(host us: time in the enqueueing call; bytes that stay in caches can exceed the bandwidth of a copy)\n";
    }

    private String mapText() {
        Table table = new Table("map, points", "steps", "ms", "quartiles", "million point-steps per s", "GFLOP/s", "of peak");
        for (MapUses.Throughput one : map) {
            table.row(String.format(Locale.ROOT, "%,d", one.points()), Integer.toString(one.steps()),
                    Table.number(one.milliseconds().median()), Table.range(one.milliseconds()),
                    Table.number(one.pointStepsPerSecond().median() * 1e-6), Table.number(one.gflops()),
                    Table.percent(one.shareOfPeak()));
        }
        return table.toString();
    }

    private String atOnceText() {
        Table table = new Table("maps at once", "us per step", "quartiles", "maps per s", "of the time one after the other");
        for (AtOnce one : atOnce) {
            table.row(Integer.toString(one.maps()), Table.number(one.microseconds().median()), Table.range(one.microseconds()),
                    Table.number(one.mapsPerSecond()), Table.number(one.ratio() == null ? null : one.ratio().median()));
        }
        return table + "(maps of the tutorial's number of iterations; one alone by the fastest plan)\n";
    }

    private String runText() {
        Table table = new Table(String.format(Locale.ROOT, "a run of %,d iterations", run.iterations()), "seconds");
        run.seconds().forEach((phase, seconds) -> table.row(phase, Table.number(seconds)));
        table.row("process, start to end", Table.number(run.wallSeconds()));
        table.row("start to first training step", Table.number(run.firstStepSeconds().median()));
        return table + (run.residentMegabytes() == null ? "" : "peak memory: " + Table.number(run.residentMegabytes()) + " MB\n");
    }
}
