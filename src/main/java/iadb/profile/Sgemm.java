package iadb.profile;

import iadb.cl.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * OpenBLAS's matrix product, timed through NumPy where that is at hand: the measured peak of a CPU must be above it.
 *
 * @param gflops billions of operations a second; null when it could not be measured
 * @param note   what was measured, or why nothing was
 */
record Sgemm(Double gflops, String note) {
    private static final Path PYTHON = Path.of("/usr/bin/python3");
    private static final Duration LIMIT = Duration.ofSeconds(20);
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

    /** Measures n × n matrices on as many threads as the device has compute units; only a CPU can be compared. */
    static Sgemm measure(Device device, int n) {
        if (device.type() != Device.Type.CPU) {
            return new Sgemm(null, "not compared: the device is not a CPU");
        }
        if (!Files.isExecutable(PYTHON)) {
            return new Sgemm(null, "not compared: there is no " + PYTHON);
        }
        String threads = Integer.toString(device.computeUnits());
        Child child = Child.run(List.of(PYTHON.toString(), "-c", SCRIPT, Integer.toString(n)),
                Map.of("OPENBLAS_NUM_THREADS", threads, "OMP_NUM_THREADS", threads), LIMIT);
        if (child.code() != 0) {
            return new Sgemm(null, "not compared: " + child.lastError());
        }
        String[] words = child.out().strip().split(" ", 2);
        return new Sgemm(Double.parseDouble(words[0]), String.format(Locale.ROOT, "%s through NumPy, %d × %d, %s threads",
                words[1], n, n, threads));
    }
}
