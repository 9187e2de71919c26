package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** OpenCL layers, built from {@code src/test/c} with the machine's C compiler. */
public final class OpenClLayer {
    private static final Map<String, Path> BUILT = new ConcurrentHashMap<>();

    private OpenClLayer() { }

    /**
     * The environment of a process that uses the layer. Skips the test without a compiler, but not where
     * CI=true.
     *
     * @param name of its source, without the ending
     */
    public static synchronized Map<String, String> environment(String name) throws IOException, InterruptedException {
        if (!BUILT.containsKey(name)) {
            boolean compiler = Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, "cc")));
            Prerequisite.require(compiler, "no C compiler: install gcc, libc6-dev and opencl-c-headers");
            Path library = Files.createDirectories(Path.of("target", "layer")).toAbsolutePath().resolve("lib" + name + ".so");
            Process cc = new ProcessBuilder("cc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
                    library.toString(), "src/test/c/" + name + ".c", "-ldl", "-lpthread").redirectErrorStream(true).start();
            String said = new String(cc.getInputStream().readAllBytes());
            int code = cc.waitFor();
            Prerequisite.require(code == 0 || !said.contains("CL/"), "no OpenCL headers: install opencl-c-headers");
            assertEquals("", said, "the layer compiles");
            BUILT.put(name, library);
        }
        return Map.of("OPENCL_LAYERS", BUILT.get(name).toString());
    }
}
