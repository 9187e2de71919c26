package iadb.profile;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A process that ran to its end, or to its time limit.
 *
 * @param code                its exit code; {@link #NOT_STARTED}, or {@link #TOO_LONG}
 * @param out                 what it wrote to stdout
 * @param err                 what it wrote to stderr, or why it did not start
 * @param seconds             from its start to its end
 * @param residentBytes       the most memory it had, as far as the system tells (Linux); 0 where it does not
 */
record Child(int code, String out, String err, double seconds, long residentBytes) {
    static final int NOT_STARTED = -1;
    static final int TOO_LONG = -2;

    private static final long POLL_MILLIS = 20;
    private static final Pattern MOST_RESIDENT = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    /** Runs a command; its own children end with it when the limit passes. */
    static Child run(List<String> command, Map<String, String> environment, Duration limit) {
        Path out = null;
        Path err = null;
        try {
            out = Files.createTempFile("iadb-out", null);
            err = Files.createTempFile("iadb-err", null);
            ProcessBuilder builder = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.from(nothing()))
                    .redirectOutput(out.toFile()).redirectError(err.toFile());
            builder.environment().putAll(environment);
            long start = System.nanoTime();
            Process process;
            try {
                process = builder.start();
            } catch (IOException e) {
                return new Child(NOT_STARTED, "", "cannot start " + command.get(0), 0, 0);
            }
            long resident = 0;
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                resident = Math.max(resident, residentBytes(process));
                if (System.nanoTime() - start > limit.toNanos()) {
                    process.descendants().forEach(ProcessHandle::destroyForcibly);
                    process.destroyForcibly().waitFor();
                    return new Child(TOO_LONG, read(out), "took longer than " + limit.toSeconds() + " s", limit.toSeconds(),
                            resident);
                }
            }
            double seconds = (System.nanoTime() - start) * 1e-9;
            return new Child(process.exitValue(), read(out), read(err), seconds, resident);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Child(NOT_STARTED, "", "interrupted", 0, 0);
        } finally {
            delete(out);
            delete(err);
        }
    }

    /** The last line of its stderr, which says why it failed. */
    String lastError() {
        return err.lines().filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("exit code " + code).strip();
    }

    private static java.io.File nothing() {
        return new java.io.File(System.getProperty("os.name").startsWith("Windows") ? "NUL" : "/dev/null");
    }

    private static long residentBytes(Process process) {
        try {
            Matcher most = MOST_RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(process.pid()), "status")));
            return most.find() ? Long.parseLong(most.group(1)) * 1024 : 0;
        } catch (IOException e) {
            return 0; // another system, or the process has just ended
        }
    }

    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    private static void delete(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            // a temporary file stays behind
        }
    }
}
