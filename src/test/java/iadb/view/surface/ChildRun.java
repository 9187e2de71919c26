package iadb.view.surface;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that ran to its end: the OpenCL loader reads its layers, and GLFW the display, once per process. */
public record ChildRun(int code, String out, String err) {
    /** Runs the {@code main} of a class of the tests. */
    public static ChildRun of(Class<?> main, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-Djava.awt.headless=true",
                "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return of(command, environment);
    }

    /** @param environment added to that of this process; an empty value removes a variable */
    public static ChildRun of(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        Path out = Files.createTempFile("iadb-out", null);
        Path err = Files.createTempFile("iadb-err", null);
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().putAll(environment);
            builder.environment().values().removeIf(String::isEmpty);
            Process process = builder.start();
            try {
                assertTrue(process.waitFor(2, TimeUnit.MINUTES), () -> "ends: " + command);
            } finally {
                process.destroyForcibly();
            }
            return new ChildRun(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** The value in the line {@code name=value} of its output. */
    public String fact(String name) {
        return out.lines().filter(line -> line.startsWith(name + "=")).map(line -> line.substring(name.length() + 1))
                .findFirst().orElseThrow(() -> new AssertionError("no " + name + " in: " + out + err));
    }
}
