package iadb.tools;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.metric.EnergyDistance;
import iadb.metric.SlicedWasserstein;
import iadb.metric.TotalVariation;
import iadb.model.Network;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.Preset;
import iadb.train.TrainingRun;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The presets on pairs of named densities: what each reaches, and in what time, beside the tutorial.
 *
 * @param machine where and when
 * @param points  mapped, and of each set of exact samples
 * @param pairs   of different named densities, with seed 0
 */
record Presets(Map<String, Object> machine, int points, List<Pair> pairs) {
    static final String FILE = "presets.json";

    private static final Logger LOG = LoggerFactory.getLogger(Presets.class);
    private static final int POINTS = 65_536;
    private static final int ENERGY_POINTS = 8192;
    private static final int DENSITY_POINTS = 2048;

    /**
     * Distances of a map's points, or of exact samples, to p1.
     *
     * @param kl mean log p1 - mean log q at fresh points of p1; null where it was not computed
     */
    record Figures(double slicedWasserstein1, double energyDistance, double totalVariation, Double kl) {
    }

    /**
     * A training by a preset.
     *
     * @param seconds of pairs and training, kernels excepted
     * @param bySteps the map's figures by its number of Euler steps
     */
    record Outcome(double seconds, Map<Integer, Figures> bySteps) {
    }

    /** All presets on a pair. */
    record Pair(String p0, String p1, Figures exact, Outcome tutorial, Outcome quick, Outcome sharp) {
        private boolean isOf(String other0, String other1) {
            return p0.equals(other0) && p1.equals(other1);
        }
    }

    /**
     * Measures the device of the first argument for the folder of the second: pairs that lead to the named densities of the further
     * arguments, or all pairs. Pairs of earlier calls are kept.
     */
    public static void main(String[] arguments) throws IOException {
        Device device = Device.select(arguments[0]);
        Path file = Files.createDirectories(Path.of(arguments[1], ResultFile.folderName(device))).resolve(FILE);
        List<Pair> pairs = new ArrayList<>();
        if (Files.exists(file)) {
            pairs.addAll(ResultFile.JSON.fromJson(Files.readString(file), Presets.class).pairs());
        }
        List<String> names = NamedDensities.names();
        List<String> ends = arguments.length > 2 ? List.of(arguments).subList(2, arguments.length) : names;
        try (Context context = Context.open(device)) {
            outcome(context, Preset.TUTORIAL, 64, density("gaussian"), density("spiral"), List.of(1)); // builds the kernels
            outcome(context, Preset.QUICK, 64, density("gaussian"), density("spiral"), List.of(1));
            for (String p1 : ends) {
                for (String p0 : names) {
                    if (!p0.equals(p1)) {
                        pairs.removeIf(pair -> pair.isOf(p0, p1));
                        pairs.add(pair(context, p0, p1));
                        ResultFile.write(file, new Presets(ResultFile.machine(device), POINTS, pairs));
                    }
                }
            }
        }
        System.out.println(new Presets(Map.of(), POINTS, pairs).text() + "written: " + file);
    }

    static Pair pair(Context context, String name0, String name1) {
        Density p0 = density(name0);
        Density p1 = density(name1);
        Figures exact;
        try (PointSource source = new PointSource(context, p1)) {
            exact = figures(context, p1, source.drawToHost(1, RandomPurpose.REFERENCE_POINTS, 0, POINTS), null);
        }
        Pair pair = new Pair(name0, name1, exact, outcome(context, Preset.TUTORIAL, 0, p0, p1, List.of(128)),
                outcome(context, Preset.QUICK, 0, p0, p1, List.of(8)), outcome(context, Preset.SHARP, 0, p0, p1, List.of(1, 4)));
        LOG.info("{}", ResultFile.JSON.toJson(pair).replaceAll("\\s+", " "));
        return pair;
    }

    private static Density density(String name) { return NamedDensities.find(name).orElseThrow(); }

    /** @param iterations instead of the preset's; 0: the preset's */
    private static Outcome outcome(Context context, Preset preset, int iterations, Density p0, Density p1, List<Integer> steps) {
        TrainingSettings settings = iterations == 0 ? preset.settings() : preset.settings().withIterations(iterations);
        long start = System.nanoTime();
        Network network;
        double seconds;
        try (TrainingRun run = new TrainingRun(context, settings, p0, p1)) {
            run.train(0, progress -> true);
            network = run.model().network();
            seconds = (System.nanoTime() - start) * 1e-9;
        }
        Map<Integer, Figures> bySteps = new TreeMap<>();
        try (PointSource source = new PointSource(context, p0)) {
            float[] starts = source.drawToHost(0, RandomPurpose.START_POINTS, 0, POINTS);
            for (int T : steps) {
                Integration integration = Integration.of(Solver.EULER, Integration.Schedule.LINEAR, T, false);
                try (PushForward map = new PushForward(context, network, Optional.of(p0), integration, share -> true)) {
                    bySteps.put(T, figures(context, p1, map.map(starts), isPositive(p0) ? map : null));
                }
            }
        }
        return new Outcome(seconds, bySteps);
    }

