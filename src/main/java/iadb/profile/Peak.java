package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Source;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * A device's peak: multiply-adds on registers, and the bandwidth of a copy of memory, both of {@code cl/peak.cl}. The best of all
 * repetitions counts, since other results are given as shares of it.
 *
 * @param gflops        billions of operations per second; a multiply-add counts as two
 * @param vector        the vector width that reached it
 * @param groupSize     work-items per work-group
 * @param gflopsByWidth the peak at each vector width
 * @param gigabytes     per second that a copy reads and writes in total
 */
record Peak(double gflops, int vector, int groupSize, List<AtWidth> gflopsByWidth, double gigabytes) {
    static final int[] WIDTHS = {1, 4, 8, 16};

    private static final int SUMS = 12;
    private static final int ROUNDS = 16;
    private static final double MIN_LAUNCH_SECONDS = 0.01;
    private static final int REPETITIONS = 9;
    private static final int GPU_GROUP_SIZE = 256;
    private static final int COPY_GROUPS_PER_UNIT = 16;

    /** The peak, in billions of operations per second, with vectors of {@code vector} floats. */
    record AtWidth(int vector, double gflops) { }

    /** Measures the device of {@code context}. */
    static Peak measure(Context context, Settings settings) {
        Device device = context.device();
        int groupSize = groupSize(device.type() == Device.Type.CPU, device.maxGroupSize());
        List<AtWidth> byWidth = new ArrayList<>();
        for (int vector : WIDTHS) {
            byWidth.add(new AtWidth(vector, gflops(context, vector, groupSize)));
        }
        AtWidth best = byWidth.stream().max(Comparator.comparingDouble(AtWidth::gflops)).orElseThrow();
        return new Peak(best.gflops(), best.vector(), groupSize, byWidth, gigabytes(context, groupSize, settings.copiedBytes()));
    }

    /** The higher figures of this measurement and another: a disturbance can only lower them. */
    Peak orBetter(Peak other) {
        Peak better = other.gflops > gflops ? other : this;
        return new Peak(better.gflops, better.vector, better.groupSize, better.gflopsByWidth, Math.max(gigabytes, other.gigabytes));
    }

    static int groupSize(boolean isCpu, long maxGroupSize) {
        return isCpu ? 1 : (int) Math.min(GPU_GROUP_SIZE, Long.highestOneBit(maxGroupSize));
    }

    static List<Source> sources() { return List.of(Source.of("arithmetic.cl"), Source.of("peak.cl")); }

    static List<String> options(int vector, int groupSize, boolean fusesMultiplyAdd) {
        return List.of(Source.STANDARD, "-DVECTOR=" + vector, "-DGROUP_SIZE=" + groupSize, fusesMultiplyAdd ? "-DHAS_FMA" : "");
    }

    private static Program program(Context context, int vector, int groupSize) {
        return context.build(sources(), options(vector, groupSize, context.device().fusesMultiplyAdd()));
    }

    private static double gflops(Context context, int vector, int groupSize) {
        long items = (long) context.device().computeUnits() * (groupSize == 1 ? 8 : 32) * groupSize;
        try (Program program = program(context, vector, groupSize); Kernel kernel = program.kernel("multiply_adds");
                DeviceBuffer result = context.buffer(items * Float.BYTES)) {
            kernel.set("result", result).set("factor", 0.999f).set("offset", 0.001f);
            int loops = 16;
            seconds(context, kernel.set("loops", loops), items, groupSize); // some drivers compile at the first launch
            while (seconds(context, kernel.set("loops", loops), items, groupSize) < MIN_LAUNCH_SECONDS) {
                loops *= 2;
            }
            return 2e-9 * SUMS * ROUNDS * vector * loops * items / leastSeconds(context, kernel, items, groupSize);
        }
    }

    private static double gigabytes(Context context, int groupSize, int wantedBytes) {
        int bytes = (int) Math.min(wantedBytes, context.device().maxBufferBytes() / 4) / 16 * 16;
        long items = (long) context.device().computeUnits() * COPY_GROUPS_PER_UNIT * groupSize;
        try (Program program = program(context, 4, groupSize); Kernel kernel = program.kernel("copy_memory");
                DeviceBuffer from = context.zeros(bytes); DeviceBuffer to = context.buffer(bytes)) {
            kernel.set("from", from).set("to", to).set("count", bytes / 16);
            seconds(context, kernel, items, groupSize);
            return 2e-9 * bytes / leastSeconds(context, kernel, items, groupSize);
        }
    }

    private static double leastSeconds(Context context, Kernel kernel, long items, int groupSize) {
        return DoubleStream.generate(() -> seconds(context, kernel, items, groupSize)).limit(REPETITIONS).min().orElseThrow();
    }

    private static double seconds(Context context, Kernel kernel, long items, int groupSize) {
        long start = System.nanoTime();
        context.enqueue(kernel, items, groupSize);
        context.finish();
        return (System.nanoTime() - start) * 1e-9;
    }

    /**
     * OpenBLAS's matrix product through NumPy, if installed: a CPU's measured peak must be above it.
     *
     * @param gflops billions of operations per second; null if not measured
     * @param note   what was measured, or why nothing was measured
     */
    record Sgemm(Double gflops, String note) {
        private static final Path PYTHON = Path.of("/usr/bin/python3");
        private static final int SIDE = 1024;
        private static final String SCRIPT = """
                import sys, time
                try:
                    import numpy
                except ImportError:
                    sys.exit("this Python has no NumPy")
                n = int(sys.argv[1])
                a = numpy.full((n, n), 0.5, numpy.float32)
                best = 1e9
                for i in range(9):
                    start = time.perf_counter()
                    a @ a
                    best = min(best, time.perf_counter() - start)
                libraries = open("/proc/self/maps").read()
                name = "OpenBLAS" if "openblas" in libraries else "a BLAS that is not OpenBLAS"
                print(2e-9 * n ** 3 / best, name)
                """;

        /** Measures on as many threads as the device has compute units; only a CPU can be compared. */
        static Sgemm measure(Device device) {
            if (device.type() != Device.Type.CPU) {
                return new Sgemm(null, "not compared: the device is not a CPU");
            }
            if (!Files.isExecutable(PYTHON)) {
                return new Sgemm(null, "not compared: there is no " + PYTHON);
            }
            String threads = Integer.toString(device.computeUnits());
            ChildProcess child = ChildProcess.run(List.of(PYTHON.toString(), "-c", SCRIPT, Integer.toString(SIDE)),
                    Map.of("OPENBLAS_NUM_THREADS", threads, "OMP_NUM_THREADS", threads), Duration.ofSeconds(20));
            if (child.code() != 0) {
                return new Sgemm(null, "not compared: " + child.lastError());
            }
            String[] words = child.out().strip().split(" ", 2);
            return new Sgemm(Double.parseDouble(words[0]), String.format(Locale.ROOT, "%s through NumPy, %d × %d, %s threads",
                    words[1], SIDE, SIDE, threads));
        }
    }
}
