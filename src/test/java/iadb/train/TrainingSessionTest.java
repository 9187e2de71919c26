package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.density.PointRows;
import iadb.draw.PointSource;
import iadb.fault.InvalidInputException;
import iadb.metric.SlicedWasserstein;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.TrainingSession.Progress;
import java.time.Duration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A whole training: its slices, its losses, and what its map does, on every OpenCL device. */
class TrainingSessionTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();

    private static TrainingSettings config(float learningRate, long seed) {
        return TrainingSettings.tutorial().withData(4099).withBatch(64).withLearningRate(learningRate, false).withSeed(seed);
    }

    /** Weights after 300 steps, advanced by the {@code slices} in turn. */
    private static float[] train(Device device, long seed, int... slices) {
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config(1e-3f, seed), GAUSSIAN, RING)) {
            advance(session, 300, slices);
            return session.snapshot().parameters();
        }
    }

    @Test
    void sameSeedGivesTheSameBitsHoweverItIsSliced() {
        for (Device device : Device.all()) {
            float[] whole = train(device, 1, 300);
            assertArrayEquals(whole, train(device, 1, 300));
            assertArrayEquals(whole, train(device, 1, 1, 7, 64));
            assertFalse(Arrays.equals(whole, train(device, 2, 300)));
        }
    }

    /** Points that all move by (0.25, 0.5) have one velocity, which is learned exactly; without pairs there would be a variance. */
    @Test
    void pairedRowsAreBlendedWithEachOther() {
        float[] starts = {0.1f, 0.1f, 0.6f, 0.2f, 0.3f, 0.4f, 0.7f, 0.45f};
        float[] ends = new float[starts.length];
        for (int i = 0; i < starts.length; i++) {
            ends[i] = starts[i] + (i % 2 == 0 ? 0.25f : 0.5f);
        }
        PointDensity p0 = new PointDensity("starts", Optional.empty(), starts, Box.UNIT, 0);
        PointDensity p1 = new PointDensity("ends", Optional.empty(), ends, Box.UNIT, 0);
        PointDensity fewer = new PointDensity("fewer", Optional.empty(), Arrays.copyOf(ends, 6), Box.UNIT, 0);
        double[] rows = new double[ends.length];
        Arrays.setAll(rows, i -> ends[i]);
        PointDensity some = new PointDensity(new PointRows("some", Path.of("some.csv"), rows, 5), Box.UNIT, 0);
        TrainingSettings settings = config(1e-3f, 0).withIterations(2000).withLearningRate(1e-3f, true);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                assertTrue(lastLoss(context, settings.withCoupling(Coupling.PAIRED), p0, p1) < 1e-3); // of 64 rows
                assertTrue(lastLoss(context, settings, p0, p1) > 1);
                assertThrows(InvalidInputException.class,
                        () -> new TrainingSession(context, settings.withCoupling(Coupling.PAIRED), p0, fewer));
                InvalidInputException e = assertThrows(InvalidInputException.class,
                        () -> new TrainingSession(context, settings.withCoupling(Coupling.PAIRED), p0, some));
                assertEquals("4 points of p0 cannot be paired with 5 of p1", e.getMessage(), "of a file of five, four were read");
            }
        }
    }

    @Test
    void pairedDataMustBePoints() {
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingSettings settings = config(1e-3f, 0).withCoupling(Coupling.PAIRED);
            assertThrows(InvalidInputException.class, () -> new TrainingSession(context, settings, GAUSSIAN, RING));
        }
    }

    /** Pairs by transport in every plan, stopped at step 77: fused and persistent agree. */
    @Test
    void transportPairsGiveTheSameBitsInPlansAndResumed() {
        TrainingSettings config = config(1e-3f, 9).withIterations(200).withCoupling(Coupling.OT);
        for (Device device : Device.all()) {
            List<float[]> results = new ArrayList<>();
            for (PlanChoice.Kind plan : List.of(PlanChoice.Kind.FUSED, PlanChoice.Kind.PERSISTENT, PlanChoice.Kind.LAYERED)) {
                TrainingSettings settings = config.withPlan(Optional.of(plan));
                Checkpoint start = Checkpoint.start(Network.initial(config.shape(), config.seed()), false);
                float[] whole = continued(device, settings, start, 120).weights().parameters();
                assertArrayEquals(whole, continued(device, settings, continued(device, settings, start, 77), 120).weights().parameters());
                results.add(whole);
            }
            assertArrayEquals(results.get(0), results.get(1));
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config, GAUSSIAN, RING)) {
                assertThrows(InvalidInputException.class, () -> session.replaceDensity(TrainingSession.Side.P1, GAUSSIAN));
                assertTrue(session.pairs().orElseThrow().meanSquare() < session.pairs().orElseThrow().independent() / 2);
            }
        }
    }

    private static double lastLoss(Context context, TrainingSettings settings, Density p0, Density p1) {
        try (TrainingSession session = new TrainingSession(context, settings, p0, p1)) {
            session.advance(settings.iterations() - 1, LONG);
            session.drain();
            float[] losses = session.advance(1, LONG).losses(); // the persistent plan waits for its slice
            return losses.length > 0 ? losses[0] : session.drain().losses()[0];
        }
    }

    /** Stopped at odd steps and resumed from the checkpoint, by every plan, with an average and a cosine schedule. */
    @ParameterizedTest
    @EnumSource
    void resumingFromACheckpointGivesTheSameBits(PlanChoice.Kind plan) {
        TrainingSettings config = config(1e-3f, 9).withIterations(400).withLearningRate(1e-3f, true).withEma(0.99)
                .withPlan(Optional.of(plan));
        for (Device device : Device.all()) {
            Checkpoint whole = continued(device, config, Checkpoint.start(Network.initial(config.shape(), config.seed()), true), 300);
            Checkpoint resumed = Checkpoint.start(Network.initial(config.shape(), config.seed()), true);
            for (int stop : new int[] {1, 77, 300}) {
                resumed = continued(device, config, resumed, stop);
            }
            assertEquals(300, resumed.step());
            assertArrayEquals(whole.weights().parameters(), resumed.weights().parameters());
            assertArrayEquals(whole.moment1(), resumed.moment1());
            assertArrayEquals(whole.moment2(), resumed.moment2());
            assertArrayEquals(whole.average().orElseThrow().parameters(), resumed.average().orElseThrow().parameters());
        }
    }

    private static Checkpoint continued(Device device, TrainingSettings config, Checkpoint from, int to) {
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config, from, GAUSSIAN, RING, share -> true)) {
            assertEquals(from.step(), session.stepsEnqueued());
            while (session.stepsEnqueued() < to) {
                session.advance(to - session.stepsEnqueued(), LONG);
                session.drain();
            }
            return session.checkpoint();
        }
    }

    @Test
    void busyCoresChangeNothingButTime() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> busy = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            Thread thread = new Thread(() -> {
                while (!stop.get()) {
                    Thread.onSpinWait();
                }
            });
            thread.start();
            busy.add(thread);
        }
        try {
            for (Device device : Device.all()) {
                float[] fused = trainBy(device, Optional.of(PlanChoice.Kind.FUSED));
                assertArrayEquals(fused, trainBy(device, Optional.of(PlanChoice.Kind.PERSISTENT)));
                assertArrayEquals(fused, trainBy(device, Optional.empty()));
            }
        } finally {
            stop.set(true);
            for (Thread thread : busy) {
                thread.join();
            }
        }
    }

    private static float[] trainBy(Device device, Optional<PlanChoice.Kind> kind) {
        TrainingSettings config = config(1e-3f, 5).withBatch(256).withPlan(kind);
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config, GAUSSIAN, RING)) {
            session.advance(1500, LONG);
            session.drain();
            assertEquals(1500, session.stepsByPlan().values().stream().mapToInt(Integer::intValue).sum());
            return session.snapshot().parameters();
        }
    }

    @Test
    void everyStepsLossComesBackOnceAndInOrder() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 3), GAUSSIAN, RING)) {
                int steps = 9001; // more than the ring of losses holds, twice over
                float[] losses = new float[steps];
                int seen = 0;
                while (session.stepsEnqueued() < steps) {
                    Progress progress = session.advance(steps - session.stepsEnqueued(), Duration.ofMillis(5));
                    System.arraycopy(progress.losses(), 0, losses, seen, progress.losses().length);
                    seen += progress.losses().length;
                    assertEquals(seen, progress.stepsDone());
                    assertTrue(progress.finite());
                }
                Progress rest = session.drain();
                System.arraycopy(rest.losses(), 0, losses, seen, rest.losses().length);
                assertEquals(steps, seen + rest.losses().length);
                assertEquals(steps, rest.stepsDone());
                assertTrue(mean(losses, 0, 10) > 1.3 * mean(losses, steps - 1000, steps), "the loss falls");
                for (float loss : losses) {
                    assertTrue(loss > 0);
                }
            }
        }
    }

    private static double mean(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum / (to - from);
    }

    @Test
    void aTrainingThatDivergesSaysSo() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e30f, 3), GAUSSIAN, RING)) {
                boolean finite = session.advance(100, LONG).finite();
                finite &= session.drain().finite();
                assertFalse(finite);
            }
        }
    }

    /** Weights after 150 steps towards {@code p1} and 150 towards {@code later}, advanced by the {@code slices} in turn. */
    private static float[] retrain(Device device, Density p1, Density later, int... slices) {
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config(1e-3f, 6), GAUSSIAN, p1)) {
            advance(session, 150, slices);
            float[] before = session.snapshot().parameters();
            session.replaceDensity(TrainingSession.Side.P1, later);
            assertArrayEquals(before, session.snapshot().parameters());
            assertEquals(150, session.stepsEnqueued());
            advance(session, 300, slices);
            return session.snapshot().parameters();
        }
    }

    /** Trains until a safe state was recorded and further: from that state the same steps lead to the same bits. */
    @Test
    void theLastSafeStateIsOneThatTheTrainingWentThrough() {
        TrainingSettings config = config(1e-3f, 4).withEma(0.9);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config, GAUSSIAN, RING)) {
                assertEquals(0, session.lastSafe().step());
                while (session.lastSafe().step() == 0) {
                    session.advance(100, Duration.ofMillis(50));
                }
                session.advance(100, LONG);
                session.drain();
                Checkpoint safe = session.lastSafe();
                assertTrue(safe.step() > 0 && safe.step() <= session.stepsEnqueued(), safe.step() + " of " + session.stepsEnqueued());
                Checkpoint again = continued(device, config, safe, session.stepsEnqueued());
                assertArrayEquals(session.checkpoint().weights().parameters(), again.weights().parameters());
                assertArrayEquals(session.snapshot().parameters(), again.average().orElseThrow().parameters());
            }
        }
    }

    private static void advance(TrainingSession session, int steps, int... slices) {
        for (int i = 0; session.stepsEnqueued() < steps; i++) {
            session.advance(Math.min(slices[i % slices.length], steps - session.stepsEnqueued()), LONG);
        }
    }

    @Test
    void aDensityReplacedInTheMiddleOfATrainingLeavesItsState() {
        for (Device device : Device.all()) {
            float[] uninterrupted = retrain(device, RING, RING, 300);
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 6), GAUSSIAN, RING)) {
                session.advance(300, LONG);
                assertArrayEquals(session.snapshot().parameters(), uninterrupted, "Adam's state and the rows drawn go on");
            }
            float[] retrained = retrain(device, RING, GAUSSIAN, 300);
            assertFalse(Arrays.equals(uninterrupted, retrained));
            assertArrayEquals(retrained, retrain(device, RING, GAUSSIAN, 1, 7, 64));
        }
    }

    @Test
    void newDataAreThoseOfASessionBegunWithTheirDensity() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 7), GAUSSIAN, RING);
                    TrainingSession other = new TrainingSession(context, config(1e-3f, 7), RING, GAUSSIAN)) {
                session.replaceDensity(TrainingSession.Side.P0, RING);
                session.replaceDensity(TrainingSession.Side.P1, GAUSSIAN);
                assertArrayEquals(other.data0().read(new float[2 * 4099]), session.data0().read(new float[2 * 4099]));
                assertArrayEquals(other.data1().read(new float[2 * 4099]), session.data1().read(new float[2 * 4099]));
            }
        }
    }

    @Test
    void aBudgetThatHoldsNoStepIsGivenOne() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 8), GAUSSIAN, RING)) {
                for (int i = 1; i <= 20; i++) {
                    Progress progress = session.advance(100, Duration.ofNanos(1));
                    assertTrue(progress.stepsDone() <= i && progress.losses().length <= 1, progress.toString());
                    assertEquals(session.stepsEnqueued(), progress.stepsDone(), "no step is still running");
                }
                assertTrue(session.stepsEnqueued() > 0);
            }
        }
    }

    @Test
    void massInOneCornerLandsInThatCornerAfterTheMap() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 4), GAUSSIAN, corner(7))) {
                session.advance(4000, LONG);
                assertMappedInto(context, session, 7 / 8f, 7 / 8f);
                session.replaceDensity(TrainingSession.Side.P1, corner(56)); // and in the opposite one when mass moves there
                session.advance(4000, LONG);
                assertMappedInto(context, session, 0, 0);
            }
        }
    }

    /** All mass in one pixel of 8 × 8: 7 is top right, 56 bottom left. */
    private static Density corner(int pixel) {
        return Densities.dot(8, 8, pixel, 1);
    }

    private static void assertMappedInto(Context context, TrainingSession session, float left, float bottom) {
        try (PointSource source = new PointSource(context, GAUSSIAN);
                DeviceBuffer points = source.draw(4, RandomPurpose.START_POINTS, 0, 1000);
                Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                MapSession map = sampler.session(session.parameters(), points, 1000, 64)) {
            map.advance(64);
            float[] mapped = points.read(new float[2000]);
            int inside = 0;
            for (int n = 0; n < mapped.length; n += 2) {
                // within a quarter of the pixel's side around it, which 4,000 steps can reach
                inside += mapped[n] > left - 1 / 32f && mapped[n + 1] > bottom - 1 / 32f
                        && mapped[n] < left + 5 / 32f && mapped[n + 1] < bottom + 5 / 32f ? 1 : 0;
            }
            assertTrue(inside > 950, inside + " of 1,000 points in the corner at " + left + ", " + bottom);
        }
    }

    @Test
    void aFullDefaultTrainingReachesTheSpiral() {
        Device device = Device.select("auto");
        Density spiral = NamedDensities.find("spiral").orElseThrow();
        int count = 8192;
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, TrainingSettings.tutorial(), GAUSSIAN, spiral);
                PointSource source0 = new PointSource(context, GAUSSIAN);
                PointSource source1 = new PointSource(context, spiral);
                DeviceBuffer points = source0.draw(0, RandomPurpose.START_POINTS, 0, count);
                Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                MapSession map = sampler.session(session.parameters(), points, count, 128)) {
            session.advance(65_536, LONG);
            map.advance(128);
            double distance = SlicedWasserstein.distance(points.read(new float[2 * count]),
                    source1.drawToHost(0, RandomPurpose.REFERENCE_POINTS, 0, count));
            assertTrue(distance <= 0.02, "sliced Wasserstein-1 distance " + distance);
        }
    }
}
