package iadb.cli;

import java.io.Console;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows how far a training is: a bar on a terminal, a line every few seconds in a log, nothing when quiet. */
abstract class ProgressDisplay implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProgressDisplay.class);

    /** A display for {@code total} steps. */
    static ProgressDisplay of(int total) {
        if (!LOG.isInfoEnabled()) {
            return new Nothing();
        }
        return onTerminal() ? new Bar(total) : new Lines(total);
    }

    /** Since Java 22 there is a console object without a terminal too, and a method that tells. */
    private static boolean onTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return true;
        }
    }

    /** @param loss the smoothed loss of a batch */
    abstract void show(int stepsDone, double loss);

    @Override
    public abstract void close();

    private static final class Nothing extends ProgressDisplay {
        @Override
        void show(int stepsDone, double loss) {
            // quiet
        }

        @Override
        public void close() {
            // nothing was opened
        }
    }

    private static final class Bar extends ProgressDisplay {
        private final ProgressBar bar;

        Bar(int total) {
            bar = new ProgressBarBuilder().setTaskName("training").setInitialMax(total).setUpdateIntervalMillis(100)
                    .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK).showSpeed().build();
        }

        @Override
        void show(int stepsDone, double loss) {
            bar.stepTo(stepsDone);
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.3g", loss));
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private static final class Lines extends ProgressDisplay {
        private static final long INTERVAL_NANOS = 3_000_000_000L;

        private final int total;
        private final long startNanos = System.nanoTime();
        private long nextNanos = startNanos + INTERVAL_NANOS;

        Lines(int total) {
            this.total = total;
        }

        @Override
        void show(int stepsDone, double loss) {
            long now = System.nanoTime();
            if (now < nextNanos || stepsDone == 0) {
                return;
            }
            nextNanos = now + INTERVAL_NANOS;
            double rate = stepsDone / ((now - startNanos) * 1e-9);
            LOG.info(String.format(Locale.ROOT, "%,d of %,d iterations, %,.0f a second, loss %.3g, %.0f s left",
                    stepsDone, total, rate, loss, (total - stepsDone) / rate));
        }

        @Override
        public void close() {
            // nothing was opened
        }
    }
}
