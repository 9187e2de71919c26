package iadb.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OtherDevice;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.TrainingBench;
import iadb.plan.Tuning;
import iadb.sample.Integration.Schedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The map against its definition, with every tuning, on every OpenCL device. */
class MapSessionTest {
    private static final List<NetworkShape> SHAPES = List.of(NetworkShape.TUTORIAL, new NetworkShape(16, 1), new NetworkShape(80, 3),
            new NetworkShape(48, 2), new NetworkShape(64, 4, 32), new NetworkShape(256, 2), new NetworkShape(16, 1, 128), NetworkShape.TUTORIAL,
            new NetworkShape(48, 2, 8));

    /** A device, a tuning and a network's shape to test together. */
    record Trial(Device device, Tuning tuning, NetworkShape shape) {
    }

    static Stream<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        for (Device full : Device.all()) {
            for (Device device : List.of(full, OtherDevice.limited(full, 64, 16 << 10))) {
                for (Tuning tuning : TrainingBench.tunings(device)) {
                    trials.add(new Trial(device, tuning, SHAPES.get(trials.size() % SHAPES.size())));
                }
            }
        }
        return trials.stream();
    }

    private static MapBench bench(Trial trial, Network network) {
        return new MapBench(trial.device(), trial.tuning(), network);
    }

    private static Integration linear(Solver solver, int T) {
        return Integration.of(solver, Schedule.LINEAR, T, false);
    }

    private static float[] lattice(int count) {
        Random random = new Random(count);
        float[] points = new float[2 * count];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextInt(4096) / 4096f;
        }
        return points;
    }

    @ParameterizedTest
    @MethodSource("trials")
    void zeroWeightsAndABiasMoveEveryPointByTheBias(Trial trial) {
        try (MapBench bench = bench(trial, KnownFields.constant(trial.shape(), 0.25f, -0.5f))) {
            for (Solver solver : Solver.values()) {
                for (int count : new int[] {1, 63, 131}) {
                    float[] start = lattice(count);
                    float[] there = new float[2 * count];
                    float[] back = new float[2 * count];
                    for (int c = 0; c < 2 * count; c++) { // multiples of 2^-12 and of 2^-7 / 4: no sum is rounded
                        float bias = c % 2 == 0 ? 0.25f : -0.5f;
                        there[c] = start[c] + bias;
                        back[c] = start[c] - bias;
                    }
                    assertArrayEquals(there, bench.map(start, linear(solver, 128)), solver.toString());
                    assertArrayEquals(back, bench.map(start, Integration.of(solver, Schedule.LINEAR, 128, true)),
                            solver.toString());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void everySolverStepsAsItsDefinitionSays(Trial trial) {
        int T = 7;
        float[] start = lattice(37);
        NetworkShape shape = trial.shape();
        Network network = Network.initial(shape, 5);
        ReferenceMap.Field reference = ReferenceMap.fieldOf(network);
        try (MapBench bench = bench(trial, network)) {
            for (Solver solver : Solver.values()) {
                for (Schedule schedule : Schedule.values()) {
                    for (boolean reverse : new boolean[] {false, true}) {
                        String which = "%s %s %s %s".formatted(shape, solver, schedule, reverse);
                        double[] expected = new ReferenceMap(reference, solver, schedule, T, reverse).ends(start);
                        // Sums of up to 256 products, some sqrt(256) u = 1e-6 a layer, over steps whose lengths, and
                        // stages whose weights, add up to 1: 4 layers give 4e-6. An α rounded by u adds less.
                        assertNear(expected, bench.map(start, Integration.of(solver, schedule, T, reverse)), 4e-6, which);
                    }
                }
            }
        }
    }

    private static void assertNear(double[] expected, float[] mapped, double tolerance, String which) {
        for (int c = 0; c < expected.length; c++) {
            assertEquals(expected[c], mapped[c], tolerance, which);
        }
    }

    @ParameterizedTest
    @EnumSource
    void halfTheStepLeavesTheErrorOfTheSolversOrder(Solver solver) {
        int order = solver.evaluations(); // up to four stages, each gains one
        int T = solver == Solver.EULER ? 128 : solver == Solver.MIDPOINT ? 32 : 8;
        float[] start = lattice(37);
        ReferenceMap.Field exact = ReferenceMap.fieldOf(KnownFields.swirl());
        for (Device device : Device.all()) {
            try (MapBench bench = new MapBench(device, TrainingBench.tunings(device).get(0), KnownFields.swirl())) {
                for (Schedule schedule : Schedule.values()) {
                    for (boolean reverse : new boolean[] {false, true}) {
                        double[] fine = new ReferenceMap(exact, Solver.RK4, schedule, 1024, reverse).ends(start);
                        double error = error(fine, ReferenceMap.widened(bench.map(start,
                                Integration.of(solver, schedule, T, reverse))));
                        double half = error(fine, ReferenceMap.widened(bench.map(start,
                                Integration.of(solver, schedule, 2 * T, reverse))));
                        // In double precision the exponents are within 0.13 of the order: the error's next term is some ρh
                        // of the first, and the swirl's rate is ρ = √17. Rounding: sums below 8 have an error of 2^-22,
                        // four times that are 6 % of the smallest error, 1.7e-5, and 0.1 in the exponent.
                        assertEquals(order, Math.log(error / half) / Math.log(2), 0.3, "%s %s: %g and %g".formatted(schedule,
                                reverse, error, half));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void inDoublePrecisionTheOrdersAreOneTwoAndFour(Solver solver) {
        float[] start = lattice(37);
        ReferenceMap.Field swirl = ReferenceMap.fieldOf(KnownFields.swirl());
        double[] fine = new ReferenceMap(swirl, Solver.RK4, Schedule.LINEAR, 4096, false).ends(start);
        double error = error(fine, new ReferenceMap(swirl, solver, Schedule.LINEAR, 128, false).ends(start));
        double half = error(fine, new ReferenceMap(swirl, solver, Schedule.LINEAR, 256, false).ends(start));
        assertEquals(solver.evaluations(), Math.log(error / half) / Math.log(2), 0.1, error + " and " + half);
    }

    @ParameterizedTest
    @EnumSource
    void inDoublePrecisionReverseReturnsAtThoseOrders(Solver solver) {
        float[] start = lattice(37);
        ReferenceMap.Field swirl = ReferenceMap.fieldOf(KnownFields.swirl());
        double[] errors = new double[2];
        for (int i = 0; i < 2; i++) {
            int T = 128 << i;
            double[] there = new ReferenceMap(swirl, solver, Schedule.LINEAR, T, false).ends(start);
            errors[i] = error(ReferenceMap.widened(start),
                    new ReferenceMap(swirl, solver, Schedule.LINEAR, T, true).ends(there));
        }
        // A method's error there and back cancels where its leading term is odd in h: even orders gain one.
        double order = Math.log(errors[0] / errors[1]) / Math.log(2);
        assertTrue(order > solver.evaluations() - 0.1, "order " + order);
    }

    /** Every tuning, in slices of one step, against the reference that {@code PushForwardTest} uses for the default tuning. */
    @ParameterizedTest
    @MethodSource("trials")
    void tangentsAndTheInverseDoNotDependOnTheTuning(Trial trial) {
        int count = 37;
        int T = 5;
        float[] start = lattice(count);
        NetworkShape shape = trial.shape().width() > 80 ? new NetworkShape(16, 1) : trial.shape(); // tangents of 256 do not fit
        Network network = Network.initial(shape, 0.5, 5); // a steeper encoding folds the plane, and a point has several inverses
        try (MapBench bench = bench(trial, network)) {
            for (Solver solver : Solver.values()) {
                Integration integration = Integration.of(solver, Schedule.COSINE, T, false);
                List<ReferenceMap.LogDeterminant> expected = new ReferenceMap(ReferenceMap.fieldOf(network), solver,
                        Schedule.COSINE, T, false).logDeterminants(start);
                try (DeviceBuffer points = bench.context.buffer(start);
                        DeviceBuffer there = bench.context.buffer(new float[count]);
                        DeviceBuffer back = bench.context.buffer(new float[count]);
                        MapSession map = bench.sampler.sessionWithTangents(bench.parameters, points, there, count, integration);
                        MapSession inverse = bench.sampler.inversion(bench.parameters, points, back, count, integration)) {
                    while (!map.isDone()) {
                        map.advance(1);
                    }
                    assertNear(new ReferenceMap(ReferenceMap.fieldOf(network), solver, Schedule.COSINE, T, false).ends(start),
                            points.read(new float[2 * count]), 4e-6, shape + " " + solver);
                    float[] logDet = there.read(new float[count]);
                    while (!inverse.isDone()) {
                        inverse.advance(1);
                    }
                    float[] again = points.read(new float[2 * count]);
                    float[] logDetBack = back.read(new float[count]);
                    for (int n = 0; n < count; n++) {
                        assertEquals(start[2 * n], again[2 * n], 4e-6);
                        assertEquals(start[2 * n + 1], again[2 * n + 1], 4e-6);
                        if (!expected.get(n).onKink()) {
                            double tolerance = 4e-6 * expected.get(n).condition(); // as in PushForwardTest
                            assertEquals(expected.get(n).sum(), logDet[n], tolerance, shape + " " + solver);
                            assertEquals(expected.get(n).sum(), logDetBack[n], tolerance, shape + " " + solver + " back");
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void oneStepToTheNextAlphaAddsTheVelocity(Trial trial) {
        Network network = Network.initial(trial.shape(), 8);
        ReferenceMap.Field reference = ReferenceMap.fieldOf(network);
        float[] start = lattice(37);
        try (MapBench bench = bench(trial, network)) {
            for (float alpha : new float[] {0, 0.3f, 1}) {
                float[] moved = bench.map(start, new Integration(Solver.EULER, new float[] {alpha, alpha + 1}));
                double[] expected = new ReferenceMap(reference, Solver.EULER, alpha, alpha + 1.0).ends(start);
                assertNear(expected, moved, 4e-6, "α = " + alpha); // as above
            }
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void slicesChangeNoBit(Trial trial) {
        int count = 2 * trial.tuning().tileRows() * trial.device().computeUnits() + 3; // two of the least slices, and a rest
        float[] start = lattice(count);
        try (MapBench bench = bench(trial, Network.initial(trial.shape(), 6))) {
            for (Solver solver : Solver.values()) {
                float[] whole = bench.map(start, linear(solver, 16));
                assertArrayEquals(whole, bench.map(start, linear(solver, 16), 1));
                try (DeviceBuffer points = bench.context.buffer(start);
                        MapSession session = bench.sampler.session(bench.parameters, points, count, linear(solver, 16))) {
                    session.advance(3, Duration.ofNanos(1)); // no time but for the least slice: a tile for each compute unit
                    assertEquals(0, session.step(), "some points have done a step, others not");
                    session.advance(1, Duration.ofMinutes(1));
                    assertEquals(1, session.step(), "the step in progress counts");
                    while (!session.isDone()) {
                        session.advance(3, Duration.ofNanos(1));
                    }
                    session.advance(1, Duration.ofMinutes(1));
                    assertEquals(16, session.step());
                    assertArrayEquals(whole, points.read(new float[start.length]));
                }
            }
        }
    }

    @Test
    void theAlphasOfBothSchedulesLeadFromOneEndToTheOther() {
        for (Schedule schedule : Schedule.values()) {
            Integration there = Integration.of(Solver.RK4, schedule, 5, false);
            Integration back = Integration.of(Solver.RK4, schedule, 5, true);
            assertEquals(5, there.T());
            for (int t = 0; t <= 5; t++) {
                assertEquals(there.alphas()[t], back.alphas()[5 - t]);
                assertEquals(ReferenceMap.alpha(schedule, t, 5), there.alphas()[t], Math.ulp(1f));
                assertTrue(t == 0 || there.alphas()[t - 1] < there.alphas()[t]);
            }
            assertEquals(0, there.alphas()[0]);
            assertEquals(1, there.alphas()[5]);
        }
        for (int T : new int[] {1, 3, 128, 999_983}) {
            float[] alphas = linear(Solver.EULER, T).alphas();
            for (int t = 0; t <= T; t++) {
                assertEquals(t / (float) T, alphas[t]);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Integration(Solver.EULER, new float[] {0}));
    }

    /** Root mean square of the differences of coordinates. */
    private static double error(double[] expected, double[] points) {
        double sum = 0;
        for (int c = 0; c < points.length; c++) {
            sum += Math.pow(points[c] - expected[c], 2);
        }
        return Math.sqrt(sum / points.length);
    }
}
