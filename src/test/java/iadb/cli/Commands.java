package iadb.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import iadb.ChildRun;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Runs commands in the tests' JVM, where a separate process would make no difference. */
final class Commands {
    private Commands() { }

    /**
     * Runs a command to its end as if {@code folder} were the current folder.
     *
     * @param arguments those that begin with {@code ./}, and {@code .} itself, name files in the folder
     */
    static ChildRun run(Path folder, String... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream messages = new PrintStream(err, true, StandardCharsets.UTF_8);
        PrintStream stdout = System.out;
        PrintStream stderr = System.err;
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Logger ours = (Logger) LoggerFactory.getLogger("iadb");
        Level rootLevel = root.getLevel();
        Level ourLevel = ours.getLevel();
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        root.iteratorForAppenders().forEachRemaining(appenders::add);
        appenders.forEach(root::detachAppender);
        Appender<ILoggingEvent> lines = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                messages.println(event.getFormattedMessage());
            }
        };
        lines.start();
        root.addAppender(lines);
        root.setLevel(Level.INFO);
        ours.setLevel(null); // the root's, as in a process
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        System.setErr(messages);
        try {
            String[] here = Arrays.stream(arguments).map(argument -> argument.matches("\\.(/.*)?")
                    ? folder.resolve(argument.substring(Math.min(2, argument.length()))).toString() : argument).toArray(String[]::new);
            int code = Main.commandLine().execute(here);
            return new ChildRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(stdout);
            System.setErr(stderr);
            root.detachAppender(lines);
            appenders.forEach(root::addAppender);
            root.setLevel(rootLevel);
            ours.setLevel(ourLevel);
        }
    }
}
