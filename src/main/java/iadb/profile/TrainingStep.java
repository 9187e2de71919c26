package iadb.profile;

import iadb.cl.Context;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The cost of a training step for one network, batch and plan.
 *
 * @param microseconds per step by the host's clock, including everything
 * @param gflops       billions of operations per second that the method requires: forward and backward, not the update
 * @param shareOfPeak  of the measured peak; null until {@link #against}
 */
record TrainingStep(String plan, String tuning, int width, int depth, int batch, Spread microseconds, double gflops,
        Double shareOfPeak) {
    static final Density P0 = NamedDensities.find("gaussian").orElseThrow();
    static final Density P1 = NamedDensities.find("spiral").orElseThrow();

    /** Times the plans in alternating blocks, so that a disturbance affects all; omits plans that the device cannot run. */
    static List<TrainingStep> ofPlans(Context context, NetworkShape shape, int batch, Settings settings) {
        try (Resources resources = new Resources()) {
            List<Blocks> running = new ArrayList<>();
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                try {
                    Blocks blocks = resources.add(new Blocks(context, shape, batch, Optional.of(kind)));
                    if (blocks.session.choice().kind() == kind) {
                        blocks.warmUp(settings.warmUpSeconds(), settings.blockSeconds());
                        running.add(blocks);
                    }
                } catch (DeviceLimitException e) {
                    // the device cannot run this plan
                }
            }
            double[][] times = new double[running.size()][settings.blocks()];
            for (int i = 0; i < settings.blocks(); i++) {
                for (int plan = 0; plan < running.size(); plan++) {
                    times[plan][i] = running.get(plan).microsecondsPerStep();
                }
            }
            List<TrainingStep> all = new ArrayList<>();
            for (int plan = 0; plan < running.size(); plan++) {
                all.add(of(running.get(plan).session.choice(), shape, batch, Spread.of(times[plan])));
            }
            return all;
        }
    }

    /** Times the plan that {@code auto} selects. */
    static TrainingStep ofFastest(Context context, NetworkShape shape, int batch, Settings settings) {
        try (Blocks blocks = new Blocks(context, shape, batch, Optional.empty())) {
            blocks.warmUp(settings.warmUpSeconds(), settings.blockSeconds());
            return of(blocks.session.choice(), shape, batch, Spread.of(settings.blocks(), blocks::microsecondsPerStep));
        }
    }

    private static TrainingStep of(PlanChoice choice, NetworkShape shape, int batch, Spread microseconds) {
        return new TrainingStep(choice.kind().toString(), choice.tuning().toString(), shape.width(), shape.depth(), batch,
                microseconds, 1e-3 * shape.trainingFlops() * batch / microseconds.median(), null);
    }

    TrainingStep against(Peak peak) {
        return new TrainingStep(plan, tuning, width, depth, batch, microseconds, gflops, gflops / peak.gflops());
    }

    /** Runs steps of a training until they have finished; returns the time in seconds. */
    static double seconds(TrainingSession session, int steps) {
        long start = System.nanoTime();
        session.advance(steps, Duration.ofDays(1));
        session.drain();
        return (System.nanoTime() - start) * 1e-9;
    }

    /** A training that runs in blocks of steps, each timed from its first launch to the end of its last. */
    static final class Blocks implements AutoCloseable {
        private static final int FIRST_STEPS = 4;

        final TrainingSession session;
        private int steps = FIRST_STEPS;

        /** Draws the data and builds the kernels of a plan; empty for the fastest. */
        Blocks(Context context, NetworkShape shape, int batch, Optional<PlanChoice.Kind> plan) {
            session = new TrainingSession(context,
                    TrainingSettings.tutorial().withShape(shape).withBatch(batch).withPlan(plan), P0, P1);
        }

        /** Runs for about {@code seconds}, then sets the steps of a block so that it takes about {@code blockSeconds}. */
        void warmUp(double seconds, double blockSeconds) {
            microsecondsPerStep(); // some drivers compile at the first launch
            long start = System.nanoTime();
            double perStep;
            do {
                perStep = microsecondsPerStep() * 1e-6;
                steps = (int) Math.max(FIRST_STEPS, Math.min(2.0 * steps, Math.min(blockSeconds, seconds) / perStep));
            } while ((System.nanoTime() - start) * 1e-9 < seconds);
            steps = (int) Math.max(FIRST_STEPS, blockSeconds / perStep);
        }

        double microsecondsPerStep() { return seconds(session, steps) / steps * 1e6; }

        int steps() { return steps; }

        @Override
        public void close() { session.close(); }
    }
}
