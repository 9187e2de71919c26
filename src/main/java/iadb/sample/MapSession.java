package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Kernel;
import iadb.cl.Resources;
import iadb.plan.Throughput;
import iadb.plan.Tuning;
import java.time.Duration;

/**
 * Points being moved along the velocity field. A launch makes a few steps of all points, or one step of some of them, so that
 * none takes long. Points do not depend on each other: slicing changes no bits.
 */
public final class MapSession implements AutoCloseable {
    private static final long LAUNCH_NANOS = 25_000_000;
    private static final double FIRST_FLOPS_PER_UNIT = 4e8; // some milliseconds on one core of a CPU
    private static final int MAX_GROUPS = 65_535;

    private final Context context;
    private final Kernel kernel;
    private final Resources resources;
    private final Tuning tuning;
    private final int count;
    private final int T;
    private final int leastPoints; // of a slice: a tile for each compute unit
    private final Throughput throughput; // in points times steps
    private int step;
    private int moved; // points that have made the current step

    /**
     * @param kernel    with all arguments set except first, count, first_step and steps
     * @param resources closed with the session, with the kernel
     */
    MapSession(Context context, Kernel kernel, Resources resources, Tuning tuning, long flopsPerPointStep, int count, int T) {
        this.context = context;
        this.kernel = kernel;
        this.resources = resources;
        this.tuning = tuning;
        this.count = count;
        this.T = T;
        leastPoints = Math.min(count, tuning.tileRows() * context.device().computeUnits());
        throughput = new Throughput(FIRST_FLOPS_PER_UNIT * context.device().computeUnits() / flopsPerPointStep, LAUNCH_NANOS);
    }

    /** Steps that all points have made, 0 to T. */
    public int step() { return step; }

    /** Whether all points have made all steps. */
    public boolean isDone() { return step == T; }

    /** Moves all points by {@code maxSteps} further steps, at most to T, and waits for them. */
    public void advance(int maxSteps) { advance(maxSteps, Long.MAX_VALUE); }

    /**
     * Moves points by {@code maxSteps} further steps at most, and waits for them. Makes at least one launch, and none that would
     * exceed {@code budget} after it. Some points may then be a step ahead of others: the next call moves the others first.
     */
    public void advance(int maxSteps, Duration budget) { advance(maxSteps, budget.toNanos()); }

    private void advance(int maxSteps, long budgetNanos) {
        int last = step + Math.min(maxSteps, T - step);
        long start = System.nanoTime();
        context.finish(); // earlier commands are not part of a launch's time
        long left = budgetNanos - (System.nanoTime() - start);
        while (step < last) {
            launch(last - step, Math.min(LAUNCH_NANOS, left));
            left = budgetNanos - (System.nanoTime() - start);
            if (throughput.work(left) < leastPoints) {
                return;
            }
        }
    }

    /** Launches as many steps of all points as fit into {@code nanos}, or one step of as many points as fit. */
    private void launch(int mostSteps, long nanos) {
        double fitting = throughput.work(nanos);
        int steps = moved > 0 ? 1 : (int) Math.max(1, Math.min(mostSteps, fitting / count));
        int points = count - moved;
        if (fitting < points) {
            points = Math.min(points, Math.max(leastPoints, (int) fitting / leastPoints * leastPoints));
        }
        long start = System.nanoTime();
        kernel.set("first", moved).set("count", points).set("first_step", step).set("steps", steps);
        int groups = Math.min(MAX_GROUPS, (points + tuning.tileRows() - 1) / tuning.tileRows());
        context.enqueue(kernel, (long) groups * tuning.groupSize(), tuning.groupSize());
        context.finish();
        throughput.learn((double) points * steps, System.nanoTime() - start, nanos);
        moved += points;
        if (moved == count) {
            moved = 0;
            step += steps;
        }
    }

    @Override
    public void close() { resources.close(); }
}
