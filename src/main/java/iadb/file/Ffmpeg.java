package iadb.file;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running ffmpeg that reads from a pipe. Another thread reads its messages, so that they do not block it. */
final class Ffmpeg implements AutoCloseable {
    /** The exit code after a signal, when ffmpeg has completed its file. */
    static final int STOPPED = 255;

    private static final Logger LOG = LoggerFactory.getLogger(Ffmpeg.class);
    private static final long MAX_READ_MILLIS = 1000; // for the last messages; a process that ffmpeg started may keep its stderr open

    private final Process process;
    private final Thread reader = new Thread(this::readMessages, "ffmpeg messages");
    private volatile String lastMessage = "";

    /**
     * Starts it.
     *
     * @throws IOException if the program cannot be started
     */
    Ffmpeg(String program, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(program, "-hide_banner", "-loglevel", "error", "-nostdin", "-y"));
        command.addAll(arguments);
        LOG.debug("{}", String.join(" ", command));
        process = new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).start();
        reader.setDaemon(true);
        reader.start();
    }

    private void readMessages() {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isBlank() && !line.startsWith("Conversion failed")) {
                    lastMessage = line.strip();
                }
            }
        } catch (IOException e) {
            LOG.debug("ffmpeg: {}", e.getMessage()); // the process was destroyed
        }
    }

    Process process() { return process; }

    /** What it reads, not buffered for large arrays. */
    OutputStream input() { return process.getOutputStream(); }

    /** The last line on stderr that gives a reason; otherwise {@code silent}. */
    String reason(String silent) { return lastMessage.isEmpty() ? silent : lastMessage; }

    /** Destroys it if it has not ended in time. */
    void limit(long millis) {
        process.onExit().orTimeout(millis, TimeUnit.MILLISECONDS).exceptionally(timeout -> {
            lastMessage = "it did not end within " + millis + " ms";
            destroy();
            return process;
        });
    }

    /** Ends its input, and returns its exit code when it has ended. */
    int end() throws IOException {
        try {
            input().close();
        } catch (IOException e) {
            LOG.debug("ffmpeg: {}", e.getMessage()); // it has ended already
        }
        try {
            int code = process.waitFor();
            reader.join(MAX_READ_MILLIS);
            return code;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Ends it at once, and what it has started: a wrapper script's ffmpeg would keep the pipe open. */
    private void destroy() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** Destroys it if it still runs, and waits for its end. */
    @Override
    public void close() {
        if (process.isAlive()) {
            destroy();
        }
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
