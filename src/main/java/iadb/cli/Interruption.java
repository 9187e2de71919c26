package iadb.cli;

/**
 * Ctrl-C as a wish that the work asks for: it stops at its next slice, saves what there is, and the program ends with
 * the exit code of an interrupted one, 130.
 */
final class Interruption {
    private static volatile boolean underWay;
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
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "interruption"));
    }

    /** Whether the program was asked to end. */
    static boolean underWay() {
        return underWay;
    }

    /** Says that nothing is left to save. True: the virtual machine is already ending, with a code of its own. */
    static boolean endWork() {
        workIsOver = true;
        return underWay;
    }
}
