package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The OpenCL layer that emulates cl_khr_gl_sharing, built from {@code src/test/c} by the machine's C compiler. */
final class SharingLayer {
    /** What a report of misuse starts with. */
    static final String MISUSE = "gl-sharing misuse: ";

    private static Path library;

    private SharingLayer() {
    }

    /**
     * The environment of a process that shall have the layer. Skips the test without a compiler, but not where
     * CI=true.
     */
    static synchronized Map<String, String> environment() throws IOException, InterruptedException {
        if (library == null) {
            boolean compiler = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
            boolean required = "true".equals(System.getenv("CI"));
            assumeTrue(compiler || required, "no C compiler: install gcc, libc6-dev and opencl-c-headers");
            assertTrue(compiler, "the continuous integration installs a C compiler");
            Path built = Files.createDirectories(Path.of("target", "layer")).toAbsolutePath()
                    .resolve("libgl-sharing.so");
            ChildRun run = ChildRun.of(List.of("cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared",
                    "-fPIC", "-o", built.toString(), "src/test/c/gl_sharing_layer.c", "-ldl"), Map.of());
            assumeTrue(run.code() == 0 || required || !run.err().contains("CL/"),
                    "no headers of OpenCL: install opencl-c-headers");
            assertEquals("", run.err(), "the layer compiles");
            library = built;
        }
        return Map.of("OPENCL_LAYERS", library.toString());
    }
}
