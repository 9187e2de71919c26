package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Kernel;
import iadb.cl.Resources;
import iadb.plan.Throughput;
import iadb.plan.Tuning;
import java.time.Duration;

/**
 * Moves points along the velocity field in short launches: each makes a few steps of all points, or one step of some points.
 * Points do not depend on each other, so that slicing changes no bits.
 */
public final class MapSession implements AutoCloseable {
    private static final long LAUNCH_NANOS = 25_000_000;
    private static final double FIRST_FLOPS_PER_UNIT = 4e8; // a few milliseconds on one core of a CPU
    private static final int MAX_GROUPS = 65_535;

    private final Context context;
    private final Kernel kernel;
    private final Resources resources;
    private final Tuning tuning;
    private final int count;
    private final int T;
    private final int minPoints; // of a launch: a tile for each compute unit
    private final Throughput throughput; // in points times steps
    private int step;
    private int moved; // points that have already made the current step

    /**
     * @param kernel    has all arguments set except first, count, first_step and steps
     * @param resources the kernel and whatever else is closed with the session
     */
    MapSession(Context context, Kernel kernel, Resources resources, Tuning tuning, long flopsPerPointStep, int count, int T) {
        this.context = context;
        this.kernel = kernel;
        this.resources = resources;
        this.tuning = tuning;
        this.count = count;
        this.T = T;
        minPoints = Math.min(count, tuning.tileRows() * context.device().computeUnits());
        throughput = new Throughput(FIRST_FLOPS_PER_UNIT * context.device().computeUnits() / flopsPerPointStep, LAUNCH_NANOS);
    }

    /** Steps that all points have made, 0 to T. */
    public int step() { return step; }

    /** Whether all points have made all steps. */
    public boolean isDone() { return step == T; }

    /** Moves all points by {@code maxSteps} further steps, at most to T, and waits for them. */
    public void advance(int maxSteps) { advance(maxSteps, Long.MAX_VALUE); }

    /**
     * Moves points by at most {@code maxSteps} further steps, and waits for them. Makes at least one launch; further launches
     * must fit into {@code budget}. Some points may then be a step ahead: the next call moves the other points first.
     */
    public void advance(int maxSteps, Duration budget) { advance(maxSteps, budget.toNanos()); }

    private void advance(int maxSteps, long budgetNanos) {
        int last = step + Math.min(maxSteps, T - step);
        long start = System.nanoTime();
        context.finish(); // so that launches are timed without earlier commands
        long left = budgetNanos - (System.nanoTime() - start);
        while (step < last) {
            launch(last - step, Math.min(LAUNCH_NANOS, left));
            left = budgetNanos - (System.nanoTime() - start);
            if (throughput.work(left) < minPoints) {
                return;
            }
        }
    }

    /** Launches as many steps of all points as fit into {@code nanos}, or one step of as many points as fit. */
    private void launch(int maxSteps, long nanos) {
        double fitting = throughput.work(nanos);
        int steps = moved > 0 ? 1 : (int) Math.max(1, Math.min(maxSteps, fitting / count));
        int points = count - moved;
        if (fitting < points) {
            points = Math.min(points, Math.max(minPoints, (int) fitting / minPoints * minPoints));
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
