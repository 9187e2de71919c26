package iadb.cl;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The programs that sibling contexts built and checked. Closed with the last of these contexts. */
final class SharedPrograms {
    private static final int MOST_KEPT = 16; // in case one is built again; a search over tunings builds hundreds
    private static final byte[] PASSED = {1}; // the content of a passed check's cache entry, which only has to exist

    private final Device device;
    private final UserCache cache;
    private final UserCache checks = UserCache.of("checks");
    private final Map<String, Program> kept = new LinkedHashMap<>(); // by Program.key, oldest first
    private final Set<String> checked = new HashSet<>(); // by Program.key
    private final Map<String, Thread> checking = new HashMap<>(); // programs under check, and the thread that checks each
    private int contexts = 1;
    private Consumer<Context.FirstUse> listener = use -> { };
    private boolean isFirstUseReported;
    private int passed; // checks of this first use

    SharedPrograms(Device device, UserCache cache) {
        this.device = device;
        this.cache = cache;
    }

    synchronized void retain() { contexts++; }

    synchronized void release() {
        contexts--;
        if (contexts == 0) {
            kept.values().forEach(Program::close);
        }
    }

    /** The names, by {@link Program#key}, of the programs that are kept. */
    synchronized Set<String> keys() { return Set.copyOf(kept.keySet()); }

    /** The program, with a reference of the caller's own. Several threads may build at once. */
    Program build(Context context, List<Source> sources, List<String> options) {
        String key = Program.key(device, sources, options);
        synchronized (this) {
            if (kept.containsKey(key)) {
                return kept.get(key).share();
            }
        }
        Program built = Program.build(context, cache, key, sources, options);
        synchronized (this) {
            Program earlier = kept.putIfAbsent(key, built);
            if (earlier != null) { // another thread was faster
                built.close();
                return earlier.share();
            }
            Program own = built.share();
            if (kept.size() > MOST_KEPT) {
                kept.remove(kept.keySet().iterator().next()).close();
            }
            return own;
        }
    }

    /** Whether a program passed its check, now or in an earlier run. */
    synchronized boolean passed(String key) {
        if (!checked.contains(key) && checks.load(key).isPresent()) {
            checked.add(key);
        }
        return checked.contains(key);
    }

    /** Runs a check unless it passed before; see {@link Context#checkOnce}. */
    boolean checkOnce(String key, BooleanSupplier check) {
        if (!beginCheck(key)) {
            return true;
        }
        boolean isPassed = false;
        try {
            reportFirstBuild();
            isPassed = check.getAsBoolean();
        } finally {
            endCheck(key, isPassed);
        }
        if (isPassed) {
            checks.store(key, PASSED);
            report(1, false);
        }
        return isPassed;
    }

    /**
     * Whether this thread has to check a program now; waits for another thread's check. A program that this thread is checking
     * already is not checked within its own check.
     */
    private synchronized boolean beginCheck(String key) {
        boolean interrupted = false;
        while (checking.containsKey(key) && checking.get(key) != Thread.currentThread()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !passed(key) && checking.putIfAbsent(key, Thread.currentThread()) == null;
    }

    private synchronized void endCheck(String key, boolean isPassed) {
        checking.remove(key);
        if (isPassed) {
            checked.add(key);
        }
        notifyAll();
    }

    synchronized void onFirstUse(Consumer<Context.FirstUse> newListener) { listener = newListener; }

    private void reportFirstBuild() {
        synchronized (this) {
            if (isFirstUseReported) {
                return;
            }
            isFirstUseReported = true;
        }
        report(0, false);
    }

    /** Reports that another check passed (1) or none (0), or that tunings are about to be timed. */
    void report(int newlyPassed, boolean measures) {
        Consumer<Context.FirstUse> receiver;
        int number;
        synchronized (this) {
            passed += newlyPassed;
            number = passed;
            receiver = listener;
        }
        receiver.accept(new Context.FirstUse(device, measures || checks.takesEntries(), number, measures));
    }
}
