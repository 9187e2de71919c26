package iadb.plan;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Fence;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import java.util.List;

/**
 * The self-test of the barrier across work-groups ({@code cl/barrier.cl}): groups pass the barrier many times, and each time read
 * what the other groups wrote before it. It fails if waiting groups keep others from running, or if groups do not see each
 * other's writes.
 */
public final class BarrierSelfTest {
    private static final int VECTORS = 128; // written by a group in each round
    /** Build options of its program, except those of a fence. */
    public static final List<String> OPTIONS = List.of(Source.STANDARD, "-DPROOF_VECTORS=" + VECTORS);

    private static final int ROUNDS = 200;
    private static final int VECTOR_BYTES = 16;
    /** Longest wait: 0.1 s, or 0.2 s if the device's clock rate halves. Windows ends a launch after 2 s. */
    private static final double WAIT_NANOS = 0.1e9;
    private static final int MAX_POLLS = 10_000_000; // SPIN_LIMIT
    private static final int FIRST_POLLS = 1000;
    private static final double MIN_TIMED_NANOS = 2e6; // far above the overhead of a launch
    private static final int TIMINGS = 3; // the shortest counts, since other programs may use the device

    private BarrierSelfTest() { }

    /** The sources of its program. */
    public static List<Source> sources() { return List.of(Source.of("arithmetic.cl"), Source.of("barrier.cl")); }

    /** Whether {@code groups} groups of {@code groupSize} work-items can wait for each other on this device, now. */
    public static boolean passes(Context context, int groups, int groupSize) {
        return context.device().fence() != Fence.NONE && passes(context, sources(), groups, groupSize);
    }

    static boolean passes(Context context, List<Source> sources, int groups, int groupSize) {
        try (Program program = context.build(sources, context.device().fence().options(OPTIONS));
                Kernel reset = program.kernel("barrier_reset");
                Kernel kernel = program.kernel("barrier_proof");
                DeviceBuffer arrivals = context.zeros(2 * Integer.BYTES);
                DeviceBuffer slots = context.zeros(groups * VECTORS * VECTOR_BYTES);
                DeviceBuffer proven = context.zeros(Integer.BYTES)) {
            context.enqueue(reset.set("arrivals", arrivals).set("polls", polls(context, program, groups, groupSize)), 1, 1);
            kernel.set("arrivals", arrivals).set("slots", slots).set("rounds", ROUNDS).set("proven", proven);
            context.enqueue(kernel, (long) groups * groupSize, groupSize);
            return Float.floatToRawIntBits(proven.read(new float[1])[0]) == groups * groupSize;
        }
    }

    /**
     * The polls of a wait before it times out. On a GPU they take 0.1 s, since the driver or operating system ends long launches.
     *
     * @param program contains {@code cl/barrier.cl}
     */
    static int polls(Context context, Program program, int groups, int groupSize) {
        return context.device().type() == Device.Type.CPU ? MAX_POLLS : measuredPolls(context, program, groups, groupSize);
    }

    static int measuredPolls(Context context, Program program, int groups, int groupSize) {
        try (Kernel kernel = program.kernel("barrier_polls");
                DeviceBuffer arrivals = context.zeros(2 * Integer.BYTES)) {
            kernel.set("arrivals", arrivals);
            nanosOf(context, kernel, 0, groups, groupSize); // the first launch of a kernel takes longer
            int polls = FIRST_POLLS;
            long nanos = nanosOf(context, kernel, polls, groups, groupSize);
            while (nanos < MIN_TIMED_NANOS && polls < MAX_POLLS / 8) {
                polls *= 8;
                nanos = nanosOf(context, kernel, polls, groups, groupSize);
            }
            return (int) Math.min(MAX_POLLS, polls * WAIT_NANOS / nanos);
        }
    }

    private static long nanosOf(Context context, Kernel kernel, int polls, int groups, int groupSize) {
        kernel.set("polls", polls);
        context.finish();
        long least = Long.MAX_VALUE;
        for (int timing = 0; timing < TIMINGS; timing++) {
            long start = System.nanoTime();
            context.enqueue(kernel, (long) groups * groupSize, groupSize);
            context.finish();
            least = Math.min(least, System.nanoTime() - start);
        }
        return least;
    }
}
