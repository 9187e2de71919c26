package iadb.plan;

/**
 * A device's estimated work per time, from which launches get their size. A slower piece of work lowers the estimate at once; a
 * faster one at most doubles it.
 */
public final class Throughput {
    private static final double MARGIN = 0.8; // of the planned time: launches of equal size differ

    private double workPerNano;

    /** Starts with the estimate that {@code work} takes {@code nanos}. */
    public Throughput(double work, long nanos) { workPerNano = work / nanos; }

    /** The work that fits into {@code nanos}, with a margin. */
    public double work(long nanos) { return MARGIN * workPerNano * nanos; }

    /**
     * Updates the estimate by work that took {@code nanos}. Ignores less than half of the work that fits into
     * {@code wantedNanos}, unless it took longer.
     */
    public void learn(double work, long nanos, long wantedNanos) {
        if (work > work(wantedNanos) / 2 || nanos > wantedNanos) {
            workPerNano = Math.min(workPerNano * 2, work / Math.max(1, nanos));
        }
    }
}
