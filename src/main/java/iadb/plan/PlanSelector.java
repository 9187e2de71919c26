package iadb.plan;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Fence;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.cl.OpenClException.WrongResultException;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import iadb.plan.PlanChoice.Kind;
import iadb.plan.PlanChoice.Refusal;
import iadb.plan.TuningChoice.Trial;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Selects the plan that trains a network on a device, and its tuning. Candidates are the requested plan and those after it in the
 * order {@code persistent}, {@code fused}, {@code layered}. The barrier of each is tested, its results are checked, and it is
 * built; the first that passes runs, with the reasons why others were refused.
 *
 * @param rows     B
 * @param wanted   empty: {@code auto}, which starts with {@code fused}, whose kernels build faster, and alternates with
 *                 {@code persistent} if the device can run it
 * @param recorded the tuning of a training that is resumed, which may be replaced by another with the same bits; empty: the
 *                 device's
 */
public record PlanSelector(Device device, NetworkShape shape, int rows, Optional<Kind> wanted, Optional<Tuning> recorded) {
    private static final Logger LOG = LoggerFactory.getLogger(PlanSelector.class);
    private static final List<Kind> PREFERENCE = List.of(Kind.PERSISTENT, Kind.FUSED, Kind.LAYERED);

    /**
     * The plan that starts.
     *
     * @param companion a plan with the same bits, not built yet, that may alternate with it
     */
    record Selection(Plan plan, PlanChoice choice, Optional<PlanChoice> companion) { }

    /** The plan to request with a window: waiting groups of {@code persistent} would keep all cores of a CPU from drawing. */
    public static Optional<Kind> planForWindow(Optional<Kind> wanted, Device device) {
        return wanted.isEmpty() && device.type() == Device.Type.CPU ? Optional.of(Kind.FUSED) : wanted;
    }

    /**
     * The plans that fit the device, the preferred one first, with {@code base} fitted to each.
     *
     * @param rows B
     * @throws DeviceLimitException when no plan fits the device
     */
    public static List<PlanChoice> candidates(Optional<Kind> wanted, Tuning base, Device device, NetworkShape shape, int rows) {
        List<Refusal> refusals = new ArrayList<>();
        boolean canExchange = device.fence() != Fence.NONE;
        Kind first = wanted.orElse(canExchange ? Kind.PERSISTENT : Kind.FUSED);
        if (first == Kind.PERSISTENT && !canExchange) {
            refusals.add(new Refusal(first, "%s reports no fence that orders memory between work-groups, which the plan %s needs"
                    .formatted(device.name(), first)));
            first = Kind.FUSED;
        }
        if (first != Kind.LAYERED && base.fit(shape, first.footprint(), device, rows).isEmpty()) {
            refusals.add(new Refusal(first, String.format(Locale.ROOT,
                    "%s, depth %d do not fit the plan %s in the %,d bytes of local memory of %s",
                    shape.widthText(), shape.depth(), first, device.localBytes(), device.name())));
            first = Kind.LAYERED;
        }
        List<PlanChoice> candidates = new ArrayList<>();
        for (Kind kind : PREFERENCE.subList(PREFERENCE.indexOf(first), PREFERENCE.size())) {
            base.fit(shape, kind.footprint(), device, rows)
                    .ifPresent(tuning -> candidates.add(new PlanChoice(kind, tuning, List.copyOf(refusals))));
        }
        if (candidates.isEmpty()) {
            throw new DeviceLimitException(String.format(Locale.ROOT, "%s has %,d bytes of local memory, too few for %s",
                    device.name(), device.localBytes(), shape.widthText()), Limit.KERNEL);
        }
        return candidates;
    }

    /** The preferred candidate; times nothing. */
    public PlanChoice known() { return candidates(TuningChoice::known).get(0); }

    /** The candidates; {@code choose} picks the tuning of {@code persistent} and {@code fused} among those with the same bits. */
    List<PlanChoice> candidates(Function<TuningChoice, Tuning> choose) {
        List<PlanChoice> untuned = candidates(recorded.orElseGet(() -> TuningTable.find(device, TuningTable.Purpose.TRAINING)));
        PlanChoice first = untuned.get(0);
        if (first.kind() == Kind.LAYERED) {
            return untuned;
        }
        TuningChoice tunings = TuningChoice.of(device, TuningTable.Purpose.TRAINING, shape, rows, () -> Plan.sources(Kind.FUSED));
        PlanChoice known = candidates(tunings.known()).get(0);
        if (known.kind() != first.kind() || !known.tuning().bits().equals(first.tuning().bits())) {
            return untuned;
        }
        Tuning chosen = candidates(choose.apply(tunings)).get(0).tuning();
        return untuned.stream().map(candidate -> candidate.kind() == Kind.LAYERED ? candidate
                : new PlanChoice(candidate.kind(), chosen, candidate.refusals())).toList();
    }

    private List<PlanChoice> candidates(Tuning base) {
        return candidates(wanted, base, device, shape, rows).stream().map(this::comparedToRecord).toList();
    }

