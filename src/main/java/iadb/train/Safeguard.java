package iadb.train;

import iadb.cl.Context;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.NetworkShape;
import iadb.plan.TrainingState;

/**
 * Where a training can go back to after its loss became infinite or NaN: a copy of its state, taken on the device about once
 * a second, which counts once a loss that came after it was finite. Two copies, the older of which is the one that counts.
 */
final class Safeguard implements AutoCloseable {
    private static final long BETWEEN_NANOS = 1_000_000_000;
    private static final int NONE = -1;

    private final Context context;
    private final TrainingState live;
    private final Resources resources = new Resources();
    private TrainingState safe;
    private TrainingState candidate;
    private int safeStep;
    private int candidateStep = NONE; // steps that were done at its copy
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

    /** Before the step after {@code step} steps is enqueued: enqueues a copy when it is time for one. */
    void before(int step) {
        long now = System.nanoTime();
        if (candidateStep == NONE && now - lastNanos >= BETWEEN_NANOS) {
            live.copyTo(context, candidate);
            candidateStep = step;
            lastNanos = now;
        }
    }

    /** All losses of the steps that began after {@code step} steps were finite. */
    void finiteFrom(int step) {
        if (candidateStep != NONE && step >= candidateStep) {
            TrainingState older = safe;
            safe = candidate;
            safeStep = candidateStep;
            candidate = older;
            candidateStep = NONE;
        }
    }

    /** The copy that counts. */
    Checkpoint read(NetworkShape shape) {
        return safe.read(shape, safeStep);
    }

    @Override
    public void close() {
        resources.close();
    }
}
