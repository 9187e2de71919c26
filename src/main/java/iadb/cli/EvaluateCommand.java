package iadb.cli;

import iadb.Evaluation;
import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource.Sequence;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Json;
import iadb.file.Png;
import iadb.model.Model;
import iadb.plot.Box;
import iadb.plot.HeatMap;
import iadb.sample.PushForward;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Compares the points of a model, or of a file, with a density. */
@Command(name = "evaluate", mixinStandardHelpOptions = true,
        description = {"Compares the points of a model or a file with p1. The same comparison for exact samples of p1 shows the noise"
            + " floor. Lower is better, except for the mean log density.", "",
            "sliced Wasserstein-1: the Wasserstein-1 distance of the projections, averaged over 64 directions.",
            "energy distance: 2E|X-Y| - E|X-X'| - E|Y-Y'|, without a square root, over at most the first 65,536 points.",
            "off support: the share of points that are more than two pixels from every pixel above 2 %% of the brightest.",
            "Wasserstein-2: by exact assignment of the first --exact points, with its duality gap as a share of its square.",
            "total variation: half the sum of differences of mass over a grid of 64 x 64 cells, 0 to 1.",
            "mean log density: of the map and of p1, at the same exact samples of p1; for points, samples of their kernel estimate.",
            "not invertible: the share of these samples at which a step of the map has no inverse. They are left out of the mean.",
            "no density there: the share of these samples at which the map's density is 0. They are left out of the mean.",
            "KL divergence: the difference of the two means.",
            "length / chord, straightness, path energy: of trajectories by 100 Euler steps from the first --exact starts, whatever"
            + " --steps is: the mean ratio of their length to the distance of their ends; the integral of |(x1 - x0) - v|^2 with the"
            + " trajectory's own end x1; and |E - W^2| / W^2 with the integral E of |v|^2 and the Wasserstein-2 distance W between"
            + " starts and exact samples of p1.", "",
            "A second table compares 1, 2, 4, 8 and 128 steps of the map, and --steps.", ""})
