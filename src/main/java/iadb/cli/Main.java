package iadb.cli;

import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.BuildException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.NoDeviceException;
import iadb.density.NamedDensities;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.BuildVersion;
import iadb.train.DivergedException;
import iadb.view.surface.NativeLibraryLog;
import iadb.view.surface.Surface.NoDisplayException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs a command, and turns exceptions into one line on stderr and an exit code. */
public final class Main {
    /** The command line or an input is wrong. */
    static final int EXIT_INPUT = 2;
    /** This machine lacks something. */
    static final int EXIT_MACHINE = 3;
    /** Anything else. */
    static final int EXIT_FAILURE = 1;

    private static final Logger LOG = LoggerFactory.getLogger(Main.class);
    private static final Map<String, Supplier<Object>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("train", TrainCommand::new);
        COMMANDS.put("batch", BatchCommand::new);
        COMMANDS.put("sample", SampleCommand::new);
        COMMANDS.put("evaluate", EvaluateCommand::new);
        COMMANDS.put("export", ExportCommand::new);
        COMMANDS.put("devices", DevicesCommand::new);
        COMMANDS.put("profile", ProfileCommand::new);
        COMMANDS.put("tune", TuneCommand::new);
        COMMANDS.put("completion", CompletionCommand::new);
    }

    /** Arguments with which a command line needs no device. */
    private static final Set<String> WITHOUT_DEVICE = Set.of("--help", "-h", "--version", "-V", "--list-densities", "help", "completion");

    /** Commands that Ctrl-C ends at once: their work does not poll {@link Interruption#isRequested}. */
    private static final Set<String> ENDS_AT_ONCE = Set.of("profile", "tune");

    private static final String NEEDS_UTF8 = "such characters need a UTF-8 locale, such as LC_ALL=C.UTF-8";
    private static final Path STANDARD_OUTPUT = Path.of("/dev/fd/1");
    private static final int MODE_TYPE = 0170000; // as in stat(2)
    private static final int MODE_FIFO = 0010000;
    private static final int MODE_SOCKET = 0140000;
    private static final String EXIT_CODES = "Exit codes: 0 done; 1 failed; 2 wrong command line or input; 3 no OpenCL device or no"
            + " display; 130 stopped by Ctrl-C.";
    private static final Pattern NO_NUMBER = Pattern.compile("Invalid value for option '(.*?)'.*: '(.*)' is not an? (int|long|float|double)");

    /** The options of every command. */
    private static final class Verbosity {
        @Option(names = "--verbose", description = "Print more, with stack traces.")
        private boolean verbose;

        @Option(names = "--quiet", description = "Print only results, warnings and errors.")
        private boolean quiet;
    }

    private Main() { }

    public static void main(String[] arguments) {
        Locale.setDefault(Locale.ROOT); // numbers look the same everywhere
        NativeLibraryLog.install();
        System.setProperty("java.awt.headless", "true"); // ImageIO would look for X11 when DISPLAY is set
        if (arguments.length == 0 || !ENDS_AT_ONCE.contains(arguments[0])) {
            Interruption.letThisThreadFinish();
        }
        Thread drivers = new Thread(Main::loadDrivers, "drivers");
        boolean exports = arguments.length > 0 && arguments[0].equals("export");
        if (!exports && Stream.of(arguments).noneMatch(WITHOUT_DEVICE::contains)) {
            drivers.start();
        }
        int code;
        try {
            code = execute(arguments);
        } catch (Error e) { // picocli catches exceptions only
            code = report(e, "");
        }
        try {
            drivers.join(); // to exit while a driver is being loaded could crash
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!Interruption.endWork(code)) {
            System.exit(code);
        }
    }

    /** Loads OpenCL's drivers while the command line is parsed; both take about the same time. */
    private static void loadDrivers() {
        try {
            Device.all();
        } catch (RuntimeException | LinkageError e) {
            LOG.debug("loading drivers: {}", e.toString()); // the command reports the same error
        }
    }

    /** Creates only the named command, which halves the time; a wrong command line is parsed again with all, for the message. */
    private static int execute(String[] arguments) {
        if (Stream.of(arguments).anyMatch(WITHOUT_DEVICE::contains)) {
            return commandLine().execute(arguments);
        }
        CommandLine commands = commandLine(name -> arguments.length > 0 && arguments[0].equals(name));
        commands.setParameterExceptionHandler((e, same) -> commandLine().execute(arguments));
        return commands.execute(arguments);
    }

    static CommandLine commandLine() { return commandLine(name -> true); }

    private static CommandLine commandLine(Predicate<String> wanted) {
        CommandLine commands = new CommandLine(new TutorialCommand());
        COMMANDS.forEach((name, command) -> {
            if (wanted.test(name)) {
                commands.addSubcommand(name, command.get());
            }
        });
        Stream.concat(Stream.of(commands), commands.getSubcommands().values().stream()).map(CommandLine::getCommandSpec)
                .forEach(command -> {
                    command.versionProvider(() -> new String[] {BuildVersion.text()})
                            .addMixin("verbosity", CommandSpec.forAnnotatedObject(new Verbosity()));
                    command.usageMessage().sortOptions(false).sortSynopsis(false);
                });
        commands.setUsageHelpAutoWidth(true);
        commands.setColorScheme(Help.defaultColorScheme(ProgressDisplay.terminalIsDumb() ? Help.Ansi.OFF : Help.Ansi.AUTO));
        commands.getSubcommands().values().forEach(command -> command.getCommandSpec().usageMessage().footer("", EXIT_CODES));
        commands.getCommandSpec().usageMessage().footer(footer());
        commands.setExecutionStrategy(Main::run);
        commands.setParameterExceptionHandler((e, arguments) -> {
            commands.getErr().println(UntrustedText.line(message(e)));
            return EXIT_INPUT;
        });
        commands.setExecutionExceptionHandler((e, command, parsed) -> report(e, Remedies.of(e, command.getCommandSpec())));
        return commands;
    }

    private static String[] footer() {
        List<String> lines = new ArrayList<>(List.of("", "Densities by name:"));
        for (String name : NamedDensities.names()) {
            lines.add(String.format(Locale.ROOT, "  %-16s %s", name, NamedDensities.description(name)));
        }
        lines.add("");
        lines.add(EXIT_CODES);
        return lines.toArray(String[]::new);
    }

    /**
     * Runs the command. Options before it would belong to the whole tutorial and have no effect, so they are refused. Failing to
     * write to standard output is an error, except to a pipe, whose reader may have closed it.
     */
    private static int run(ParseResult parsed) {
        if (parsed.hasSubcommand() && !parsed.matchedOptions().isEmpty() && !parsed.isUsageHelpRequested()
                && !parsed.isVersionHelpRequested()) {
            String option = parsed.matchedOptions().get(0).longestName();
            throw new ParameterException(parsed.commandSpec().commandLine(), "%s comes before the command: put it after '%s'"
                    .formatted(option, parsed.subcommand().commandSpec().name()));
        }
        ParseResult last = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
        for (OptionSpec option : last.matchedOptions()) {
            if (option.originalStringValues().stream().anyMatch(Main::isUnknownToLocale)) {
                throw new ParameterException(last.commandSpec().commandLine(), option.longestName() + ": " + NEEDS_UTF8);
            }
        }
        StderrLogging.setLevel(last.matchedOptionValue("--verbose", false), last.matchedOptionValue("--quiet", false));
        int code = new CommandLine.RunLast().execute(parsed);
        if (code == 0 && System.out.checkError() && !isPipe(STANDARD_OUTPUT)) {
            LOG.error("the standard output cannot be written: results are lost");
            return EXIT_FAILURE;
        }
        return code;
    }

    /** Whether Java replaced characters that the locale lacks, which no path can contain. */
    private static boolean isUnknownToLocale(String text) {
        try {
            Path.of(text);
            return false;
        } catch (InvalidPathException e) {
            return text.contains("\uFFFD");
        }
    }

    private static boolean isPipe(Path descriptor) {
        try {
            int type = (int) Files.getAttribute(descriptor, "unix:mode") & MODE_TYPE;
            return type == MODE_FIFO || type == MODE_SOCKET;
        } catch (IOException e) {
            return false; // there is no /dev
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            return true; // not Unix: a pipe is more likely than a full disk
        }
    }

    /** One line about a wrong command line. */
    static String message(ParameterException e) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        if (e instanceof UnmatchedArgumentException unmatched) {
            return unknown(unmatched.getUnmatched().get(0), command);
        }
        String line = e.getMessage().lines().findFirst().orElse("wrong command line");
        Matcher noNumber = NO_NUMBER.matcher(line);
        if (noNumber.matches()) {
            return noNumber.group(1) + " " + noNumber.group(2) + " is not " + Options.range(command.name(), noNumber.group(1));
        }
        String shown = line.replaceFirst("^Error: (\\S+), (\\S+) are mutually exclusive.*", "$1 and $2 exclude each other: give only one")
                .replaceFirst("^Invalid value for option '([^']*)'.*InvalidPathException.*", "$1: " + NEEDS_UTF8);
        return shown.equals(line) && line.matches("[A-Z].*") ? line.substring(0, 1).toLowerCase(Locale.ROOT) + line.substring(1) + "; "
                + command.qualifiedName() + " --help lists the options" : shown;
    }

    private static String unknown(String argument, CommandSpec command) {
        boolean isOption = argument.startsWith("-");
        boolean isCommand = !isOption && !command.subcommands().isEmpty();
        List<String> known = new ArrayList<>(command.optionsMap().keySet());
        known.addAll(command.subcommands().keySet());
        Optional<String> meant = isOption && argument.length() == 2
                ? known.stream().filter(name -> name.startsWith("-" + argument)).findFirst()
                : UntrustedText.closest(argument.replaceFirst("=.*", ""), known);
        return (isOption ? "no option '" : isCommand ? "no command '" : "unexpected argument '") + argument + "'; "
                + meant.map(name -> "did you mean " + name + "?").orElseGet(() -> command.qualifiedName() + " --help lists the "
                + (isCommand ? "commands" : "options"));
    }

    /**
     * What could not be written, and why: the first file system exception among the causes, which the classes that write pictures
     * wrap, or else another IOException. Empty for other exceptions.
     */
    static Optional<String> writeFault(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof FileSystemException fault) {
                return Optional.of("cannot write " + fault.getFile() + ": " + FileFault.of(fault));
            }
        }
        return e instanceof IOException ? Optional.of("writing failed: " + e.getMessage()) : Optional.empty();
    }

    /**
     * Logs an exception in one line, and returns the exit code.
     *
     * @param remedy to append to the message
     */
    private static int report(Throwable e, String remedy) {
        LOG.debug("stack trace", e);
        if (e instanceof BuildException build) {
            LOG.debug("options: {}\n{}", build.options(), build.log());
        }
        if (e instanceof InvalidInputException || e instanceof DeviceLimitException) {
            LOG.error("{}{}", e.getMessage(), remedy);
            return EXIT_INPUT;
        }
        if (e instanceof OutOfMemoryError) {
            LOG.error("Java ran out of memory ({}); use fewer points (--points, --count), or start with java -Xmx8g",
                    e.getMessage());
            return EXIT_INPUT;
        }
        if (e instanceof NoDeviceException || e instanceof NoDisplayException) {
            LOG.error("{}{}", e.getMessage(), remedy);
            return EXIT_MACHINE;
        }
        if (e instanceof CancellationException) {
            LOG.warn("stopped: nothing was written");
            return Interruption.EXIT_INTERRUPTED;
        }
        Optional<String> fault = writeFault(e);
        if (fault.isPresent()) {
            LOG.error("{}", fault.get());
        } else if (e instanceof OpenClException || e instanceof DivergedException) {
            LOG.error("{}{}", e.getMessage(), remedy);
        } else {
            LOG.error("unexpected {}: {}; --verbose shows where", e.getClass().getSimpleName(), e.getMessage());
        }
        return EXIT_FAILURE;
    }
}
