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

/** Shows how far work is: a bar on a terminal, a line every few seconds in a log, nothing when quiet. */
abstract class ProgressDisplay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressDisplay.class);

    /**
     * A display of work that is {@code done} already and goes to {@code total}.
     *
     * @param task  what is done, such as {@code training}
     * @param units what is counted, such as {@code iterations}
     */
    static ProgressDisplay of(String task, String units, long done, long total) {
        if (!LOG.isInfoEnabled()) {
            return new Nothing();
        }
        return hasBar() ? new Bar(task, done, total) : new Lines(units, done, total);
    }

    /** A display of a few steps of some seconds each, of which a log gets no lines. */
    static ProgressDisplay ofSteps(String task, int total) {
        return LOG.isInfoEnabled() && hasBar() ? new Bar(task, 0, total) : new Nothing();
    }

    private static boolean hasBar() {
        return onTerminal() && !terminalIsDumb();
    }

    /** Whether the terminal, if there is one, obeys no escape codes. */
    static boolean terminalIsDumb() {
        return "dumb".equals(System.getenv("TERM"));
    }

    /**
     * Whether standard error, where the bar is drawn, is a terminal. Java tells of the other two only. Since Java 22 there is a
     * console object without a terminal too, and a method that tells.
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

    /** Whether standard error goes elsewhere than standard output does; where the system does not tell, it does not. */
    private static boolean errorsAreApart() {
        try {
            return !Files.isSameFile(Path.of("/dev/fd/1"), Path.of("/dev/fd/2"));
        } catch (IOException e) {
            return false;
        }
    }

    /** @param more what else is to be known, such as the loss; may be empty */
    abstract void show(long done, String more);

    @Override
    public abstract void close();

    private static final class Nothing extends ProgressDisplay {
        @Override
        void show(long done, String more) {
            // quiet
        }

        @Override
        public void close() {
            // nothing was opened
        }
    }

    private static final class Bar extends ProgressDisplay {
        private final ProgressBar bar;

        Bar(String task, long done, long total) {
            bar = new ProgressBarBuilder().setTaskName(task).setInitialMax(total).setUpdateIntervalMillis(100)
                    .startsFrom(done, Duration.ZERO).setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK).showSpeed().build();
        }

        @Override
        void show(long done, String more) {
            bar.stepTo(done);
            bar.setExtraMessage(more.isEmpty() ? "" : " " + more);
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private static final class Lines extends ProgressDisplay {
        private static final long INTERVAL_NANOS = 3_000_000_000L;

        private final String units;
        private final long first;
        private final long total;
        private final long startNanos = System.nanoTime();
        private long nextNanos = startNanos + INTERVAL_NANOS;

        Lines(String units, long done, long total) {
            this.units = units;
            first = done;
            this.total = total;
        }

        @Override
        void show(long done, String more) {
            long now = System.nanoTime();
            if (now < nextNanos || done == first) {
                return;
            }
            nextNanos = now + INTERVAL_NANOS;
            double rate = (done - first) / ((now - startNanos) * 1e-9);
            LOG.info(String.format(Locale.ROOT, "%,d of %,d %s, %,.0f a second, %s%.0f s left", done, total, units, rate,
                    more.isEmpty() ? "" : more + ", ", (total - done) / rate));
        }

        @Override
        public void close() {
            // nothing was opened
        }
    }
}
