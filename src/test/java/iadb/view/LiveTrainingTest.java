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
import iadb.train.TrainingSession.Which;
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

    private static LiveTraining learning(Context context, TrainingSettings config) {
        return new LiveTraining(context, config, Network.initial(config.shape(), 1));
    }

    private static void finish(LiveTraining learning) {
        while (learning.running()) {
            learning.advance(FRAME);
        }
    }

    @Test
    void aNewDensityRestartsTheCosineSchedule() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining learning = learning(context, SETTINGS.withIterations(300).withLearningRate(1e-3f, true))) {
            learning.train(GAUSSIAN, RING);
            finish(learning);
            assertEquals(300, learning.done());
            float[] first = learning.snapshot().parameters();
            learning.follow(Which.P1, MOONS, GAUSSIAN, MOONS);
            assertArrayEquals(first, learning.snapshot().parameters(), "the weights stay");
            finish(learning);
            assertEquals(600, learning.done());
            float[] second = learning.snapshot().parameters();
            double moved = 0;
            for (int i = 0; i < first.length; i++) {
                moved = Math.max(moved, Math.abs(second[i] - first[i]));
            }
            assertTrue(moved > 1e-2, "it learned, at a rate that is not 0: " + moved);
        }
    }

    @Test
    void aConstantRateContinuesInTheSameSession() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining learning = learning(context, SETTINGS.withIterations(200))) {
            learning.train(GAUSSIAN, RING);
            finish(learning);
            learning.follow(Which.P1, MOONS, GAUSSIAN, MOONS);
            finish(learning);
            assertEquals(400, learning.done());
        }
    }

    @Test
    void aDivergedTrainingRestoresTheEarlierWeights() {
        TrainingSettings config = SETTINGS.withIterations(1000).withLearningRate(30, false);
        Network initial = Network.initial(config.shape(), 1);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining learning = new LiveTraining(context, config, initial)) {
            learning.train(GAUSSIAN, RING);
            finish(learning);
            assertTrue(learning.diverged());
            assertTrue(learning.divergedAt() > 1 && learning.divergedAt() < 10, "at " + learning.divergedAt());
            assertEquals(0, learning.done(), "in the first second there is nothing to go back to but the start");
            assertArrayEquals(initial.parameters(), learning.snapshot().parameters());
            assertArrayEquals(initial.parameters(), learning.parameters().read(new float[initial.parameters().length]));
            assertFalse(learning.resume());
            assertEquals(learning.divergedAt() - 1, learning.history().steps(), "all finite losses are there");
            learning.train(GAUSSIAN, RING);
            assertTrue(learning.running() && !learning.diverged(), "it starts again");
            assertEquals(0, learning.history().steps());
        }
    }

    @Test
    void theAverageIsWhatIsShown() {
        TrainingSettings config = SETTINGS.withIterations(200).withEma(0.99);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining averaged = learning(context, config);
                TrainingSession session = new TrainingSession(context, config, GAUSSIAN, RING)) {
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
