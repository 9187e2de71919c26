package iadb.cli;

import iadb.cl.OpenClException;
import iadb.cl.OpenClException.BuildException;
import iadb.cl.OpenClException.NoDeviceException;
import iadb.cl.OpenClException.WrongResultException;
import iadb.fault.InvalidInputException;
import iadb.train.DivergedException;
import iadb.view.surface.Surface.NoDisplayException;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The options that fix what an exception reports. Exceptions do not name options, because users of the library have none. */
final class Remedies {
    private static final Map<String, String> INSTEAD = Map.of("--points", "fewer points", "--count", "fewer points",
            "--batch", "a smaller batch", "--width", "a smaller width", "--depth", "a smaller depth", "--plan", "another plan",
            "--device", "another device", "--devices", "another device");
    private static final String AS_FILES = "without --realtime, pictures are written to --out";

    private Remedies() { }

    /** What to append to an exception's message; empty if no option of the command helps. */
    static String of(Throwable e, CommandSpec command) {
        if (e instanceof InvalidInputException input) {
            return isOutOfMemory(input) ? "; give java more with -Xmx4g"
                    : input.setting().map(setting -> ofSetting(setting, command)).orElse("");
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
            return options(command, "--device", "--devices") + "; --verbose prints the compiler's log";
        }
        if (e instanceof OpenClException fault) {
            return ofDevice(fault, command);
        }
        return "";
    }

    /** Whether Java's memory is too small for the input. */
    private static boolean isOutOfMemory(Throwable e) {
        return e instanceof OutOfMemoryError || e != null && isOutOfMemory(e.getCause());
    }

    private static String ofDevice(OpenClException fault, CommandSpec command) {
        return switch (fault.limit()) {
            case MEMORY -> use(command, "--points", "--count", "--batch", "--device", "--devices");
            case RESOURCES -> use(command, "--points", "--count", "--batch", "--plan", "--device", "--devices");
            case KERNEL -> use(command, "--width", "--depth", "--plan", "--device", "--devices");
            case LOST -> ": start again, or use another device" + options(command, "--device", "--devices");
            case UNKNOWN -> (fault instanceof WrongResultException ? options(command, "--device", "--devices", "--plan")
                    : use(command, "--device", "--devices", "--plan"))
                    + (command.name().equals("devices") ? "" : "; the command 'devices' lists the devices");
        };
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

    /** What to change with the given options that the command has. */
    private static String use(CommandSpec command, String... names) {
        String known = Stream.of(names).filter(name -> command.findOption(name) != null)
                .map(name -> INSTEAD.get(name) + " (" + name + ")").collect(Collectors.joining(", "));
        return known.isEmpty() ? "" : ": use " + known.replaceFirst(", ([^,]*)$", " or $1");
    }

    /** The given options that the command has, in parentheses. */
    private static String options(CommandSpec command, String... names) {
        String known = Stream.of(names).filter(name -> command.findOption(name) != null).collect(Collectors.joining(", "));
        return known.isEmpty() ? "" : " (" + known + ")";
    }
}