final class EvaluateCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(EvaluateCommand.class);
    private static final int DEFAULT_COUNT = 65_536;
    static final int MAX_COUNT = 1 << 24;
    private static final int REPORT_CELLS = 128; // along the longer side; the map is inverted at each cell
    private static final double REPORT_LOG_SPAN = 8;

    @Option(names = "--model", paramLabel = "FILE", description = "The model to evaluate.")
    private Path modelFile;

    @Option(names = "--from", paramLabel = "FILE", description = "Evaluate these points instead: .npy or .csv with x and y in each row. Needs --p1.")
    private Path from;

    @Option(names = "--count", paramLabel = "N",
            description = "Number of points to evaluate: fresh points of the model, or rows spread evenly over the file (default: 65536,"
                    + " or all rows of a shorter file).")
    private Integer count;

    @Option(names = "--exact", paramLabel = "N",
            description = "Number of points in each exact assignment and of trajectories, at most --count and 16384; the time grows"
                    + " with its square (default: 2048).")
    private Integer exact;

    @Mixin
    private Options.IntegrationChoice integrationChoice;

    @Mixin
    private DensityOptions densities;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of all random numbers, from -2^63 to 2^63 - 1 (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Mixin
    private Options.DeviceChoice device;

    @Option(names = "--json", description = "Print a JSON object instead of the table.")
    private boolean json;

    @Option(names = {"-o", "--output"}, paramLabel = "REPORT.png",
            description = "Write a picture of p1, of the density of the points and, for a model, of its log density.")
    private Path report;

    @Spec
    private CommandSpec spec;

    private Box box; // in whose units points and figures are
    private ProgressDisplay display; // of the current phase; null between phases
    private int total; // points of the current phase
    private double furthest; // share of them that was shown
    private boolean isComparing;

    @Override
    public Integer call() throws IOException {
        refuseContradictions();
        densities.warnOfInvert();
        int wanted = count == null ? DEFAULT_COUNT : count;
        InvalidInputException.requireRange("--count", wanted, MAX_COUNT);
        InvalidInputException.requireRange("--exact", exactPoints(), Evaluation.MAX_EXACT);
        Options.refuse(exact != null && exact > wanted, "--exact is larger than --count");
        Optional<Model> model = Optional.ofNullable(modelFile).map(Options::readModel);
        Options.refuse(modelFile == null && !Options.isGiven(spec, "--p1"), "--from needs --p1, the density to compare with");
        List<Optional<Density>> found = densities.find(model, modelFile, seed);
        Density p1 = DensityOptions.require(found, false, modelFile);
        box = model.map(Model::box).orElse(Density.box(Optional.empty(), Optional.of(p1)));
        try (Context context = device.open()) {
            if (model.isEmpty()) {
                evaluate(context, p1, from, pointsOfFile(wanted), Optional.empty());
            } else {
                evaluateModel(context, DensityOptions.require(found, true, modelFile), p1, model.get(), wanted);
            }
        } finally {
            if (display != null) {
                display.close();
            }
        }
        return 0;
    }

    /** Ends the current phase and shows the progress of the next one. */
    private void begin(String task, String units, int points) {
        end();
        total = points;
        furthest = 0;
        display = ProgressDisplay.of(task, units, 0, points);
    }

    private void end() {
        if (display != null) {
            display.show(total, "");
            display.close();
            display = null;
        }
    }

    /** Shows no step back when maps by other numbers of steps follow. */
    private boolean moved(double share) {
        furthest = Math.max(furthest, share);
        display.show((long) (furthest * total), "");
        return !Interruption.isRequested();
    }

    /** Several threads call this while they compute distances. */
    private synchronized boolean compared() {
        if (!isComparing) {
            isComparing = true;
            end();
            LOG.info("comparing points with exact samples");
        }
        return !Interruption.isRequested();
    }

    private void evaluateModel(Context context, Density p0, Density p1, Model model, int wanted) throws IOException {
        densities.logEstimate(p0, true);
        densities.logEstimate(p1, false);
        try (PushForward map = new PushForward(context, model.network(), Optional.of(p0), integrationChoice.integration(false), this::moved);
                PointStream stream = PointStream.of(context, p0, Sequence.RANDOM, seed, wanted)) {
            begin("mapping", "points mapped", wanted);
            float[] starts = stream.next(wanted);
            float[] points = map.map(starts);
            begin("inverting", "points inverted", Math.min(wanted, Evaluation.MAX_PAIRED));
            evaluate(context, p1, modelFile, points, Optional.of(new Evaluation.Origin(map, integrationChoice.chosenSchedule(), starts)));
        }
    }

    private int exactPoints() { return exact == null ? Evaluation.DEFAULT_EXACT : exact; }

    private void evaluate(Context context, Density p1, Path what, float[] points, Optional<Evaluation.Origin> origin)
            throws IOException {
        Evaluation evaluation = Evaluation.of(context, p1, box, points, origin, exactPoints(), seed, this::compared);
        if (Interruption.isRequested()) {
            throw new CancellationException();
        }
        if (report != null) {
            writeReport(p1, points, origin.map(Evaluation.Origin::map));
            LOG.info("wrote {}", report);
        }
        print(what, p1, evaluation);
    }

    /** Draws p1, the density of the points, and the log of the map's density, side by side with the aspect of p1's image. */
    private void writeReport(Density p1, float[] points, Optional<PushForward> map) throws IOException {
        double aspect = p1.aspect();
        int width = (int) Math.max(1, Math.round(REPORT_CELLS * Math.min(1, aspect)));
        int height = (int) Math.max(1, Math.round(REPORT_CELLS * Math.min(1, 1 / aspect)));
        double area = box.side() * box.side(); // of the square, in the units of the scales
        double[] wanted = Arrays.stream(p1.meanByCell(width, height)).map(density -> density / area).toArray();
        double top = HeatMap.nearlyHighest(wanted); // with few points, the maximum is noise
        List<HeatMap.Panel> panels = new ArrayList<>();
        panels.add(new HeatMap.Panel("p1: " + p1.name(), width, height, wanted, 0, top, aspect));
        panels.add(new HeatMap.Panel(map.isPresent() ? "the map's points" : "the points", width, height,
                histogram(points, width, height, area), 0, top, aspect));
        if (map.isPresent()) {
            begin("drawing", "cells of the report drawn", width * height);
            float[] centres = new float[2 * width * height];
            for (int c = 0; c < width * height; c++) {
                centres[2 * c] = (c % width + 0.5f) / width;
                centres[2 * c + 1] = 1 - (c / width + 0.5f) / height;
            }
            float[] values = map.get().inverseWithDensity(centres).logDensity();
            double[] log = IntStream.range(0, values.length).mapToDouble(i -> values[i] + box.logDensityOffset()).toArray();
            double logTop = Math.ceil(Arrays.stream(log).filter(Double::isFinite).max().orElse(0));
            panels.add(new HeatMap.Panel("log density of the map", width, height, log, logTop - REPORT_LOG_SPAN, logTop, aspect));
        }
        Png.write(report, HeatMap.render(panels));
        end();
    }

    private void refuseContradictions() {
        Options.refuse((modelFile == null) == (from == null), "give either --model or --from");
        for (String option : new String[] {"--steps", "--solver", "--schedule", "--p0"}) {
            Options.refuse(from != null && Options.isGiven(spec, option), option + " applies to a model: leave it out with --from");
        }
        if (report != null) {
            Options.requireWritable(report, "a file that ends in .png");
            Options.refuse(!report.toString().toLowerCase(Locale.ROOT).endsWith(".png"),
                    "-o " + report + ": the report is a picture; give a file that ends in .png");
        }
    }

    /** The points to evaluate, spread evenly over the file, whose rows may be in any order. */
    private float[] pointsOfFile(int wanted) throws IOException {
        try (PointStream stream = PointStream.of(from, box)) {
            long all = stream.count();
            Options.refuse(count != null && all < wanted,
                    String.format(Locale.ROOT, "%s holds %,d points, fewer than --count %,d", from, all, wanted));
            int taken = (int) Math.min(wanted, all);
            float[] points = new float[2 * taken];
            int found = 0;
            for (float[] chunk = stream.next(); chunk.length > 0; chunk = stream.next()) {
                for (; found < taken && found * all / taken < stream.moved(1); found++) {
                    System.arraycopy(chunk, 2 * (int) (found * all / taken - stream.before()), points, 2 * found, 2);
                }
            }
            return points;
        }
    }

    private void print(Path evaluated, Density p1, Evaluation evaluation) {
        Evaluation.Figures points = evaluation.points();
        Evaluation.Figures exact = evaluation.exact();
        boolean hasMap = evaluation.densityPoints() > 0;
        if (json) {
            Map<String, Object> record = new LinkedHashMap<>();
            record.put("judged", evaluated.toString());
            record.put("p1", p1.name());
            record.put("count", evaluation.count());
            record.put("seed", seed);
            record.put("points", record(points));
            record.put("exact", record(exact));
            record.put("energy_points", evaluation.pairedPoints());
            record.put("exact_points", evaluation.exactPoints());
            if (hasMap) {
                record.put("log_density_points", evaluation.densityPoints());
                record.put("not_inverted", evaluation.notInverted());
                record.put("without_density", evaluation.withoutMass());
                Map<String, Object> bySteps = new LinkedHashMap<>();
                evaluation.bySteps().forEach((steps, figures) -> bySteps.put(steps.toString(), record(figures)));
                record.put("by_steps", bySteps);
                record.put("by_steps_points", evaluation.pairedPoints());
                record.put("by_steps_exact", record(evaluation.exactBySteps()));
            }
            System.out.println(Json.line(record));
            return;
        }
        StringBuilder text = new StringBuilder(UntrustedText.line(String.format(Locale.ROOT, "%s against %s, %,d points", evaluated,
                p1.name(), evaluation.count())));
        text.append(String.format(Locale.ROOT, "%n%-24s %12s %14s%n", "", from == null ? "map" : "file", "exact samples"));
        row(text, "sliced Wasserstein-1", "%.5f", points.slicedWasserstein1(), exact.slicedWasserstein1());
        row(text, "energy distance", "%.3g", points.energyDistance(), exact.energyDistance());
        row(text, "off support", "%.3f %%", 100 * points.offSupport(), 100 * exact.offSupport());
        row(text, "Wasserstein-2", "%.5g", points.wasserstein2(), exact.wasserstein2());
        row(text, "  its duality gap", "%.1e", points.wasserstein2Gap(), exact.wasserstein2Gap());
        row(text, "total variation", "%.4f", points.totalVariation(), exact.totalVariation());
        if (hasMap) {
            row(text, "mean log density", "%.4f", points.meanLogDensity(), exact.meanLogDensity());
            text.append(String.format(Locale.ROOT, "%-24s %12s%n", "  not invertible", share(evaluation.notInverted(), evaluation)));
            text.append(String.format(Locale.ROOT, "%-24s %12s%n", "  no density there", share(evaluation.withoutMass(), evaluation)));
            row(text, "KL divergence", "%.4f", points.kl(), exact.kl());
            row(text, "length / chord", "%.5f", points.pathLengthRatio(), exact.pathLengthRatio());
            row(text, "straightness", "%.3g", points.straightness(), exact.straightness());
            row(text, "normalized path energy", "%.4f", points.normalizedPathEnergy(), exact.normalizedPathEnergy());
            text.append(String.format(Locale.ROOT, "%n%-16s %16s %14s %16s %12s%n", "steps", "sliced W-1", "W-2", "total variation",
                    "off support"));
            evaluation.bySteps().forEach((steps, figures) -> row(text, String.format(Locale.ROOT, "%,d", steps), figures));
            row(text, "exact samples", evaluation.exactBySteps());
        }
        System.out.print(text);
    }

    private static void row(StringBuilder text, String name, Evaluation.StepFigures figures) {
        text.append(String.format(Locale.ROOT, "%-16s %16.5f %14.5g %16.4f %10.3f %%%n", name, figures.slicedWasserstein1(),
                figures.wasserstein2(), figures.totalVariation(), 100 * figures.offSupport()));
    }

    private static void row(StringBuilder text, String name, String format, double points, double exact) {
        text.append(String.format(Locale.ROOT, "%-24s %12s %14s%n", name, String.format(Locale.ROOT, format, points),
                String.format(Locale.ROOT, format, exact)));
    }

    private static String share(int some, Evaluation evaluation) {
        return String.format(Locale.ROOT, "%.3f %%", 100.0 * some / evaluation.densityPoints());
    }

    private static Map<String, Object> record(Evaluation.Figures figures) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("sliced_wasserstein_1", figures.slicedWasserstein1());
        record.put("energy_distance", figures.energyDistance());
        record.put("off_support", figures.offSupport());
        record.put("wasserstein_2", figures.wasserstein2());
        record.put("wasserstein_2_gap", figures.wasserstein2Gap());
        record.put("total_variation", figures.totalVariation());
        Map<String, Double> ofMap = new LinkedHashMap<>();
        ofMap.put("mean_log_density", figures.meanLogDensity());
        ofMap.put("kl", figures.kl());
        ofMap.put("path_length_ratio", figures.pathLengthRatio());
        ofMap.put("straightness", figures.straightness());
        ofMap.put("normalized_path_energy", figures.normalizedPathEnergy());
        ofMap.values().removeIf(value -> Double.isNaN(value));
        record.putAll(ofMap);
        return record;
    }

    private static Map<String, Object> record(Evaluation.StepFigures figures) {
        Map<String, Object> record = new LinkedHashMap<>();
        record.put("sliced_wasserstein_1", figures.slicedWasserstein1());
        record.put("wasserstein_2", figures.wasserstein2());
        record.put("total_variation", figures.totalVariation());
        record.put("off_support", figures.offSupport());
        return record;
    }

    /**
     * Counts points per unit of area.
     *
     * @param points [N, 2], y upward; those outside the square, and NaN, are not counted
     * @param area of the square
     * @return [height][width], row 0 at y = 1
     */
    private static double[] histogram(float[] points, int width, int height, double area) {
        double[] density = new double[width * height];
        double perPoint = density.length / (points.length / 2.0) / area;
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * (double) width;
            double y = points[n + 1] * (double) height;
            if (x >= 0 && x < width && y >= 0 && y < height) {
                density[(height - 1 - (int) y) * width + (int) x] += perPoint;
            }
        }
        return density;
    }
}
