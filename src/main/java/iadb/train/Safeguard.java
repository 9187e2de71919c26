package iadb.train;

import iadb.cl.Context;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.NetworkShape;
import iadb.plan.TrainingState;

/**
 * Keeps the state to which a training returns after its loss became infinite or NaN. About once a second the state is copied on the
 * device; the copy is a candidate until a later loss is finite, and then replaces the safe copy.
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
