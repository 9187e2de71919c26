package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what takes several attempts on a busy machine. */
final class Patience {
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(2); // a guard against waiting in vain
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Patience() {
    }

    /** Tries until the condition holds, or fails with a message that says what did not happen. */
    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT_NANOS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, what);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
