package iadb.plan;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import java.util.List;

/**
 * The self-test of the barrier across work-groups ({@code cl/barrier.cl}): groups pass it many times, each time reading
 * what the others wrote before. A device whose waiting groups keep others from running, or whose groups do not see each
 * other's writes, does not pass.
 */
public final class BarrierProof {
    private static final int ROUNDS = 200;

    private BarrierProof() {
    }

    /** Whether {@code groups} groups of {@code groupSize} work-items can wait for each other on this device, now. */
    public static boolean passes(Context context, int groups, int groupSize) {
        try (Program program = context.build(List.of(Source.of("arithmetic.cl"), Source.of("barrier.cl")),
                        List.of("-cl-std=CL1.2"));
                Kernel kernel = program.kernel("barrier_proof");
                DeviceBuffer arrivals = context.zeros(Integer.BYTES);
                DeviceBuffer slots = context.zeros(groups * Integer.BYTES);
                DeviceBuffer proven = context.zeros(Integer.BYTES)) {
            context.enqueue(kernel.arguments(arrivals, slots, ROUNDS, proven), (long) groups * groupSize, groupSize);
            return Float.floatToRawIntBits(proven.read(new float[1])[0]) == groups;
        }
    }
}
