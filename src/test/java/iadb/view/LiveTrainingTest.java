package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.model.Network;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import iadb.train.TrainingSession.Side;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The window's training: continued with another density, with a cosine schedule, and with averaged weights. */
class LiveTrainingTest {
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    private static final Density MOONS = NamedDensities.find("moons").orElseThrow();
    private static final Duration FRAME = Duration.ofMillis(50);

    private static final TrainingSettings SETTINGS = TrainingSettings.tutorial().withData(500).withBatch(32).withSeed(1);

    private static LiveTraining training(Context context, TrainingSettings settings) {
        return new LiveTraining(context, settings, Network.initial(settings.shape(), 1));
    }

    private static void finish(LiveTraining training) {
        while (training.running()) {
            training.advance(FRAME);
        }
    }

    @Test
    void aNewDensityRestartsTheCosineSchedule() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(300).withLearningRate(1e-3f, true))) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertEquals(300, training.done());
            float[] first = training.snapshot().parameters();
            training.replaceDensity(Side.P1, GAUSSIAN, MOONS);
            assertArrayEquals(first, training.snapshot().parameters(), "the weights stay");
            finish(training);
            assertEquals(600, training.done());
            float[] second = training.snapshot().parameters();
            double moved = 0;
            for (int i = 0; i < first.length; i++) {
                moved = Math.max(moved, Math.abs(second[i] - first[i]));
            }
            assertTrue(moved > 1e-2, "it learned at a rate above 0: " + moved);
        }
    }

    @Test
    void aConstantRateContinuesInTheSameSession() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(200))) {
            training.train(GAUSSIAN, RING);
            finish(training);
            training.replaceDensity(Side.P1, GAUSSIAN, MOONS);
            finish(training);
            assertEquals(400, training.done());
        }
    }

    @Test
    void aDivergedTrainingRestoresTheEarlierWeights() {
        TrainingSettings settings = SETTINGS.withIterations(1000).withLearningRate(30, false);
        Network initial = Network.initial(settings.shape(), 1);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, settings, initial)) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertTrue(training.diverged());
            assertTrue(training.divergedAt() > 1 && training.divergedAt() < 10, "at " + training.divergedAt());
            assertEquals(0, training.done(), "in the first second the only safe state is the start");
            assertArrayEquals(initial.parameters(), training.snapshot().parameters());
            assertArrayEquals(initial.parameters(), training.parameters().read(new float[initial.parameters().length]));
            assertFalse(training.resume());
            assertEquals(training.divergedAt() - 1, training.history().steps(), "all finite losses are kept");
            training.train(GAUSSIAN, RING);
            assertTrue(training.running() && !training.diverged(), "it starts again");
            assertEquals(0, training.history().steps());
        }
    }

    @Test
    void theAverageIsShown() {
        TrainingSettings settings = SETTINGS.withIterations(200).withEma(0.99);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining averaged = training(context, settings);
                TrainingSession session = new TrainingSession(context, settings, GAUSSIAN, RING)) {
            averaged.train(GAUSSIAN, RING);
            finish(averaged);
            session.advance(200, Duration.ofMinutes(1));
            session.drain();
            float[] average = session.checkpoint().average().orElseThrow().parameters();
            assertArrayEquals(average, averaged.snapshot().parameters());
            assertArrayEquals(average, averaged.parameters().read(new float[average.length]));
            assertFalse(Arrays.equals(average, session.checkpoint().weights().parameters()));
        }
    }
}
