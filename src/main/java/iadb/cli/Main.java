package iadb.cli;

import iadb.cl.BuildException;
import iadb.cl.DeviceLimitException;
import iadb.cl.NoDeviceException;
import iadb.cl.OpenClException;
import iadb.cl.UnknownDeviceException;
import iadb.density.NamedDensities;
import iadb.io.InvalidInputException;
import iadb.view.NoDisplayException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Starts the command that was asked for, and turns whatever goes wrong into one line on stderr and an exit code. */
public final class Main {
    /** The command line or an input is wrong. */
    static final int EXIT_INPUT = 2;
    /** This machine lacks something. */
    static final int EXIT_MACHINE = 3;
    /** Anything else. */
    static final int EXIT_FAILURE = 1;

    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    private Main() {
    }

    public static void main(String[] arguments) {
        System.setProperty("java.awt.headless", "true"); // ImageIO would look for X11 when DISPLAY is set
        Interruption.letThisThreadFinish();
        int code;
        try {
            code = commandLine().execute(arguments);
        } catch (Error e) { // picocli catches exceptions only
            code = report(e);
        }
        if (!Interruption.endWork()) {
            System.exit(code);
        }
    }

    static CommandLine commandLine() {
        CommandLine commands = new CommandLine(new TutorialCommand());
        commands.addSubcommand(new TrainCommand());
        commands.addSubcommand(new DevicesCommand());
        commands.setUsageHelpAutoWidth(true);
        commands.getCommandSpec().usageMessage().footer(footer());
        commands.setParameterExceptionHandler((e, arguments) -> {
            commands.getErr().println(CommandLine.Help.Ansi.AUTO.string(message(e)));
            return EXIT_INPUT;
        });
        commands.setExecutionExceptionHandler((e, command, parsed) -> report(e));
        return commands;
    }

    private static String[] footer() {
        List<String> lines = new ArrayList<>(List.of("", "Densities by name:"));
        for (String name : NamedDensities.names()) {
            lines.add("  %-16s %s".formatted(name, NamedDensities.description(name)));
        }
        lines.add("");
        lines.add("Exit codes: 0 done; 1 failed; 2 wrong command line or input; 3 no OpenCL device, no display; 130 stopped by Ctrl-C.");
        return lines.toArray(String[]::new);
    }

    private static String message(ParameterException e) {
        String line = e.getMessage().lines().findFirst().orElse("wrong command line");
        if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getSuggestions().isEmpty()) {
            return line + "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
        }
        return line + "; " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help shows what there is";
    }

    /** Says what happened in one line, and gives its exit code. */
    private static int report(Throwable e) {
        LOG.debug("stack trace", e);
        if (e instanceof BuildException build) {
            LOG.debug("options: {}\n{}", build.options(), build.log());
        }
        if (e instanceof InvalidInputException || e instanceof DeviceLimitException || e instanceof UnknownDeviceException) {
            LOG.error("{}", e.getMessage());
            return EXIT_INPUT;
        }
        if (e instanceof OutOfMemoryError) {
            LOG.error("Java's memory is too small for this ({}); take fewer --points, or start with java -Xmx8g", e.getMessage());
            return EXIT_INPUT;
        }
        if (e instanceof NoDeviceException || e instanceof NoDisplayException) {
            LOG.error("{}", e.getMessage());
            return EXIT_MACHINE;
        }
        if (e instanceof FileSystemException file) {
            LOG.error("cannot write {}: {}", file.getFile(), FileFault.of(file));
        } else if (e instanceof IOException) {
            LOG.error("writing failed: {}", e.getMessage());
        } else if (e instanceof BuildException) {
            LOG.error("{}; --verbose prints the compiler's log", e.getMessage());
        } else if (e instanceof OpenClException || e instanceof TrainingRun.DivergedException) {
            LOG.error("{}", e.getMessage());
        } else {
            LOG.error("unexpected {}: {}; --verbose shows where", e.getClass().getSimpleName(), e.getMessage());
        }
        return EXIT_FAILURE;
    }
}
