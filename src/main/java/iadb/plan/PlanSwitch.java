package iadb.plan;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.WrongResultException;
import iadb.cl.Resources;
import iadb.plan.Plan.Batch;
import iadb.plan.PlanChoice.Kind;
import iadb.plan.PlanChoice.Refusal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Selects the plan of each slice of a training. {@code persistent} and {@code fused} give the same bits, so that a switch changes
 * only the time. Under {@code auto}, {@code fused} starts while {@code persistent} is built; then the faster plan runs, and the
 * slower one is tried regularly, since the barrier of {@code persistent} gets slow when another program takes a core. After a
 * barrier timed out, {@code fused} continues.
 */
public final class PlanSwitch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanSwitch.class);
    private static final int SLICES_BETWEEN_TRIALS = 48;
    private static final int FIRST_SLICE_STEPS = 8;
    private static final long FIRST_SLICE_NANOS = 25_000_000;
    private static final double SMOOTHING = 0.3;
    /** Training time of the first plan before the build of its companion starts. */
    static final long ALONE_NANOS = 200_000_000;
    /** Consecutive slices that may time out without a step when no other plan can continue. */
    static final int MAX_IDLE_SLICES = 64;

    /** A plan and its speed. */
    private static final class Timed {
        private final Plan plan;
        private final Kind kind;
        private final Throughput throughput = new Throughput(FIRST_SLICE_STEPS, FIRST_SLICE_NANOS); // in steps
        private double nanosPerStep = Double.NaN; // smoothed
        private int steps;

        Timed(Plan plan, Kind kind) {
            this.plan = plan;
            this.kind = kind;
        }
    }

    private final Context context;
    private final PlanSelector selector;
    private final Batch batch;
    private final TrainingState state;
    private final Resources resources = new Resources();
    private final Timed first;
    private final boolean alternates; // else the companion runs only after a barrier timed out
    private Optional<PlanChoice> companion; // empty once opened or refused
    private Optional<Background<Void>> building = Optional.empty(); // of the companion
    private Timed second; // the companion; null: not open
    private PlanChoice choice;
    private Timed tried; // the slower plan, if this slice tries it again; null: none
    private int slicesSinceTrial;
    private long trainedNanos;
    private boolean timedOut; // in the last slice
    private int idleSlices; // consecutive slices without a step

    /**
     * Selects and builds the plan.
     *
     * @throws iadb.cl.OpenClException.DeviceLimitException when the device can hold no plan
     */
    public PlanSwitch(Context context, PlanSelector selector, Batch batch, TrainingState state) {
        this(context, selector, selector.select(context, batch, state), batch, state);
    }

    PlanSwitch(Context context, PlanSelector selector, PlanSelector.Selection selected, Batch batch, TrainingState state) {
        this.context = context;
        this.selector = selector;
        this.batch = batch;
        this.state = state;
        choice = selected.choice();
        companion = selected.companion();
        first = new Timed(resources.add(selected.plan()), choice.kind());
        alternates = choice.kind() == Kind.FUSED && companion.isPresent();
    }

    /** The plan that is recorded for this training; under {@code auto} the last one opened. */
    public PlanChoice choice() { return choice; }

    boolean isBuilding() { return building.isPresent(); }

    /** Whether the companion is built, so that it can be opened after the slices in flight. */
    public boolean otherIsBuilt() { return building.isPresent() && building.get().isDone(); }

    /** Opens the companion; if it is refused, the training continues with the first plan. */
    private void openCompanion() {
        PlanChoice candidate = companion.orElseThrow();
        companion = Optional.empty();
        Optional<Background<Void>> built = building;
        building = Optional.empty();
        try {
            // a failed build is not repeated here
            built.ifPresent(kernels -> PlanSelector.refusable(candidate.kind(), kernels::get));
            second = new Timed(resources.add(selector.open(context, candidate, batch, state)), candidate.kind());
            choice = alternates ? candidate : choice;
        } catch (DeviceLimitException e) {
            LOG.debug("the plan {} does not run beside {}: {}", candidate.kind(), first.kind, e.getMessage());
            choice = alternates ? choice.after(List.of(new Refusal(candidate.kind(), e.getMessage()))) : choice;
        }
    }

    /** The number of steps of each plan. */
    public Map<Kind, Integer> stepsByKind() {
        Map<Kind, Integer> steps = new EnumMap<>(Kind.class);
        for (Timed timed : second == null ? List.of(first) : List.of(first, second)) {
            if (timed.steps > 0) {
                steps.put(timed.kind, timed.steps);
            }
        }
        return steps;
    }

    /**
     * The plan of the next slice.
     *
     * @param companionReady whether to open the companion, as {@link #otherIsBuilt} says
     * @throws WrongResultException if its results are wrong
     * @throws OpenClException      if the barrier times out repeatedly and no other plan can continue
     */
    public Plan next(boolean companionReady) {
        if (companion.isPresent() && (companionReady || timedOut)) {
            openCompanion();
        }
        if (second == null) {
            if (idleSlices >= MAX_IDLE_SLICES) {
                throw new OpenClException("the barrier of the plan %s timed out %s times without a step on %s".formatted(
                        first.kind, idleSlices, context.device().name()));
            }
            return first.plan;
        }
        Timed persistent = first.kind == Kind.PERSISTENT ? first : second;
        Timed fused = persistent == first ? second : first;
        if (timedOut) {
            timedOut = false;
            return fused.plan;
        }
        if (!alternates || Double.isNaN(persistent.nanosPerStep)) {
            return persistent.plan;
        }
        boolean persistentIsFaster = !(fused.nanosPerStep < persistent.nanosPerStep);
        Timed slower = persistentIsFaster ? fused : persistent;
        if (++slicesSinceTrial >= SLICES_BETWEEN_TRIALS || Double.isNaN(slower.nanosPerStep)) {
            slicesSinceTrial = 0;
            tried = slower;
            return slower.plan;
        }
        return persistentIsFaster ? persistent.plan : fused.plan;
    }

    /** The number of steps of a plan that fit into a slice, 1 or more. */
    public int steps(Plan plan, long sliceNanos) { return (int) Math.max(1, timed(plan).throughput.work(sliceNanos)); }

    private Timed timed(Plan plan) { return plan == first.plan ? first : second; }

    /** Records that {@code done} of a slice's {@code steps} steps took {@code nanos}, where {@code sliceNanos} were planned. */
    public void report(Plan plan, int steps, int done, long nanos, long sliceNanos) {
        Timed timed = timed(plan);
        timed.steps += done;
        double counted = Math.max(0.5, done); // half a step for a slice that timed out before its first
        timed.throughput.learn(counted, nanos, sliceNanos);
        double now = nanos / counted;
        boolean isFirst = timed == tried || Double.isNaN(timed.nanosPerStep);
        timed.nanosPerStep = isFirst ? now : timed.nanosPerStep + SMOOTHING * (now - timed.nanosPerStep);
        tried = timed == tried ? null : tried;
        timedOut |= done < steps;
        idleSlices = done > 0 ? 0 : idleSlices + 1;
        if (done < steps) {
            LOG.debug("the barrier timed out after {} of {} steps", done, steps);
        }
        trainedNanos += nanos;
        if (alternates && companion.isPresent() && building.isEmpty() && trainedNanos >= ALONE_NANOS) {
            building = Optional.of(selector.buildInBackground(context, companion.get()));
        }
    }

    @Override
    public void close() {
        building.ifPresent(Background::close);
        resources.close();
    }
}
