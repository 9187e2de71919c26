package iadb.cl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.lwjgl.system.JNI;
import org.lwjgl.system.Library;
import org.lwjgl.system.MemoryUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process's signal handlers at one moment, to be put back after a driver took them from the JVM.
 *
 * <p>A driver with LLVM inside, as PoCL, takes SIGSEGV, SIGINT and a dozen others when it starts or first compiles: each
 * for one time only (SA_RESETHAND). The first that comes deletes the files the compiler is writing and gives them all back
 * (LLVM 14, {@code llvm/lib/Support/Unix/Signals.inc}). But HotSpot needs SIGSEGV every day, to stop running threads at a
 * safepoint and to find a null pointer: one in the middle of a build makes the build fail for a file that is gone, and two
 * at once end the process without a word. LLVM takes them once in a process, so putting them back lasts.
 */
final class SignalHandlers {
    private static final Logger LOG = LoggerFactory.getLogger(SignalHandlers.class);
    private static final int SIGNALS = 32; // the classic ones; LLVM takes no real-time signal
    private static final int ACTION_BYTES = 512; // more than any system's struct sigaction: Linux has 152, macOS 16

    /** The address of sigaction, 0 where there is none. */
    private static final long SIGACTION = find();

    private static SignalHandlers before; // noted when the first thread entered keptDuring
    private static int running; // threads in keptDuring

    private final ByteBuffer actions = allocate(SIGNALS * ACTION_BYTES); // struct sigaction: first word, the handler's address
    private final ByteBuffer now = allocate(ACTION_BYTES);

    private SignalHandlers() {
        for (int signal = 1; signal < SIGNALS && SIGACTION != 0; signal++) {
            JNI.invokePPI(signal, 0L, action(signal), SIGACTION);
        }
    }

    /**
     * Runs what may start a driver's compiler, and puts back what that took. Several threads may do so at once: the first of
     * them notes the handlers, since a later one would note those that a driver has taken, and put these back for good.
     */
    static <T> T keptDuring(Supplier<T> work) {
        SignalHandlers jvms = enter();
        try {
            return work.get();
        } finally {
            jvms.leave();
        }
    }

    private static synchronized SignalHandlers enter() {
        if (running++ == 0) {
            before = note();
        }
        return before;
    }

    private void leave() {
        synchronized (SignalHandlers.class) {
            running--;
            putBack();
        }
    }

    /** Those of now. */
    static SignalHandlers note() {
        return new SignalHandlers();
    }

    /** Gives each signal the handler it had then. */
    private void putBack() {
        int taken = 0;
        for (int signal = 1; signal < SIGNALS && SIGACTION != 0; signal++) {
            if (JNI.invokePPI(signal, 0L, MemoryUtil.memAddress(now), SIGACTION) == 0 && now.getLong(0) != handler(signal)
                    && JNI.invokePPI(signal, action(signal), 0L, SIGACTION) == 0) {
                taken++;
            }
        }
        if (taken > 0) {
            LOG.debug("a driver took {} signal handlers: put back", taken);
        }
    }

    /** Addresses by signal number, 0 for the system's default. */
    long[] addresses() {
        return IntStream.range(0, SIGNALS).mapToLong(this::handler).toArray();
    }

    private long handler(int signal) {
        return actions.getLong(signal * ACTION_BYTES);
    }

    private long action(int signal) {
        return MemoryUtil.memAddress(actions, signal * ACTION_BYTES);
    }

    private static ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private static long find() {
        String system = System.getProperty("os.name");
        try {
            Library.initialize();
            long name = MemoryUtil.memAddress(MemoryUtil.memASCII("sigaction")); // kept for good: ten bytes
            if (system.equals("Linux")) {
                return org.lwjgl.system.linux.DynamicLinkLoader.ndlsym(0, name); // 0 is RTLD_DEFAULT
            }
            return system.startsWith("Mac") ? org.lwjgl.system.macosx.DynamicLinkLoader.ndlsym(
                    org.lwjgl.system.macosx.DynamicLinkLoader.RTLD_DEFAULT, name) : 0;
        } catch (LinkageError | IllegalStateException e) {
            LOG.debug("the JVM's signal handlers cannot be kept: {}", e.toString());
            return 0;
        }
    }
}
