package iadb.cl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The JVM keeps its signal handlers when a driver's compiler is loaded into the process. */
class SignalHandlersTest {
    private static final List<Source> SOURCES = List.of(Source.of("philox.cl"));
    private static final int SIGSEGV = 11;
    private static final int SIGPIPE = 13; // one that no driver takes; HotSpot handles both in one place

    @Test
    void driversAndTheirBuildsLeaveTheJvmItsSignals() {
        for (Device device : Device.all()) {
            long[] before = SignalHandlers.copy().addresses();
            assertNotEquals(0, before[SIGSEGV]);
            assertTrue(before[SIGSEGV] == before[SIGPIPE], "SIGSEGV is the JVM's");
            try (Context context = Context.open(device)) {
                context.build(SOURCES, List.of("-DA_VALUE_OF_THIS_TEST=" + System.nanoTime())).close();
            }
            assertArrayEquals(before, SignalHandlers.copy().addresses());
        }
    }

    /** Each safepoint stops the two threads that spin, by SIGSEGV. */
    @Test
    void programsBuildWhileTheJvmStopsBusyThreads() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        int[] safepoints = new int[1];
        List<Thread> threads = Stream.of((Runnable) () -> spin(stop), () -> spin(stop), () -> {
            while (!stop.get()) {
                System.gc();
                safepoints[0]++;
            }
        }).map(Thread::new).toList();
        threads.forEach(Thread::start);
        int builds = 0;
        try {
            for (Device device : Device.all()) {
                for (int i = 0; i < 4; i++, builds++) {
                    try (Context context = Context.open(device)) {
                        context.build(SOURCES, List.of("-DA_VALUE_OF_THIS_TEST=" + i)).close();
                    }
                }
            }
        } finally {
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertTrue(safepoints[0] > builds, safepoints[0] + " safepoints in " + builds + " builds");
    }

    private static void spin(AtomicBoolean stop) {
        while (!stop.get()) {
            Thread.onSpinWait();
        }
    }
}
