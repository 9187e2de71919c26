package iadb.cli;

import iadb.cl.Device;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.io.InvalidInputException;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options that commands share, in groups; each checks its own ranges. */
final class Options {
    private Options() {
    }

    /** How much is said. */
    static final class Verbosity {
        @Option(names = "--verbose", description = "Say more, and show stack traces.")
        boolean verbose;

        @Option(names = "--quiet", description = "Say only what goes wrong.")
        boolean quiet;
    }

    /** Which device. */
    static final class DeviceChoice {
        @Option(names = "--device", paramLabel = "auto|INDEX|TEXT", defaultValue = "auto",
                description = "OpenCL device: an index of the command 'devices', or part of a name (default: ${DEFAULT-VALUE}).")
        String device;

        Device select() {
            return Device.select(device);
        }

        /** The device of {@link #select} first; where the user leaves the choice, the other GPUs after it. */
        List<Device> candidates() {
            Device first = select();
            return !device.equals("auto") ? List.of(first) : Stream.concat(Stream.of(first), Device.all().stream()
                    .filter(other -> other.type() == Device.Type.GPU).skip(1)).toList();
        }
    }

    /** The two densities. */
    static final class DensityPair {
        static final String DEFAULT_P0 = "gaussian";
        static final String DEFAULT_P1 = "spiral";

        @Option(names = "--p0", paramLabel = "IMAGE",
                description = "Density to start from: a PNG, JPEG, BMP or GIF, bright is dense; or a name (default: gaussian).")
        String p0;

        @Option(names = "--p1", paramLabel = "IMAGE", description = "Density to arrive at (default: spiral).")
        String p1;

        @Option(names = "--invert", description = "In image files, dark is dense.")
        boolean invert;

        Density p0() {
            return Densities.parse(p0 == null ? DEFAULT_P0 : p0, invert);
        }

        Density p1() {
            return Densities.parse(p1 == null ? DEFAULT_P1 : p1, invert);
        }
    }

    /** The training. */
    static final class Training {
        @Option(names = "--data", paramLabel = "N", defaultValue = "65536",
                description = "Points drawn from each density (default: ${DEFAULT-VALUE}).")
        int data;

        @Option(names = "--iterations", paramLabel = "N", defaultValue = "65536",
                description = "Training steps (default: ${DEFAULT-VALUE}).")
        int iterations;

        @Option(names = "--batch", paramLabel = "B", defaultValue = "256",
                description = "Rows a step (default: ${DEFAULT-VALUE}).")
        int batch;

        @Option(names = "--lr", paramLabel = "X", defaultValue = "0.001",
                description = "Adam's learning rate (default: ${DEFAULT-VALUE}).")
        float learningRate;

        @Option(names = "--width", paramLabel = "W", defaultValue = "64",
                description = "Units of a hidden layer: a multiple of 16 up to 256 (default: ${DEFAULT-VALUE}).")
        int width;

        @Option(names = "--depth", paramLabel = "L", defaultValue = "4",
                description = "Hidden layers, 1 to 8 (default: ${DEFAULT-VALUE}).")
        int depth;

        @Option(names = "--plan", paramLabel = "auto|layered|fused|persistent", defaultValue = "auto",
                description = "Kernels of a step: one a layer, forward and backward in one, or many steps in one"
                        + " (default: ${DEFAULT-VALUE}).")
        String plan;

        TrainingConfig config(long seed) {
            positive("--iterations", iterations, Integer.MAX_VALUE);
            positive("--data", data, Integer.MAX_VALUE);
            positive("--batch", batch, 1 << 20);
            if (!(learningRate > 0) || Float.isInfinite(learningRate)) {
                throw new InvalidInputException("--lr " + learningRate + " is not a number above 0, such as 0.001");
            }
            return new TrainingConfig(new NetworkShape(width, depth), data, batch, learningRate, seed, plan());
        }

        /** {@code auto} is empty. */
        private Optional<PlanChoice.Kind> plan() {
            if (plan.equals("auto")) {
                return Optional.empty();
            }
            return Optional.of(Arrays.stream(PlanChoice.Kind.values()).filter(kind -> kind.toString().equals(plan)).findFirst()
                    .orElseThrow(() -> new InvalidInputException("there is no plan '" + plan + "'; --plan takes auto, layered,"
                            + " fused or persistent")));
        }
    }

    /** Where files go. */
    static final class Output {
        @Option(names = "--out", paramLabel = "DIR", defaultValue = "out",
                description = "Folder of all files, made if missing (default: ${DEFAULT-VALUE}).")
        Path folder;

        /** Makes the folder and tries to write in it, before work is spent on what could not be kept. */
        Path ready() {
            try {
                Files.createDirectories(folder);
                Files.delete(Files.createTempFile(folder, ".write-", null));
                return folder;
            } catch (IOException e) {
                throw new InvalidInputException("cannot write to --out %s (%s); give a folder that you may write to"
                        .formatted(folder, FileFault.of(e)), e);
            }
        }
    }

    /** The window. */
    static final class Window {
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
                positive("--window", side, MOST_SIDE);
            }
            return sides;
        }

        boolean share() {
            return either("--interop", interop, "auto", "off");
        }

        boolean waitsForScreen() {
            return either("--vsync", vsync, "on", "off");
        }

        private static boolean either(String option, String value, String yes, String no) {
            if (!value.equals(yes) && !value.equals(no)) {
                throw new InvalidInputException("%s takes %s or %s, not '%s'".formatted(option, yes, no, value));
            }
            return value.equals(yes);
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

    /** Refuses what is not from 1 to {@code most}. */
    static void positive(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new InvalidInputException("%s %d is not a whole number from 1 to %d".formatted(option, value, most));
        }
    }
}
