package iadb.cli;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * macOS gives windows to a process's first thread only, which Java does not run {@code main} on unless it is told to by
 * {@code -XstartOnFirstThread}: so that nobody has to type it, the program starts itself again with it. Not tried: no Mac
 * was at hand.
 */
final class FirstThread {
    /** Property of a process that was started so: it does not start another. */
    private static final String STARTED = "iadb.firstThread";

    private FirstThread() {
    }

    /** Runs the program again on the first thread, where that is needed; its exit code then, empty where it is not. */
    static OptionalInt startThere(List<String> arguments) throws IOException {
        boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
        if (!mac || Boolean.getBoolean(STARTED) || "1".equals(System.getenv("JAVA_STARTED_ON_FIRST_THREAD_" + ProcessHandle.current().pid()))) {
            return OptionalInt.empty();
        }
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.add("-XstartOnFirstThread");
        command.add("-D" + STARTED + "=true");
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            return OptionalInt.of(process.waitFor());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
