package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.metric.SlicedWasserstein;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.random.Stream;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A whole training: its slices, its losses, and what its map does, on every OpenCL device. */
class TrainingSessionTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();

    private static TrainingConfig config(float learningRate, long seed) {
        return new TrainingConfig(NetworkShape.TUTORIAL, 4099, 64, learningRate, seed, Optional.empty());
    }

    /** Weights after 300 steps, advanced as {@code slices} says, over and over. */
    private static float[] train(Device device, long seed, int... slices) {
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config(1e-3f, seed), GAUSSIAN, RING)) {
            for (int i = 0; session.stepsEnqueued() < 300; i++) {
                session.advance(Math.min(slices[i % slices.length], 300 - session.stepsEnqueued()), LONG);
            }
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
        TrainingConfig config = new TrainingConfig(NetworkShape.TUTORIAL, 4099, 256, 1e-3f, 5, kind);
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

    @Test
    void massInOneCornerLandsInThatCornerAfterTheMap() {
        short[] weights = new short[64];
        weights[7] = 1; // top right
        Density corner = Density.of("corner", 8, 8, weights);
        for (Device device : Device.all()) {
            try (Context context = Context.open(device);
                    TrainingSession session = new TrainingSession(context, config(1e-3f, 4), GAUSSIAN, corner);
                    PointSource source = new PointSource(context, GAUSSIAN);
                    DeviceBuffer points = source.draw(4, Stream.START_POINTS, 0, 1000);
                    Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                    MapSession map = sampler.session(session.parameters(), points, 1000, 64)) {
                session.advance(4000, LONG);
                map.advance(64);
                float[] mapped = points.read(new float[2000]);
                int inside = 0;
                for (int n = 0; n < mapped.length; n += 2) {
                    // within a quarter of the pixel's side around it: what 4,000 steps can be asked for
                    inside += mapped[n] > 7 / 8f - 1 / 32f && mapped[n + 1] > 7 / 8f - 1 / 32f
                            && mapped[n] < 1 + 1 / 32f && mapped[n + 1] < 1 + 1 / 32f ? 1 : 0;
                }
                assertTrue(inside > 950, inside + " of 1,000 points in the top right corner");
            }
        }
    }

    @Test
    void aFullDefaultTrainingReachesTheSpiral() {
        Device device = Device.select("auto");
        Density spiral = NamedDensities.find("spiral").orElseThrow();
        int count = 8192;
        TrainingConfig tutorial = new TrainingConfig(NetworkShape.TUTORIAL, 65_536, 256, 1e-3f, 0, Optional.empty());
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, tutorial, GAUSSIAN, spiral);
                PointSource source0 = new PointSource(context, GAUSSIAN);
                PointSource source1 = new PointSource(context, spiral);
                DeviceBuffer points = source0.draw(0, Stream.START_POINTS, 0, count);
                Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                MapSession map = sampler.session(session.parameters(), points, count, 128)) {
            session.advance(65_536, LONG);
            map.advance(128);
            double distance = SlicedWasserstein.distance(points.read(new float[2 * count]),
                    source1.drawToHost(0, Stream.REFERENCE_POINTS, 0, count));
            assertTrue(distance <= 0.02, "sliced Wasserstein-1 distance " + distance);
        }
    }
}
