package iadb.tools;

import iadb.Densities;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.file.NpyWriter;
import iadb.metric.Assignment;
import iadb.metric.Trajectories;
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
import iadb.train.TrainingRun;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
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
    private static final int DIRECTIONS = 256; // of the sliced distance, random
    private static final int EXACT_SETS = 6; // of each seed, where the distance is mostly the noise of a set
    private static final String ONE_STEP = "1 step";
    private static final String SOME = "some";
    private static final String MANY = "many";
    private static final String PATHS = "paths";
    private static final Map<String, String> STEP_COLUMNS = Map.of(ONE_STEP, ONE_STEP, "8 steps", SOME, "20 steps", SOME);
    private static final int PATH_POINTS = 4096;
    private static final int PATH_STEPS = 100;
    private static final int STARTS = 1 << 18; // rows of p0 where the source draws fresh ones
    private static final long TEST_SEED = 1000; // added to the training's seed
    private static final long OTHER_SEED = 2000; // of other exact samples

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
     * @param metric          the distance that figures named by steps are; null if there is none
     * @param network         width x depth
     * @param iterations      of the whole training
     * @param data            points of each density
     * @param test            points of a test set
     * @param seeds           number of trainings, with seeds from 0
     * @param trainingSeconds median over the seeds, of the whole training, with building its kernels
     */
    record Row(String map, String training, String metric, String network, int iterations, int batch, double learningRate, int data, int test,
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
        static Data of(Dataset p0, Dataset p1, int starts, int count, int seed) {
            float[] x0 = p0.points(starts, seed);
            float[] x1 = p1.points(count, seed);
            return new Data(p0, p1, x0, x1, Densities.boxAround(x0, x1));
        }

        float[] starts(int count, long seed) { return p0.points(count, TEST_SEED + seed); }

        float[] reference(int count, long seed) { return p1.points(count, TEST_SEED + seed); }

        float[] otherStarts(int count, long seed) { return p0.points(count, OTHER_SEED + seed); }

        float[] exact(int count, long seed) { return p1.points(count, OTHER_SEED + seed); }

        /** Of the box, by which the squares of lengths in its unit are multiplied. */
        double area() { return box.side() * box.side(); }
    }

    /** A trained network. */
    private record Trained(Network network, double seconds) {
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

        Row row(String map, String training, String metric, TrainingSettings settings, int rounds, int data, int test) {
            List<Figure> figures = new ArrayList<>();
            ours.forEach((name, values) -> figures.add(new Figure(name, published.get(name), median(values), median(exact.get(name)))));
            Row row = new Row(map, training, metric, settings.shape().width() + " x " + settings.shape().depth(), rounds * settings.iterations(),
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
                    yield "Source: 4 x 256 SiLU, sinusoidal embedding of time, batch 512, 6,000 iterations a round, fresh p0 in each "
                            + "batch, pairs by 100 RK4 steps, and a second round from new weights; here 262,144 points of p0, pairs by 32 "
                            + "RK4 steps, and a second round from the weights of the first. The test points and directions are those of the "
                            + "source, one set a seed; its one-step figures for 8 gaussians after reflow are 0.110, 0.169 and 0.117";
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
                    yield "The best published of each column, all of OT-CFM, whose sizes are unknown; 5 seeds there. Here 65,536 training points "
                            + "(with 10,000 the map learns their noise: s-curve 0.117) and 10,000 test points";
                }
                case "E" -> {
                    rows.add(likelihood(Coupling.OT, 20_000, 1024));
                    yield "Source: 4 x 512 Swish, batch 4,096, 20,001 iterations, fresh data; it publishes no such figure. Its squares have "
                            + "the side 1/0.45: the density is 1/39.5, whose negative logarithm 3.676 is the floor. Divide lengths by 0.9 "
                            + "for squares of side 2, a density of 1/32 and a floor of 3.466: all values fall by 0.211. One seed; the "
                            + "log-density of p0 is a kernel estimate, and that of the map is by 32 RK4 steps";
                }
                default -> throw new IllegalArgumentException("no part is called " + letter);
            };
            return new Part(ResultFile.machine(context.device()), differs, (System.nanoTime() - start) * 1e-9, rows);
        }

        private List<Row> rectified(Dataset p1, double[] publishedFirst, double[] publishedSecond) {
            int count = 60_000;
            int test = 8192;
            TrainingSettings settings = SETTINGS.withReflow(1).withData(count);
            Collected first = new Collected();
            Collected second = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(Dataset.NORMAL, p1, STARTS, count, seed);
                List<Trained> rounds = train(data, settings.withSeed(seed));
                straightness(data, rounds.get(0), seed, test, publishedFirst, first);
                straightness(data, rounds.get(1), seed, test, publishedSecond, second);
            }
            String map = Dataset.NORMAL + " to " + p1;
            return List.of(first.row(map, "first round", "sliced W2", settings, 1, count, test),
                    second.row(map, "reflow 1", "sliced W2", settings, 2, count, test));
        }

        /** With the test points of the source. */
        private void straightness(Data data, Trained trained, int seed, int test, double[] published, Collected into) {
            into.seconds.add(trained.seconds());
            float[] starts = TorchPoints.normal(test, 200 + seed);
            float[] reference = data.p1() == Dataset.MOONS_A ? TorchPoints.moons(test, 100 + seed) : TorchPoints.gaussians(test, 100 + seed);
            float[] directions = TorchPoints.normal(DIRECTIONS, seed);
            int k = 0;
            for (int steps : new int[] {1, 8, 128}) {
                into.add(steps == 1 ? ONE_STEP : steps + " steps", published[k++],
                        sliced(map(data, trained, starts, Solver.EULER, steps), reference, directions), null);
            }
            for (int set = 0; set < EXACT_SETS; set++) {
                into.exact.get(ONE_STEP).add(sliced(data.exact(test, 10L * seed + set), reference, directions));
            }
            Trajectories paths = paths(data, trained, TorchPoints.normal(PATH_POINTS, 300 + seed), PATH_STEPS);
            into.add("S", published[3], paths.straightness() * data.area(), 0.0);
            into.add("length / chord - 1", published[4], paths.lengthRatio() - 1, 0.0);
        }

        private Row squaredDistance(Coupling coupling, double oneStep, double manySteps) {
            int count = 65_536;
            int test = 10_000;
            TrainingSettings settings = SETTINGS.withCoupling(coupling);
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(Dataset.GAUSSIANS_B, Dataset.MOONS_B, count, count, seed);
                Trained trained = train(data, settings.withSeed(seed)).get(0);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(test, seed);
                float[] reference = data.reference(test, seed);
                all.add(ONE_STEP, oneStep, squaredWasserstein(map(data, trained, starts, Solver.EULER, 1), reference),
                        squaredWasserstein(data.exact(test, seed), reference));
                all.add("many steps", manySteps, squaredWasserstein(map(data, trained, starts, Solver.RK4, 32), reference), null);
            }
            return all.row(Dataset.GAUSSIANS_B + " to " + Dataset.MOONS_B, coupling.toString(), "squared W2", settings, 1, count, test);
        }

        private Row energy(Dataset p0, Dataset p1, Coupling coupling, double published) {
            int count = 10_000;
            TrainingSettings settings = SETTINGS.withCoupling(coupling);
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(p0, p1, count, count, seed);
                Trained trained = train(data, settings.withSeed(seed)).get(0);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(PATH_POINTS, seed);
                double least = squaredWasserstein(starts, data.reference(PATH_POINTS, seed));
                double other = squaredWasserstein(data.otherStarts(PATH_POINTS, seed), data.exact(PATH_POINTS, seed));
                all.add("NPE", published, Math.abs(paths(data, trained, starts, PATH_STEPS).energy() * data.area() - least) / least,
                        Math.abs(other - least) / least);
            }
            return all.row(p0 + " to " + p1, coupling.toString(), null, settings, 1, count, PATH_POINTS);
        }

        private Row twentySteps(Dataset p0, Dataset p1, double published, Double publishedEnergy) {
            int count = 65_536;
            int test = 10_000;
            int steps = 20;
            TrainingSettings settings = SETTINGS.withIterations(40_000).withCoupling(Coupling.OT);
            Collected all = new Collected();
            for (int seed : SEEDS) {
                Data data = Data.of(p0, p1, count, count, seed);
                Trained trained = train(data, settings.withSeed(seed)).get(0);
                all.seconds.add(trained.seconds());
                float[] starts = data.starts(test, seed);
                float[] reference = data.reference(test, seed);
                all.add("20 steps", published, Math.sqrt(squaredWasserstein(map(data, trained, starts, Solver.EULER, steps), reference)),
                        Math.sqrt(squaredWasserstein(data.exact(test, seed), reference)));
                if (publishedEnergy != null) {
                    all.add("path energy", publishedEnergy, paths(data, trained, starts, steps).energy() * data.area(),
                            squaredWasserstein(starts, reference));
                }
            }
            return all.row(p0 + " to " + p1, Coupling.OT.toString(), "W2", settings, 1, count, test);
        }

        private Row likelihood(Coupling coupling, int iterations, int batch) {
            int count = 131_072;
            int test = 4096;
            TrainingSettings settings = SETTINGS.withShape(new NetworkShape(64, 6)).withIterations(iterations).withBatch(batch)
                    .withLearningRate(0.004f, true).withCoupling(coupling);
            Collected all = new Collected();
            Data data = Data.of(Dataset.NORMAL, Dataset.CHECKERBOARD, count, count, 0);
            Trained trained = train(data, settings).get(0);
            all.seconds.add(trained.seconds());
            all.add("many steps", null, negativeLogLikelihood(data, trained, data.reference(test, 0)), Math.log(Dataset.CHECKERBOARD_AREA));
            return all.row(Dataset.NORMAL + " to " + Dataset.CHECKERBOARD, coupling.toString(), "negative log-likelihood", settings, 1, count,
                    test);
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

        /** The networks of all rounds; seconds count from the start. */
        private List<Trained> train(Data data, TrainingSettings settings) {
            List<Network> networks = new ArrayList<>();
            TrainingRun.Observer observer = new TrainingRun.Observer() {
                @Override
                public boolean progressed(TrainingSession.Progress progress) { return true; }

                @Override
                public void checkpoint(Checkpoint.Contents checkpoint) { networks.add(checkpoint.checkpoint().result()); }
            };
            try (TrainingRun run = new TrainingRun(context, settings, Densities.ofPoints(data.x0(), data.box(), 0),
                    Densities.ofPoints(data.x1(), data.box(), 0))) {
                run.train(settings.iterations(), observer);
                List<Trained> rounds = new ArrayList<>();
                double seconds = 0;
                for (int round = 0; round < networks.size(); round++) {
                    seconds += run.secondsByRound().get(round);
                    rounds.add(new Trained(networks.get(round), seconds));
                }
                return rounds;
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

        /** Follows Euler steps; in the box's unit. */
        private Trajectories paths(Data data, Trained trained, float[] starts, int steps) {
            float[] from = data.box().toUnit(starts);
            Trajectories paths = new Trajectories(from, steps);
            try (PushForward map = new PushForward(context, trained.network(), Optional.empty(), steps(Solver.EULER, steps), share -> true)) {
                map.follow(from, false, (step, first, points, logDensity) -> {
                    if (step > 0) {
                        paths.move(first, points);
                    }
                });
            }
            return paths;
        }
    }

    private static double squaredWasserstein(float[] a, float[] b) { return Assignment.of(a, b, () -> true).meanSquare(); }

    /** The square root of the mean over directions [D, 2], of any length, and ranks of the squared difference. */
    static double sliced(float[] a, float[] b, float[] directions) {
        double sum = 0;
        for (int k = 0; k < directions.length; k += 2) {
            double[] alongA = sortedAlong(a, directions[k], directions[k + 1]);
            double[] alongB = sortedAlong(b, directions[k], directions[k + 1]);
            for (int n = 0; n < alongA.length; n++) {
                sum += (alongA[n] - alongB[n]) * (alongA[n] - alongB[n]);
            }
        }
        return Math.sqrt(sum / (directions.length / 2) / (a.length / 2));
    }

    private static double[] sortedAlong(float[] points, double dx, double dy) {
        double[] along = new double[points.length / 2];
        double length = Math.hypot(dx, dy);
        for (int n = 0; n < along.length; n++) {
            along[n] = (dx * points[2 * n] + dy * points[2 * n + 1]) / length;
        }
        Arrays.sort(along);
        return along;
    }

    /** It as a table of the README, in Markdown; figures of independent couplings are only in the file. */
    String table() {
        StringBuilder text = new StringBuilder("| Published maps, trained by `tools/published` | distance | 1 step | 8 or 20 steps "
                + "| many steps | exact samples | trajectories |\n|---|---|---|---|---|---|---|\n");
        parts.forEach((letter, part) -> part.rows().stream().filter(row -> !row.training().equals(Coupling.INDEPENDENT.toString()))
                .forEach(row -> text.append(tableRow(letter, row))));
        text.append("\nEach figure is ours, with the published one in parentheses, in the source's units: medians over ").append(SEEDS.length)
                .append(" seeds, but E has one. Seconds are those of the whole training; for reflow 1 they include the first round. Exact "
                        + "samples are the noise floor: other points of the same density, as many as were mapped, or for E the logarithm of "
                        + "the true density. NPE: normalised path energy. A has the source's own test points, one set a seed, and single "
                        + "figures vary as those of exact samples do (8 gaussians, reflow, 1 step, published: 0.110, 0.169 and 0.117), so "
                        + "that a median of three can be below the floor. For moons after reflow the published figures are at the floor, "
                        + "and ours are above it by the error of the map. E's squares have sides of 1/0.45; for sides of 2, both figures "
                        + "are less by 0.211, and the floor is ln 32 = 3.466.\n\nMeasured");
        parts.forEach((letter, part) -> text.append(" %s %s, commit %s, %s;".formatted(letter, part.machine().get("date"),
                part.machine().get("commit"), part.machine().get("device"))));
        return text.append(" sources, differences from them, and independent couplings: [published.json](tools/results/").append(FILE)
                .append(").\n").toString();
    }

    private static String tableRow(String letter, Row row) {
        Map<String, String> columns = new LinkedHashMap<>();
        String exact = "";
        for (Figure figure : row.figures()) {
            String column = figure.name().contains("step") ? STEP_COLUMNS.getOrDefault(figure.name(), MANY) : PATHS;
            String value = Table.number(figure.ours()) + (figure.published() == null ? "" : " (" + Table.number(figure.published()) + ")");
            if (column.equals(PATHS)) {
                String floor = figure.exact() == null || figure.exact() == 0 ? "" : ", exact " + Table.number(figure.exact());
                columns.merge(column, figure.name() + " " + value + floor, (before, next) -> before + "; " + next);
            } else {
                columns.put(column, value);
                exact = figure.exact() == null ? exact : Table.number(figure.exact());
            }
        }
        String map = row.map().replaceAll("-(a|b|c|wide)\\b", "").replace("gaussians", "8 gaussians");
        return "| %s: %s, %s (%.0f s) | %s | %s | %s | %s | %s | %s |%n".formatted(letter, map, row.training(), row.trainingSeconds(),
                Objects.requireNonNullElse(row.metric(), ""), columns.getOrDefault(ONE_STEP, ""), columns.getOrDefault(SOME, ""),
                columns.getOrDefault(MANY, ""), exact, columns.getOrDefault(PATHS, ""));
    }
}
