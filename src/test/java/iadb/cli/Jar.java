package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import iadb.Prerequisite;
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
import java.util.stream.Stream;

/** Runs the program's jar in processes. */
public final class Jar {
    private Jar() { }

    /** Starts the program in {@code folder}; what it prints goes to the files stdout and stderr there. */
    public static Process start(Path folder, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(deafToInterrupts() ? List.of("env", "--default-signal=INT") : List.of());
        command.add(ChildRun.JAVA);
        command.add("-XX:TieredStopAtLevel=1"); // spares short runs a quarter of their time
        command.addAll(options);
        command.addAll(List.of("-jar", System.getProperty("iadb.jar")));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().putAll(environment);
        return ChildRun.start(builder, folder);
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
    public static ChildRun run(Path folder, Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        return run(folder, environment, List.of(), arguments);
    }

    /** @param options of Java */
    public static ChildRun run(Path folder, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        Process process = start(folder, environment, options, arguments);
        try {
            return ChildRun.end(process, folder);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs a shell script in {@code folder}; {@code run} starts the program, with Java's options from the variable {@code options}. */
    static ChildRun shell(Path folder, String script) throws IOException, InterruptedException {
        return shell(folder, List.of("sh", "-c"), script);
    }

    /**
     * Runs such a script in a mount namespace of its own. Where this user may not mount a tmpfs there, the test is skipped, but
     * fails where {@code CI=true}.
     */
    static ChildRun shellThatMounts(Path folder, String script) throws IOException, InterruptedException {
        boolean root = "root".equals(System.getProperty("user.name"));
        List<String> unshare = List.of("unshare", root ? "-m" : "-rm", "sh", "-c");
        boolean mayMount;
        try {
            mayMount = shell(folder, unshare, "mount -t tmpfs tmpfs .").code() == 0;
        } catch (IOException e) {
            mayMount = false; // there is no unshare
        }
        Prerequisite.require(mayMount, "this user may not mount a tmpfs in a namespace of its own");
        return shell(folder, unshare, script);
    }

    private static ChildRun shell(Path folder, List<String> shell, String script) throws IOException, InterruptedException {
        Path run = folder.resolve("run");
        Files.writeString(run, "#!/bin/sh\nexec '%s' $options -jar '%s' \"$@\"\n".formatted(ChildRun.JAVA, System.getProperty("iadb.jar")));
        assertTrue(run.toFile().setExecutable(true));
        List<String> command = new ArrayList<>(shell);
        command.add("PATH=$PWD:$PATH\n" + script);
        return ChildRun.of(new ProcessBuilder(command).directory(folder.toFile()), folder, ChildRun.LIMIT);
    }

    /** What a program that runs in {@code folder} has written to stderr so far. */
    public static String said(Path folder) {
        try {
            return Files.readString(folder.resolve("stderr"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until a condition holds of a program that runs in {@code folder}. */
    public static void await(Process process, Path folder, Callable<Boolean> condition) throws Exception {
        await(process, folder, ChildRun.LIMIT, condition);
    }

    static void await(Process process, Path folder, Duration limit, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.call()) {
            assertTrue(process.isAlive(), () -> "the program ended: " + said(folder));
            assertTrue(System.nanoTime() < end, () -> "the condition never held: " + said(folder));
            Thread.sleep(10);
        }
    }

    /** Both lists of arguments, one after the other. */
    static String[] with(String[] some, String... more) {
        return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
    }
}