    /** Adds a refusal if the recorded tuning does not fit, so that the bits differ. */
    private PlanChoice comparedToRecord(PlanChoice choice) {
        String bits = choice.tuning().bits();
        return recorded.map(Tuning::bits).filter(before -> !before.equals(bits)).map(before -> choice.after(List.of(new Refusal(
                choice.kind(), "the recorded tuning (%s) does not fit the plan %s on %s, which takes %s".formatted(before,
                        choice.kind(), device.name(), bits))))).orElse(choice);
    }

    /** The candidates to start with: {@code auto} starts without {@code persistent}. */
    private List<PlanChoice> starting(List<PlanChoice> candidates) {
        boolean skipsFirst = wanted.isEmpty() && candidates.get(0).kind() == Kind.PERSISTENT;
        return skipsFirst ? candidates.subList(1, candidates.size()) : candidates;
    }

    /** Starts to build the kernels of the plan that starts. */
    public void prebuild(Context context) {
        PlanChoice choice = starting(candidates(TuningChoice::known)).get(0);
        context.prebuild(Plan.sources(choice.kind()), choice.options(shape, device));
    }

    /**
     * The first candidate that can be built and passes its tests; times the tunings first unless their times are known.
     *
     * @throws DeviceLimitException when the device can hold no candidate
     * @throws WrongResultException when a candidate's results are wrong
     */
    Selection select(Context context, Batch batch, TrainingState state) {
        return select(candidates(tunings -> tunings.measured(context,
                tuning -> context.prebuild(Plan.sources(Kind.FUSED), tuning.options(shape, device)),
                tuning -> Trial.ofTraining(context, shape, batch, tuning))), context, batch, state);
    }

    Selection select(List<PlanChoice> candidates, Context context, Batch batch, TrainingState state) {
        List<Refusal> refusals = new ArrayList<>();
        candidates.get(0).refusals().forEach(refusal -> LOG.debug("the plan {}: {}", refusal.kind(), refusal.reason()));
        List<PlanChoice> remaining = starting(candidates);
        while (true) {
            PlanChoice candidate = remaining.get(0);
            remaining = remaining.subList(1, remaining.size());
            try {
                Plan plan = open(context, candidate, batch, state);
                return new Selection(plan, candidate.after(refusals), companion(candidate.kind(), candidates));
            } catch (DeviceLimitException e) {
                if (remaining.isEmpty()) {
                    throw e;
                }
                LOG.debug("the plan {} is refused: {}", candidate.kind(), e.getMessage());
                refusals.add(new Refusal(candidate.kind(), e.getMessage()));
            }
        }
    }

    private Optional<PlanChoice> companion(Kind kind, List<PlanChoice> candidates) {
        Kind companion = kind == Kind.PERSISTENT ? Kind.FUSED : kind == Kind.FUSED && wanted.isEmpty() ? Kind.PERSISTENT : null;
        return candidates.stream().filter(candidate -> candidate.kind() == companion).findFirst();
    }

    /**
     * Tests a candidate's barrier, checks its results, and builds it.
     *
     * @throws DeviceLimitException when a limit of the device refuses the candidate. For {@code persistent}, which {@code fused}
     *     replaces with the same bits, any other fault except wrong results also refuses it
     * @throws WrongResultException when its results are wrong
     */
    Plan open(Context context, PlanChoice candidate, Batch batch, TrainingState state) {
        return refusable(candidate.kind(), () -> {
            if (candidate.kind() == Kind.PERSISTENT && !barrierPasses(context, candidate.tuning())) {
                throw new DeviceLimitException("the barrier across work-groups did not pass its test on " + device.name(),
                        Limit.KERNEL);
            }
            if (!PlanSelfTest.require(context, shape, candidate)) {
                throw new DeviceLimitException("the barrier timed out in each trial of persistent", Limit.KERNEL);
            }
            return new Plan(context, shape, candidate, batch, state);
        });
    }

    /** Does a part of {@link #open}; turns a fault that refuses {@code persistent} into a DeviceLimitException. */
    static <T> T refusable(Kind kind, Supplier<T> work) {
        try {
            return work.get();
        } catch (DeviceLimitException | WrongResultException e) {
            throw e;
        } catch (OpenClException e) {
            throw kind == Kind.PERSISTENT ? new DeviceLimitException(e.getMessage(), Limit.KERNEL) : e;
        }
    }

    /** Whether the groups of the plan can wait for each other; a single group does not wait. */
    private boolean barrierPasses(Context context, Tuning tuning) {
        int groups = Plan.persistentGroups(tuning, rows, device);
        boolean passes = groups == 1 || BarrierSelfTest.passes(context, groups, tuning.groupSize());
        LOG.debug("{} work-groups {} the test of the barrier", groups, passes ? "passed" : "did not pass");
        return passes;
    }

    /** Builds the kernels of {@code persistent} on another thread while this one trains. */
    Background<Void> buildInBackground(Context context, PlanChoice choice) {
        return Background.start("build " + choice.kind(), () -> {
            try (Context sibling = context.sibling()) {
                PlanSelfTest.buildPersistent(sibling, shape, choice);
            }
        });
    }
}
