package iadb.plan;

/**
 * How much work a device does in a time, learned from the work it did, so that no launch takes too long. It falls at once, and at most
 * doubles from one piece of work to the next.
 */
public final class Throughput {
    private static final double MARGIN = 0.8; // of the time that is planned: launches of one size differ

    private double workPerNano;

    /** Starts with the guess that {@code work} takes {@code nanos}. */
    public Throughput(double work, long nanos) { workPerNano = work / nanos; }

    /** The work that fits a time, with a margin. */
    public double work(long nanos) { return MARGIN * workPerNano * nanos; }

    /** Learns from work that took {@code nanos}, of at most {@code wantedNanos}. A small piece says little, unless it took too long. */
    public void learn(double work, long nanos, long wantedNanos) {
        if (work > work(wantedNanos) / 2 || nanos > wantedNanos) {
            workPerNano = Math.min(workPerNano * 2, work / Math.max(1, nanos));
        }
    }
}
