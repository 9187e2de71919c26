package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The program's jar in processes of its own. */
final class Jar {
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private Jar() {
    }

    /** What a run printed, and its exit code. */
    record Run(int code, String out, String err) {
        /** The lines of stderr but PoCL's own. */
        List<String> messages() {
            return err.lines().filter(line -> !line.matches("\\d+ warnings? generated\\.")).toList();
        }
    }

    /** Starts the program in {@code folder}; what it prints goes to the files stdout and stderr there. */
    static Process start(Path folder, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(deafToInterrupts() ? List.of("env", "--default-signal=INT", JAVA) : List.of(JAVA));
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
    static void interrupt(Process process) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor());
    }

    /** Runs the program in {@code folder} to its end. */
    static Run run(Path folder, Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        Process process = start(folder, environment, List.of(), arguments);
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "ends in time");
        return new Run(process.exitValue(), Files.readString(folder.resolve("stdout")), Files.readString(folder.resolve("stderr")));
    }
}
