package iadb.cli;

import iadb.cl.Context;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says that kernels are built or measured for a device for the first time, and shows on a terminal how far that is. */
final class FirstUse {
    private static final Logger LOG = LoggerFactory.getLogger(FirstUse.class);

    private final int programs;
    private ProgressDisplay display; // null: it is not the first time, or not yet known; or the work itself has begun
    private boolean over;

    private FirstUse(int programs) {
        this.programs = programs;
    }

    /**
     * Listens to what is built from now on.
     *
     * @param programs that are built before the work begins; 0: no more than a line is said
     */
    static FirstUse of(Context context, int programs) {
        FirstUse use = new FirstUse(programs);
        context.onFirstUse(use::show);
        return use;
    }

    /** Comes from the thread that builds, which need not be the one that waits. */
    private synchronized void show(Context.FirstUse use) {
        if (use.startsPhase()) {
            LOG.info("{}", use.message());
        }
        if (programs > 0 && !over && !use.measures()) {
            display = display == null ? ProgressDisplay.ofSteps("building kernels", programs) : display;
            display.show(Math.min(use.checked(), programs), "");
        }
    }

    /** Does what builds the programs. Afterwards the work begins, whose own progress is shown. */
    <T> T during(Supplier<T> building) {
        try {
            return building.get();
        } finally {
            end();
        }
    }

    private synchronized void end() {
        over = true;
        if (display != null) {
            display.close();
            display = null;
        }
    }
}
