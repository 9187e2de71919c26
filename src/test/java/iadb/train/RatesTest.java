package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.model.Checkpoint;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The average of the weights and the falling rate against their definitions, by every plan, on every OpenCL device. */
class RatesTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    private static final NetworkShape SHAPE = new NetworkShape(32, 3);
    private static final int BATCH = 300; // several tiles, and groups that share the average

    private static TrainingSettings config(PlanChoice.Kind plan) {
        return TrainingSettings.tutorial().withShape(SHAPE).withData(4099).withBatch(BATCH).withSeed(3).withPlan(Optional.of(plan));
    }

    /** The checkpoints after each of {@code steps} steps. */
    private static List<Checkpoint> steps(Device device, TrainingSettings config, int steps) {
        List<Checkpoint> all = new ArrayList<>();
        try (Context context = Context.open(device);
                TrainingSession session = new TrainingSession(context, config, GAUSSIAN, RING)) {
            while (session.stepsEnqueued() < steps) {
                session.advance(1, LONG);
                session.drain();
                if (session.stepsEnqueued() > all.size()) {
                    all.add(session.checkpoint());
                }
            }
        }
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void theAverageIsThatOfTheWeightsSoFar(PlanChoice.Kind plan) {
        double decay = 0.8;
        for (Device device : Device.all()) {
            List<Checkpoint> after = steps(device, config(plan).withLearningRate(1e-2f, false).withEma(decay), 12);
            for (int step = 0; step < after.size(); step++) {
                float[] average = after.get(step).average().orElseThrow().parameters();
                for (int i = 0; i < average.length; i++) {
                    double sum = 0;
                    double weight = 0;
                    for (int s = 0; s <= step; s++) {
                        double share = Math.pow(decay, step - s);
                        sum += share * after.get(s).weights().parameters()[i];
                        weight += share;
                    }
                    // weights below 1 in magnitude; each step rounds the share of a difference, and the sum, by 2^-24
                    assertEquals(sum / weight, average[i], 1e-6, plan + " step " + step + " parameter " + i);
                }
            }
            assertSame(after.get(0).average().orElseThrow(), after.get(0).result(), "the average is what is mapped with");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAverageChangesNoBitOfTheWeights(PlanChoice.Kind plan) {
        for (Device device : Device.all()) {
            List<Checkpoint> plain = steps(device, config(plan), 5);
            List<Checkpoint> averaged = steps(device, config(plan).withEma(0.999), 5);
            assertArrayEquals(plain.get(4).weights().parameters(), averaged.get(4).weights().parameters());
            assertTrue(plain.get(4).average().isEmpty());
        }
    }

    /** Adam's step is the rate times the bias-corrected ratio of the moments, from which the rate follows. */
    @ParameterizedTest
    @EnumSource
    void theRateFallsAlongHalfACosine(PlanChoice.Kind plan) {
        int steps = 8;
        float rate = 1e-3f;
        for (Device device : Device.all()) {
            List<Checkpoint> after = steps(device, config(plan).withIterations(steps).withLearningRate(rate, true), steps);
            for (int step = 1; step < steps; step++) {
                Checkpoint before = after.get(step - 1);
                Checkpoint now = after.get(step);
                double expectedRate = rate * (1 + Math.cos(Math.PI * step / steps)) / 2;
                double correction1 = 1 - Math.pow(0.9, step + 1);
                double correction2 = 1 - Math.pow(0.999, step + 1);
                for (int i = 0; i < now.moment1().length; i++) {
                    double expected = expectedRate * (now.moment1()[i] / correction1)
                            / (Math.sqrt(now.moment2()[i] / correction2) + 1e-8);
                    double moved = before.weights().parameters()[i] - now.weights().parameters()[i];
                    // weights below 1 are rounded to 2^-25 before and after; a step is below 3e-3, rounded to some 2^-24 of it
                    assertEquals(expected, moved, 2 * 0x1p-25 + 1e-6 * Math.abs(expected), plan + " step " + step);
                }
            }
        }
    }

    @Test
    void stepsBeyondTheEndOfTheFallMoveNothing() {
        for (Device device : Device.all()) {
            List<Checkpoint> after = steps(device, config(PlanChoice.Kind.FUSED).withIterations(4).withLearningRate(1e-3f, true), 6);
            assertArrayEquals(after.get(4).weights().parameters(), after.get(5).weights().parameters());
        }
    }
}
