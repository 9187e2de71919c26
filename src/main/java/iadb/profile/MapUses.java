package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.draw.PointSource;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.train.TrainingSession;
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
import java.util.stream.Stream;

/**
 * The cost of using a trained map: its density and its inverse relative to the plain map, the errors of the solvers, and the
 * commands as a user runs them.
 *
 * @param machine         {@link ResultFile#machine}
 * @param iterations      of the map's training, from gaussian to spiral
 * @param densityCost     time of the map with its density over that of the plain map, in consecutive runs
 * @param inverseCost     time of the inverse over that of the plain map, in consecutive runs
 * @param solvers         their errors at equal evaluations of the network
 * @param evaluatePoints  the number of points that {@code evaluate} compared
 * @param evaluateSeconds of the whole process of {@code evaluate}
 * @param samplePoints    the number of points that {@code sample} wrote as NPY, by 128 Euler steps
 * @param sampleSeconds   of the whole process of {@code sample}
 * @param sampleShare     its rate over the map's own rate, measured before and after
 * @param sampleMegabytes its peak memory; null if the system does not report it
 */
public record MapUses(Map<String, Object> machine, int iterations, Spread densityCost, Spread inverseCost,
        List<SolverError> solvers, int evaluatePoints, double evaluateSeconds, int samplePoints, double sampleSeconds,
        double sampleShare, Double sampleMegabytes) {
    public static final String FILE = "map.json";

    private static final int EVALUATIONS = 128;
    private static final int EXACT_STEPS = 1024;
    private static final Integration EULER = Integration.of(Solver.EULER, Schedule.LINEAR, EVALUATIONS, false);

    /**
     * A solver at {@value #EVALUATIONS} evaluations.
     *
     * @param solver       its name
     * @param steps        T
     * @param meanDistance mean distance of the points to the results of {@value #EXACT_STEPS} steps of RK4
     */
    record SolverError(String solver, int steps, double meanDistance) { }

    /** Trains a map and measures its uses on the device. */
    public static MapUses measure(Device device, Settings settings) throws IOException {
        Path folder = Files.createTempDirectory("iadb-map");
        try (Context context = Context.open(device); Bench bench = new Bench(context, trained(context, settings), settings.usedPoints())) {
            Path model = folder.resolve("model.safetensors");
            Model.write(model, new Model(bench.network, Optional.of(TrainingStep.P0), Optional.of(TrainingStep.P1), Map.of()));
            List<SolverError> solvers = Arrays.stream(Solver.values()).map(bench::error).toList();
            bench.costs(); // warms up
            double[][] costs = Stream.generate(bench::costs).limit(settings.blocks()).toArray(double[][]::new);
            String index = Integer.toString(device.index());
            ChildProcess evaluate = ChildProcess.runJar("evaluate", "--model", model.toString(), "--count",
                    Integer.toString(settings.evaluatedPoints()), "--device", index, "--quiet");
            double before = bench.mapSeconds();
            ChildProcess sample = ChildProcess.runJar("sample", "--model", model.toString(), "--points",
                    Integer.toString(settings.sampledPoints()), "--device", index, "--quiet", "-o", folder.resolve("points.npy").toString());
            double mapSeconds = (before + bench.mapSeconds()) / 2 / settings.usedPoints() * settings.sampledPoints();
            return new MapUses(ResultFile.machine(device), settings.iterations(), Spread.of(column(costs, 0)), Spread.of(column(costs, 1)),
                    solvers, settings.evaluatedPoints(), evaluate.seconds(), settings.sampledPoints(), sample.seconds(),
                    mapSeconds / sample.seconds(), sample.residentMegabytes());
        } finally {
            ChildProcess.deleteFolder(folder);
        }
    }

    private static Network trained(Context context, Settings settings) {
        try (TrainingSession session = new TrainingSession(context, TrainingSettings.tutorial(), TrainingStep.P0, TrainingStep.P1)) {
            TrainingStep.seconds(session, settings.iterations());
            return session.snapshot();
        }
    }

    private static double[] column(double[][] rows, int index) { return Arrays.stream(rows).mapToDouble(row -> row[index]).toArray(); }

    /** A network on the device, and a set of points to move. */
    private static final class Bench implements AutoCloseable {
        private final Resources resources = new Resources();
        private final Context context;
        private final Network network;
        private final Sampler sampler;
        private final DeviceBuffer parameters;
        private final DeviceBuffer points; // [count, 2]
        private final DeviceBuffer logDet; // [count]
        private final int count;
        private final float[] starts;
        private final float[] ends;
        private final float[] exactEnds;

        Bench(Context context, Network network, int count) {
            this.context = context;
            this.network = network;
            this.count = count;
            sampler = resources.add(new Sampler(context, network.shape()));
            parameters = resources.add(context.buffer(network.parameters()));
            points = resources.add(context.buffer(2L * count * Float.BYTES));
            logDet = resources.add(context.buffer(new float[count]));
            try (PointSource source = new PointSource(context, TrainingStep.P0)) {
                starts = source.drawToHost(0, RandomPurpose.START_POINTS, 0, count);
            }
            ends = ends(EULER);
            exactEnds = ends(Integration.of(Solver.RK4, Schedule.LINEAR, EXACT_STEPS, false));
        }

        private float[] ends(Integration integration) {
            seconds(starts, integration, sampler.session(parameters, points, count, integration));
            return points.read(new float[starts.length]);
        }

        SolverError error(Solver solver) {
            int steps = EVALUATIONS / solver.evaluations();
            float[] ends = ends(Integration.of(solver, Schedule.LINEAR, steps, false));
            double sum = 0;
            for (int n = 0; n < count; n++) {
                sum += Math.hypot((double) ends[2 * n] - exactEnds[2 * n], (double) ends[2 * n + 1] - exactEnds[2 * n + 1]);
            }
            return new SolverError(solver.toString(), steps, sum / count);
        }

        double mapSeconds() { return seconds(starts, EULER, sampler.session(parameters, points, count, EULER)); }

        /** Time of the map with its density, and of the inverse, over that of the plain map. */
        double[] costs() {
            double plain = mapSeconds();
            double withDensity = seconds(starts, EULER, sampler.sessionWithTangents(parameters, points, logDet, count, EULER));
            double inverse = seconds(ends, EULER, sampler.inversion(parameters, points, logDet, count, EULER));
            return new double[] {withDensity / plain, inverse / plain};
        }

        private double seconds(float[] from, Integration integration, MapSession opened) {
            try (MapSession session = opened) {
                points.write(from);
                context.finish();
                long start = System.nanoTime();
                session.advance(integration.T());
                return (System.nanoTime() - start) * 1e-9;
            }
        }

        @Override
        public void close() { resources.close(); }
    }

    /** The results as text for a terminal. */
    public String text() {
        Table costs = new Table("compared with the plain map", "time ratio", "quartiles");
        costs.row("with the density", Table.number(densityCost.median()), Table.range(densityCost));
        costs.row("the inverse", Table.number(inverseCost.median()), Table.range(inverseCost));
        Table errors = new Table("at " + EVALUATIONS + " evaluations", "steps",
                "mean distance from RK4, " + EXACT_STEPS + " steps");
        solvers.forEach(one -> errors.row(one.solver(), Integer.toString(one.steps()),
                String.format(Locale.ROOT, "%.2e", one.meanDistance())));
        return String.format(Locale.ROOT, "%s, gaussian to spiral, %,d iterations%n%n%s%n%s%n"
                + "evaluate, %,d points: %s s%nsample, %,d points to NPY: %s s, %s of the rate of the map alone, %s MB%n",
                machine.get("device"), iterations, costs, errors, evaluatePoints, Table.number(evaluateSeconds), samplePoints,
                Table.number(sampleSeconds), Table.percent(sampleShare), Table.number(sampleMegabytes));
    }

    /**
     * The throughput of the plain map.
     *
     * @param points              moved at once
     * @param steps               of the T steps that are timed: fewer than T if all would take long
     * @param milliseconds        by the host's clock
     * @param pointStepsPerSecond points × steps per second
     * @param gflops              billions of operations per second
     * @param shareOfPeak         of the measured peak; null until {@link #against}
     */
    record Throughput(int points, int steps, Spread milliseconds, Spread pointStepsPerSecond, double gflops, Double shareOfPeak) {
        /** The number of measurements if one takes longer than a block should. */
        private static final int MIN_BLOCKS = 3;

        /** Measures each number of points that the device can hold. */
        static List<Throughput> measure(Context context, NetworkShape shape, Settings settings) {
            List<Throughput> all = new ArrayList<>();
            try (Sampler sampler = new Sampler(context, shape);
                    DeviceBuffer parameters = context.buffer(Network.initial(shape, 0).parameters());
                    PointSource source = new PointSource(context, TrainingStep.P0)) {
                int T = settings.mapSteps();
                for (int points : settings.mapPoints()) {
                    try (DeviceBuffer moving = source.draw(0, RandomPurpose.START_POINTS, 0, points)) {
                        int tried = 1;
                        double once = seconds(sampler, parameters, moving, points, T, tried);
                        while (tried < T && once < settings.blockSeconds() / 2) {
                            tried = Math.min(T, 2 * tried);
                            once = seconds(sampler, parameters, moving, points, T, tried);
                        }
                        int steps = tried;
                        int blocks = (int) Math.max(MIN_BLOCKS, Math.min(1, settings.blockSeconds() / once) * settings.blocks());
                        Spread seconds = Spread.of(blocks, () -> seconds(sampler, parameters, moving, points, T, steps));
                        Spread pointSteps = seconds.into((double) points * steps);
                        all.add(new Throughput(points, steps, seconds.times(1e3), pointSteps,
                                1e-9 * shape.forwardFlops() * pointSteps.median(), null));
                    } catch (DeviceLimitException e) {
                        break;
                    }
                }
            }
            return all;
        }

        private static double seconds(Sampler sampler, DeviceBuffer parameters, DeviceBuffer moving, int points, int T, int steps) {
            try (MapSession session = sampler.session(parameters, moving, points, T)) {
                long start = System.nanoTime();
                session.advance(steps);
                return (System.nanoTime() - start) * 1e-9;
            }
        }

        Throughput against(Peak peak) {
            return new Throughput(points, steps, milliseconds, pointStepsPerSecond, gflops, gflops / peak.gflops());
        }
    }
}
