package iadb.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.draw.PointSource;
import iadb.draw.PointSource.Sequence;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.Integration.Schedule;
import iadb.sample.PushForward.PointsWithDensity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A trained map, its inverse, and the density of the mapped points, on every OpenCL device. */
class PushForwardTest {
    private static final double LN2 = Math.log(2);

    private static void onEachDevice(Network network, Integration integration, Consumer<PushForward> test) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device); PushForward map = open(context, network, integration)) {
                test.accept(map);
            }
        }
    }

    private static PushForward open(Context context, Network network, Integration integration) {
        return new PushForward(context, network, Optional.of(TrainedNetwork.P0), integration, share -> true);
    }

    private static Integration linear(Solver solver, int T) {
        return Integration.of(solver, Schedule.LINEAR, T, false);
    }

    private static double meanDistance(float[] a, float[] b) {
        double sum = 0;
        for (int n = 0; n < a.length; n += 2) {
            sum += Math.hypot((double) a[n] - b[n], (double) a[n + 1] - b[n + 1]);
        }
        return sum / (a.length / 2);
    }

    @ParameterizedTest
    @EnumSource
    void aZeroNetworkWithABiasTranslatesExactlyAndKeepsTheDensity(Solver solver) {
        float[] starts = TrainedNetwork.starts(131);
        for (int i = 0; i < starts.length; i++) {
            starts[i] = Math.round(starts[i] * 4096) / 4096f; // sums with multiples of 2^-7 / 16 are not rounded
        }
        onEachDevice(KnownFields.constant(NetworkShape.TUTORIAL, 0.25f, -0.125f), linear(solver, 16), map -> {
            PointsWithDensity there = map.mapWithDensity(starts);
            PointsWithDensity back = map.inverseWithDensity(there.points());
            for (int n = 0; n < 131; n++) {
                assertEquals(starts[2 * n] + 0.25f, there.points()[2 * n]);
                assertEquals(starts[2 * n + 1] - 0.125f, there.points()[2 * n + 1]);
                float logP = (float) TrainedNetwork.P0.logDensityAt(starts[2 * n], starts[2 * n + 1]);
                assertEquals(logP, there.logDensity()[n], "the log-determinant is exactly 0");
                assertEquals(starts[2 * n], back.points()[2 * n]);
                assertEquals(starts[2 * n + 1], back.points()[2 * n + 1]);
                assertEquals(logP, back.logDensity()[n]);
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void mapWithDensityMovesPointsAsMapDoes(Solver solver) {
        float[] starts = TrainedNetwork.starts(1009);
        onEachDevice(TrainedNetwork.get(), linear(solver, 16), map -> {
            // tiles and vectors differ, but a unit's sums have the same order as in the map
            assertArrayEquals(map.map(starts), map.mapWithDensity(starts).points());
        });
    }

    @ParameterizedTest
    @EnumSource
    void thereAndBackIsWithinOneHundredThousandth(Solver solver) {
        float[] starts = TrainedNetwork.starts(5000);
        onEachDevice(TrainedNetwork.get(), linear(solver, 128 / solver.evaluations()), map -> {
            PointsWithDensity there = map.mapWithDensity(starts);
            PointsWithDensity back = map.inverseWithDensity(there.points());
            int notInverted = 0;
            double densities = 0;
            for (int n = 0; n < starts.length / 2; n++) {
                if (Float.isNaN(back.logDensity()[n])) {
                    notInverted++;
                    continue;
                }
                assertEquals(starts[2 * n], back.points()[2 * n], 1e-5);
                assertEquals(starts[2 * n + 1], back.points()[2 * n + 1], 1e-5);
                double difference = Math.abs(there.logDensity()[n] - back.logDensity()[n]);
                densities += Double.isFinite(difference) ? difference : 0;
            }
            assertEquals(0, notInverted, "steps of this network invert everywhere");
            // single points on the edge of a unit of the network, or of a pixel of p0, may differ by more
            assertTrue(densities / (starts.length / 2) < 1e-3, "mean difference of log q " + densities / (starts.length / 2));
        });
    }

    @ParameterizedTest
    @EnumSource
    void theInverseUndoesTheReverseMap(Solver solver) {
        float[] ends;
        try (Context context = Context.open(Device.all().get(0)); PointSource p1 = new PointSource(context, TrainedNetwork.P1)) {
            ends = p1.drawToHost(0, RandomPurpose.REFERENCE_POINTS, 0, 1009);
        }
        assertReturns(solver, ends);
    }

    private static void assertReturns(Solver solver, float[] ends) {
        Integration reverse = Integration.of(solver, Schedule.COSINE, 32, true);
        onEachDevice(TrainedNetwork.get(), reverse, map -> {
            float[] again = map.inverse(map.map(ends));
            for (int c = 0; c < ends.length; c++) {
                assertEquals(ends[c], again[c], 1e-5);
            }
        });
    }

    /** The second row of each pair halves the steps twice: the error falls by 4^order. */
    @ParameterizedTest
    @EnumSource
    void onATrainedNetworkTheErrorFallsWithTheOrderThatKinksAllow(Solver solver) {
        float[] starts = TrainedNetwork.starts(4096);
        double least = solver == Solver.EULER ? 0.9 : 1.8;
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PushForward exact = open(context, TrainedNetwork.get(), linear(Solver.RK4, 512));
                    PushForward coarse = open(context, TrainedNetwork.get(), linear(solver, 16));
                    PushForward fine = open(context, TrainedNetwork.get(), linear(solver, 64))) {
                float[] ends = exact.map(starts);
                double order = Math.log(meanDistance(ends, coarse.map(starts)) / meanDistance(ends, fine.map(starts)))
                        / (2 * LN2);
                assertTrue(order >= least, "order " + order);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void reverseReturnsToTheStartAtThoseOrders(Solver solver) {
        float[] starts = TrainedNetwork.starts(4096);
        double least = solver == Solver.EULER ? 0.9 : 1.8;
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                double[] errors = new double[2];
                for (int i = 0; i < 2; i++) {
                    int T = i == 0 ? 16 : 64;
                    try (PushForward there = open(context, TrainedNetwork.get(), linear(solver, T));
                            PushForward back = open(context, TrainedNetwork.get(),
                                    Integration.of(solver, Schedule.LINEAR, T, true))) {
                        errors[i] = meanDistance(starts, back.map(there.map(starts)));
                    }
                }
                double order = Math.log(errors[0] / errors[1]) / (2 * LN2);
                assertTrue(order >= least, "order " + order + " of " + Arrays.toString(errors));
            }
        }
    }

    @Test
    void atEqualEvaluationsTheHigherOrdersAreNearer() {
        float[] starts = TrainedNetwork.starts(1024);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PushForward exact = open(context, TrainedNetwork.get(), linear(Solver.RK4, 256))) {
                float[] ends = exact.map(starts);
                List<Double> errors = new ArrayList<>();
                for (Solver solver : Solver.values()) {
                    try (PushForward map = open(context, TrainedNetwork.get(), linear(solver, 128 / solver.evaluations()))) {
                        errors.add(meanDistance(ends, map.map(starts)));
                    }
                }
                // h of Euler against the h² of the others, whose steps are 2 and 4 times as long: 128/4 and 128/16, if the
                // constants were alike; with kinks RK4's order is 2 as well
                assertTrue(errors.get(0) > 8 * errors.get(1) && errors.get(0) > 8 * errors.get(2), errors.toString());
            }
        }
    }

    /** log q against the double-precision reference, whose tangents are finite differences of whole steps. */
    @ParameterizedTest
    @EnumSource
    void determinantsAreThoseOfFiniteDifferences(Solver solver) {
        int T = 9;
        float[] starts = TrainedNetwork.starts(67);
        int compared = 0;
        int all = 0;
        for (Network network : List.of(Network.initial(NetworkShape.TUTORIAL, 5), Network.initial(new NetworkShape(16, 1), 5),
                Network.initial(new NetworkShape(80, 3), 5), KnownFields.swirl(), TrainedNetwork.get())) {
            for (boolean reverse : new boolean[] {false, true}) {
                Schedule schedule = reverse ? Schedule.COSINE : Schedule.LINEAR;
                List<ReferenceMap.LogDeterminant> expected = new ReferenceMap(ReferenceMap.fieldOf(network), solver, schedule, T,
                        reverse).logDeterminants(starts);
                all += expected.size();
                compared += (int) expected.stream().filter(e -> !e.onKink()).count();
                onEachDevice(network, Integration.of(solver, schedule, T, reverse), map -> {
                    float[] logDensity = map.mapWithDensity(starts).logDensity();
                    for (int n = 0; n < expected.size(); n++) {
                        double logP = TrainedNetwork.P0.logDensityAt(starts[2 * n], starts[2 * n + 1]);
                        // An entry of a tangent is a sum of up to 80 products in each of 4 layers, 1e-6 of it by the
                        // rounding u = 2^-24 of its terms, and steps of RK4 have four of them; log q, up to 32, is itself
                        // rounded to 2e-6.
                        double tolerance = 2e-6 + 4e-6 * expected.get(n).condition();
                        if (!expected.get(n).onKink()) {
                            assertEquals(logP - expected.get(n).sum(), logDensity[n], tolerance,
                                    "%s %s %s %s point %d".formatted(network.shape(), solver, schedule, reverse, n));
                        }
                    }
                });
            }
        }
        assertTrue(compared > 0.95 * all, compared + " of " + all + " points are not on a kink");
    }

    /** exp(log q) over a grid sums to 1, and its sum over a cell is the share of mapped points in that cell. */
    @ParameterizedTest
    @EnumSource
    void theDensityIntegratesToOneAndIsThatOfTheMappedPoints(Solver solver) {
        int side = 200;
        int cells = 20;
        double low = -0.1;
        double width = 1.2;
        float[] grid = TrainedNetwork.grid(side, low, width);
        float[] starts = TrainedNetwork.starts(200_000);
        onEachDevice(TrainedNetwork.get(), linear(solver, 32 / solver.evaluations()), map -> {
            float[] logDensity = map.inverseWithDensity(grid).logDensity();
            double[] mass = new double[cells * cells];
            double total = 0;
            int notInverted = 0;
            for (int i = 0; i < side * side; i++) {
                notInverted += Float.isNaN(logDensity[i]) ? 1 : 0;
                double here = Float.isNaN(logDensity[i]) ? 0 : Math.exp(logDensity[i]) * Math.pow(width / side, 2);
                mass[i / side * cells / side * cells + i % side * cells / side] += here;
                total += here;
            }
            assertEquals(1, total, 0.01, "integral of the density");
            assertEquals(0, notInverted, "steps of this network invert everywhere");
            double[] counted = new double[cells * cells];
            float[] ends = map.map(starts);
            for (int n = 0; n < ends.length; n += 2) {
                int column = (int) ((ends[n] - low) / width * cells);
                int row = (int) ((ends[n + 1] - low) / width * cells);
                if (column >= 0 && column < cells && row >= 0 && row < cells) {
                    counted[row * cells + column] += 2.0 / ends.length;
                }
            }
            double apart = 0; // total variation
            for (int c = 0; c < counted.length; c++) {
                apart += Math.abs(counted[c] - mass[c]) / 2;
            }
            // Of N points, the frequency of a cell of mass m has a mean deviation of sqrt(2 m / πN): over 200 cells of mass
            // 1/200, half their sum is 0.0126. Cells' borders cut through pixels of the grid: a part of 1/16 of a few cells.
            assertTrue(apart < 0.02, "total variation between histogram and density " + apart);
        });
    }

    @Test
    void aPointOutsideTheBaseHasNoDensity() {
        onEachDevice(TrainedNetwork.get(), linear(Solver.EULER, 8), map -> {
            float[] logDensity = map.mapWithDensity(new float[] {-0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 1.5f}).logDensity();
            assertEquals(Float.NEGATIVE_INFINITY, logDensity[0]);
            assertTrue(Float.isFinite(logDensity[1]));
            assertEquals(Float.NEGATIVE_INFINITY, logDensity[2]);
        });
    }

    /** A step that contracts nearly everything to one place, so that starts differ by more than ends do. */
    @Test
    void aStepThatContractsIsInverted() {
        for (float left : new float[] {0.2f, 0.01f, 1e-3f}) { // of distances, after the step
            float[] ends = TrainedNetwork.starts(5000);
            for (int i = 0; i < ends.length; i++) {
                ends[i] = 0.5f + left * (ends[i] - 0.5f);
            }
            onEachDevice(KnownFields.linear(new float[][] {{left - 1, 0, 0}, {0, left - 1, 0}}), linear(Solver.EULER, 1), map -> {
                float[] starts = map.inverse(ends);
                float[] again = map.map(starts);
                for (int c = 0; c < ends.length; c++) {
                    // sums of the field's terms, up to 5, are rounded by 2^-22: the step itself is known to a few of those
                    assertEquals(ends[c], again[c], 2e-6, "start " + starts[c]);
                }
            });
        }
    }

    @Test
    void pointsFarAwayAreInvertedToTheirOwnDigits() {
        onEachDevice(KnownFields.linear(new float[][] {{-0.5f, 1, 0}, {1, 0.5f, 0}}), linear(Solver.RK4, 8), map -> {
            float[] ends = {100, -300, 1e4f, 2e4f, -1e6f, 1};
            float[] again = map.map(map.inverse(ends));
            for (int n = 0; n < ends.length; n += 2) {
                double size = Math.max(Math.abs(ends[n]), Math.abs(ends[n + 1]));
                assertEquals(ends[n], again[n], 1e-5 * size);
                assertEquals(ends[n + 1], again[n + 1], 1e-5 * size);
            }
        });
    }

    /** One step of h = 1: x ← x - 2 relu(x - ½). */
    @Test
    void aStepThatDoesNotInvertIsMarked() {
        onEachDevice(KnownFields.fold(), linear(Solver.EULER, 1), map -> {
            PointsWithDensity back = map.inverseWithDensity(new float[] {0.75f, 0.5f, 0.25f, 0.5f, 0.4f, 0.1f});
            assertTrue(Float.isNaN(back.points()[0]) && Float.isNaN(back.points()[1]) && Float.isNaN(back.logDensity()[0]),
                    "nothing is mapped to 0.75");
            for (int n = 1; n < 3; n++) { // two preimages, either will do: x and 1 - x
                float x = back.points()[2 * n];
                float end = n == 1 ? 0.25f : 0.4f;
                assertEquals(end, x > 0.5f ? 1 - x : x, 1e-6f);
                assertTrue(Float.isFinite(back.logDensity()[n]));
            }
        });
    }

    @Test
    void chunksAndStepsChangeNoBit() {
        int count = PushForward.CHUNK_POINTS + 77;
        float[] starts = TrainedNetwork.starts(count);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    PushForward map = open(context, TrainedNetwork.get(), linear(Solver.MIDPOINT, 3))) {
                PointsWithDensity whole = map.mapWithDensity(starts);
                float[] tail = Arrays.copyOfRange(starts, 2 * (count - 100), 2 * count);
                PointsWithDensity few = map.mapWithDensity(tail);
                assertArrayEquals(Arrays.copyOfRange(whole.points(), 2 * (count - 100), 2 * count), few.points());
                assertArrayEquals(Arrays.copyOfRange(whole.logDensity(), count - 100, count), few.logDensity());
                AtomicInteger steps = new AtomicInteger();
                map.follow(tail, true, (step, first, points, logDensity) -> {
                    assertEquals(steps.getAndIncrement(), step);
                    if (step == 0) {
                        assertArrayEquals(tail, points);
                    }
                    if (step == 3) {
                        assertArrayEquals(few.points(), points);
                        assertArrayEquals(few.logDensity(), logDensity);
                    }
                });
                assertEquals(4, steps.get());
            }
        }
    }

    @Test
    void cancellingEndsTheWork() {
        AtomicInteger looks = new AtomicInteger();
        try (Context context = Context.open(Device.all().get(0));
                PushForward map = new PushForward(context, TrainedNetwork.get(), Optional.empty(), linear(Solver.RK4, 10_000),
                        share -> share >= 0 && share < 1 && looks.incrementAndGet() <= 2)) {
            assertThrows(CancellationException.class, () -> map.map(TrainedNetwork.starts(4096)));
        }
        assertEquals(3, looks.get());
    }

    @Test
    void withoutABaseThereIsNoDensity() {
        try (Context context = Context.open(Device.all().get(0));
                PushForward map = new PushForward(context, TrainedNetwork.get(), Optional.empty(), linear(Solver.EULER, 2),
                        share -> true)) {
            assertThrows(IllegalStateException.class, () -> map.mapWithDensity(new float[2]));
            assertThrows(IllegalStateException.class, () -> map.inverseWithDensity(new float[2]));
            assertFalse(Float.isNaN(map.map(new float[2])[0]));
            assertFalse(Float.isNaN(map.inverse(new float[2])[0]), "where it comes from needs no base");
        }
    }

    /** The mean of a function over the mapped points errs less with Sobol points than with random ones. */
    @Test
    void aDeterministicMapKeepsTheEvennessOfSobolsPoints() {
        int count = 1 << 12;
        int seeds = 12;
        onEachDevice(TrainedNetwork.get(), linear(Solver.MIDPOINT, 16), map -> {
            double exact = 0;
            double[] squared = new double[2];
            try (Context context = Context.open(Device.all().get(0));
                    PointSource random = new PointSource(context, TrainedNetwork.P0);
                    PointSource sobol = new PointSource(context, TrainedNetwork.P0, Sequence.SOBOL)) {
                exact = meanOverPoints(map.map(sobol.drawToHost(99, RandomPurpose.REFERENCE_POINTS, 0, 1 << 16)));
                for (int seed = 0; seed < seeds; seed++) {
                    squared[0] += Math.pow(meanOverPoints(map.map(random.drawToHost(seed, RandomPurpose.START_POINTS, 0, count))) - exact, 2);
                    squared[1] += Math.pow(meanOverPoints(map.map(sobol.drawToHost(seed, RandomPurpose.START_POINTS, 0, count))) - exact, 2);
                }
            }
            double ratio = Math.sqrt(squared[1] / squared[0]);
            // Of a function of bounded variation the error falls with (log N)/N instead of 1/√N: by 12/64 at N = 4,096. The map
            // is continuous with kinks, which is smoother than that.
            assertTrue(ratio < 12.0 / 64, "ratio of errors " + ratio);
        });
    }

    /** The mean of a smooth function, such as light that falls off with the distance. */
    private static double meanOverPoints(float[] points) {
        double sum = 0;
        for (int n = 0; n < points.length; n += 2) {
            sum += 1 / (0.3 + Math.hypot(points[n] - 0.2, points[n + 1] - 0.9));
        }
        return sum / (points.length / 2);
    }
}
