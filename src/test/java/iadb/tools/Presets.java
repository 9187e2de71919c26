package iadb.tools;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.file.AtomicFile;
import iadb.metric.EnergyDistance;
import iadb.metric.SlicedWasserstein;
import iadb.metric.TotalVariation;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingQueue;
import iadb.train.TrainingRun;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the presets reach on pairs of different named densities beside the tutorial, what other values of their settings reach on
 * some of them, and in what time.
 *
 * @param machine  where and when
 * @param points   mapped, and of each set of exact samples
 * @param settings of each preset
 * @param pairs    with seed 0
 * @param search   changes of one setting
 * @param seconds  of pairs and training by preset, kernels excepted: the presets take turns on one pair after the other
 */
record Presets(Map<String, Object> machine, int points, Map<Preset, String> settings, List<Pair> pairs, List<Change> search,
        Map<Preset, List<Double>> seconds) {
    static final String FILE = "presets.json";

    private static final Logger LOG = LoggerFactory.getLogger(Presets.class);
    private static final int POINTS = 65_536;
    private static final int ENERGY_POINTS = 8192;
    private static final int DENSITY_POINTS = 2048;
    private static final int STRIDE = 61; // has no factor in common with the number of pairs: the first few are of many densities
    private static final Pattern INNERMOST = Pattern.compile("\\{[^{}]*\\}");
    private static final String PHOTO = "photo";
    private static final int TIMED_PAIRS = 11;

    /**
     * Distances of a map's points, or of exact samples, to p1.
     *
     * @param kl mean log p1 - mean log q at fresh points of p1 that can be inverted; null where it was not computed
     */
    record Figures(double slicedWasserstein1, double energyDistance, double totalVariation, Double kl) {
    }

    /** A pair, and of each preset the figures by the number of Euler steps. */
    record Pair(String p0, String p1, Figures exact, Map<Preset, Map<Integer, Figures>> reached) {
        /** The figures of the map as it is meant to be used. */
        Figures of(Preset preset) { return reached.get(preset).get(steps(preset)); }

        boolean has(Preset preset) { return reached.containsKey(preset); }
    }

    /**
     * A preset with another value of a setting, on the first pairs.
     *
     * @param slicedWasserstein1 the median, as are the next two
     * @param photoTotalVariation from gaussian to a photo-like image
     * @param noWorse pairs on which all three figures are at most the tutorial's
     */
    record Change(Preset preset, String change, int pairs, double slicedWasserstein1, double energyDistance, double totalVariation,
            double photoTotalVariation, long noWorse) {
    }

    /** Steps of the map of a preset that is compared. */
    static int steps(Preset preset) {
        return switch (preset) {
            case TUTORIAL -> 128;
            case QUICK -> 8;
            case SHARP -> 4;
        };
    }

    static List<Integer> allSteps(Preset preset) { return preset == Preset.SHARP ? List.of(1, 4, preset.steps()) : List.of(steps(preset)); }

    static Presets none() { return new Presets(new LinkedHashMap<>(), POINTS, new TreeMap<>(), new ArrayList<>(), new ArrayList<>(), new TreeMap<>()); }

    /**
     * Measures the device of the first argument for the folder of the second. The third is {@code compare}, {@code search} or
     * {@code time}; further ones are presets, and of a search the number of pairs. Pairs whose preset has the same settings are kept.
     */
    public static void main(String[] arguments) throws IOException {
        Device device = Device.select(arguments[0]);
        Path file = Files.createDirectories(Path.of(arguments[1], ResultFile.folderName(device))).resolve(FILE);
        Presets known = Files.exists(file) ? ResultFile.JSON.fromJson(Files.readString(file), Presets.class) : none();
        known.machine().putAll(ResultFile.machine(device));
        List<String> rest = List.of(arguments).subList(2, arguments.length);
        try (Context context = Context.open(device)) {
            switch (rest.get(0)) {
                case "compare" -> known.compare(context, rest.subList(1, rest.size()).stream().map(Presets::preset).toList(), file);
                case "search" -> known.search(context, preset(rest.get(1)), Integer.parseInt(rest.get(2)), file);
                default -> known.time(context, file);
            }
        }
        System.out.println(known.text() + "written: " + file);
    }

    private static Preset preset(String name) { return Preset.valueOf(name.toUpperCase(Locale.ROOT)); }

    void write(Path file) throws IOException {
        String json = INNERMOST.matcher(ResultFile.JSON.toJson(this))
                .replaceAll(object -> Matcher.quoteReplacement(object.group().replaceAll("\\s+", " "))); // a line each
        byte[] bytes = (json + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(file, out -> out.write(bytes));
    }

    /** All pairs of different named densities; the first few are of many densities. */
    private static List<String[]> names() {
        List<String[]> all = new ArrayList<>();
        for (String p1 : NamedDensities.names()) {
            NamedDensities.names().stream().filter(p0 -> !p0.equals(p1)).forEach(p0 -> all.add(new String[] {p0, p1}));
        }
        return IntStream.range(0, all.size()).mapToObj(i -> all.get(i * STRIDE % all.size())).toList();
    }

    private void compare(Context context, List<Preset> presets, Path file) throws IOException {
        for (Preset preset : presets) {
            String now = preset.settings().toString();
            if (!now.equals(settings.put(preset, now))) {
                pairs.forEach(pair -> pair.reached().remove(preset));
            }
        }
        List<Job> jobs = new ArrayList<>();
        for (String[] name : names()) {
            Pair pair = pair(context, name);
            presets.stream().filter(preset -> !pair.has(preset)).forEach(preset -> jobs.add(new Job(pair, preset.settings(), allSteps(preset), reached -> {
                pairs.remove(pair);
                pairs.add(pair);
                pair.reached().put(preset, reached);
                LOG.info("{} to {}, {}: {}", pair.p0(), pair.p1(), preset, pair.of(preset));
                write(file);
            })));
        }
        train(context, jobs);
    }

    /** Receives the figures of a map by its steps. */
    @FunctionalInterface
    interface Reached {
        void accept(Map<Integer, Figures> bySteps) throws IOException;
    }

    /** A map to train and to judge. */
    record Job(Pair pair, TrainingSettings settings, List<Integer> steps, Reached reached) implements TrainingQueue.Job {
        @Override
        public List<Density> densities() { return List.of(density(pair.p0()), density(pair.p1())); }
    }

    /** Trains many maps at once. */
    static void train(Context context, List<Job> jobs) {
        TrainingQueue.run(jobs, List.of(context), Optional.empty(), new TrainingQueue.Observer<>() {
            @Override
            public boolean progressed(long steps) { return true; }

            @Override
            public void trained(Job job, TrainingQueue.Result result, Context of) {
                try {
                    job.reached.accept(figures(of, result.model().network(), job.pair, job.steps));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public void failed(Job job, RuntimeException why) { throw why; }

            @Override
            public void lost(Device device, OpenClException why) { throw why; }
        });
    }

    /** A pair as far as it is known. */
    Pair pair(Context context, String... name) {
        Optional<Pair> known = pairs.stream().filter(pair -> pair.p0().equals(name[0]) && pair.p1().equals(name[1])).findFirst();
        return known.orElseGet(() -> {
            Density p1 = density(name[1]);
            try (PointSource source = new PointSource(context, p1)) {
                return new Pair(name[0], name[1], figures(context, p1, source.drawToHost(1, RandomPurpose.REFERENCE_POINTS, 0, POINTS), null),
                        new TreeMap<>());
            }
        });
    }

    /** Tries other values, each alone. */
    private void search(Context context, Preset preset, int count, Path file) throws IOException {
        search.removeIf(change -> change.preset() == preset);
        List<Pair> some = names().subList(0, count).stream().map(name -> pair(context, name)).toList();
        Pair photo = pair(context, "gaussian", PHOTO);
        for (Map.Entry<String, UnaryOperator<TrainingSettings>> change : changes().entrySet()) {
            TrainingSettings changed = change.getValue().apply(preset.settings());
            Map<Pair, Figures> reached = new HashMap<>();
            List<Job> jobs = new ArrayList<>();
            Stream.concat(some.stream(), Stream.of(photo)).forEach(pair -> jobs.add(new Job(pair, changed, List.of(steps(preset)),
                    bySteps -> reached.put(pair, bySteps.get(steps(preset))))));
            train(context, jobs);
            search.add(new Change(preset, change.getKey(), count, median(some, pair -> reached.get(pair).slicedWasserstein1()),
                    median(some, pair -> reached.get(pair).energyDistance()), median(some, pair -> reached.get(pair).totalVariation()),
                    reached.get(photo).totalVariation(),
                    some.stream().filter(pair -> pair.has(Preset.TUTORIAL) && isNoWorse(reached.get(pair), pair.of(Preset.TUTORIAL))).count()));
            LOG.info("{}", search.get(search.size() - 1));
            write(file);
        }
    }

    private static Map<String, UnaryOperator<TrainingSettings>> changes() {
        Map<String, UnaryOperator<TrainingSettings>> changes = new LinkedHashMap<>();
        changes.put("as it is", preset -> preset);
        changes.put("half the iterations", preset -> preset.withIterations(preset.iterations() / 2));
        changes.put("twice the iterations", preset -> preset.withIterations(preset.iterations() * 2));
        changes.put("half the learning rate", preset -> preset.withLearningRate(preset.learningRate() / 2, true));
        changes.put("twice the learning rate", preset -> preset.withLearningRate(preset.learningRate() * 2, true));
        changes.put("constant learning rate", preset -> preset.withLearningRate(preset.learningRate(), false));
        changes.put("no encoding", preset -> preset.withShape(NetworkShape.TUTORIAL));
        changes.put("16 features", preset -> preset.withEncoding(16, preset.encodingDeviation()));
        changes.put("64 features", preset -> preset.withEncoding(64, preset.encodingDeviation()));
        changes.put("deviation 0.5", preset -> preset.withEncoding(preset.shape().features(), 0.5));
        changes.put("deviation 2", preset -> preset.withEncoding(preset.shape().features(), 2));
        changes.put("average over a third of the steps", preset -> preset.withEma(1 - 3 * (1 - preset.ema())));
        changes.put("average over three times the steps", preset -> preset.withEma(1 - (1 - preset.ema()) / 3));
        changes.put("batch 128, twice the iterations", preset -> preset.withBatch(128).withIterations(preset.iterations() * 2));
        changes.put("batch 512, half the iterations", preset -> preset.withBatch(512).withIterations(preset.iterations() / 2));
        changes.put("half the data", preset -> preset.withData(preset.data() / 2));
        changes.put("twice the data", preset -> preset.withData(preset.data() * 2));
        changes.put("independent pairs", preset -> preset.withCoupling(Coupling.INDEPENDENT));
        return changes;
    }

    private void time(Context context, Path file) throws IOException {
        seconds.clear();
        for (String[] name : names().subList(0, TIMED_PAIRS)) {
            for (Preset preset : Preset.values()) {
                seconds.computeIfAbsent(preset, key -> new ArrayList<>())
                        .add(seconds(context, preset.settings(), density(name[0]), density(name[1])));
            }
            write(file);
        }
    }

    private static Density density(String name) {
        return name.equals(PHOTO) ? PresetPictures.photo() : NamedDensities.find(name).orElseThrow();
    }

    /** The seconds of a training alone. */
    private static double seconds(Context context, TrainingSettings settings, Density p0, Density p1) {
        long start = System.nanoTime();
        try (TrainingRun run = new TrainingRun(context, settings, p0, p1)) {
            run.train(0, progress -> true);
            return (System.nanoTime() - start) * 1e-9;
        }
    }

    private static Map<Integer, Figures> figures(Context context, Network network, Pair pair, List<Integer> steps) {
        Density p0 = density(pair.p0());
        Density p1 = density(pair.p1());
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
        return bySteps;
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
        return IntStream.range(0, logDensity.length).filter(n -> Float.isFinite(logDensity[n]))
                .mapToDouble(n -> p1.logDensityAt(at[2 * n], at[2 * n + 1]) - logDensity[n]).average().orElseThrow();
    }

    private static boolean isNoWorse(Figures one, Figures other) {
        return one.slicedWasserstein1() <= other.slicedWasserstein1() && one.energyDistance() <= other.energyDistance()
                && one.totalVariation() <= other.totalVariation();
    }

    private List<Pair> with(Preset preset) {
        return pairs.stream().filter(pair -> pair.has(Preset.TUTORIAL) && pair.has(preset)).toList();
    }

    private static double median(List<Pair> pairs, ToDoubleFunction<Pair> value) {
        return median(pairs.stream().map(value::applyAsDouble).toList());
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.isEmpty() ? Double.NaN : (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
    }

    /** The total variation of a preset above exact samples', over the tutorial's. */
    private static double share(Pair pair, Preset preset, int steps) {
        double exact = pair.exact().totalVariation();
        return (pair.reached().get(preset).get(steps).totalVariation() - exact) / (pair.of(Preset.TUTORIAL).totalVariation() - exact);
    }

    /** It as tables for a terminal. */
    String text() {
        Table table = new Table("total variation", "exact", "tutorial, 128 steps", "quick, 8 steps", "sharp, 4 steps", "sharp, ratio");
        pairs.forEach(pair -> table.row(pair.p0() + " to " + pair.p1(), number(pair.exact().totalVariation()), shown(pair, Preset.TUTORIAL),
                shown(pair, Preset.QUICK), shown(pair, Preset.SHARP),
                pair.has(Preset.TUTORIAL) && pair.has(Preset.SHARP) ? number(share(pair, Preset.SHARP, 4)) : "-"));
        Table changes = new Table("change", "pairs", "no worse than the tutorial", "sliced W1", "energy distance", "total variation", "of photo");
        search.forEach(change -> changes.row(change.preset() + ", " + change.change(), Integer.toString(change.pairs()),
                Long.toString(change.noWorse()), Table.number(change.slicedWasserstein1()), Table.number(change.energyDistance()),
                Table.number(change.totalVariation()), Table.number(change.photoTotalVariation())));
        return table + "\n" + changes + "\n" + summary() + "\n";
    }

    /** The comparison in some sentences. */
    String summary() {
        List<Pair> quick = with(Preset.QUICK);
        List<Pair> sharp = with(Preset.SHARP);
        StringBuilder text = new StringBuilder();
        add(text, "The presets were compared with the tutorial and its 128 steps on %d pairs of named densities.", quick.size());
        add(text, " With 8 steps `quick` is at least as good on %d of them by sliced Wasserstein-1 distance, on %d by energy distance,"
                + " and on %d by total variation.", noWorse(quick, Figures::slicedWasserstein1), noWorse(quick, Figures::energyDistance),
                noWorse(quick, Figures::totalVariation));
        add(text, " `sharp` was trained on %d of them. Its total variation above that of exact samples, divided by the tutorial's, has"
                + " the median %.3f with 4 steps and %.3f with 1.", sharp.size(), median(sharp, pair -> share(pair, Preset.SHARP, 4)),
                median(sharp, pair -> share(pair, Preset.SHARP, 1)));
        add(text, " With 4 steps it is %s.", Stream.of("letters", "spiral", "star", "checkerboard").map(p1 -> number(median(
                sharp.stream().filter(pair -> pair.p1().equals(p1)).toList(), pair -> share(pair, Preset.SHARP, 4))) + " for " + p1)
                .collect(Collectors.joining(", ")));
        List<Pair> dense = sharp.stream().filter(pair -> pair.of(Preset.SHARP).kl() != null).toList();
        add(text, " Where p0 is positive everywhere (%d pairs), its KL divergence is %.3f of the tutorial's with 4 steps and %.3f with %d.",
                dense.size(), median(dense, pair -> ratioOfKl(pair, steps(Preset.SHARP))),
                median(dense, pair -> ratioOfKl(pair, Preset.SHARP.steps())), Preset.SHARP.steps());
        if (!seconds.isEmpty()) {
            add(text, " Pairs and training take %s (medians of %d pairs).", seconds.keySet().stream().map(preset -> "%.2f s by `%s`"
                    .formatted(median(seconds.get(preset)), preset)).collect(Collectors.joining(", ")), TIMED_PAIRS);
        }
        return text.toString();
    }

    private static void add(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values));
    }

    private static double ratioOfKl(Pair pair, int steps) {
        return pair.reached().get(Preset.SHARP).get(steps).kl() / pair.of(Preset.TUTORIAL).kl();
    }

    private static long noWorse(List<Pair> pairs, ToDoubleFunction<Figures> figure) {
        return pairs.stream().filter(pair -> figure.applyAsDouble(pair.of(Preset.QUICK)) <= figure.applyAsDouble(pair.of(Preset.TUTORIAL))).count();
    }

    private static String shown(Pair pair, Preset preset) { return pair.has(preset) ? number(pair.of(preset).totalVariation()) : "-"; }

    private static String number(double value) { return String.format(Locale.ROOT, "%.3f", value); }
}
