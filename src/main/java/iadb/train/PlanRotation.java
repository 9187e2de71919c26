package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceLimitException;
import iadb.cl.Resources;
import iadb.plan.BarrierProof;
import iadb.plan.Batch;
import iadb.plan.Plan;
import iadb.plan.PlanChoice;
import iadb.plan.TrainingState;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plan of each slice. {@code persistent} and {@code fused} give the same bits, so that changing between them changes
 * nothing but time: where {@code auto} may use both it takes the one that is faster now, and tries the other now and
 * then, since a core that another program takes makes the barrier of {@code persistent} slow. A slice whose barrier was
 * called off goes on with {@code fused}.
 */
final class PlanRotation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanRotation.class);
    private static final int SLICES_BETWEEN_TRIALS = 24;
    private static final double SMOOTHING = 0.3;

    private final boolean mayChoose;
    private final PlanChoice choice;
    private final Resources resources = new Resources();
    private final Plan first;      // what was chosen
    private final Plan persistent; // null: not this time
    private final Plan fused;      // null without persistent
    private final Map<PlanChoice.Kind, Integer> stepsByKind = new EnumMap<>(PlanChoice.Kind.class);
    private double persistentNanos = Double.NaN; // a step, smoothed
    private double fusedNanos = Double.NaN;
    private int slicesSinceTrial;
    private boolean fellShort;

    /** Builds the plan that was asked for, or those that {@code auto} changes between. */
    PlanRotation(Context context, TrainingConfig config, Batch batch, TrainingState state) {
        mayChoose = config.plan().isEmpty();
        PlanChoice wanted = PlanChoice.of(config.plan(), context.device(), config.shape(), config.batch());
        if (wanted.kind() == PlanChoice.Kind.PERSISTENT) {
            wanted = provenOrFused(context, wanted, config.batch());
        }
        try {
            Plan built;
            try {
                built = new Plan(context, config.shape(), wanted, batch, state);
            } catch (DeviceLimitException e) {
                if (wanted.kind() == PlanChoice.Kind.LAYERED) {
                    throw e;
                }
                PlanChoice layered = PlanChoice.of(Optional.of(PlanChoice.Kind.LAYERED), context.device(), config.shape(),
                        config.batch());
                wanted = new PlanChoice(layered.kind(), layered.tuning(), Optional.of(e.getMessage()));
                built = new Plan(context, config.shape(), wanted, batch, state);
            }
            choice = wanted;
            first = resources.add(built);
            if (choice.kind() == PlanChoice.Kind.PERSISTENT) {
                persistent = first;
                fused = resources.add(new Plan(context, config.shape(),
                        new PlanChoice(PlanChoice.Kind.FUSED, choice.tuning(), Optional.empty()), batch, state));
            } else {
                persistent = null;
                fused = null;
            }
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** A barrier among one group needs no proof. */
    private static PlanChoice provenOrFused(Context context, PlanChoice wanted, int batch) {
        int groups = Plan.persistentGroups(wanted.tuning(), batch, context.device());
        if (groups == 1 || BarrierProof.passes(context, groups, wanted.tuning().groupSize())) {
            LOG.debug("{} work-groups passed the proof of the barrier", groups);
            return wanted;
        }
        return new PlanChoice(PlanChoice.Kind.FUSED, wanted.tuning(),
                Optional.of("the barrier across work-groups did not pass its test on " + context.device().name()));
    }

    PlanChoice choice() {
        return choice;
    }

    Map<PlanChoice.Kind, Integer> stepsByKind() {
        return new EnumMap<>(stepsByKind);
    }

    /** The plan of the next slice. */
    Plan next() {
        if (persistent == null) {
            return first;
        }
        if (fellShort) {
            fellShort = false;
            return fused;
        }
        if (!mayChoose || Double.isNaN(persistentNanos)) {
            return persistent;
        }
        boolean trial = ++slicesSinceTrial >= SLICES_BETWEEN_TRIALS || Double.isNaN(fusedNanos);
        slicesSinceTrial = trial ? 0 : slicesSinceTrial;
        return (persistentNanos <= fusedNanos) != trial ? persistent : fused;
    }

    /** How a slice of {@code steps} steps went: {@code done} of them, in so much time each. */
    void report(Plan plan, int steps, int done, double nanosPerStep) {
        stepsByKind.merge(plan == persistent ? PlanChoice.Kind.PERSISTENT : fused == null ? choice.kind()
                : PlanChoice.Kind.FUSED, done, Integer::sum);
        if (persistent == null) {
            return;
        }
        if (plan == persistent) {
            persistentNanos = smooth(persistentNanos, nanosPerStep);
        } else {
            fusedNanos = smooth(fusedNanos, nanosPerStep);
        }
        if (done < steps) {
            LOG.debug("the barrier was called off after {} of {} steps; fused goes on", done, steps);
            fellShort = true;
        }
    }

    private static double smooth(double before, double now) {
        return Double.isNaN(before) ? now : before + SMOOTHING * (now - before);
    }

    @Override
    public void close() {
        resources.close();
    }
}
