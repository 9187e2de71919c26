package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the device can do at best: multiply-adds on registers and a copy of memory, both {@code cl/peak.cl}. The best of all
 * repetitions counts, since it is what all else is held against.
 *
 * @param gflops        billions of operations a second, a multiply-add being two
 * @param vector        the vector width that reached it
 * @param groupSize     work-items a group
 * @param gflopsByWidth at each width that was tried
 * @param gigabytes     a second that a copy reads and writes together
 */
record Peak(double gflops, int vector, int groupSize, List<AtWidth> gflopsByWidth, double gigabytes) {
    private static final int SUMS = 12;
    private static final int ROUNDS = 16;
    static final int[] WIDTHS = {1, 4, 8, 16};
    private static final double LEAST_LAUNCH_SECONDS = 0.01;
    private static final float FACTOR = 0.999f;
    private static final float OFFSET = 0.001f;
    private static final int REPETITIONS = 9;
    private static final int GPU_GROUP_SIZE = 256;
    private static final int COPY_GROUPS_PER_UNIT = 16;

    /**
     * The peak at one vector width.
     *
     * @param vector floats a vector
     * @param gflops billions of operations a second
     */
    record AtWidth(int vector, double gflops) {
    }

    /** Measures the device of {@code context}. */
    static Peak measure(Context context, Settings settings) {
        Device device = context.device();
        int groupSize = groupSize(device.type() == Device.Type.CPU, device.maxGroupSize());
        List<AtWidth> byWidth = new ArrayList<>();
        for (int vector : WIDTHS) {
            try (Program program = program(context, vector, groupSize); Kernel kernel = program.kernel("multiply_adds")) {
                byWidth.add(new AtWidth(vector, gflops(context, kernel, vector, groupSize)));
            }
        }
        AtWidth best = byWidth.stream().max(Comparator.comparingDouble(AtWidth::gflops)).orElseThrow();
        return new Peak(best.gflops(), best.vector(), groupSize, byWidth, gigabytes(context, groupSize, settings.copiedBytes()));
    }

    /** This peak with the better of its own and another's figures: measured again later, when less disturbs the machine. */
    Peak orBetter(Peak other) {
        Peak better = other.gflops > gflops ? other : this;
        return new Peak(better.gflops, better.vector, better.groupSize, better.gflopsByWidth, Math.max(gigabytes, other.gigabytes));
    }

    static int groupSize(boolean isCpu, long maxGroupSize) {
        return isCpu ? 1 : (int) Math.min(GPU_GROUP_SIZE, Long.highestOneBit(maxGroupSize));
    }

    /** Its program. */
    static List<Source> sources() {
        return List.of(Source.of("arithmetic.cl"), Source.of("peak.cl"));
    }

    /** Build options of its program at a vector width. */
    static List<String> options(int vector, int groupSize, boolean fusesMultiplyAdd) {
        return List.of(Source.STANDARD, "-DVECTOR=" + vector, "-DGROUP_SIZE=" + groupSize, fusesMultiplyAdd ? "-DHAS_FMA" : "");
    }

    private static Program program(Context context, int vector, int groupSize) {
        return context.build(sources(), options(vector, groupSize, context.device().fusesMultiplyAdd()));
    }

    private static double gflops(Context context, Kernel kernel, int vector, int groupSize) {
        int groups = context.device().computeUnits() * (groupSize == 1 ? 8 : 32);
        long items = (long) groups * groupSize;
        try (DeviceBuffer result = context.buffer(items * Float.BYTES)) {
            kernel.set("result", result).set("factor", FACTOR).set("offset", OFFSET);
            int loops = 16;
            seconds(context, kernel.set("loops", loops), items, groupSize); // some drivers compile at the first launch
            while (seconds(context, kernel.set("loops", loops), items, groupSize) < LEAST_LAUNCH_SECONDS) {
                loops *= 2;
            }
            double least = Double.MAX_VALUE;
            for (int i = 0; i < REPETITIONS; i++) {
                least = Math.min(least, seconds(context, kernel.set("loops", loops), items, groupSize));
            }
            return 2e-9 * SUMS * ROUNDS * vector * loops * items / least;
        }
    }

    private static double gigabytes(Context context, int groupSize, int wantedBytes) {
        int bytes = (int) Math.min(wantedBytes, context.device().maxBufferBytes() / 4) / 16 * 16;
        long items = (long) context.device().computeUnits() * COPY_GROUPS_PER_UNIT * groupSize;
        try (Program program = program(context, 4, groupSize); Kernel kernel = program.kernel("copy_memory");
                DeviceBuffer from = context.zeros(bytes); DeviceBuffer to = context.buffer(bytes)) {
            kernel.set("from", from).set("to", to).set("count", bytes / 16);
            seconds(context, kernel, items, groupSize);
            double least = Double.MAX_VALUE;
            for (int i = 0; i < REPETITIONS; i++) {
                least = Math.min(least, seconds(context, kernel, items, groupSize));
            }
            return 2e-9 * bytes / least;
        }
    }

    private static double seconds(Context context, Kernel kernel, long items, int groupSize) {
        long start = System.nanoTime();
        context.enqueue(kernel, items, groupSize);
        context.finish();
        return (System.nanoTime() - start) * 1e-9;
    }
}
