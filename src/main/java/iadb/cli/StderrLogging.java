package iadb.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/**
 * Sends the log to stderr as plain lines, because stdout carries only results. Logback finds this class as a service of the program's
 * jar. The library's jar does not name it: a program that embeds the library keeps its own logging.
 */
public final class StderrLogging extends ContextAwareBase implements Configurator {
    @Override
    public ExecutionStatus configure(LoggerContext context) {
        context.getStatusManager().add(new NopStatusListener()); // otherwise Logback loads its date formats at every start
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(new Lines());
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(appender);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** The message, then the stack trace if any. Logback's own patterns add 50 ms to every start. */
    private static final class Lines extends LayoutBase<ILoggingEvent> {
        /** Control characters of terminals, which file names may contain. */
        private static final Pattern CONTROL = Pattern.compile("\r(?!\n)|[\\p{C}&&[^\r\n\t]]");

        @Override
        public String doLayout(ILoggingEvent event) {
            String text = event.getFormattedMessage() + System.lineSeparator()
                    + (event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy()));
            return CONTROL.matcher(text).replaceAll("?");
        }
    }

    /** Sets the level for {@code --verbose} and {@code --quiet}. */
    static void setLevel(boolean verbose, boolean quiet) {
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(verbose ? Level.DEBUG : quiet ? Level.WARN : Level.INFO);
    }
}
