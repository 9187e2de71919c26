package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.model.Network;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Schedule;
import iadb.sample.Solver;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What using a trained map costs: its density and its inverse beside the plain map, its solvers beside each other, and the
 * commands as a user runs them.
 *
 * @param machine         where and when
 * @param iterations      of the training of gaussian to spiral that the map comes from
 * @param densityCost     time of the map with its density over that of the plain map, pair by pair
 * @param inverseCost     time of the inverse over that of the plain map, pair by pair
 * @param solvers         how far each ends from where exact steps would, at equal evaluations of the network
 * @param evaluatePoints  that {@code evaluate} judged
 * @param evaluateSeconds of the whole process
 * @param samplePoints    that {@code sample} wrote as NPY, by 128 steps of Euler
 * @param sampleSeconds   of the whole process
 * @param sampleShare     of the map's own rate, measured before and after
 * @param sampleMegabytes the most memory that process had; null where the system does not tell
 */
record MapUses(Machine machine, int iterations, Spread densityCost, Spread inverseCost, List<SolverError> solvers,
        int evaluatePoints, double evaluateSeconds, int samplePoints, double sampleSeconds, double sampleShare,
        Double sampleMegabytes) {
    static final String FILE = "map.json";

    private static final Density P0 = NamedDensities.find("gaussian").orElseThrow();
    private static final Density P1 = NamedDensities.find("spiral").orElseThrow();
    private static final int EVALUATIONS = 128;
    private static final int EXACT_STEPS = 1024;
    private static final Duration NO_LIMIT = Duration.ofDays(1);

    /**
     * A solver at {@value #EVALUATIONS} evaluations.
     *
     * @param solver       its word
     * @param steps        T
     * @param meanDistance mean over points of the distance to where {@value #EXACT_STEPS} steps of RK4 end
     */
    record SolverError(String solver, int steps, double meanDistance) {
    }

    static MapUses measure(Device device, Machine machine, Settings settings) throws IOException {
        Path folder = Files.createTempDirectory("iadb-map");
        try (Context context = Context.open(device)) {
            Network network = trained(context, settings.iterations());
            Path model = folder.resolve("model.safetensors");
            ModelFile.write(model, new Model(network, Optional.of(P0), Optional.of(P1), Map.of()));
            try (Bench bench = new Bench(context, network, settings.usedPoints())) {
                List<SolverError> solvers = bench.solverErrors();
                double[] density = new double[settings.blocks()];
                double[] inverse = new double[settings.blocks()];
                for (int i = -1; i < density.length; i++) {
                    double plain = bench.seconds(Bench.Way.MAP);
                    double withDensity = bench.seconds(Bench.Way.WITH_DENSITY);
                    double back = bench.seconds(Bench.Way.INVERSE);
                    if (i >= 0) { // the first warms up
                        density[i] = withDensity / plain;
                        inverse[i] = back / plain;
                    }
                }
                Child evaluate = OwnJar.run("evaluate", "--model", model.toString(), "--count",
                        Integer.toString(settings.evaluatedPoints()), "--device", Integer.toString(device.index()), "--quiet");
                double before = bench.seconds(Bench.Way.MAP);
                Child sample = OwnJar.run("sample", "--model", model.toString(), "--points", Integer.toString(settings.sampledPoints()),
                        "--device", Integer.toString(device.index()), "--quiet", "-o", folder.resolve("points.npy").toString());
                double after = bench.seconds(Bench.Way.MAP);
                double ownSeconds = (before + after) / 2 / bench.count * settings.sampledPoints();
                return new MapUses(machine, settings.iterations(), Spread.of(density), Spread.of(inverse), solvers,
                        settings.evaluatedPoints(), evaluate.seconds(), settings.sampledPoints(), sample.seconds(),
                        ownSeconds / sample.seconds(), sample.residentBytes() == 0 ? null : sample.residentBytes() * 1e-6);
            }
        } finally {
            RunPhases.delete(folder);
        }
    }

    private static Network trained(Context context, int iterations) {
        try (TrainingSession session = new TrainingSession(context, TrainingSettings.tutorial(), P0, P1)) {
            session.advance(iterations, NO_LIMIT);
            session.drain();
            return session.snapshot();
        }
    }

    /** One network and one set of points. */
    private static final class Bench implements AutoCloseable {
        private enum Way { MAP, WITH_DENSITY, INVERSE }

        private final Context context;
        private final Resources resources = new Resources();
        private final Sampler sampler;
        private final DeviceBuffer parameters;
        private final DeviceBuffer points;
        private final DeviceBuffer logDet;
        private final float[] starts;
        private final float[] ends;
        private final int count;

        Bench(Context context, Network network, int count) {
            this.context = context;
            this.count = count;
            sampler = resources.add(new Sampler(context, network.shape()));
            parameters = resources.add(context.buffer(network.parameters()));
            points = resources.add(context.buffer(2L * count * Float.BYTES));
            logDet = resources.add(context.buffer(new float[count]));
            try (PointSource source = new PointSource(context, P0)) {
                starts = source.drawToHost(0, RandomPurpose.START_POINTS, 0, count);
            }
            ends = moved(Integration.of(Solver.EULER, Schedule.LINEAR, EVALUATIONS, false));
        }

        private float[] moved(Integration integration) {
            points.write(starts);
            try (MapSession session = sampler.session(parameters, points, count, integration)) {
                session.advance(integration.T());
            }
            return points.read(new float[2 * count]);
        }

        double seconds(Way way) {
            Integration integration = Integration.of(Solver.EULER, Schedule.LINEAR, EVALUATIONS, false);
            points.write(way == Way.INVERSE ? ends : starts);
            context.finish();
            long start = System.nanoTime();
            try (MapSession session = switch (way) {
                case MAP -> sampler.session(parameters, points, count, integration);
                case WITH_DENSITY -> sampler.sessionWithTangents(parameters, points, logDet, count, integration);
                case INVERSE -> sampler.inversion(parameters, points, logDet, count, integration);
            }) {
                session.advance(integration.T());
            }
            return (System.nanoTime() - start) * 1e-9;
        }

        List<SolverError> solverErrors() {
            float[] exact = moved(Integration.of(Solver.RK4, Schedule.LINEAR, EXACT_STEPS, false));
            List<SolverError> errors = new ArrayList<>();
            for (Solver solver : Solver.values()) {
                int steps = EVALUATIONS / solver.evaluations();
                float[] moved = moved(Integration.of(solver, Schedule.LINEAR, steps, false));
                double sum = 0;
                for (int n = 0; n < count; n++) {
                    sum += Math.hypot((double) moved[2 * n] - exact[2 * n], (double) moved[2 * n + 1] - exact[2 * n + 1]);
                }
                errors.add(new SolverError(solver.toString(), steps, sum / count));
            }
            return errors;
        }

        @Override
        public void close() {
            resources.close();
        }
    }

    /** It as tables for a terminal. */
    String text() {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%s, gaussian to spiral, %,d iterations%n%n",
                machine.device(), iterations));
        text.append(new Table("beside the plain map", "times its time", "middle half")
                .row("with the density", Table.number(densityCost.median()), Table.range(densityCost))
                .row("the inverse", Table.number(inverseCost.median()), Table.range(inverseCost)));
        Table table = new Table("at " + EVALUATIONS + " evaluations", "steps", "mean distance from exact steps");
        solvers.forEach(one -> table.row(one.solver(), Integer.toString(one.steps()),
                String.format(Locale.ROOT, "%.2e", one.meanDistance())));
        return text.append('\n').append(table).append(String.format(Locale.ROOT,
                "%nevaluate, %,d points: %s s%nsample, %,d points to NPY: %s s, %s of the map's own rate, %s MB%n", evaluatePoints,
                Table.number(evaluateSeconds), samplePoints, Table.number(sampleSeconds), Table.percent(sampleShare),
                Table.number(sampleMegabytes))).toString();
    }
}
