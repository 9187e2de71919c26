package iadb.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns Ctrl-C into a request that the work polls. The work stops after its current slice and saves its results; the exit code is
 * 130, or that of a failure to save. A second Ctrl-C ends the program at once.
 */
final class Interruption {
    private static final Logger LOG = LoggerFactory.getLogger(Interruption.class);
    /** The exit code of a run that Ctrl-C ended. */
    static final int EXIT_INTERRUPTED = 130;

    private static final AtomicBoolean PRESSED = new AtomicBoolean();

    private static volatile boolean requested;
    private static volatile int failure; // exit code of work that failed after Ctrl-C; 0: none
    private static volatile boolean workIsOver;

    private Interruption() { }

    /** Makes the end of the virtual machine wait for the end of the calling thread, or for its call of {@link #endWork}. */
    static void letThisThreadFinish() {
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            requested = true;
            try {
                while (!workIsOver && worker.isAlive()) {
                    worker.join(10);
                }
                if (failure != 0) {
                    Runtime.getRuntime().halt(failure);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "interruption"));
        takeSignal();
    }

    /** Replaces Java's handler, which ignores a second Ctrl-C. Uses reflection because the compiler warns about these classes. */
    private static void takeSignal() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object ours = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    interrupt();
                }
                return null;
            });
            signal.getMethod("handle", signal, handler).invoke(null, signal.getConstructor(String.class).newInstance("INT"), ours);
        } catch (InvocationTargetException e) {
            LOG.debug("Java handles Ctrl-C: {}", e.getCause().toString()); // as with java -Xrs
        } catch (ReflectiveOperationException e) {
            LOG.debug("Java handles Ctrl-C: {}", e.toString());
        }
    }

    /** Each signal calls this on another thread; the first call waits until the work has ended. */
    private static void interrupt() {
        if (requested || PRESSED.getAndSet(true)) {
            Runtime.getRuntime().halt(EXIT_INTERRUPTED);
        }
        requested = true;
        System.exit(EXIT_INTERRUPTED);
    }

    /** Whether the program was asked to end. */
    static boolean isRequested() { return requested; }

    /**
     * Reports that the work has ended.
     *
     * @param code exit code of the work; a failure determines the program's exit code even after Ctrl-C
     * @return whether the virtual machine is already ending
     */
    static boolean endWork(int code) {
        failure = requested && code != EXIT_INTERRUPTED ? code : 0;
        workIsOver = true;
        return requested;
    }
}
