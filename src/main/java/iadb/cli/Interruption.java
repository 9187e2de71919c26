package iadb.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ctrl-C as a wish that the work asks for: it stops at its next slice, saves what there is, and the program ends with
 * the exit code of an interrupted one, 130, or with that of a failure to save it. A second Ctrl-C ends it at once.
 */
final class Interruption {
    private static final Logger LOG = LoggerFactory.getLogger(Interruption.class);
    /** The exit code of a run that Ctrl-C ended. */
    static final int EXIT_INTERRUPTED = 130;

    private static final AtomicBoolean PRESSED = new AtomicBoolean();

    private static volatile boolean underWay;
    private static volatile int failure; // the exit code of work that failed after Ctrl-C; 0: it did not
    private static volatile boolean workIsOver;

    private Interruption() {
    }

    /** From now on the end of the virtual machine waits for the calling thread, until {@link #endWork}. */
    static void letThisThreadFinish() {
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            underWay = true;
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

    /** Java's own handler is deaf from the first Ctrl-C on. By reflection, since the compiler warns of this class of the JDK. */
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
            LOG.debug("Ctrl-C stays Java's: {}", e.getCause().toString()); // as with java -Xrs
        } catch (ReflectiveOperationException e) {
            LOG.debug("Ctrl-C stays Java's: {}", e.toString());
        }
    }

    /** Each signal has a thread of its own: the first waits in here while the work ends. */
    private static void interrupt() {
        if (underWay || PRESSED.getAndSet(true)) {
            Runtime.getRuntime().halt(EXIT_INTERRUPTED);
        }
        underWay = true;
        System.exit(EXIT_INTERRUPTED);
    }

    /** Whether the program was asked to end. */
    static boolean underWay() {
        return underWay;
    }

    /**
     * Says that nothing is left to save.
     *
     * @param code the exit code of the work; a failure's is the program's even after Ctrl-C
     * @return whether the virtual machine is already ending
     */
    static boolean endWork(int code) {
        failure = underWay && code != EXIT_INTERRUPTED ? code : 0;
        workIsOver = true;
        return underWay;
    }
}
