package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Readback;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.draw.PointSource;
import iadb.fault.InvalidInputException;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Plan;
import iadb.plan.Plan.Batch;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.PlanSwitch;
import iadb.plan.TrainingState;
import iadb.random.RandomPurpose;
import iadb.sample.PushForward.Watch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A training on a device (IADB, algorithm 3): draws the data sets; then each step draws a batch of blends x_α, and changes the
 * network's weights so that it predicts x1 - x0 from x_α and α.
 *
 * <p>Steps run in slices, whose losses come back together. At most two slices are in flight, and the host waits only for the
 * older one. The queue is in order: work enqueued between two calls of {@link #advance} may use {@link #parameters}.
 */
public final class TrainingSession implements AutoCloseable {
    /** One of the two densities. */
    public enum Side { P0, P1 }

    private static final Logger LOG = LoggerFactory.getLogger(TrainingSession.class);
    private static final int LOSS_SLOTS = 4096;
    private static final int MAX_SLICES = 2;
    private static final long SLICE_NANOS = 25_000_000;
    private static final long MIN_SLICE_NANOS = 1_000_000; // the rest of a budget that is worth a slice

    private final Context context;
    private final TrainingSettings settings;
    private final DeviceBuffer data0;
    private final DeviceBuffer data1;
    private final TrainingState state;
    private final Safeguard safeguard;
    private final Resources resources = new Resources();
    private final Deque<Slice> inFlight = new ArrayDeque<>();
    private final Deque<Readback> idleReadbacks = new ArrayDeque<>();
    private final PlanSwitch plans;
    private TransportPairs pairs; // null: other couplings
    private int stepsEnqueued;
    private int stepsDone;
    private boolean finite = true; // all losses so far
    private long lastSliceEndNanos = System.nanoTime();

    /**
     * The progress of a training since the last report.
     *
     * @param stepsDone steps done since the training's start
     * @param losses    Σ|D - target|² of each step that ended since the last report, in order, up to the first that is not finite
     * @param finite    whether all losses were finite
     */
    public record Progress(int stepsDone, float[] losses, boolean finite) {
    }

    /** Consecutive steps, whose losses [steps] are being read. */
    private record Slice(Plan plan, int first, int steps, Readback losses, long enqueuedNanos, long sliceNanos) {
    }

    /** Draws the data of both densities, and prepares step 0 with fresh weights. */
    public TrainingSession(Context context, TrainingSettings settings, Density p0, Density p1) {
        this(context, settings, Checkpoint.start(settings.initialNetwork(), settings.ema() > 0), p0, p1,
                share -> true);
    }

    /**
     * Draws the data of both densities, and prepares the step after a checkpoint. The bits are those of a session that never
     * stopped if the densities, the settings with the checkpoint's plan and tuning, and the device are the same.
     *
     * @param pairing called about ten times a second with the share of pairs that are made, while optimal transport makes them
     * @throws DeviceLimitException  when the device cannot hold them
     * @throws CancellationException if {@code pairing} returns false
     */
    public TrainingSession(Context context, TrainingSettings settings, Checkpoint start, Density p0, Density p1, Watch pairing) {
        this(context, settings, start, rows(settings, p0, p1), rows(settings, p1, p0),
                session -> session.writeData(p0, p1, pairing));
    }

    /** Prepares the step after a checkpoint with pairs as data, which are made; they may lie anywhere in the plane. */
    public TrainingSession(Context context, Checkpoint start, Pairing pairs) {
        this(context, pairs.settings(), start, pairs.x0().length / 2, pairs.x1().length / 2, session -> session.write(pairs));
    }

    private TrainingSession(Context context, TrainingSettings settings, Checkpoint start, long rows0, long rows1,
            Consumer<TrainingSession> writeData) {
        this.context = context;
        this.settings = settings;
        PlanSelector selector = new PlanSelector(context.device(), settings.shape(), settings.batch(), settings.plan(), settings.tuning());
        selector.prebuild(context);
        try {
            data0 = resources.add(context.buffer(rows0 * PointSource.POINT_BYTES));
            data1 = resources.add(context.buffer(rows1 * PointSource.POINT_BYTES));
            writeData.accept(this);
            state = resources.add(TrainingState.of(context, start, LOSS_SLOTS));
            safeguard = resources.add(new Safeguard(context, state, start));
            for (int i = 0; i < MAX_SLICES; i++) {
                idleReadbacks.add(resources.add(context.readback((long) LOSS_SLOTS * Float.BYTES)));
            }
            Batch batch = new Batch(data0, data1, settings.coupling() != Coupling.INDEPENDENT, settings.batch(), settings.seed(),
                    settings.learningRate(), settings.cosineSteps(), settings.ema());
            plans = resources.add(new PlanSwitch(context, selector, batch, state));
            stepsEnqueued = start.step();
            stepsDone = start.step();
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** The rows of a density's data: its own if it is one of points. Pairs by transport repeat those of the smaller set. */
    private static long rows(TrainingSettings settings, Density density, Density other) {
        return settings.coupling() == Coupling.OT ? Math.max(rows(settings, density), rows(settings, other)) : rows(settings, density);
    }

    private static long rows(TrainingSettings settings, Density density) {
        return density instanceof PointDensity points ? points.count() : settings.data();
    }

    private void writeData(Density p0, Density p1, Watch pairing) {
        if (settings.coupling() == Coupling.PAIRED) {
            requirePairs(p0, p1);
        }
        if (settings.coupling() == Coupling.OT) {
            try (Pairing pairs = Pairing.byTransport(context, settings, p0, p1)) {
                write(pairs.await(pairing));
            }
        } else {
            write(Side.P0, p0);
            write(Side.P1, p1);
        }
    }

    private void write(Pairing made) {
        data0.write(made.x0());
        data1.write(made.x1());
        pairs = made.transport().orElse(null);
    }

    /** @throws InvalidInputException unless both are sets of as many points */
    static void requirePairs(Density p0, Density p1) {
        for (Density density : List.of(p0, p1)) {
            if (!(density instanceof PointDensity)) {
                throw new InvalidInputException("%s has no rows to pair: it is not a set of points".formatted(density.name()));
            }
        }
        PointDensity rows0 = (PointDensity) p0;
        PointDensity rows1 = (PointDensity) p1;
        // the samples of two files of the same length are of the same rows
        if (rows0.count() != rows1.count() || rows0.total() != rows1.total()) {
            boolean differ = rows0.total() != rows1.total();
            throw new InvalidInputException("%s points of p0 cannot be paired with %s of p1".formatted(
                    differ ? rows0.total() : rows0.count(), differ ? rows1.total() : rows1.count()));
        }
    }

    /**
     * Replaces the data of a density by those of another with as many rows, with the same random numbers: the new data are those of a
     * session that started with this density. Weights, Adam's state and the number of steps stay.
     *
     * @throws InvalidInputException when the data are pairs; the old data stay
     * @throws DeviceLimitException when the device cannot hold the density; the old data stay
     */
    public void replaceDensity(Side side, Density density) {
        if (settings.coupling() != Coupling.INDEPENDENT) {
            throw new InvalidInputException("a density of a training on pairs cannot be replaced");
        }
        write(side, density);
    }

    private void write(Side side, Density density) {
        DeviceBuffer data = side == Side.P0 ? data0 : data1;
        if (density instanceof PointDensity points) {
            data.write(points.points());
            return;
        }
        try (PointSource source = new PointSource(context, density)) {
            source.drawInto(data, settings.seed(), purpose(side), 0, settings.data());
        }
    }

    static RandomPurpose purpose(Side side) { return side == Side.P0 ? RandomPurpose.DATA_P0 : RandomPurpose.DATA_P1; }

    /** The pairs of the data if they were made by optimal transport. */
    public Optional<TransportPairs> pairs() { return Optional.ofNullable(pairs); }

    /** The plan and tuning of this training; if {@code auto} switches between plans, the one that it added last. */
    public PlanChoice choice() { return plans.choice(); }

    /** The steps that each plan has done. */
    public Map<PlanChoice.Kind, Integer> stepsByPlan() { return plans.stepsByKind(); }

    /** The points of p0 that training draws from, [data, 2]. */
    public DeviceBuffer data0() { return data0; }

    /** The points of p1 that training draws from, [data, 2]. */
    public DeviceBuffer data1() { return data1; }

    /** The weights for the map, [shape.bufferFloats()]: the current ones, or their average if the settings require it. */
    public DeviceBuffer parameters() { return state.result(); }

    /** Advances in slices of up to 25 ms. */
    public Progress advance(int maxSteps, Duration budget) {
        return advance(maxSteps, budget, Duration.ofNanos(SLICE_NANOS));
    }

    /**
     * Enqueues up to {@code maxSteps} further steps, at least one slice, for about {@code budget}, and reports the slices that
     * have ended. On return up to two slices may still be running, but none if slices are shorter than 25 ms: such a caller needs the
     * device for other work.
     *
     * @param longestLaunch time that a slice should not exceed; 25 ms at most
     */
    public Progress advance(int maxSteps, Duration budget, Duration longestLaunch) {
        long startNanos = System.nanoTime();
        long launchNanos = Math.min(SLICE_NANOS, Math.min(budget.toNanos(), longestLaunch.toNanos()));
        boolean drainsEach = launchNanos < SLICE_NANOS;
        long leftNanos = budget.toNanos();
        LossCollector collector = new LossCollector();
        int last = (int) Math.min(Integer.MAX_VALUE, (long) stepsEnqueued + maxSteps);
        do {
            if (inFlight.size() == MAX_SLICES) {
                awaitOldest(collector);
            }
            if (stepsEnqueued < last) {
                enqueueSlice(last - stepsEnqueued, drainsEach ? Math.min(launchNanos, leftNanos) : launchNanos, collector);
            }
            if (drainsEach) {
                drainInto(collector);
            }
            leftNanos = budget.toNanos() - (System.nanoTime() - startNanos);
            // one more slice of full length must not end further from the budget than none
        } while (stepsEnqueued < last && leftNanos > (drainsEach ? MIN_SLICE_NANOS : launchNanos / 2));
        return collector.progress(stepsDone);
    }

    /** Waits for all enqueued steps, and reports them. */
    public Progress drain() {
        LossCollector collector = new LossCollector();
        drainInto(collector);
        return collector.progress(stepsDone);
    }

    private void drainInto(LossCollector collector) {
        while (!inFlight.isEmpty()) {
            awaitOldest(collector);
        }
    }

    /** The steps that were enqueued since the training's start. */
    public int stepsEnqueued() { return stepsEnqueued; }

    /** A copy of {@link #parameters} after the last enqueued step; waits for it. */
    public Network snapshot() {
        return new Network(settings.shape(), parameters().read(new float[settings.shape().bufferFloats()]));
    }

    /** A copy of the current weights, whether or not the settings require their average; waits for the last enqueued step. */
    Network lastWeights() { return new Network(settings.shape(), state.parameters().read(new float[settings.shape().bufferFloats()])); }

    /** The whole state, from which another session can continue; only after {@link #drain}. */
    public Checkpoint checkpoint() {
        if (!inFlight.isEmpty()) {
            throw new IllegalStateException("steps are in flight");
        }
        return state.read(settings.shape(), stepsDone);
    }

    /**
     * The state to return to after a loss that is not finite, at most some seconds older. From it, the same steps lead to the last
     * network with a finite loss, with the same bits.
     */
    public Checkpoint lastSafe() { return safeguard.read(settings.shape()); }

    private void enqueueSlice(int maxSteps, long sliceNanos, LossCollector collector) {
        int slot = stepsEnqueued % LOSS_SLOTS;
        boolean companionReady = plans.otherIsBuilt();
        if (companionReady) {
            drainInto(collector); // no slice's time may include the check of the other plan
        }
        Plan plan = plans.next(companionReady);
        int contiguous = Math.min(maxSteps, LOSS_SLOTS - slot); // its losses are contiguous
        int steps = Math.min(contiguous, plans.steps(plan, sliceNanos));
        if (plan.stepsDone().isPresent()) {
            drainInto(collector); // the next slice depends on how many steps this one does
        }
        safeguard.before(stepsEnqueued);
        long nanos = System.nanoTime();
        plan.enqueueSteps(stepsEnqueued, steps);
        stepsEnqueued += steps;
        Readback losses = idleReadbacks.remove();
        losses.start(state.losses(), slot, steps);
        context.flush();
        inFlight.add(new Slice(plan, stepsEnqueued - steps, steps, losses, nanos, sliceNanos));
        if (plan.stepsDone().isPresent()) {
            awaitOldest(collector);
        }
    }

    private void awaitOldest(LossCollector collector) {
        Slice slice = inFlight.remove();
        float[] losses = slice.losses().await();
        idleReadbacks.add(slice.losses());
        int done = slice.plan().stepsDone().map(steps -> (int) steps.read(new float[1])[0]).orElse(slice.steps());
        finite &= collector.add(done == losses.length ? losses : Arrays.copyOf(losses, done));
        if (finite && done > 0) {
            safeguard.finiteFrom(slice.first());
        }
        stepsDone += done;
        stepsEnqueued -= slice.steps() - done;
        long now = System.nanoTime();
        long nanos = now - Math.max(slice.enqueuedNanos(), lastSliceEndNanos);
        lastSliceEndNanos = now;
        plans.report(slice.plan(), slice.steps(), done, nanos, slice.sliceNanos());
    }

    @Override
    public void close() {
        try {
            drain();
        } catch (OpenClException e) {
            LOG.debug("closing a training: {}", e.getMessage());
        }
        resources.close();
    }

    /** Collects the losses of several slices. */
    private static final class LossCollector {
        private float[] losses = {};
        private boolean finite = true;

        /** Adds the losses before the first that is not finite; returns whether all are finite. */
        boolean add(float[] slice) {
            int count = 0;
            while (count < slice.length && Float.isFinite(slice[count])) {
                count++;
            }
            if (finite) {
                int before = losses.length;
                losses = Arrays.copyOf(losses, before + count);
                System.arraycopy(slice, 0, losses, before, count);
            }
            finite &= count == slice.length;
            return count == slice.length;
        }

        Progress progress(int stepsDone) {
            return new Progress(stepsDone, losses, finite);
        }
    }

    /**
     * Keeps the state to which a training returns after its loss became infinite or NaN. About once a second the state is copied on the
     * device; the copy is a candidate until a later loss is finite, and then replaces the safe copy.
     */
    private static final class Safeguard implements AutoCloseable {
        private static final long BETWEEN_NANOS = 1_000_000_000;
        private static final int NONE = -1;

        private final Context context;
        private final TrainingState live;
        private final Resources resources = new Resources();
        private TrainingState safe;
        private TrainingState candidate;
        private int safeStep;
        private int candidateStep = NONE; // steps done when the candidate was copied, or NONE
        private long lastNanos = System.nanoTime();

        Safeguard(Context context, TrainingState live, Checkpoint start) {
            this.context = context;
            this.live = live;
            safeStep = start.step();
            try {
                safe = resources.add(TrainingState.of(context, start, 1));
                candidate = resources.add(TrainingState.of(context, start, 1));
            } catch (RuntimeException e) {
                resources.close();
                throw e;
            }
        }

        /** Enqueues a copy of the state after {@code step} steps if one is due; to be called before further steps are enqueued. */
        void before(int step) {
            long now = System.nanoTime();
            if (candidateStep == NONE && now - lastNanos >= BETWEEN_NANOS) {
                live.copyTo(context, candidate);
                candidateStep = step;
                lastNanos = now;
            }
        }

        /** Reports that the losses of the steps after step {@code step} were finite. */
        void finiteFrom(int step) {
            if (candidateStep != NONE && step >= candidateStep) {
                TrainingState older = safe;
                safe = candidate;
                safeStep = candidateStep;
                candidate = older;
                candidateStep = NONE;
            }
        }

        /** The safe copy. */
        Checkpoint read(NetworkShape shape) {
            return safe.read(shape, safeStep);
        }

        @Override
        public void close() {
            resources.close();
        }
    }
}
