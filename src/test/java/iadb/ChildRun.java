package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The exit code and the output of a process that has ended. */
public record ChildRun(int code, String out, String err) {
    public static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    public static final Duration LIMIT = Duration.ofMinutes(5); // a guard against hanging

    /**
     * Runs the {@code main} of a test class with the tests' class path.
     *
     * @param environment added to that of this process; an empty value removes a variable
     */
    public static ChildRun of(String main, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("iadb-run");
        try {
            List<String> command = new ArrayList<>(List.of(JAVA, "-Djava.awt.headless=true",
                    "-cp", System.getProperty("java.class.path"), main));
            command.addAll(List.of(arguments));
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().putAll(environment);
            builder.environment().values().removeIf(String::isEmpty);
            return of(builder, folder, LIMIT);
        } finally {
            Files.deleteIfExists(folder.resolve("stdout"));
            Files.deleteIfExists(folder.resolve("stderr"));
            Files.delete(folder);
        }
    }

    /** Runs a command to its end; its output goes to the files stdout and stderr in {@code folder}. */
    public static ChildRun of(ProcessBuilder command, Path folder, Duration limit) throws IOException, InterruptedException {
        Process process = start(command, folder);
        try {
            return end(process, folder, limit);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Starts a command whose output goes to the files stdout and stderr in {@code folder}. */
    public static Process start(ProcessBuilder command, Path folder) throws IOException {
        return command.redirectOutput(folder.resolve("stdout").toFile()).redirectError(folder.resolve("stderr").toFile()).start();
    }

    /** Waits for the end of a process that {@link #start} started with this folder. */
    public static ChildRun end(Process process, Path folder) throws IOException, InterruptedException {
        return end(process, folder, LIMIT);
    }

    private static ChildRun end(Process process, Path folder, Duration limit) throws IOException, InterruptedException {
        boolean ended = process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
        String out = Files.readString(folder.resolve("stdout"));
        String err = Files.readString(folder.resolve("stderr"));
        assertTrue(ended, () -> "the process does not end: " + err);
        return new ChildRun(process.exitValue(), out, err);
    }

    /** The lines of stderr without those of PoCL's compiler. */
    public List<String> messages() {
        return err.lines().filter(line -> !line.matches("\\d+ warnings? generated\\.")).toList();
    }

    /** Requires exit code 0; returns this run. */
    public ChildRun well() {
        assertEquals(0, code, err);
        return this;
    }

    /** The value in the line {@code name=value} of stdout. */
    public String fact(String name) {
        return out.lines().filter(line -> line.startsWith(name + "=")).map(line -> line.substring(name.length() + 1))
                .findFirst().orElseThrow(() -> new AssertionError("no " + name + " in: " + out + err));
    }
}
