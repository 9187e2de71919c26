package iadb.profile;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.time.Duration;
import java.util.Optional;

/** A training that runs in blocks of steps, each timed from its first launch to the end of its last. */
final class TrainingBlocks implements AutoCloseable {
    static final Density P0 = NamedDensities.find("gaussian").orElseThrow();
    static final Density P1 = NamedDensities.find("spiral").orElseThrow();
    static final int DATA_POINTS = 65_536;

    private static final Duration NO_LIMIT = Duration.ofDays(1);
    private static final int FIRST_STEPS = 4;

    private final TrainingSession session;
    private int blockSteps = FIRST_STEPS;

    /** Draws the data and builds the kernels of a plan; empty: the fastest. */
    TrainingBlocks(Context context, NetworkShape shape, int batch, Optional<PlanChoice.Kind> plan) {
        session = new TrainingSession(context,
                TrainingSettings.tutorial().withShape(shape).withBatch(batch).withPlan(plan), P0, P1);
    }

    PlanChoice choice() {
        return session.choice();
    }

    /** Works for about {@code seconds}, then sets the length of a block so that it takes about {@code blockSeconds}. */
    void warmUp(double seconds, double blockSeconds) {
        run(FIRST_STEPS); // some drivers compile at the first launch
        long start = System.nanoTime();
        double perStep;
        do {
            perStep = run(blockSteps) / blockSteps;
            blockSteps = (int) Math.max(FIRST_STEPS, Math.min(2.0 * blockSteps, Math.min(blockSeconds, seconds) / perStep));
        } while ((System.nanoTime() - start) * 1e-9 < seconds);
        blockSteps = (int) Math.max(FIRST_STEPS, blockSeconds / perStep);
    }

    /** Runs a block; returns microseconds a step. */
    double block() {
        return run(blockSteps) / blockSteps * 1e6;
    }

    int blockSteps() {
        return blockSteps;
    }

    private double run(int steps) {
        long start = System.nanoTime();
        session.advance(steps, NO_LIMIT);
        session.drain();
        return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public void close() {
        session.close();
    }
}
