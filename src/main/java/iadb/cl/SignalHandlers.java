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
 * A copy of the process's signal handlers, which restores those that a driver replaced.
 *
 * <p>A driver that contains LLVM, such as PoCL, replaces the handlers of SIGSEGV, SIGINT and a dozen others when it starts or
 * first compiles, each for a single signal (SA_RESETHAND). The first signal deletes the files that the compiler is writing and
 * restores all handlers (LLVM 14, {@code llvm/lib/Support/Unix/Signals.inc}). But HotSpot uses SIGSEGV routinely, to stop threads
 * at a safepoint and to detect null pointers: one SIGSEGV during a build makes the build fail for a deleted file, and two at the
 * same time end the process without a message. LLVM replaces the handlers only once in a process, so restoring them lasts.
 */
final class SignalHandlers {
    private static final Logger LOG = LoggerFactory.getLogger(SignalHandlers.class);
    private static final int SIGNALS = 32; // the standard ones: LLVM handles no real-time signal
    private static final int ACTION_BYTES = 512; // above every system's struct sigaction: 152 on Linux, 16 on macOS

    private static SignalHandlers before; // copied when the first thread entered keptDuring
    private static int running; // threads in keptDuring

    private final ByteBuffer actions = allocate(SIGNALS * ACTION_BYTES); // by signal; the first word is the handler's address
    private final ByteBuffer now = allocate(ACTION_BYTES);

    private SignalHandlers() {
        for (int signal = 1; signal < SIGNALS; signal++) {
            sigaction(signal, null, action(signal));
        }
    }

    /**
     * Runs work that may start a driver's compiler, and restores the handlers. Several threads may do so concurrently: only the
     * first copies the handlers, since a later copy might contain a driver's.
     */
    static <T> T keptDuring(Supplier<T> work) {
        SignalHandlers own = enter();
        try {
            return work.get();
        } finally {
            own.leave();
        }
    }

    private static synchronized SignalHandlers enter() {
        if (running++ == 0) {
            before = copy();
        }
        return before;
    }

    private void leave() {
        synchronized (SignalHandlers.class) {
            running--;
            restore();
        }
    }

    static SignalHandlers copy() { return new SignalHandlers(); }

    private void restore() {
        int restored = 0;
        for (int signal = 1; signal < SIGNALS; signal++) {
            if (sigaction(signal, null, now) && now.getLong(0) != handler(signal)
                    && sigaction(signal, action(signal), null)) {
                restored++;
            }
        }
        if (restored > 0) {
            LOG.debug("the OpenCL driver replaced {} signal handlers; restored them", restored);
        }
    }

    /** The handlers' addresses by signal number; 0 is the system's default. */
    long[] addresses() { return IntStream.range(0, SIGNALS).mapToLong(this::handler).toArray(); }

    private long handler(int signal) { return actions.getLong(signal * ACTION_BYTES); }

    private ByteBuffer action(int signal) { return actions.slice(signal * ACTION_BYTES, ACTION_BYTES); }

    private static ByteBuffer allocate(int bytes) { return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder()); }

    /**
     * POSIX's sigaction.
     *
     * @param action    struct sigaction to set; null sets none
     * @param oldAction receives the previous struct sigaction, unless null
     * @return whether it succeeded; false on systems without sigaction
     */
    private static boolean sigaction(int signal, ByteBuffer action, ByteBuffer oldAction) {
        return Sigaction.ADDRESS != 0 && JNI.invokePPI(signal, MemoryUtil.memAddressSafe(action),
                MemoryUtil.memAddressSafe(oldAction), Sigaction.ADDRESS) == 0;
    }

    /** Delays looking up the address until LWJGL's library is unpacked. */
    private static final class Sigaction {
        static final long ADDRESS = find();

        private static long find() {
            String system = System.getProperty("os.name");
            try {
                Library.initialize();
                long name = MemoryUtil.memAddress(MemoryUtil.memASCII("sigaction")); // never freed: ten bytes
                if (system.equals("Linux")) {
                    return org.lwjgl.system.linux.DynamicLinkLoader.ndlsym(0, name); // 0 is RTLD_DEFAULT
                }
                return system.startsWith("Mac") ? org.lwjgl.system.macosx.DynamicLinkLoader.ndlsym(
                        org.lwjgl.system.macosx.DynamicLinkLoader.RTLD_DEFAULT, name) : 0;
            } catch (LinkageError | IllegalStateException e) {
                LOG.debug("the JVM's signal handlers cannot be restored: {}", e.toString());
                return 0;
            }
        }
    }
}
