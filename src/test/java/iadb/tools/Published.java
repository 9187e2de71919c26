package iadb.tools;

import iadb.Densities;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.file.NpyWriter;
import iadb.metric.Assignment;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Published comparisons of maps between densities of the plane, trained by this program. The parts and their sources:
 * A aghasalim/rectified-flow-from-scratch; B hkchengrex/C2OT, arXiv 2503.10636; C Tong et al., arXiv 2302.00482, torchcfm;
 * D DSBM, arXiv 2303.16852, on the data of C; E facebookresearch/flow_matching, 2d_flow_matching.ipynb.
 *
 * <p>Everywhere the networks here are ReLU with α as a plain input, without residual connections; Adam has no weight decay, its rate
 * falls along a cosine, and the map uses an average of the weights; gradients are not clipped. Pairs of {@code ot} are made once for
 * the whole data set, not per batch. There are three seeds, in E one.
 *
 * @param parts by letter
 */
record Published(Map<String, Part> parts) {
    static final String FILE = "published.json";

    private static final Logger LOG = LoggerFactory.getLogger(Published.class);
    private static final int[] SEEDS = {0, 1, 2};
    private static final int DIRECTIONS = 128; // of the sliced distance, kπ/128
    private static final int TEST_SETS = 6; // of each seed, where the distance is mostly the noise of a set
    private static final int PATH_POINTS = 4096;
    private static final int PATH_STEPS = 100;
    private static final int PAIR_STEPS = 32; // RK4, to the pairs of reflow
    private static final int TRIALS_PER_POINT = 3000; // swaps tried for the pairs of ot
    private static final Duration NO_LIMIT = Duration.ofDays(1);
    private static final long TEST_SEED = 1000; // added to the training's seed
    private static final long OTHER_SEED = 2000; // of other exact samples
    private static final long FRESH_SEED = 3000; // of the starts of reflow

    /**
     * What was run of a part.
     *
     * @param machine where and when
     * @param differs from the source, beside what differs everywhere
     * @param seconds in all
     */
    record Part(Map<String, Object> machine, String differs, double seconds, List<Row> rows) {
    }

    /**
     * A map and a kind of training.
     *
     * @param network         width x depth
     * @param iterations      of the whole training
     * @param data            points of each density
     * @param test            points of a test set
     * @param seeds           number of trainings, with seeds from 0
     * @param trainingSeconds median over the seeds, of the whole training, with building its kernels
     */
    record Row(String map, String training, String network, int iterations, int batch, double learningRate, int data, int test,
            int seeds, double trainingSeconds, List<Figure> figures) {
    }

    /**
     * A figure of the map.
     *
     * @param published null if it was not
     * @param ours      median over seeds and test sets
     * @param exact     the same of exact samples; null if it has none
     */
    record Figure(String name, Double published, double ours, Double exact) {
    }

    /** A map's data, of one seed, in one box. */
    private record Data(Dataset p0, Dataset p1, float[] x0, float[] x1, Box box) {
        static Data of(Dataset p0, Dataset p1, int count, int seed) {
            float[] x0 = p0.points(count, seed);
            float[] x1 = p1.points(count, seed);
            return new Data(p0, p1, x0, x1, Densities.boxAround(x0, x1, p0.points(count, FRESH_SEED + seed)));
        }

        float[] starts(int count, long seed) { return p0.points(count, TEST_SEED + seed); }

        float[] reference(int count, long seed) { return p1.points(count, TEST_SEED + seed); }

        float[] otherStarts(int count, long seed) { return p0.points(count, OTHER_SEED + seed); }

        float[] exact(int count, long seed) { return p1.points(count, OTHER_SEED + seed); }

        /** Moves the few points that a map has put outside the box to its edge. */
        float[] inBox(float[] points) {
            float[] unit = box.toUnit(points);
            for (int i = 0; i < unit.length; i++) {
                unit[i] = Math.min(Math.max(unit[i], 0x1p-10f), 1 - 0x1p-10f);
            }
            return box.toPlane(unit);
        }
    }

