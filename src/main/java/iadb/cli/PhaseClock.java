package iadb.cli;

import iadb.file.JsonRecord;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a run's wall time goes: seconds of each phase, from the start of the virtual machine. */
final class PhaseClock {
    private final Map<String, Double> seconds = new LinkedHashMap<>();
    private long lastNanos = System.nanoTime();

    PhaseClock() {
        seconds.put("start", sinceStart());
    }

    /** Seconds since the virtual machine was started. */
    static double sinceStart() {
        return (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime()) * 1e-3;
    }

    /** Ends a phase; returns its seconds. */
    double end(String phase) {
        long now = System.nanoTime();
        double elapsed = (now - lastNanos) * 1e-9;
        seconds.put(phase, elapsed);
        lastNanos = now;
        return elapsed;
    }

    /** Seconds by phase, and in all. */
    JsonRecord record() {
        JsonRecord record = new JsonRecord();
        seconds.forEach(record::add);
        return record.add("total", sinceStart());
    }
}
