package iadb.cl;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The programs that sibling contexts have built and checked. Closed with the last of these contexts. */
final class SharedPrograms {
    private static final int MAX_KEPT = 16; // for repeated builds; a search for a tuning builds hundreds of programs
    private static final byte[] PASSED = {1}; // the content of a passed check's cache entry

    private final Device device;
    private final UserCache cache;
    private final UserCache checks = UserCache.of("checks");
    private final Map<String, Program> programs = new LinkedHashMap<>(); // by Program.key, oldest first
    private final Set<String> checked = new HashSet<>(); // by Program.key
    private final Map<String, Thread> checking = new HashMap<>(); // programs being checked, and the thread that checks each
    private int contexts = 1;
    private Consumer<Context.FirstUse> listener = use -> { };
    private boolean isFirstUseReported;
    private int passedChecks; // number of passed checks

    SharedPrograms(Device device, UserCache cache) {
        this.device = device;
        this.cache = cache;
    }

    synchronized void retain() { contexts++; }

    synchronized void release() {
        contexts--;
        if (contexts == 0) {
            programs.values().forEach(Program::close);
        }
    }

    /** The {@linkplain Program#key keys} of the kept programs. */
    synchronized Set<String> keptKeys() { return Set.copyOf(programs.keySet()); }

    /** The program with a reference that the caller owns. Several threads may build at the same time. */
    Program build(Context context, List<Source> sources, List<String> options) {
        String key = Program.key(device, sources, options);
        synchronized (this) {
            if (programs.containsKey(key)) {
                return programs.get(key).share();
            }
        }
        Program built = Program.build(context, cache, key, sources, options);
        synchronized (this) {
            Program earlier = programs.putIfAbsent(key, built);
            if (earlier != null) { // another thread was faster
                built.close();
                return earlier.share();
            }
            Program own = built.share();
            if (programs.size() > MAX_KEPT) {
                programs.remove(programs.keySet().iterator().next()).close();
            }
            return own;
        }
    }

    /** Whether a program passed its check, now or in an earlier run. */
    synchronized boolean hasPassed(String key) {
        if (!checked.contains(key) && checks.load(key).isPresent()) {
            checked.add(key);
        }
        return checked.contains(key);
    }

    /** Runs a check unless it has passed before; see {@link Context#checkOnce}. */
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
     * Whether this thread must check a program now; waits for another thread's check of it. False within this thread's own check
     * of the program.
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
        return !hasPassed(key) && checking.putIfAbsent(key, Thread.currentThread()) == null;
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

    /** Reports {@code newlyPassed} checks, or the start of the first build, or that tunings are about to be timed. */
    void report(int newlyPassed, boolean measures) {
        Consumer<Context.FirstUse> receiver;
        int number;
        synchronized (this) {
            passedChecks += newlyPassed;
            number = passedChecks;
            receiver = listener;
        }
        receiver.accept(new Context.FirstUse(device, measures || checks.takesEntries(), number, measures));
    }
}
