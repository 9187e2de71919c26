package iadb.view;

import iadb.cl.Background;

/** The building of kernels on another thread. Nothing else may use the device meanwhile. */
final class KernelBuild implements AutoCloseable {
    private Background<Void> work; // null before the first build
    private boolean taken; // its end

    void start(Runnable build) {
        work = Background.start("kernels", build);
        taken = false;
    }

    /** Whether a first build has begun. */
    boolean hasBegun() { return work != null; }

    /** Whether the kernels are built and {@link #take} was called, so that the device may be used. */
    boolean isReady() { return taken; }

    /** Whether a build has ended and {@link #take} was not called. */
    boolean isDone() { return hasBegun() && !taken && work.isDone(); }

    /** Waits for the build; throws what it threw. */
    void take() {
        work.get();
        taken = true;
    }

    /** Waits for the build. */
    @Override
    public void close() {
        if (work != null) {
            work.close();
        }
    }
}
