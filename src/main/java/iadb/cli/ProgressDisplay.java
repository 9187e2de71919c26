package iadb.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows the progress of work: a bar on a terminal, a line every few seconds in a log, nothing with {@code --quiet}. */
final class ProgressDisplay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressDisplay.class);
    private static final long INTERVAL_NANOS = 3_000_000_000L;

    private final String task;
    private final String units; // null: no lines in a log
    private final boolean hasBar = LOG.isInfoEnabled() && onTerminal() && !terminalIsDumb();
    private final long first;
    private final long total;
    private final long startNanos = System.nanoTime();
    private long nextNanos = startNanos + INTERVAL_NANOS;
    private ProgressBar bar; // null: not shown, or not yet
    private boolean closed;

    private ProgressDisplay(String task, String units, long done, long total) {
        this.task = task;
        this.units = units;
        first = done;
        this.total = total;
    }

    /**
     * Shows work of which {@code done} of {@code total} units are done.
     *
     * @param task  such as {@code training}
     * @param units such as {@code iterations}
     */
    static ProgressDisplay of(String task, String units, long done, long total) {
        ProgressDisplay display = new ProgressDisplay(task, units, done, total);
        display.show(done, "");
        return display;
    }

    /** Shows the progress of a few steps of several seconds each, on a terminal only. */
    static ProgressDisplay ofSteps(String task, int total) {
        return new ProgressDisplay(task, null, 0, total);
    }

    /** Whether the terminal, if any, does not support escape codes. */
    static boolean terminalIsDumb() {
        return "dumb".equals(System.getenv("TERM"));
    }

    /**
     * Whether standard error, where the bar is drawn, is a terminal. Java reports only on standard input and output, since Java 22
     * by {@code Console.isTerminal}.
     */
    private static boolean onTerminal() {
        Console console = System.console();
        if (console == null || errorsAreApart()) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** Whether standard error and standard output are different files; false if unknown. */
    private static boolean errorsAreApart() {
        try {
            return !Files.isSameFile(Path.of("/dev/fd/1"), Path.of("/dev/fd/2"));
        } catch (IOException e) {
            return false;
        }
    }

    /** @param more such as the loss; may be empty */
    synchronized void show(long done, String more) {
        if (closed) {
            return;
        }
        if (hasBar) {
            bar = bar != null ? bar : new ProgressBarBuilder().setTaskName(task).setInitialMax(total).setUpdateIntervalMillis(100)
                    .startsFrom(done, Duration.ZERO).setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK).showSpeed().build();
            bar.stepTo(done);
            bar.setExtraMessage(more.isEmpty() ? "" : " " + more);
        }
        long now = System.nanoTime();
        if (hasBar || units == null || !LOG.isInfoEnabled() || now < nextNanos || done == first) {
            return;
        }
        nextNanos = now + INTERVAL_NANOS;
        double rate = (done - first) / ((now - startNanos) * 1e-9);
        LOG.info(String.format(Locale.ROOT, "%,d of %,d %s, %,.0f a second, %s%.0f s left", done, total, units, rate,
                more.isEmpty() ? "" : more + ", ", (total - done) / rate));
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (bar != null) {
            bar.close();
        }
    }
}
