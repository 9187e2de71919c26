package iadb.cli;

import iadb.cl.OpenClException;
import iadb.cl.OpenClException.BuildException;
import iadb.cl.OpenClException.NoDeviceException;
import iadb.fault.InvalidInputException;
import iadb.train.DivergedException;
import iadb.view.surface.NoDisplayException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options that mend what an exception reports: the exceptions themselves name none, since a library's user has none. */
final class Remedies {
    private static final String AS_FILES = "without --realtime, pictures are written to --out";

    private Remedies() {
    }

    /** What to append to an exception's message; empty where no option of the command helps. */
    static String of(Throwable e, CommandSpec command) {
        if (e instanceof InvalidInputException input) {
            return input.setting().map(setting -> ofSetting(setting, command)).orElse("");
        }
        if (e instanceof NoDisplayException display) {
            return display.isOffscreen() ? "; " + AS_FILES : "; --offscreen draws without a display; " + AS_FILES;
        }
        if (e instanceof DivergedException) {
            return "; --lr sets the learning rate";
        }
        if (e instanceof NoDeviceException) {
            return e.getCause() == null ? "" : "; --verbose shows why";
        }
        if (e instanceof BuildException) {
            return options(command, "--device") + "; --verbose prints the compiler's log";
        }
        if (e instanceof OpenClException fault) {
            return fault.isOutOfMemory() ? options(command, "--points", "--count", "--batch", "--device")
                    : options(command, "--device", "--plan") + "; the command 'devices' lists the devices";
        }
        return "";
    }

    private static String ofSetting(InvalidInputException.Setting setting, CommandSpec command) {
        return switch (setting) {
            case P0 -> options(command, "--p0");
            case P1 -> options(command, "--p1");
            case INVERT -> isSet(command.findOption("--invert")) ? " (try without --invert)" : " (try --invert)";
            case NAMED_DENSITIES -> " (--list-densities prints their names)";
            case ITERATIONS -> options(command, "--iterations");
            case CHECKPOINTS -> "; only 'train --checkpoint-every N' writes checkpoints";
        };
    }

    private static boolean isSet(OptionSpec option) {
        return option != null && Boolean.TRUE.equals(option.getValue());
    }

    /** Those of the options that the command has, in parentheses. */
    private static String options(CommandSpec command, String... names) {
        String known = Stream.of(names).filter(name -> command.findOption(name) != null).collect(Collectors.joining(", "));
        return known.isEmpty() ? "" : " (" + known + ")";
    }
}
