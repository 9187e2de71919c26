package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceLimitException;
import iadb.cl.Resources;
import iadb.plan.BarrierProof;
import iadb.plan.Batch;
import iadb.plan.Pace;
import iadb.plan.Plan;
import iadb.plan.PlanCheck;
import iadb.plan.PlanChoice;
import iadb.plan.TrainingState;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plan of each slice, and its steps. {@code persistent} and {@code fused} give the same bits, so that changing between
 * them changes nothing but time: where {@code auto} may use both it takes the one that is faster now, and tries the other
 * now and then, since a core that another program takes makes the barrier of {@code persistent} slow. A slice whose
 * barrier was called off goes on with {@code fused}.
 */
final class PlanRotation implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanRotation.class);
    private static final int SLICES_BETWEEN_TRIALS = 48;
    private static final int FIRST_SLICE_STEPS = 8;
    private static final long FIRST_SLICE_NANOS = 25_000_000;
    private static final double SMOOTHING = 0.3;

    /** A plan, and what is known of its speed: one may be many times slower than the other. */
    private static final class Timed {
        private final Plan plan;
        private final PlanChoice.Kind kind;
        private final Pace pace = new Pace(FIRST_SLICE_STEPS, FIRST_SLICE_NANOS); // in steps
        private double nanosPerStep = Double.NaN; // smoothed
        private int steps;

        Timed(Plan plan, PlanChoice.Kind kind) {
            this.plan = plan;
            this.kind = kind;
        }
    }

    private final boolean mayChoose;
    private final PlanChoice choice;
    private final Resources resources = new Resources();
    private final Timed chosen;
    private final Timed fused; // beside persistent, else null
    private Timed tried;       // whose last time is old; null: none
    private int slicesSinceTrial;
    private boolean fellShort;

    /** Builds the plan that was asked for, or those that {@code auto} changes between. */
    PlanRotation(Context context, TrainingConfig config, Batch batch, TrainingState state) {
        mayChoose = config.plan().isEmpty();
        Tuning tuning = config.tuning().orElse(TuningTable.find(context.device(), TuningTable.Purpose.TRAINING));
        PlanChoice wanted = PlanChoice.of(config.plan(), tuning, context.device(), config.shape(), config.batch());
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
            resources.add(built);
            if (!PlanCheck.require(context, config.shape(), wanted)) {
                wanted = new PlanChoice(PlanChoice.Kind.FUSED, wanted.tuning(),
                        Optional.of("the barrier was called off in each trial of " + wanted.kind()));
                built = resources.add(new Plan(context, config.shape(), wanted, batch, state));
                PlanCheck.require(context, config.shape(), wanted);
            }
            choice = wanted;
            chosen = new Timed(built, choice.kind());
            PlanChoice beside = new PlanChoice(PlanChoice.Kind.FUSED, choice.tuning(), Optional.empty());
            fused = choice.kind() != PlanChoice.Kind.PERSISTENT ? null
                    : new Timed(resources.add(new Plan(context, config.shape(), beside, batch, state)), beside.kind());
            if (fused != null) {
                PlanCheck.require(context, config.shape(), beside);
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

    /** Steps that each plan did. */
    Map<PlanChoice.Kind, Integer> stepsByKind() {
        Map<PlanChoice.Kind, Integer> steps = new EnumMap<>(PlanChoice.Kind.class);
        for (Timed timed : fused == null ? List.of(chosen) : List.of(chosen, fused)) {
            if (timed.steps > 0) {
                steps.put(timed.kind, timed.steps);
            }
        }
        return steps;
    }

    /** The plan of the next slice. */
    Plan next() {
        if (fellShort) {
            fellShort = false;
            return fused.plan;
        }
        if (fused == null || !mayChoose || Double.isNaN(chosen.nanosPerStep)) {
            return chosen.plan;
        }
        boolean fusedIsFaster = fused.nanosPerStep < chosen.nanosPerStep; // not, as long as its time is not known
        if (++slicesSinceTrial >= SLICES_BETWEEN_TRIALS || Double.isNaN(fused.nanosPerStep)) {
            slicesSinceTrial = 0;
            tried = fusedIsFaster ? chosen : fused;
            return tried.plan;
        }
        return fusedIsFaster ? fused.plan : chosen.plan;
    }

    /** How many steps of a plan fit a slice, 1 or more. */
    int steps(Plan plan, long sliceNanos) {
        return (int) Math.max(1, timed(plan).pace.work(sliceNanos));
    }

    private Timed timed(Plan plan) {
        return fused != null && plan == fused.plan ? fused : chosen;
    }

    /** How a slice of {@code steps} steps went, which was to take {@code sliceNanos}: {@code done} of them in {@code nanos}. */
    void report(Plan plan, int steps, int done, long nanos, long sliceNanos) {
        Timed timed = timed(plan);
        timed.steps += done;
        double counted = Math.max(0.5, done); // of a slice that was called off at once: less than a step
        timed.pace.learn(counted, nanos, sliceNanos);
        double now = nanos / counted;
        boolean first = timed == tried || Double.isNaN(timed.nanosPerStep);
        timed.nanosPerStep = first ? now : timed.nanosPerStep + SMOOTHING * (now - timed.nanosPerStep);
        tried = timed == tried ? null : tried;
        if (done < steps) {
            LOG.debug("the barrier was called off after {} of {} steps; fused goes on", done, steps);
            fellShort = true;
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
