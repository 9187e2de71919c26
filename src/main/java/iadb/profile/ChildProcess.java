package iadb.profile;

import iadb.plan.TuningTable;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A process that has ended or reached its time limit.
 *
 * @param code          its exit code, {@link #NOT_STARTED} or {@link #TIMED_OUT}
 * @param out           its stdout
 * @param err           its stderr, or why it did not start or finish
 * @param seconds       from its start to its end
 * @param residentBytes its peak memory if the system reports it (Linux), otherwise 0
 */
record ChildProcess(int code, String out, String err, double seconds, long residentBytes) {
    static final int NOT_STARTED = -1;
    static final int TIMED_OUT = -2;

    private static final Duration LIMIT_OF_JAR = Duration.ofMinutes(10);
    private static final long POLL_MILLIS = 20;
    private static final Pattern PEAK_RESIDENT = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    /** Runs a command; at the time limit it is killed with its descendants. */
    static ChildProcess run(List<String> command, Map<String, String> environment, Duration limit) {
        try {
            Path folder = Files.createTempDirectory("iadb-child");
            try {
                return run(folder, command, environment, limit);
            } finally {
                deleteFolder(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new CancellationException("interrupted");
        }
    }

    private static ChildProcess run(Path folder, List<String> command, Map<String, String> environment, Duration limit)
            throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        long start = System.nanoTime();
        Process process;
        try {
            process = builder.start();
        } catch (IOException e) {
            return new ChildProcess(NOT_STARTED, "", "cannot start " + command.get(0), 0, 0);
        }
        process.getOutputStream().close();
        long resident = 0;
        while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
            resident = Math.max(resident, residentBytes(process));
            if (System.nanoTime() - start > limit.toNanos()) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
                return new ChildProcess(TIMED_OUT, text(out), "took longer than " + limit.toSeconds() + " s",
                        limit.toSeconds(), resident);
            }
        }
        return new ChildProcess(process.exitValue(), text(out), text(err),
                (System.nanoTime() - start) * 1e-9, resident);
    }

    /** What the process printed; a byte sequence that is not UTF-8 becomes a replacement character. */
    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    /**
     * Runs this program from its jar, as a user does, with the tunings of this process.
     *
     * @throws IOException if it fails
     */
    static ChildProcess runJar(String... arguments) throws IOException {
        String jar = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(path -> path.endsWith(".jar")).findFirst()
                .orElseThrow(() -> new IOException("the profile must run from the program's jar"));
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar));
        command.addAll(List.of(arguments));
        TuningTable.file().ifPresent(file -> command.addAll(List.of("--tuning", file.toString())));
        ChildProcess child = run(command, Map.of(), LIMIT_OF_JAR);
        if (child.code() != 0) {
            throw new IOException("a run of the program failed: " + child.lastError());
        }
        return child;
    }

    /** The last line of its stderr, which gives the reason for a failure. */
    String lastError() {
        return err.lines().filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("exit code " + code).strip();
    }

    /** Peak memory in megabytes; null if the system does not report it. */
    Double residentMegabytes() { return residentBytes == 0 ? null : residentBytes * 1e-6; }

    private static long residentBytes(Process process) {
        try {
            Matcher peak = PEAK_RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(process.pid()), "status")));
            return peak.find() ? Long.parseLong(peak.group(1)) * 1024 : 0;
        } catch (IOException e) {
            return 0; // another system, or the process has just ended
        }
    }

    /** Deletes a temporary folder and its contents. */
    static void deleteFolder(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
