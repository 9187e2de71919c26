package iadb.tools;

import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tables of figures, generated from the result files: in README.md the speed of each measured device, published maps, and the
 * faults that were injected; in tools/results/modelled.md, until a GPU has been measured, what was modelled for GPUs.
 */
final class ReadmeFigures {
    private static final String BEGIN = "<!-- figures: written by tools/figures -->";
    private static final String END = "<!-- end of figures -->";
    static final String MODELLED = "tools/results/modelled.md";
    private static final String BEGIN_PUBLISHED = "<!-- published: written by tools/figures -->";
    private static final String END_PUBLISHED = "<!-- end of published -->";
    private static final String BEGIN_SOAK = "<!-- faults: written by tools/figures -->";
    private static final String END_SOAK = "<!-- end of faults -->";
    private static final String BEGIN_PRESETS = "<!-- presets: written by tools/figures -->";
    private static final String END_PRESETS = "<!-- end of presets -->";
    static final String NO_GPU = "No GPU has been measured yet; see the [modelled figures](" + MODELLED + ").";

    /** What the table takes of the files of {@code iadb-cl profile}. */
    private record Result(Machine machine, Settings settings, Peak peak, List<Plan> plans, List<MapSpeed> map, Run run) {
        static final String FILE = "profile.json";

        Plan fastestPlan() {
            return plans.stream().min(Comparator.comparingDouble(plan -> plan.microseconds().median())).orElseThrow();
        }
    }

    private record Machine(String device, String type, String platform, String driver, String commit, String date) {
    }

    private record Settings(String name) {
    }

    private record Spread(double median) {
    }

    private record Peak(double gflops) {
    }

    private record Plan(String plan, Spread microseconds, double shareOfPeak) {
    }

    private record MapSpeed(int points, Spread pointStepsPerSecond, double shareOfPeak) {
    }

    private record Run(int iterations, double wallSeconds, Double residentMegabytes, Spread firstStepSeconds) {
    }

    /** A comparison with other programs; that of an older program lacks all but the last. */
    private record Comparison(Machine machine, String p0, String p1, List<Training> presets, List<Entry> peers) {
        static final String FILE = "compare.json";
    }

    private record Training(String preset, int mapSteps, Double reachedSeconds) {
    }

    private record Entry(String name, String family, String reason, Spread ratio, Double reachedSeconds) {
        boolean isTutorial() { return ratio != null; }
    }

    private record MapUses(Spread densityCost, Spread inverseCost, List<SolverError> solvers, int evaluatePoints,
            double evaluateSeconds, int samplePoints, double sampleShare, double sampleSeconds, Double sampleMegabytes) {
        static final String FILE = "map.json";
    }

    private record SolverError(String solver, int steps, double meanDistance) {
    }

    /** A device's results; all but the first null where there is none. */
    private record Device(String folder, Result result, Comparison comparison, MapUses map, Averages averages) {
    }

    private ReadmeFigures() {
    }

