package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Kernel;
import iadb.cl.Resources;
import iadb.plan.Throughput;
import iadb.plan.Tuning;
import java.time.Duration;

/**
 * Points on their way along the field. Work is cut into slices of steps, and of points where even one step of all takes
 * long, so that no launch is long. Points do not depend on each other: the cut changes no bit.
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
    private final Throughput pace;       // in points times steps
    private int step;
    private int moved;             // points that are past the step under way

    /**
     * @param kernel    has its arguments but first, count, first_step and steps
     * @param resources what to close with the session, the kernel too
     */
    MapSession(Context context, Kernel kernel, Resources resources, Tuning tuning, long flopsPerPointStep, int count, int T) {
        this.context = context;
        this.kernel = kernel;
        this.resources = resources;
        this.tuning = tuning;
        this.count = count;
        this.T = T;
        leastPoints = Math.min(count, tuning.tileRows() * context.device().computeUnits());
        pace = new Throughput(FIRST_FLOPS_PER_UNIT * context.device().computeUnits() / flopsPerPointStep, LAUNCH_NANOS);
    }

    /** Steps that all points have done, 0 to T. */
    public int step() {
        return step;
    }

    /** Whether all points are where they shall be. */
    public boolean isDone() {
        return step == T;
    }

    /** Moves all points by {@code maxSteps} further steps, or as many as there are up to T; waits for them. */
    public void advance(int maxSteps) {
        advance(maxSteps, Long.MAX_VALUE);
    }

    /**
     * As above, and stops before a further launch would exceed {@code budget}; at least one launch is made. It may stop
     * where some points have done a step more than others: the next call goes on there.
     */
    public void advance(int maxSteps, Duration budget) {
        advance(maxSteps, budget.toNanos());
    }

    private void advance(int maxSteps, long budgetNanos) {
        int last = step + Math.min(maxSteps, T - step);
        long start = System.nanoTime();
        context.finish(); // what others enqueued is no part of a launch's time
        long left = budgetNanos - (System.nanoTime() - start);
        while (step < last) {
            launch(last - step, Math.min(LAUNCH_NANOS, left));
            left = budgetNanos - (System.nanoTime() - start);
            if (pace.work(left) < leastPoints) {
                return;
            }
        }
    }

    /** Several steps of all points, one step of all, or one of some: what fits. */
    private void launch(int mostSteps, long nanos) {
        double fitting = pace.work(nanos);
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
        pace.learn((double) points * steps, System.nanoTime() - start, nanos);
        moved += points;
        if (moved == count) {
            moved = 0;
            step += steps;
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
