package iadb.plan;

/**
 * How much work a device does in a time, learned from the work it did, so that no launch takes longer than it may. Knows
 * no clock. It falls at once, and at most doubles from one piece of work to the next.
 */
public final class Throughput {
    private static final double MARGIN = 0.8; // of a time that is planned with: launches of one size differ

    private double workPerNano;

    /** Starts from a guess: {@code work} in {@code nanos}. */
    public Throughput(double work, long nanos) {
        workPerNano = work / nanos;
    }

    /** The work that fits, with a margin. */
    public double work(long nanos) {
        return MARGIN * workPerNano * nanos;
    }

    /**
     * Takes note of work that was done. What a small piece took says little about a large one, unless it took too long.
     *
     * @param wantedNanos what it was to take at most
     */
    public void learn(double work, long nanos, long wantedNanos) {
        if (work > work(wantedNanos) / 2 || nanos > wantedNanos) {
            workPerNano = Math.min(workPerNano * 2, work / Math.max(1, nanos));
        }
    }
}
