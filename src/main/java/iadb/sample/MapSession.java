package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Kernel;
import iadb.plan.Tuning;

/**
 * Points being moved by Euler steps (IADB, algorithm 4): {@code x ← x + (α_{t+1} - α_t) D(x, α_t)}, α_t = t/T.
 * Work is cut into slices of points, so that no launch is long; points do not depend on each other, so that the cut
 * changes no bit.
 */
public final class MapSession implements AutoCloseable {
    private static final long LAUNCH_NANOS = 25_000_000;
    private static final int MAX_STEPS_PER_LAUNCH = 512;
    private static final int MAX_GROUPS = 65_535;

    private final Context context;
    private final Kernel kernel;
    private final Tuning tuning;
    private final int count;
    private final int T;
    private int step;
    private int launchPoints;

    MapSession(Context context, Kernel kernel, Tuning tuning, int count, int T) {
        this.context = context;
        this.kernel = kernel;
        this.tuning = tuning;
        this.count = count;
        this.T = T;
        launchPoints = tuning.tileRows() * context.device().computeUnits() * 4;
    }

    /** Steps done, 0 to T. */
    public int step() {
        return step;
    }

    /** Moves all points by {@code steps} further steps, or as many as there are up to T; waits for them. */
    public void advance(int steps) {
        int last = Math.min(T, Math.addExact(step, steps));
        while (step < last) {
            int now = Math.min(MAX_STEPS_PER_LAUNCH, last - step);
            for (int first = 0; first < count; ) {
                int points = Math.min(launchPoints, count - first);
                long start = System.nanoTime();
                launch(first, points, now);
                adapt(points, System.nanoTime() - start);
                first += points;
            }
            step += now;
        }
    }

    private void launch(int first, int points, int steps) {
        kernel.argument(2, first);
        kernel.argument(3, points);
        kernel.argument(4, step);
        kernel.argument(5, steps);
        kernel.argument(6, T);
        int groups = Math.min(MAX_GROUPS, (points + tuning.tileRows() - 1) / tuning.tileRows());
        context.enqueue(kernel, (long) groups * tuning.groupSize(), tuning.groupSize());
        context.finish();
    }

    /** Doubles or halves the points of a launch towards its time, in whole tiles for every compute unit. */
    private void adapt(int points, long nanos) {
        int least = tuning.tileRows() * context.device().computeUnits();
        if (points == launchPoints && nanos < LAUNCH_NANOS / 2) {
            launchPoints = Math.min(1 << 30, launchPoints * 2);
        } else if (nanos > LAUNCH_NANOS && launchPoints > least) {
            launchPoints = Math.max(least, launchPoints / 2);
        }
    }

    @Override
    public void close() {
        kernel.close();
    }
}
