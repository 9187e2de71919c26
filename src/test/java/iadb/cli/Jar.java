package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The program's jar in processes of its own. */
public final class Jar {
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static final int MOST_MINUTES = 5; // a guard against hanging

    private Jar() {
    }

    /** What a run printed, and its exit code. */
    public record Run(int code, String out, String err) {
        /** The lines of stderr but PoCL's own. */
        public List<String> messages() {
            return err.lines().filter(line -> !line.matches("\\d+ warnings? generated\\.")).toList();
        }

        /** This run, which must have gone well. */
        public Run well() {
            assertEquals(0, code, err);
            return this;
        }
    }

    /** Starts the program in {@code folder}; what it prints goes to the files stdout and stderr there. */
    public static Process start(Path folder, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(deafToInterrupts() ? List.of("env", "--default-signal=INT", JAVA) : List.of(JAVA));
        command.add("-XX:TieredStopAtLevel=1"); // spares short runs a quarter of their time
        command.addAll(options);
        command.addAll(List.of("-jar", System.getProperty("iadb.jar")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
                .redirectOutput(folder.resolve("stdout").toFile()).redirectError(folder.resolve("stderr").toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    /** Whether this process ignores Ctrl-C, as one in the background of a script, which its children inherit. */
    private static boolean deafToInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status) && Files.readAllLines(status).stream().filter(line -> line.startsWith("SigIgn:"))
                .anyMatch(line -> (Long.parseUnsignedLong(line.replaceAll(".*\\s", ""), 16) & 2) != 0);
    }

    /** Ctrl-C. */
    public static void interrupt(Process process) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor());
    }

    /** Runs the program in {@code folder} to its end. */
    public static Run run(Path folder, Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        return run(folder, environment, List.of(), arguments);
    }

    /** @param options of Java */
    public static Run run(Path folder, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        Process process = start(folder, environment, options, arguments);
        try {
            return end(process, folder);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Waits for the end of a program that runs in {@code folder}. */
    public static Run end(Process process, Path folder) throws IOException, InterruptedException {
        assertTrue(process.waitFor(MOST_MINUTES, TimeUnit.MINUTES), () -> "does not end: " + said(folder));
        return new Run(process.exitValue(), Files.readString(folder.resolve("stdout")), said(folder));
    }

    /** Runs the program in {@code folder} to its good end. */
    static Run runWell(Path folder, String... arguments) throws IOException, InterruptedException {
        return run(folder, Map.of(), arguments).well();
    }

    /** What a program that runs in {@code folder} has said so far. */
    public static String said(Path folder) {
        try {
            return Files.readString(folder.resolve("stderr"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until a condition holds of a program that runs in {@code folder}. */
    public static void await(Process process, Path folder, Callable<Boolean> condition) throws Exception {
        await(process, folder, Duration.ofMinutes(MOST_MINUTES), condition);
    }

    static void await(Process process, Path folder, Duration most, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + most.toNanos();
        while (!condition.call()) {
            assertTrue(process.isAlive(), () -> "it ended: " + said(folder));
            assertTrue(System.nanoTime() < end, () -> "waits in vain: " + said(folder));
            Thread.sleep(10);
        }
    }

    static String[] with(String[] some, String... more) {
        return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
    }
}
