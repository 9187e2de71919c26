package iadb.cli;

import iadb.cl.Context;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs that kernels are built or measured for a device for the first time, and shows the progress on a terminal. */
final class FirstUse {
    private static final Logger LOG = LoggerFactory.getLogger(FirstUse.class);

    private final int programs;
    private ProgressDisplay display; // null: nothing is built, or not yet, or no longer
    private boolean ended;

    private FirstUse(int programs) {
        this.programs = programs;
    }

    /**
     * Listens to what is built from now on.
     *
     * @param programs to be built before the work starts; 0: not known, only a line is logged
     */
    static FirstUse of(Context context, int programs) {
        FirstUse use = new FirstUse(programs);
        context.onFirstUse(use::show);
        return use;
    }

    /** Called by the thread that builds, which need not be the one that waits. */
    private synchronized void show(Context.FirstUse use) {
        if (use.startsPhase()) {
            LOG.info("{}", use.message());
        }
        if (programs > 0 && !ended && !use.measures()) {
            display = display == null ? ProgressDisplay.ofSteps("building kernels", programs) : display;
            display.show(Math.min(use.checked(), programs), "");
        }
    }

    /** Runs what builds the programs, and ends the display. */
    <T> T during(Supplier<T> building) {
        try {
            return building.get();
        } finally {
            end();
        }
    }

    private synchronized void end() {
        ended = true;
        if (display != null) {
            display.close();
            display = null;
        }
    }
}