    /** A trained network. */
    private record Trained(Network network, double seconds) {
    }

    /** Length over chord, straightness E∫|x1 - x0 - v|², and energy E∫|v|², means over the points. */
    private record PathFigures(double lengthOverChord, double straightness, double energy) {
    }

    /** Figures of several seeds and test sets by name, each with the one published. */
    private static final class Collected {
        private final Map<String, Double> published = new LinkedHashMap<>();
        private final Map<String, List<Double>> ours = new LinkedHashMap<>();
        private final Map<String, List<Double>> exact = new LinkedHashMap<>();
        private final List<Double> seconds = new ArrayList<>();

        void add(String name, Double ofSource, double value, Double ofExact) {
            published.put(name, ofSource);
            ours.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
            exact.computeIfAbsent(name, key -> new ArrayList<>()).add(ofExact);
        }

        Row row(String map, String training, TrainingSettings settings, int rounds, int data, int test) {
            List<Figure> figures = new ArrayList<>();
            ours.forEach((name, values) -> figures.add(new Figure(name, published.get(name), median(values), median(exact.get(name)))));
            Row row = new Row(map, training, settings.shape().width() + " x " + settings.shape().depth(), rounds * settings.iterations(),
                    settings.batch(), settings.learningRate(), data, test, seconds.size(), median(seconds), figures);
            LOG.info("{}, {}: {}", map, training, figures);
            return row;
        }

        private static Double median(List<Double> values) {
            double[] sorted = values.stream().filter(Objects::nonNull).mapToDouble(value -> value).sorted().toArray();
            return sorted.length == 0 ? null : sorted[sorted.length / 2];
        }
    }

    /**
     * Measures the parts named by letters (all without) on the device of the first argument, and keeps the others' results in the
     * folder of the second; or, if the first is {@code --data}, writes the points of every density into the folder of the second.
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        if (arguments[0].equals("--data")) {
            for (Dataset dataset : Dataset.values()) {
                NpyWriter.writePoints(folder.resolve(dataset + "-train.npy"), dataset.points(65_536, 0), Box.UNIT);
                NpyWriter.writePoints(folder.resolve(dataset + "-test.npy"), dataset.points(10_000, TEST_SEED), Box.UNIT);
            }
            return;
        }
        Path file = folder.resolve(FILE);
        Map<String, Part> parts = new TreeMap<>();
        if (Files.exists(file)) {
            parts.putAll(ResultFile.JSON.fromJson(Files.readString(file), Published.class).parts());
        }
        Device device = Device.select(arguments[0]);
        try (Context context = Context.open(device)) {
            for (String letter : arguments.length > 2 ? Arrays.copyOfRange(arguments, 2, arguments.length) : "A B C D E".split(" ")) {
                parts.put(letter, new Measurement(context).part(letter));
                ResultFile.write(file, new Published(parts));
            }
        }
        System.out.println(new Published(parts).table() + "\nwritten: " + file);
    }

    /** The measurement of a part on a device. */
    private record Measurement(Context context) {
        private static final TrainingSettings SETTINGS = TrainingSettings.tutorial().withIterations(20_000).withEma(0.999)
                .withLearningRate(0.002f, true);

