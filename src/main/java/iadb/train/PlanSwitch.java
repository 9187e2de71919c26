package iadb.train;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.DeviceLimitException;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.cl.WrongAnswerException;
import iadb.plan.BarrierSelfTest;
import iadb.plan.Batch;
import iadb.plan.Plan;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelfTest;
import iadb.plan.Throughput;
import iadb.plan.TrainingState;
import iadb.plan.TrainingTrials;
import iadb.plan.Tuning;
import iadb.plan.TuningChoice;
import iadb.plan.TuningTable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plan of each slice, and its steps. {@code persistent} and {@code fused} give the same bits, so that changing between
 * them changes nothing but time: where {@code auto} may use both it begins with {@code fused}, whose kernels are built sooner,
 * has those of {@code persistent} built meanwhile, takes from then on the one that is faster now, and tries the other now and
 * then, since a core that another program takes makes the barrier of {@code persistent} slow. A slice whose barrier timed out
 * is continued by {@code fused}.
 */
final class PlanSwitch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PlanSwitch.class);
    private static final int SLICES_BETWEEN_TRIALS = 48;
    private static final int FIRST_SLICE_STEPS = 8;
    private static final long FIRST_SLICE_NANOS = 25_000_000;
    private static final double SMOOTHING = 0.3;

    private static final String TIMED_OUT = "the barrier timed out in each trial of persistent";

    /** How long the first plan trains before the other is built. */
    static final long ALONE_NANOS = 200_000_000;

    /** A plan, and what is known of its speed: one may be many times slower than the other. */
    private static final class Timed {
        private final Plan plan;
        private final PlanChoice.Kind kind;
        private final Throughput pace = new Throughput(FIRST_SLICE_STEPS, FIRST_SLICE_NANOS); // in steps
        private double nanosPerStep = Double.NaN; // smoothed
        private int steps;

        Timed(Plan plan, PlanChoice.Kind kind) {
            this.plan = plan;
            this.kind = kind;
        }
    }

    private final Context context;
    private final TrainingSettings config;
    private final Batch batch;
    private final TrainingState state;
    private final boolean mayChoose;
    private final Resources resources = new Resources();
    private final List<Timed> plans = new ArrayList<>();
    private PlanChoice choice;
    private Timed persistent; // null: there is none, or not yet
    private Timed other;      // fused beside persistent, or the only plan; null: there is none, or not yet
    private PlanChoice pending; // the one of the two that is not there yet; null: none will come
    private Optional<Background<Void>> building = Optional.empty(); // of that one's kernels
    private Timed tried;      // whose last time is old; null: none
    private int slicesSinceTrial;
    private long trainedNanos;
    private boolean fellShort;

    /** Builds the plan that was asked for, or the first of those that {@code auto} changes between. */
    PlanSwitch(Context context, TrainingSettings config, Batch batch, TrainingState state) {
        this.context = context;
        this.config = config;
        this.batch = batch;
        this.state = state;
        mayChoose = config.plan().isEmpty();
        try {
            PlanChoice wanted = wanted(context, config,
                    tunings -> tunings.measured(context, new TrainingTrials(context, config.shape(), batch)));
            if (wanted.kind() == PlanChoice.Kind.PERSISTENT && mayChoose) {
                pending = wanted;
                wanted = withKind(wanted, PlanChoice.Kind.FUSED, Optional.empty());
            } else if (wanted.kind() == PlanChoice.Kind.PERSISTENT) {
                Optional<String> reason = adopt(wanted);
                if (reason.isEmpty()) {
                    pending = withKind(wanted, PlanChoice.Kind.FUSED, Optional.empty());
                    choice = wanted;
                    return;
                }
                wanted = withKind(wanted, PlanChoice.Kind.FUSED, reason);
            }
            Plan plan;
            try {
                plan = resources.add(new Plan(context, config.shape(), wanted, batch, state));
            } catch (DeviceLimitException e) {
                if (wanted.kind() == PlanChoice.Kind.LAYERED) {
                    throw e;
                }
                PlanChoice layered = PlanChoice.of(Optional.of(PlanChoice.Kind.LAYERED), base(context, config), context.device(),
                        config.shape(), config.batch());
                wanted = new PlanChoice(layered.kind(), layered.tuning(), Optional.of(e.getMessage()));
                pending = null;
                plan = resources.add(new Plan(context, config.shape(), wanted, batch, state));
            }
            PlanSelfTest.require(context, config.shape(), wanted);
            choice = wanted;
            add(plan, wanted.kind());
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** The tuning as it was recorded or stands in the table, not yet made to fit. */
    private static Tuning base(Context context, TrainingSettings config) {
        return config.tuning().orElseGet(() -> TuningTable.find(context.device(), TuningTable.Purpose.TRAINING));
    }

    /** The plan that is asked for. Its tuning is chosen, but for {@code layered}, and where none has the bits of a recorded one. */
    private static PlanChoice wanted(Context context, TrainingSettings config, Function<TuningChoice, Tuning> choose) {
        Function<Tuning, PlanChoice> fitted = tuning -> PlanChoice.of(config.plan(), tuning, context.device(), config.shape(),
                config.batch());
        PlanChoice wanted = fitted.apply(base(context, config));
        if (wanted.kind() == PlanChoice.Kind.LAYERED) {
            return wanted;
        }
        TuningChoice tunings = TuningChoice.ofTraining(context.device(), config.shape(), config.batch());
        PlanChoice known = fitted.apply(tunings.known());
        boolean sameBits = known.kind() == wanted.kind() && known.tuning().bits().equals(wanted.tuning().bits());
        return sameBits ? fitted.apply(choose.apply(tunings)) : wanted;
    }

    /** Has the kernels of the first plan built beside others that are built before it, where they are new to the device. */
    static void buildAhead(Context context, TrainingSettings config) {
        PlanChoice wanted = wanted(context, config, TuningChoice::known);
        PlanChoice.Kind kind = config.plan().isEmpty() && wanted.kind() == PlanChoice.Kind.PERSISTENT ? PlanChoice.Kind.FUSED
                : wanted.kind();
        context.buildAhead(Plan.sources(kind), withKind(wanted, kind, Optional.empty()).options(config.shape(), context.device()));
    }

    private static PlanChoice withKind(PlanChoice choice, PlanChoice.Kind kind, Optional<String> reason) {
        return new PlanChoice(kind, choice.tuning(), reason);
    }

    private void add(Plan plan, PlanChoice.Kind kind) {
        Timed timed = new Timed(plan, kind);
        plans.add(timed);
        if (kind == PlanChoice.Kind.PERSISTENT) {
            persistent = timed;
        } else {
            other = timed;
        }
    }

    /** Why {@code persistent} may not run; empty when it may. A barrier among one group needs no proof. */
    private Optional<String> whyNotProven(PlanChoice wanted) {
        int groups = Plan.persistentGroups(wanted.tuning(), config.batch(), context.device());
        if (groups == 1 || BarrierSelfTest.passes(context, groups, wanted.tuning().groupSize())) {
            LOG.debug("{} work-groups passed the proof of the barrier", groups);
            return Optional.empty();
        }
        return Optional.of("the barrier across work-groups did not pass its test on " + context.device().name());
    }

    /**
     * Adds a plan that the training can do without, when what is built of it is, if it is proven and gives right answers.
     *
     * @return why it was not added; empty when it was
     * @throws WrongAnswerException if its answers are wrong
     * @throws OpenClException      if it cannot be had, and the training cannot do without it
     */
    private Optional<String> adopt(PlanChoice wanted) {
        try {
            building.ifPresent(Background::get);
            Optional<String> reason = wanted.kind() == PlanChoice.Kind.PERSISTENT ? whyNotProven(wanted) : Optional.empty();
            if (reason.isEmpty() && !PlanSelfTest.require(context, config.shape(), wanted)) {
                reason = Optional.of(TIMED_OUT);
            }
            if (reason.isEmpty()) {
                add(resources.add(new Plan(context, config.shape(), wanted, batch, state)), wanted.kind());
            }
            return reason;
        } catch (OpenClException e) { // such as of a compiler that does not know the device's fence
            if (fellShort || e instanceof WrongAnswerException) {
                throw e;
            }
            return Optional.of(e.getMessage());
        }
    }

    /** The plan that this training has by name: a reason tells why it is not the one that was asked for. */
    PlanChoice choice() {
        return choice;
    }

    /** Whether another plan is being built, or waits to be adopted. */
    boolean isBuilding() {
        return building.isPresent();
    }

    /** Whether a plan that was built meanwhile can be adopted; the slices in flight should end first. */
    boolean otherIsBuilt() {
        return building.isPresent() && building.get().isDone();
    }

    /** Builds the kernels of the plan that is not there yet, on a thread and queue of their own. */
    private void beginBuilding() {
        PlanChoice choice = pending;
        building = Optional.of(Background.start("build " + choice.kind(), () -> {
            try (Context sibling = context.sibling()) {
                PlanSelfTest.build(sibling, config.shape(), choice);
            }
        }));
    }

    /**
     * Adopts the plan that was built meanwhile, if it is proven and gives right answers.
     *
     * @throws WrongAnswerException if it does not
     * @throws OpenClException      if it cannot be built, and the other one cannot go on alone
     */
    private void adoptBuiltPlan() {
        PlanChoice built = pending;
        pending = null;
        Optional<String> reason;
        try {
            reason = adopt(built);
        } finally {
            building = Optional.empty();
        }
        if (reason.isEmpty()) {
            choice = mayChoose ? built : choice;
            return;
        }
        LOG.debug("no {} beside {}: {}", built.kind(), choice.kind(), reason.get());
        choice = mayChoose ? withKind(choice, choice.kind(), reason) : choice;
    }

    /** Steps that each plan did. */
    Map<PlanChoice.Kind, Integer> stepsByKind() {
        Map<PlanChoice.Kind, Integer> steps = new EnumMap<>(PlanChoice.Kind.class);
        plans.stream().filter(timed -> timed.steps > 0).forEach(timed -> steps.put(timed.kind, timed.steps));
        return steps;
    }

    /**
     * The plan of the next slice.
     *
     * @param adopts whether a plan that was built meanwhile joins, as {@link #otherIsBuilt} says
     */
    Plan next(boolean adopts) {
        if (fellShort && pending != null && building.isEmpty()) {
            beginBuilding();
        }
        if (adopts || fellShort && building.isPresent()) {
            adoptBuiltPlan();
        }
        if (fellShort && other != null) {
            fellShort = false;
            return other.plan;
        }
        if (persistent == null || other == null || !mayChoose) {
            return plans.get(0).plan;
        }
        boolean persistentIsFaster = !(other.nanosPerStep < persistent.nanosPerStep); // the one whose time is not known is tried
        Timed slower = persistentIsFaster ? other : persistent;
        if (Double.isNaN(persistent.nanosPerStep)) {
            return persistent.plan;
        }
        if (++slicesSinceTrial >= SLICES_BETWEEN_TRIALS || Double.isNaN(slower.nanosPerStep)) {
            slicesSinceTrial = 0;
            tried = slower;
            return slower.plan;
        }
        return persistentIsFaster ? persistent.plan : other.plan;
    }

    /** How many steps of a plan fit a slice, 1 or more. */
    int steps(Plan plan, long sliceNanos) {
        return (int) Math.max(1, timed(plan).pace.work(sliceNanos));
    }

    private Timed timed(Plan plan) {
        return persistent != null && plan == persistent.plan ? persistent : other;
    }

    /** How a slice of {@code steps} steps went, which was to take {@code sliceNanos}: {@code done} of them in {@code nanos}. */
    void report(Plan plan, int steps, int done, long nanos, long sliceNanos) {
        Timed timed = timed(plan);
        timed.steps += done;
        double counted = Math.max(0.5, done); // of a slice that timed out at once: less than a step
        timed.pace.learn(counted, nanos, sliceNanos);
        double now = nanos / counted;
        boolean first = timed == tried || Double.isNaN(timed.nanosPerStep);
        timed.nanosPerStep = first ? now : timed.nanosPerStep + SMOOTHING * (now - timed.nanosPerStep);
        tried = timed == tried ? null : tried;
        if (done < steps) {
            LOG.debug("the barrier timed out after {} of {} steps; fused continues", done, steps);
            fellShort = true;
        }
        trainedNanos += nanos;
        if (mayChoose && pending != null && building.isEmpty() && trainedNanos >= ALONE_NANOS) { // else when a barrier times out
            beginBuilding();
        }
    }

    @Override
    public void close() {
        building.ifPresent(Background::close);
        resources.close();
    }
}
