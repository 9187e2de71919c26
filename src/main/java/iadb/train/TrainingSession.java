package iadb.train;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.OpenClException;
import iadb.cl.Readback;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.plan.Batch;
import iadb.plan.Plan;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.PlanSwitch;
import iadb.plan.TrainingState;
import iadb.random.RandomPurpose;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A training on a device (IADB, algorithm 3): the data sets are drawn, then each step draws a batch of blends, and moves
 * the network's weights to predict x1 - x0 from x_α and α.
 *
 * <p>Steps run in slices. Losses stay on the device and come back once a slice; at most two slices are in flight, and
 * the host waits for nothing but the slice before. The queue is in order, so that {@link #parameters} can be used by
 * whatever is enqueued between two calls of {@link #advance}. To cancel is to stop calling.
 */
public final class TrainingSession implements AutoCloseable {
    /** One of the two densities. */
    public enum Which { P0, P1 }

    private static final Logger LOG = LoggerFactory.getLogger(TrainingSession.class);
    private static final int LOSS_SLOTS = 4096;
    private static final int MAX_SLICES = 2;
    private static final long SLICE_NANOS = 25_000_000;

    private final Context context;
    private final TrainingSettings config;
    private final DeviceBuffer data0;
    private final DeviceBuffer data1;
    private final TrainingState state;
    private final Safeguard safeguard;
    private final Resources resources = new Resources();
    private final Deque<Slice> inFlight = new ArrayDeque<>();
    private final Deque<Readback> idleReadbacks = new ArrayDeque<>();
    private final PlanSwitch plans;
    private int stepsEnqueued;
    private int stepsDone;
    private boolean finite = true; // all losses so far
    private long lastSliceEndNanos = System.nanoTime();

    /**
     * How far a training is, and what came back since the last report.
     *
     * @param stepsDone steps that are over, from the training's start
     * @param losses    Σ|D - target|² of each step that ended since the last report, in order, up to the first that is not finite
     * @param finite    whether all losses were finite
     */
    public record Progress(int stepsDone, float[] losses, boolean finite) {
    }

    /** Steps whose losses [steps] are on their way to the host. */
    private record Slice(Plan plan, int first, int steps, Readback losses, long enqueuedNanos, long sliceNanos) {
    }

    /** Draws the data of both densities and prepares step 0, from fresh weights. */
    public TrainingSession(Context context, TrainingSettings config, Density p0, Density p1) {
        this(context, config, Checkpoint.start(Network.initial(config.shape(), config.seed()), config.ema() > 0), p0, p1);
    }

    /**
     * Draws the data of both densities and prepares the step after a checkpoint's: the same bits as a session that never stopped,
     * if the densities, the settings with the checkpoint's plan and tuning, and the device are the same.
     *
     * @throws DeviceLimitException when the device cannot hold them
     */
    public TrainingSession(Context context, TrainingSettings config, Checkpoint start, Density p0, Density p1) {
        this.context = context;
        this.config = config;
        PlanSelector selector = new PlanSelector(context.device(), config.shape(), config.batch(), config.plan(), config.tuning());
        selector.buildAhead(context);
        try {
            data0 = resources.add(context.buffer((long) config.data() * PointSource.POINT_BYTES));
            data1 = resources.add(context.buffer((long) config.data() * PointSource.POINT_BYTES));
            replaceDensity(Which.P0, p0);
            replaceDensity(Which.P1, p1);
            state = resources.add(TrainingState.of(context, start, LOSS_SLOTS));
            safeguard = resources.add(new Safeguard(context, state, start));
            for (int i = 0; i < MAX_SLICES; i++) {
                idleReadbacks.add(resources.add(context.readback((long) LOSS_SLOTS * Float.BYTES)));
            }
            Batch batch = new Batch(data0, config.data(), data1, config.data(), config.batch(), config.seed(),
                    config.rates());
            plans = resources.add(new PlanSwitch(context, selector, batch, state));
            stepsEnqueued = start.step();
            stepsDone = start.step();
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /**
     * Draws new data in the place of the old: the same numbers, so that they are those of a session begun with this
     * density. The steps from here on are drawn from them; weights, Adam's state and the count of steps stay as they are.
     *
     * @throws DeviceLimitException when the device cannot hold the density; the old data stay
     */
    public void replaceDensity(Which which, Density density) {
        try (PointSource source = new PointSource(context, density)) {
            source.drawInto(which == Which.P0 ? data0 : data1, config.seed(),
                    which == Which.P0 ? RandomPurpose.DATA_P0 : RandomPurpose.DATA_P1, 0, config.data());
        }
    }

    /** The plan and tuning that run this training; where {@code auto} may change plans, the last that came in. */
    public PlanChoice choice() {
        return plans.choice();
    }

    /** Steps that each plan did so far. */
    public Map<PlanChoice.Kind, Integer> stepsByPlan() {
        return plans.stepsByKind();
    }

    /** The points of p0 that training draws from, [dataPoints, 2]. */
    public DeviceBuffer data0() {
        return data0;
    }

    /** The points of p1 that training draws from, [dataPoints, 2]. */
    public DeviceBuffer data1() {
        return data1;
    }

    /**
     * The weights to map with, [shape.bufferFloats()]: the live ones, or their average where the configuration has one.
     * Valid until this session is closed.
     */
    public DeviceBuffer parameters() {
        return state.result();
    }

    /** Advances in launches of up to 25 ms. */
    public Progress advance(int maxSteps, Duration budget) {
        return advance(maxSteps, budget, Duration.ofNanos(SLICE_NANOS));
    }

    /**
     * Enqueues up to {@code maxSteps} further steps, for about {@code budget}, and reports the slices that ended meanwhile; at
     * least one slice. Two slices may still be running when this returns, unless slices are shorter than 25 ms, whose caller needs
     * the device for something else.
     *
     * @param longestLaunch time that a slice should not exceed; 25 ms at most
     */
    public Progress advance(int maxSteps, Duration budget, Duration longestLaunch) {
        long startNanos = System.nanoTime();
        long sliceNanos = Math.min(SLICE_NANOS, Math.min(budget.toNanos(), longestLaunch.toNanos()));
        LossCollector collector = new LossCollector();
        int last = (int) Math.min(Integer.MAX_VALUE, (long) stepsEnqueued + maxSteps);
        do {
            if (inFlight.size() == MAX_SLICES) {
                awaitOldest(collector);
            }
            if (stepsEnqueued < last) {
                enqueueSlice(last - stepsEnqueued, sliceNanos, collector);
            }
            if (sliceNanos < SLICE_NANOS) {
                drainInto(collector);
            }
            // one more slice would end nearer to the budget than none
        } while (stepsEnqueued < last && System.nanoTime() - startNanos + sliceNanos / 2 < budget.toNanos());
        return collector.progress(stepsDone);
    }

    /** Waits for all that is enqueued and reports it. */
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

    /** Steps that were enqueued, from the training's start. */
    public int stepsEnqueued() {
        return stepsEnqueued;
    }

    /** A copy of the weights to map with, after the last step that was enqueued; waits for it. */
    public Network snapshot() {
        return new Network(config.shape(), parameters().read(new float[config.shape().bufferFloats()]));
    }

    /** All that a session needs to go on from here; only after {@link #drain}. */
    public Checkpoint checkpoint() {
        if (!inFlight.isEmpty()) {
            throw new IllegalStateException("steps are under way");
        }
        return state.read(config.shape(), stepsDone);
    }

    /**
     * What to go on from after a loss that is not finite: the training as it was at most some seconds before, from where the
     * same steps lead, with the same bits, to the last network whose loss was finite.
     */
    public Checkpoint lastSafe() {
        return safeguard.read(config.shape());
    }

    private void enqueueSlice(int mostSteps, long sliceNanos, LossCollector collector) {
        int slot = stepsEnqueued % LOSS_SLOTS;
        boolean adopts = plans.otherIsBuilt();
        if (adopts) {
            drainInto(collector); // no slice's time shall hold the other plan's check
        }
        Plan plan = plans.next(adopts);
        int most = Math.min(mostSteps, LOSS_SLOTS - slot); // its losses lie in one piece
        int steps = Math.min(most, plans.steps(plan, sliceNanos));
        if (plan.stepsDone().isPresent()) {
            drainInto(collector); // what comes next depends on how far this slice gets
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

    /** Gathers the losses of several slices. */
    private static final class LossCollector {
        private float[] losses = {};
        private boolean finite = true;

        /** Takes those before the first that is not finite; whether all are finite. */
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
}