        Part part(String letter) {
            long start = System.nanoTime();
            List<Row> rows = new ArrayList<>();
            String differs = switch (letter) {
                case "A" -> {
                    rows.addAll(rectified(Dataset.GAUSSIANS_A, new double[] {2.639, 0.159, 0.117, 2.927, 0.066},
                            new double[] {0.117, 0.110, 0.112, 0.00099, 0.00006}));
                    rows.addAll(rectified(Dataset.MOONS_A, new double[] {1.821, 0.172, 0.031, 1.661, 0.433},
                            new double[] {0.032, 0.032, 0.031, 0.00011, 0.00006}));
                    yield "Source: 4 x 256 SiLU, sinusoidal embedding of time, batch 512, 6,000 iterations a round, the second from new "
                            + "weights, one test set a seed; here the second round starts with the first one's weights, " + TEST_SETS
                            + " test sets";
                }
                case "B" -> {
                    rows.add(squaredDistance(Coupling.INDEPENDENT, 6.232, 0.120));
                    rows.add(squaredDistance(Coupling.OT, 0.072, 0.050));
                    yield "Source: residual MLP with 396,034 weights, fresh data, batch 256 of 1,024 paired points, Adam 3e-4, seeds 0 to "
                            + "9, dopri5 for many steps; here 65,536 points of each density, 32 RK4 steps";
                }
                case "C" -> {
                    rows.add(energy(Dataset.NORMAL, Dataset.GAUSSIANS_C, Coupling.INDEPENDENT, 0.222));
                    rows.add(energy(Dataset.NORMAL, Dataset.GAUSSIANS_C, Coupling.OT, 0.018));
                    rows.add(energy(Dataset.MOONS_WIDE, Dataset.GAUSSIANS_WIDE, Coupling.INDEPENDENT, 2.738));
                    rows.add(energy(Dataset.MOONS_WIDE, Dataset.GAUSSIANS_WIDE, Coupling.OT, 0.053));
                    yield "Source: 3 x 64 SELU, AdamW, batch 512, noise 0.1 along the path, 1,000 test points, 512 from moons, seeds 42 to "
                            + "46; here no noise";
                }
                case "D" -> {
                    rows.add(twentySteps(Dataset.NORMAL, Dataset.MOONS_C, 0.111, null));
                    rows.add(twentySteps(Dataset.NORMAL, Dataset.S_CURVE, 0.102, null));
                    rows.add(twentySteps(Dataset.NORMAL, Dataset.GAUSSIANS_C, 0.253, null));
                    rows.add(twentySteps(Dataset.MOONS_WIDE, Dataset.GAUSSIANS_WIDE, 0.716, 30.50));
                    yield "The best published of each column, all of OT-CFM, whose test size is unknown; 5 seeds there";
                }
                case "E" -> {
                    rows.add(likelihood(Coupling.INDEPENDENT, 30_000, 1024));
                    rows.add(likelihood(Coupling.OT, 20_000, 512));
                    yield "Source: 4 x 512 Swish, batch 4,096, 20,001 iterations, fresh data, no figure; its squares have the side 1/0.45, so "
                            + "that its density is 1/39.5, not the 1/32 that it names; here their side is 2, and the density 1/32. The "
                            + "log-density of p0 is a kernel estimate";
                }
                default -> throw new IllegalArgumentException("no part is called " + letter);
            };
            return new Part(ResultFile.machine(context.device()), differs, (System.nanoTime() - start) * 1e-9, rows);
        }

        private List<Row> rectified(Dataset p1, double[] publishedFirst, double[] publishedSecond) {
            int count = 60_000;
            int test = 8192;
            Collected first = new Collected();
            Collected second = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(Dataset.NORMAL, p1, count, seed);
                TrainingSettings settings = SETTINGS.withSeed(seed);
                Trained once = train(data, settings, Coupling.INDEPENDENT);
                Trained twice = reflow(data, once, settings);
                straightness(data, once, seed, test, publishedFirst, first);
                straightness(data, twice, seed, test, publishedSecond, second);
            }
            String map = Dataset.NORMAL + " to " + p1;
            return List.of(first.row(map, "first round", SETTINGS, 1, count, test), second.row(map, "reflow 1", SETTINGS, 2, count, test));
        }

