package iadb.cli;

import iadb.density.NamedDensities;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Parameters;

/** Prints a script with which a shell completes this program's command lines. */
@Command(name = "completion", mixinStandardHelpOptions = true,
        description = {"Prints a script that makes the shell complete commands, options, their values and file names of 'iadb-cl':", "",
            "  source <(iadb-cl completion bash)", "", "With the jar alone, define that command first:", "",
            "  alias iadb-cl='java -jar FOLDER/iadb-cl.jar'", ""})
final class CompletionCommand implements Callable<Integer> {
    private static final String DENSITY_LABEL = "FILE|NAME";

    @Parameters(paramLabel = "bash|zsh", description = "The shell; the script is the same for both.")
    private String shell;

    @Override
    public Integer call() {
        Options.either("completion", shell, "bash", "zsh");
        CommandLine commands = Main.commandLine();
        Stream.concat(Stream.of(commands), commands.getSubcommands().values().stream()).map(CommandLine::getCommandSpec)
                .forEach(CompletionCommand::addCandidates);
        System.out.print(withNamedDensities(AutoComplete.bash(commands.getCommandName(), commands)));
        return 0;
    }

    /** Completes the words of labels such as bash|zsh, and file names for options that take an image. */
    private static void addCandidates(CommandSpec command) {
        for (ArgSpec argument : List.copyOf(command.args())) {
            List<String> words = words(argument.paramLabel());
            if (argument instanceof OptionSpec option && !words.isEmpty()) {
                replace(command, option, OptionSpec.builder(option).completionCandidates(words).build());
            } else if (argument instanceof OptionSpec option && option.paramLabel().equals(DENSITY_LABEL)) {
                replace(command, option, OptionSpec.builder(option.names()).type(Path.class).build());
            } else if (argument instanceof PositionalParamSpec positional) {
                replace(command, positional, PositionalParamSpec.builder(positional).completionCandidates(words).build());
            }
        }
    }

    private static void replace(CommandSpec command, ArgSpec argument, ArgSpec by) {
        command.remove(argument);
        command.add(by);
    }

    /** The lower-case words of a label such as {@code auto|INDEX|TEXT}. */
    private static List<String> words(String label) {
        return label.contains("|") ? Stream.of(label.split("\\|")).filter(word -> word.matches("[a-z0-9]+")).toList() : List.of();
    }

    /** Completes both names and files for --p0 and --p1, which picocli's generator cannot do. */
    private static String withNamedDensities(String script) {
        String names = String.join("\\n", NamedDensities.names());
        return script.replaceAll("('--p[01]'\\)\\n.*\\n.*\\n.*compgen -f)", "$1 -W " + Matcher.quoteReplacement("$'" + names + "'"));
    }
}
