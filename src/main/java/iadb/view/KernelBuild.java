package iadb.view;

import iadb.cl.Background;
import iadb.view.LiveTraining.Prepared;
import java.util.Optional;
import java.util.function.Supplier;

/** The building of kernels on another thread, with the session of a training. Nothing else may use the device meanwhile. */
final class KernelBuild implements AutoCloseable {
    private Background<Optional<Prepared>> work; // null before the first build
    private boolean taken; // its result

    /**
     * Starts to build.
     *
     * @param build returns the session, or nothing if none is to be trained
     */
    void start(Supplier<Optional<Prepared>> build) {
        work = Background.start("kernels", build);
        taken = false;
    }

    /** Whether a first build has begun. */
    boolean hasBegun() { return work != null; }

    /** Whether the kernels are built and taken, so that the device may be used. */
    boolean isReady() { return taken; }

    /** Whether a build has ended whose result was not taken. */
    boolean isDone() { return hasBegun() && !taken && work.isDone(); }

    /** Waits for the build; returns the session, which the caller then owns, or throws what the build threw. */
    Optional<Prepared> take() {
        Optional<Prepared> prepared = work.get();
        taken = true;
        return prepared;
    }

    /** Waits for the build. */
    @Override
    public void close() {
        if (work != null && !taken) {
            work.close();
            if (!work.failed()) {
                work.get().ifPresent(Prepared::close);
            }
        }
    }
}