        private void straightness(Data data, Trained trained, int seed, int test, double[] published, Collected into) {
            into.seconds.add(trained.seconds());
            for (int set = 0; set < TEST_SETS; set++) {
                long testSeed = 10L * seed + set;
                float[] starts = data.starts(test, testSeed);
                float[] reference = data.reference(test, testSeed);
                double exact = sliced(data.exact(test, testSeed), reference);
                int k = 0;
                for (int steps : new int[] {1, 8, 128}) {
                    into.add("sliced W2, steps " + steps, published[k++], sliced(map(data, trained, starts, Solver.EULER, steps), reference), exact);
                }
                PathFigures paths = paths(data, trained, Arrays.copyOf(starts, 2 * PATH_POINTS), PATH_STEPS);
                into.add("S", published[3], paths.straightness(), 0.0);
                into.add("length / chord - 1", published[4], paths.lengthOverChord() - 1, 0.0);
            }
        }

        private Row squaredDistance(Coupling coupling, double oneStep, double manySteps) {
            int count = 65_536;
            int test = 10_000;
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(Dataset.GAUSSIANS_B, Dataset.MOONS_B, count, seed);
                Trained trained = train(data, SETTINGS.withSeed(seed), coupling);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(test, seed);
                float[] reference = data.reference(test, seed);
                double exact = squaredWasserstein(data.exact(test, seed), reference);
                all.add("W2², 1 step", oneStep, squaredWasserstein(map(data, trained, starts, Solver.EULER, 1), reference), exact);
                all.add("many steps", manySteps, squaredWasserstein(map(data, trained, starts, Solver.RK4, 32), reference), exact);
            }
            return all.row(Dataset.GAUSSIANS_B + " to " + Dataset.MOONS_B, coupling.toString(), SETTINGS, 1, count, test);
        }

        private Row energy(Dataset p0, Dataset p1, Coupling coupling, double published) {
            int count = 10_000;
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(p0, p1, count, seed);
                Trained trained = train(data, SETTINGS.withSeed(seed), coupling);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(PATH_POINTS, seed);
                double least = squaredWasserstein(starts, data.reference(PATH_POINTS, seed));
                double other = squaredWasserstein(data.otherStarts(PATH_POINTS, seed), data.exact(PATH_POINTS, seed));
                all.add("NPE", published, Math.abs(paths(data, trained, starts, PATH_STEPS).energy() - least) / least,
                        Math.abs(other - least) / least);
            }
            return all.row(p0 + " to " + p1, coupling.toString(), SETTINGS, 1, count, PATH_POINTS);
        }

        private Row twentySteps(Dataset p0, Dataset p1, double published, Double publishedEnergy) {
            int count = 10_000;
            int test = 10_000;
            int steps = 20;
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(p0, p1, count, seed);
                Trained trained = train(data, SETTINGS.withSeed(seed), Coupling.OT);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(test, seed);
                float[] reference = data.reference(test, seed);
                all.add("W2, 20 steps", published, Math.sqrt(squaredWasserstein(map(data, trained, starts, Solver.EULER, steps), reference)),
                        Math.sqrt(squaredWasserstein(data.exact(test, seed), reference)));
                if (publishedEnergy != null) {
                    all.add("path energy", publishedEnergy, paths(data, trained, starts, steps).energy(), squaredWasserstein(starts, reference));
                }
            }
            return all.row(p0 + " to " + p1, Coupling.OT.toString(), SETTINGS, 1, count, test);
        }

        private Row likelihood(Coupling coupling, int iterations, int batch) {
            int count = 131_072;
            int test = 4096;
            TrainingSettings settings = SETTINGS.withShape(new NetworkShape(64, 6)).withIterations(iterations).withBatch(batch)
                    .withLearningRate(0.004f, true);
            Collected all = new Collected();
            Data data = Data.of(Dataset.NORMAL, Dataset.CHECKERBOARD, count, 0);
            Trained trained = train(data, settings, coupling);
            all.seconds.add(trained.seconds());
            all.add("negative log-likelihood", null, negativeLogLikelihood(data, trained, data.reference(test, 0)), Math.log(32));
            return all.row(Dataset.NORMAL + " to " + Dataset.CHECKERBOARD, coupling.toString(), settings, 1, count, test);
        }

        private double negativeLogLikelihood(Data data, Trained trained, float[] at) {
            Density p0 = Densities.ofPoints(data.x0(), data.box(), 0);
            try (PushForward map = new PushForward(context, trained.network(), Optional.of(p0), steps(Solver.RK4, 32), share -> true)) {
                float[] logDensity = map.inverseWithDensity(data.box().toUnit(at)).logDensity();
                double sum = 0;
                for (float value : logDensity) {
                    sum += value + data.box().logDensityOffset();
                }
                return -sum / logDensity.length;
            }
        }

        /** The first round of a training. */
        private Trained train(Data data, TrainingSettings settings, Coupling coupling) {
            long start = System.nanoTime();
            float[] x1 = coupling == Coupling.OT ? paired(data.x0(), data.x1()) : data.x1();
            Network network = train(data.box(), data.x0(), x1, Network.initial(settings.shape(), settings.seed()),
                    settings.withCoupling(coupling == Coupling.OT ? Coupling.PAIRED : coupling));
            return new Trained(network, (System.nanoTime() - start) * 1e-9);
        }

        /** A second round, from the weights of the first, on pairs of fresh starts and what the first map makes of them. */
        private Trained reflow(Data data, Trained first, TrainingSettings settings) {
            long start = System.nanoTime();
            float[] x0 = data.p0().points(data.x0().length / 2, FRESH_SEED + settings.seed());
            float[] x1 = data.inBox(map(data, first, x0, Solver.RK4, PAIR_STEPS));
            Network network = train(data.box(), x0, x1, first.network(), settings.withCoupling(Coupling.PAIRED));
            return new Trained(network, first.seconds() + (System.nanoTime() - start) * 1e-9);
        }

        private Network train(Box box, float[] x0, float[] x1, Network start, TrainingSettings settings) {
            try (TrainingSession session = new TrainingSession(context, settings, Checkpoint.start(start, true),
                    Densities.ofPoints(x0, box, 0), Densities.ofPoints(x1, box, 0))) {
                session.advance(settings.iterations(), NO_LIMIT);
                session.drain();
                return session.checkpoint().result();
            }
        }

        private float[] map(Data data, Trained trained, float[] starts, Solver solver, int steps) {
            try (PushForward map = new PushForward(context, trained.network(), Optional.empty(), steps(solver, steps), share -> true)) {
                return data.box().toPlane(map.map(data.box().toUnit(starts)));
            }
        }

        private static Integration steps(Solver solver, int steps) {
            return Integration.of(solver, Integration.Schedule.LINEAR, steps, false);
        }

        /** Follows Euler steps, whose velocity is their length times T. */
        private PathFigures paths(Data data, Trained trained, float[] starts, int steps) {
            float[][] at = new float[steps + 1][]; // [T+1][2 n]
            try (PushForward map = new PushForward(context, trained.network(), Optional.empty(), steps(Solver.EULER, steps), share -> true)) {
                map.follow(data.box().toUnit(starts), false, (step, first, points, logDensity) -> at[step] = points);
            }
            int count = starts.length / 2;
            double ratio = 0;
            double straightness = 0;
            double energy = 0;
            for (int n = 0; n < count; n++) {
                double chordX = at[steps][2 * n] - at[0][2 * n];
                double chordY = at[steps][2 * n + 1] - at[0][2 * n + 1];
                double length = 0;
                for (int t = 0; t < steps; t++) {
                    double vx = steps * ((double) at[t + 1][2 * n] - at[t][2 * n]);
                    double vy = steps * ((double) at[t + 1][2 * n + 1] - at[t][2 * n + 1]);
                    length += Math.hypot(vx, vy) / steps;
                    energy += (vx * vx + vy * vy) / steps;
                    straightness += ((chordX - vx) * (chordX - vx) + (chordY - vy) * (chordY - vy)) / steps;
                }
                ratio += length / Math.hypot(chordX, chordY);
            }
            double area = data.box().side() * data.box().side();
            return new PathFigures(ratio / count, area * straightness / count, area * energy / count);
        }
    }

    /**
     * The points of b in an order of nearly the least sum of squared distances to those of a: a random one, of which two points are
     * swapped where that is shorter. A start from halves split along medians ended 12 % above the least for the wide moons.
     */
    static float[] paired(float[] a, float[] b) {
        SplittableRandom random = new SplittableRandom(0);
        int count = a.length / 2;
        float[] pairs = b.clone();
        for (int n = count - 1; n > 0; n--) {
            swap(pairs, n, random.nextInt(n + 1));
        }
        for (long trial = 0; trial < (long) TRIALS_PER_POINT * count; trial++) {
            int i = random.nextInt(count);
            int j = random.nextInt(count);
            if ((a[2 * i] - a[2 * j]) * (pairs[2 * i] - pairs[2 * j])
                    + (a[2 * i + 1] - a[2 * j + 1]) * (pairs[2 * i + 1] - pairs[2 * j + 1]) < 0) {
                swap(pairs, i, j);
            }
        }
        return pairs;
    }

    private static void swap(float[] points, int i, int j) {
        for (int k = 0; k < 2; k++) {
            float other = points[2 * i + k];
            points[2 * i + k] = points[2 * j + k];
            points[2 * j + k] = other;
        }
    }

    private static double squaredWasserstein(float[] a, float[] b) { return Assignment.of(a, b, () -> true).meanSquare(); }

    /** The square root of the mean over directions and ranks of the squared difference. */
    static double sliced(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < DIRECTIONS; k++) {
            double[] alongA = sortedAlong(a, Math.PI * k / DIRECTIONS);
            double[] alongB = sortedAlong(b, Math.PI * k / DIRECTIONS);
            for (int n = 0; n < alongA.length; n++) {
                sum += (alongA[n] - alongB[n]) * (alongA[n] - alongB[n]);
            }
        }
        return Math.sqrt(sum / DIRECTIONS / (a.length / 2));
    }

    private static double[] sortedAlong(float[] points, double angle) {
        double[] along = new double[points.length / 2];
        for (int n = 0; n < along.length; n++) {
            along[n] = Math.cos(angle) * points[2 * n] + Math.sin(angle) * points[2 * n + 1];
        }
        Arrays.sort(along);
        return along;
    }

    /** It as a table of the README, in Markdown. */
    String table() {
        StringBuilder text = new StringBuilder("| Published maps, trained by `tools/published` | figures | published | ours | exact samples |\n|---|---|---|---|---|\n");
        parts.forEach((letter, part) -> part.rows().forEach(row -> text.append(String.format(Locale.ROOT,
                "| %s: %s, %s (%s, %,d iterations of %,d, %.0f s) | %s | %s | %s | %s |%n", letter, row.map(), row.training(), row.network(),
                row.iterations(), row.batch(), row.trainingSeconds(),
                row.figures().stream().map(Figure::name).collect(Collectors.joining("; ")), joined(row, Figure::published),
                joined(row, Figure::ours), joined(row, Figure::exact)))));
        text.append("\nMedians over ").append(SEEDS.length).append(" seeds (E: one), in the units of each source. ")
                .append("Exact samples are the noise floor: other points of the same density, as many as were mapped. Measured");
        parts.forEach((letter, part) -> text.append(" %s %s, commit %s, %s;".formatted(letter, part.machine().get("date"),
                part.machine().get("commit"), part.machine().get("device"))));
        return text.append(" differences from the sources: [published.json](tools/results/").append(FILE).append(").\n").toString();
    }

    private static String joined(Row row, Function<Figure, Double> value) {
        return row.figures().stream().map(figure -> Table.number(value.apply(figure))).collect(Collectors.joining("; "));
    }
}