    /**
     * Puts the tables between their marks in README.md, and writes modelled.md or, if a GPU has been measured, deletes it.
     *
     * @throws InvalidInputException when what was modelled is of other kernels than today's
     */
    static void write(Path root) throws IOException {
        Path results = root.resolve("tools/results");
        Compiled compiled = find(results.resolve(Compiled.FILE), Compiled.class);
        if (compiled != null && !hasGpu(devices(results))) {
            compiled.requireCurrent(Compiled.built());
        }
        Path readme = root.resolve("README.md");
        String text = of(Files.readString(readme), root);
        AtomicFile.write(readme, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
        String modelled = modelled(root);
        if (modelled.isEmpty()) {
            Files.deleteIfExists(root.resolve(MODELLED));
        } else {
            Files.writeString(root.resolve(MODELLED), modelled);
        }
    }

    /** What modelled.md says; empty if nothing was modelled, or a GPU has been measured. */
    static String modelled(Path root) throws IOException {
        Path results = root.resolve("tools/results");
        Compiled compiled = find(results.resolve(Compiled.FILE), Compiled.class);
        return compiled == null || hasGpu(devices(results)) ? "" : compiled.section();
    }

    /** Writes the README of the repository that the argument names. */
    public static void main(String[] arguments) throws IOException {
        try {
            write(Path.of(arguments[0]));
        } catch (InvalidInputException e) {
            System.err.println("figures: " + e.getMessage());
            System.exit(2);
        }
    }

    /** The README's text with the tables that belong there. */
    static String of(String readme, Path root) throws IOException {
        Path results = root.resolve("tools/results");
        List<Device> devices = devices(results);
        Published published = find(results.resolve(Published.FILE), Published.class);
        SoakResult soak = find(results.resolve(SoakResult.FILE), SoakResult.class);
        String text = between(readme, BEGIN, END, block(devices));
        text = between(text, BEGIN_PUBLISHED, END_PUBLISHED, published == null ? "" : published.table());
        text = between(text, BEGIN_PRESETS, END_PRESETS, presets(results));
        return between(text, BEGIN_SOAK, END_SOAK, soak == null ? "" : soak.table());
    }

    private static boolean hasGpu(List<Device> devices) {
        return devices.stream().anyMatch(device -> device.result().machine().type().equals("GPU"));
    }

    private static String between(String readme, String begin, String end, String block) throws IOException {
        int from = readme.indexOf(begin);
        int to = readme.indexOf(end);
        if (from < 0 || to < from) {
            throw new IOException("README.md lacks the line " + begin + ", or " + end + " after it");
        }
        return readme.substring(0, from) + begin + "\n" + block + readme.substring(to);
    }

    private static List<Device> devices(Path results) throws IOException {
        List<Device> devices = new ArrayList<>();
        for (Path folder : folders(results, Result.FILE)) {
            devices.add(new Device(folder.getFileName().toString(), find(folder.resolve(Result.FILE), Result.class),
                    find(folder.resolve(Comparison.FILE), Comparison.class), find(folder.resolve(MapUses.FILE), MapUses.class),
                    find(folder.resolve(Averages.FILE), Averages.class)));
        }
        return devices;
    }

    /** What the presets reach, on the first device where they were compared. */
    private static String presets(Path results) throws IOException {
        for (Path folder : folders(results, Presets.FILE)) {
            Presets presets = find(folder.resolve(Presets.FILE), Presets.class);
            return presets.summary() + " Measured by `tools/presets` on %s, %s, commit %s.%n".formatted(presets.machine().get("device"),
                    presets.machine().get("date"), presets.machine().get("commit"));
        }
        return "";
    }

    /** The folders of devices that have a result file. */
    private static List<Path> folders(Path results, String file) throws IOException {
        if (!Files.isDirectory(results)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.list(results)) {
            return paths.filter(path -> Files.exists(path.resolve(file))).sorted().toList();
        }
    }

    private static <T> T find(Path file, Class<T> type) throws IOException {
        return Files.exists(file) ? ResultFile.JSON.fromJson(Files.readString(file), type) : null;
    }

    private static String block(List<Device> devices) {
        List<String> heads = devices.stream().map(device -> shortName(device.result().machine())).toList();
        StringBuilder text = new StringBuilder("| |").append(joined(heads)).append("|---|").append("---|".repeat(heads.size()))
                .append('\n');
        row(text, "measured peak, fp32", devices, device -> Table.number(device.result().peak().gflops()) + " GFLOP/s");
        row(text, "training step, fastest plan", devices, device -> plan(device.result().fastestPlan()));
        row(text, "training step, other plans", devices, device -> device.result().plans().stream()
                .filter(plan -> !plan.equals(device.result().fastestPlan())).map(ReadmeFigures::plan)
                .collect(Collectors.joining("; ")));
        row(text, "mapping, point-steps per second", devices, device -> device.result().map().stream()
                .filter(map -> map.points() == 1 << 11 || map.points() == 1 << 20)
                .map(map -> String.format(Locale.ROOT, "%s M, %s of peak (%,d points)",
                Table.number(map.pointStepsPerSecond().median() * 1e-6), Table.percent(map.shareOfPeak()), map.points()))
                .collect(Collectors.joining("; ")));
        row(text, "whole default run", devices, device -> wholeRun(device.result().run()));
        uses(text, devices);
        row(text, "speed relative to other programs", devices, device -> device.comparison() == null ? ""
                : device.comparison().peers().stream().filter(Entry::isTutorial)
                .map(peer -> Table.number(peer.ratio().median()) + " (" + peer.name() + ")").collect(Collectors.joining("; ")));
        row(text, "measured", devices, device -> device.result().machine().date() + ", commit " + device.result().machine().commit()
                + ", `tools/profile" + flag(device.result().settings()) + "`, " + device.result().machine().platform() + " "
                + device.result().machine().driver());
        text.append("\nMedians. Percentages of peak refer to the peak measured in the same run. ").append(hasGpu(devices) ? "" : NO_GPU + " ")
                .append("Result files: ");
        text.append(devices.isEmpty() ? "none yet" : devices.stream()
                .map(device -> "[%s](tools/results/%s)".formatted(shortName(device.result().machine()), device.folder()))
                .collect(Collectors.joining(", "))).append(".\n");
        devices.stream().filter(device -> device.comparison() != null).forEach(device -> text.append(compared(device)));
        return text.toString();
    }

    /** How much sooner this program is as good as the tutorial at its end, with the charts. */
    private static String compared(Device device) {
        String charts = ("\n![sliced Wasserstein-1 distance against training time, this program and others on the same two cores]"
                + "(tools/results/%s/quality.png)\n").formatted(device.folder());
        Comparison comparison = device.comparison();
        if (comparison.presets() == null) {
            return charts;
        }
        charts += "![total variation against training time](tools/results/%s/variation.png)\n".formatted(device.folder());
        Comparator<Double> sooner = Comparator.nullsLast(Comparator.naturalOrder());
        Training tutorial = comparison.presets().get(0);
        Training first = comparison.presets().stream().skip(1).min(Comparator.comparing(Training::reachedSeconds, sooner))
                .orElseThrow();
        if (first.reachedSeconds() == null) {
            return charts;
        }
        Function<Double, String> times = seconds -> Table.number(seconds / first.reachedSeconds());
        String tutorials = comparison.peers().stream().filter(peer -> peer.isTutorial() && peer.reachedSeconds() != null)
                .map(peer -> "%s (%s)".formatted(times.apply(peer.reachedSeconds()), peer.name()))
                .collect(Collectors.joining(", "));
        String pairs = comparison.peers().stream().filter(peer -> !peer.isTutorial() && peer.reachedSeconds() != null)
                .min(Comparator.comparing(Entry::reachedSeconds))
                .map(peer -> " PyTorch with the settings of the presets needs %s times as long at best (%s).".formatted(
                        times.apply(peer.reachedSeconds()), peer.name())).orElse("");
        return ("\nFrom %s to %s, `--preset %s` reaches the quality of the finished tutorial, by sliced Wasserstein-1 distance and by"
                + " total variation, %s times sooner than the tutorial: after %s s.%s%s\n").formatted(comparison.p0(), comparison.p1(),
                first.preset(), times.apply(tutorial.reachedSeconds()), Table.number(first.reachedSeconds()),
                tutorials.isEmpty() ? "" : " For the tutorial in other programs the ratio is " + tutorials + ".", pairs) + charts;
    }

    /** What using a trained map costs, and what an average of the weights gains. */
    private static void uses(StringBuilder text, List<Device> devices) {
        row(text, "time relative to the map alone", devices, ofMap(map -> "%s with `--log-density`, %s for the inverse".formatted(
                Table.number(map.densityCost().median()), Table.number(map.inverseCost().median()))));
        row(text, "mean error with 128 network evaluations per point", devices, ofMap(map -> map.solvers().stream()
                .map(one -> String.format(Locale.ROOT, "%.1e (%s, %d steps)", one.meanDistance(), one.solver(), one.steps()))
                .collect(Collectors.joining("; "))));
        row(text, "`sample`, writing NPY", devices, ofMap(map -> String.format(Locale.ROOT,
                "%s s for %,d points, %s MB of host memory", Table.number(map.sampleSeconds()), map.samplePoints(),
                Table.number(map.sampleMegabytes()))));
        row(text, "`--ema 0.999`: excess distance relative to training without it", devices, device -> device.averages() == null
                ? "" : averages(device.averages()));
    }

    private static Cell ofMap(Function<MapUses, String> text) {
        return device -> device.map() == null ? "" : text.apply(device.map());
    }

    private static String averages(Averages averages) {
        return String.format(Locale.ROOT, "%.2f (moons to ring, median of %d seeds)", averages.medianRatio(),
                averages.moonsToRing().size())
                + averages.leastGain().map(one -> String.format(Locale.ROOT,
                "; of all %d pairs of densities %d became worse, and %s to %s improved least (%.2f)", averages.pairs().size(), averages.worse(), one.p0(),
                one.p1(), one.ratio())).orElse("");
    }

    private interface Cell {
        String of(Device device);
    }

    private static void row(StringBuilder text, String head, List<Device> devices, Cell cell) {
        text.append("| ").append(head).append(" |").append(joined(devices.stream().map(cell::of).toList()));
    }

    private static String joined(List<String> cells) {
        return cells.stream().map(cell -> " " + (cell.isEmpty() ? "-" : cell) + " |").collect(Collectors.joining("", "", "\n"));
    }

    private static String plan(Plan plan) {
        return "%s µs (%s, %s of peak)".formatted(Table.number(plan.microseconds().median()), plan.plan(),
                Table.percent(plan.shareOfPeak()));
    }

    /** The device's name, with the instruction set that PoCL puts before it in parentheses. */
    private static String shortName(Machine machine) {
        return machine.device().replaceFirst("^pthread-([a-z0-9-]+)-([A-Z].*)", "$2 ($1)");
    }

    private static String wholeRun(Run run) {
        return String.format(Locale.ROOT, "%s s for %,d iterations, first step after %s s", Table.number(run.wallSeconds()), run.iterations(),
                Table.number(run.firstStepSeconds().median()))
                + (run.residentMegabytes() == null ? "" : ", " + Table.number(run.residentMegabytes()) + " MB of host memory");
    }

    private static String flag(Settings settings) {
        return settings.name().equals("full") ? "" : " --" + settings.name();
    }
}
