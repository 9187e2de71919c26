package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Kernel;
import iadb.cl.Resources;
import iadb.plan.Tuning;

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
    private int step;
    private double pointStepsPerLaunch;

    /**
     * @param kernel    has its arguments but the last four
     * @param resources what to close with the session, the kernel too
     */
    MapSession(Context context, Kernel kernel, Resources resources, Tuning tuning, long flopsPerPointStep, int count, int T) {
        this.context = context;
        this.kernel = kernel;
        this.resources = resources;
        this.tuning = tuning;
        this.count = count;
        this.T = T;
        pointStepsPerLaunch = FIRST_FLOPS_PER_UNIT * context.device().computeUnits() / flopsPerPointStep;
    }

    /** Steps done, 0 to T. */
    public int step() {
        return step;
    }

    /** Whether all points are where they shall be. */
    public boolean isDone() {
        return step == T;
    }

    /** Moves all points by {@code steps} further steps, or as many as there are up to T; waits for them. */
    public void advance(int steps) {
        int last = step + Math.min(steps, T - step);
        int leastPoints = Math.min(count, tuning.tileRows() * context.device().computeUnits());
        while (step < last) {
            int now = (int) Math.max(1, Math.min(last - step, pointStepsPerLaunch / count));
            for (int first = 0; first < count; ) {
                long whole = (long) (pointStepsPerLaunch / now) / leastPoints * leastPoints;
                int points = (int) Math.min(count - first, Math.max(leastPoints, whole));
                long start = System.nanoTime();
                launch(first, points, now);
                adapt((double) points * now, System.nanoTime() - start);
                first += points;
            }
            step += now;
        }
    }

    private void launch(int first, int points, int steps) {
        kernel.lastArguments(first, points, step, steps);
        int groups = Math.min(MAX_GROUPS, (points + tuning.tileRows() - 1) / tuning.tileRows());
        context.enqueue(kernel, (long) groups * tuning.groupSize(), tuning.groupSize());
        context.finish();
    }

    /** Moves the size of a launch towards its time; what a small launch took says little about a large one. */
    private void adapt(double pointSteps, long nanos) {
        double wanted = pointSteps * LAUNCH_NANOS / nanos;
        if (wanted < pointStepsPerLaunch || pointSteps > pointStepsPerLaunch / 2) {
            pointStepsPerLaunch = Math.max(pointStepsPerLaunch / 2, Math.min(pointStepsPerLaunch * 2, wanted));
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