    /** Whether the density is positive everywhere in the square, so that log q is finite. */
    private static boolean isPositive(Density p0) {
        int side = 64;
        return IntStream.range(0, side * side).allMatch(i -> Double.isFinite(p0.logDensityAt((i % side + 0.5) / side, (i / side + 0.5) / side)));
    }

    private static Figures figures(Context context, Density p1, float[] points, PushForward map) {
        try (PointSource source = new PointSource(context, p1); EnergyDistance energy = new EnergyDistance(context)) {
            float[] reference = source.drawToHost(0, RandomPurpose.REFERENCE_POINTS, 0, POINTS);
            float[] few = Arrays.copyOf(reference, 2 * ENERGY_POINTS);
            return new Figures(SlicedWasserstein.distance(points, reference),
                    energy.distance(Arrays.copyOf(points, 2 * ENERGY_POINTS), few, () -> true), new TotalVariation(p1).distance(points),
                    map == null ? null : kl(p1, map, Arrays.copyOf(reference, 2 * DENSITY_POINTS)));
        }
    }

    private static Double kl(Density p1, PushForward map, float[] at) {
        float[] logDensity = map.inverseWithDensity(at).logDensity();
        double sum = 0;
        int inverted = 0;
        for (int n = 0; n < logDensity.length; n++) {
            if (Float.isFinite(logDensity[n])) {
                sum += p1.logDensityAt(at[2 * n], at[2 * n + 1]) - logDensity[n];
                inverted++;
            }
        }
        return sum / inverted;
    }

    /** The number of pairs on which quick is at least as good as the tutorial by a figure. */
    private long asGood(ToDoubleFunction<Figures> figure) {
        return pairs.stream().filter(pair -> figure.applyAsDouble(pair.quick().bySteps().get(8))
                <= figure.applyAsDouble(pair.tutorial().bySteps().get(128))).count();
    }

    private static double median(List<Pair> pairs, ToDoubleFunction<Pair> value) {
        double[] values = pairs.stream().mapToDouble(value).sorted().toArray();
        return values[values.length / 2];
    }

    /** The total variation of sharp above exact samples', over the tutorial's one. */
    private static double share(Pair pair, int steps) {
        double exact = pair.exact().totalVariation();
        return (pair.sharp().bySteps().get(steps).totalVariation() - exact) / (pair.tutorial().bySteps().get(128).totalVariation() - exact);
    }

    /** It as tables for a terminal. */
    String text() {
        Table table = new Table("total variation", "exact", "tutorial, 128 steps", "quick, 8 steps", "sharp, 1 step", "sharp, 4 steps", "sharp, ratio");
        pairs.forEach(pair -> table.row(pair.p0() + " to " + pair.p1(), number(pair.exact().totalVariation()),
                number(pair.tutorial().bySteps().get(128).totalVariation()), number(pair.quick().bySteps().get(8).totalVariation()),
                number(pair.sharp().bySteps().get(1).totalVariation()), number(pair.sharp().bySteps().get(4).totalVariation()),
                number(share(pair, 4))));
        List<Pair> withKl = pairs.stream().filter(pair -> pair.sharp().bySteps().get(4).kl() != null).toList();
        String kl = withKl.isEmpty() ? "" : String.format(Locale.ROOT, "KL of sharp over the tutorial's: median %.3f of %d pairs%n",
                median(withKl, pair -> pair.sharp().bySteps().get(4).kl() / pair.tutorial().bySteps().get(128).kl()), withKl.size());
        return table + String.format(Locale.ROOT, "%nof %d pairs quick is at least as good on %d by sliced W1, %d by energy distance, %d by total variation%n"
                + "sharp, total variation above exact over the tutorial's: median %.3f with 4 steps, %.3f with 1%n%s"
                + "seconds, medians: tutorial %.2f, quick %.2f, sharp %.2f%n", pairs.size(), asGood(Figures::slicedWasserstein1),
                asGood(Figures::energyDistance), asGood(Figures::totalVariation), median(pairs, pair -> share(pair, 4)),
                median(pairs, pair -> share(pair, 1)), kl, median(pairs, pair -> pair.tutorial().seconds()),
                median(pairs, pair -> pair.quick().seconds()), median(pairs, pair -> pair.sharp().seconds()));
    }

    private static String number(double value) { return String.format(Locale.ROOT, "%.3f", value); }
}
