package iadb.cli;

import iadb.fault.InvalidInputException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options of the window. */
final class WindowOptions {
    private static final int MOST_SIDE = 16_384;

    @Option(names = "--realtime", description = "Show it in a window: points move while the network learns.")
    boolean realtime;

    @Option(names = "--window", paramLabel = "WxH", defaultValue = "1280x800",
            description = "With --realtime: size of the window (default: ${DEFAULT-VALUE}).")
    String size;

    @Option(names = "--interop", paramLabel = "auto|off", defaultValue = "auto",
            description = "With --realtime: share the points between OpenCL and OpenGL where the device can, or copy"
                    + " them (default: ${DEFAULT-VALUE}).")
    String interop;

    @Option(names = "--offscreen", description = "With --realtime: draw without a display (EGL).")
    boolean offscreen;

    @Option(names = "--seconds", paramLabel = "S",
            description = "With --realtime: close S seconds after the first frame.")
    Double seconds;

    @Option(names = "--screenshot", paramLabel = "FILE.png", description = "With --realtime: the last frame.")
    Path screenshot;

    @Option(names = "--record", paramLabel = "FILE.gif",
            description = "With --realtime: an animation of what is shown.")
    Path record;

    @Option(names = "--vsync", paramLabel = "on|off", defaultValue = "on",
            description = "With --realtime: wait for the screen (default: ${DEFAULT-VALUE}).")
    String vsync;

    /** Refuses options of the window where there is none. */
    void refuseWithout(CommandLine.ParseResult given) {
        for (String option : List.of("--window", "--interop", "--offscreen", "--seconds", "--screenshot", "--record",
                "--vsync")) {
            if (given.hasMatchedOption(option)) {
                throw new InvalidInputException(option + " is an option of the window: give --realtime, too");
            }
        }
    }

    int width() {
        return sides()[0];
    }

    int height() {
        return sides()[1];
    }

    private int[] sides() {
        if (!size.matches("\\d{1,5}x\\d{1,5}")) {
            throw new InvalidInputException("--window " + size + " is not a size such as 1280x800");
        }
        int[] sides = Arrays.stream(size.split("x")).mapToInt(Integer::parseInt).toArray();
        for (int side : sides) {
            Options.positive("--window", side, MOST_SIDE);
        }
        return sides;
    }

    boolean share() {
        return Options.either("--interop", interop, "auto", "off");
    }

    boolean waitsForScreen() {
        return Options.either("--vsync", vsync, "on", "off");
    }

    Optional<Double> openSeconds() {
        if (seconds != null && !(seconds >= 0 && seconds < 1e9)) {
            throw new InvalidInputException("--seconds " + seconds + " is not a number of seconds");
        }
        if (offscreen && seconds == null) {
            throw new InvalidInputException("--offscreen needs --seconds: nobody can close what has no window");
        }
        return Optional.ofNullable(seconds);
    }
}
