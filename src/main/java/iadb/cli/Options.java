package iadb.cli;

import iadb.LearnedMap;
import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.model.Model;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.TuningTable;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The options that commands share, in groups, and their checks. */
final class Options {
    private static final Logger LOG = LoggerFactory.getLogger(Options.class);

    private Options() {
    }

    /** Tunings of the user's own. */
    static final class TuningFile {
        @Option(names = "--tuning", paramLabel = "FILE", defaultValue = "${env:IADB_CL_TUNING}",
                description = "Tunings of kernels, as the command 'tune' writes them, before the program's own (default: the file that"
                        + " the environment variable IADB_CL_TUNING names).")
        private String file;

        /** Takes the tunings before any kernel is built. */
        void use() {
            if (file != null && !file.isBlank()) {
                TuningTable.use(Path.of(file));
            }
        }
    }

    /** The device. */
    static final class DeviceChoice {
        @Mixin
        private TuningFile tuning;

        @Option(names = "--device", paramLabel = "auto|INDEX|TEXT|UUID", defaultValue = "auto",
                description = "OpenCL device: an index or UUID printed by the command 'devices' (8 digits of a UUID are enough),"
                        + " or part of a name (default: ${DEFAULT-VALUE}).")
        String device;

        Device select() {
            tuning.use();
            return Device.select(device);
        }

        /** Opens the device; a line is logged when kernels are built for it for the first time. */
        Context open() {
            Context context = Context.open(select());
            context.onFirstUse(DeviceChoice::log);
            return context;
        }

        /** Logs what is built or measured for the first time. */
        static void log(Context.FirstUse use) {
            if (use.startsPhase()) {
                LOG.info("{}", use.message());
            }
        }

        /** The selected device; with {@code auto}, the other GPUs after it. */
        List<Device> candidates() {
            Device first = select();
            return !device.equals("auto") ? List.of(first) : Stream.concat(Stream.of(first), Device.all().stream()
                    .filter(other -> other.type() == Device.Type.GPU).skip(1)).toList();
        }
    }

    /** The two densities. */
    static final class DensityPair {
        @Option(names = "--p0", paramLabel = "IMAGE",
                description = "Density to start from: a PNG, JPEG, BMP or GIF image, bright is dense; or a name (default: gaussian).")
        String p0;

        @Option(names = "--p1", paramLabel = "IMAGE", description = "Density to arrive at (default: spiral).")
        String p1;

        @Option(names = "--invert", description = "In images, dark is dense.")
        boolean invert;

        /** The one that the user names, else the default. */
        Density get(boolean first) {
            return given(first).orElseGet(() -> parse(first ? "gaussian" : "spiral", false));
        }

        /** The one that the user names; else empty. */
        Optional<Density> given(boolean first) {
            return Optional.ofNullable(first ? p0 : p1).map(text -> parse(text, invert));
        }
    }

    /** p0 and p1, loaded at the same time: each takes some 50 ms. If both fail, the fault of p0 is thrown. */
    static List<Density> atOnce(Function<Boolean, Density> first) {
        try (Background<Density> p1 = Background.start("p1", () -> first.apply(false))) {
            return List.of(first.apply(true), p1.get());
        }
    }

    /** The two densities of a model, or others instead. */
    static final class ModelDensities {
        @Option(names = "--p0", paramLabel = "IMAGE",
                description = "Density to start from: a PNG, JPEG, BMP or GIF image, or a name (default: the model's own).")
        private String p0;

        @Option(names = "--p1", paramLabel = "IMAGE", description = "Density to arrive at (default: the model's own).")
        private String p1;

        @Option(names = "--invert", description = "In images, dark is dense.")
        private boolean invert;

        /** The one that the user names, else the model's; empty where there is neither. */
        Optional<Density> find(Optional<Model> model, boolean first, Path file) {
            Optional<Density> given = Optional.ofNullable(first ? p0 : p1).map(text -> parse(text, invert));
            if (given.isPresent() && model.isPresent()) {
                model.get().mismatch(first, given.get(), file).ifPresent(LOG::warn);
            }
            return given.or(() -> model.flatMap(m -> first ? m.p0() : m.p1()));
        }

        /** As {@link #find}, but throws where there is neither. */
        Density require(Optional<Model> model, boolean first, Path file) {
            return find(model, first, file).orElseThrow(() -> missing(file, first));
        }
    }

    private static Density parse(String text, boolean invert) {
        Density density = Density.parse(text, invert);
        DensityImage.invertHint(density, invert).ifPresent(hint -> LOG.info("{}; --invert makes its dark parts dense", hint));
        return density;
    }

    /** The fault of a model file without a density that is needed. */
    static InvalidInputException missing(Path file, boolean first) {
        String option = first ? "--p0" : "--p1";
        return new InvalidInputException(file + " does not hold the density it was trained with; name it with " + option);
    }

    /** The settings of a training. */
    static final class Training {
        @Option(names = "--data", paramLabel = "N", defaultValue = "65536",
                description = "Points drawn from each density (default: ${DEFAULT-VALUE}).")
        int data;

        @Option(names = "--iterations", paramLabel = "N", defaultValue = "65536",
                description = "Training steps (default: ${DEFAULT-VALUE}).")
        int iterations;

        @Option(names = "--batch", paramLabel = "B", defaultValue = "256",
                description = "Rows per step (default: ${DEFAULT-VALUE}).")
        int batch;

        @Option(names = "--lr", paramLabel = "X", defaultValue = "0.001",
                description = "Adam's learning rate (default: ${DEFAULT-VALUE}).")
        float learningRate;

        @Option(names = "--lr-schedule", paramLabel = "constant|cosine", defaultValue = "constant",
                description = "Keep the learning rate, as in the tutorial, or lower it to 0 over the iterations along half a cosine"
                        + " (default: ${DEFAULT-VALUE}).")
        String schedule;

        @Option(names = "--ema", paramLabel = "DECAY", defaultValue = "0",
                description = "Save and map with the exponential moving average of the weights with this decay, such as 0.999; it is"
                        + " less noisy than the last weights (default: off).")
        double ema;

        @Option(names = "--width", paramLabel = "W", defaultValue = "64",
                description = "Units of a hidden layer: a multiple of 16 up to 256 (default: ${DEFAULT-VALUE}).")
        int width;

        @Option(names = "--depth", paramLabel = "L", defaultValue = "4",
                description = "Hidden layers, 1 to 8 (default: ${DEFAULT-VALUE}).")
        int depth;

        @Option(names = "--plan", paramLabel = "auto|layered|fused|persistent", defaultValue = "auto",
                description = "Kernels of a step: one per layer and pass (layered), one for forward and backward (fused), or one for"
                        + " many steps (persistent); auto takes the fastest that the device can run (default: ${DEFAULT-VALUE}).")
        String plan;

        TrainingSettings settings(long seed) {
            boolean falls = !either("--lr-schedule", schedule, "constant", "cosine");
            Optional<PlanChoice.Kind> wanted = plan();
            try {
                return TrainingSettings.tutorial().withIterations(iterations).withData(data).withBatch(batch)
                        .withLearningRate(learningRate, falls).withEma(ema).withShape(new NetworkShape(width, depth))
                        .withSeed(seed).withPlan(wanted);
            } catch (InvalidInputException e) { // begins with the setting's name, which is the option's but for one
                throw new InvalidInputException("--" + e.getMessage().replaceFirst("^learning rate", "lr"), e);
            }
        }

        /** Empty: {@code auto}. */
        private Optional<PlanChoice.Kind> plan() {
            return plan.equals("auto") ? Optional.empty() : Optional.of(word("--plan", plan, PlanChoice.Kind.values(), "auto, "));
        }
    }

    /** Where files go. */
    static final class Output {
        @Option(names = "--out", paramLabel = "DIR", defaultValue = "out",
                description = "Folder for all files, created if missing (default: ${DEFAULT-VALUE}).")
        Path folder;

        Path ready() {
            return Options.ready("--out", folder);
        }
    }

    /** Creates a folder and writes a file in it for a moment, so that a fault shows before any work is done. */
    static Path ready(String option, Path folder) {
        try {
            Files.createDirectories(folder);
            AtomicFile.open(folder.resolve(".iadb-cl-trial")).close();
            return folder;
        } catch (IOException e) {
            throw new InvalidInputException("cannot write to %s %s (%s); give a folder that you may write to"
                    .formatted(option, folder, FileFault.of(e)), e);
        }
    }

    /** How the velocity field is integrated. */
    static final class IntegrationChoice {
        @Option(names = "--steps", paramLabel = "T", defaultValue = "128",
                description = "Steps of the map (default: ${DEFAULT-VALUE}).")
        int steps;

        @Option(names = "--solver", paramLabel = "euler|midpoint|rk4", defaultValue = "euler",
                description = "Solver, with 1, 2 or 4 evaluations of the network per step (default: ${DEFAULT-VALUE}).")
        String solver;

        @Option(names = "--schedule", paramLabel = "linear|cosine", defaultValue = "linear",
                description = "Steps of equal length, or shorter ones first: \u03b1 = 1 - cos(\u03c0t/2T) (default: ${DEFAULT-VALUE}).")
        String schedule;

        Integration integration(boolean reverse) {
            positive("--steps", steps, LearnedMap.MAX_STEPS);
            return Integration.of(word("--solver", solver, Solver.values(), ""), word("--schedule", schedule, Schedule.values(), ""),
                    steps, reverse);
        }
    }

    /**
     * The value that a word names.
     *
     * @param others further words to list in a fault, each followed by a comma
     */
    static <T> T word(String option, String text, T[] values, String others) {
        return Arrays.stream(values).filter(value -> value.toString().equals(text)).findFirst()
                .orElseThrow(() -> new InvalidInputException("%s takes %s%s, not '%s'".formatted(option, others,
                        Arrays.stream(values).map(Object::toString).collect(Collectors.joining(", ")), text)));
    }

    /** Whether a value is the first of two words; any other than the two is refused. */
    static boolean either(String option, String value, String yes, String no) {
        if (!value.equals(yes) && !value.equals(no)) {
            throw new InvalidInputException("%s takes %s or %s, not '%s'".formatted(option, yes, no, value));
        }
        return value.equals(yes);
    }

    /** Refuses a file that cannot be written, before any work is done. */
    static void requireWritable(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        String fault = Files.isDirectory(file) ? "it is a folder" : folder == null || !Files.isDirectory(folder)
                ? "there is no such folder" : Files.isWritable(Files.exists(file) ? file : folder) ? null : "permission denied";
        if (fault != null) {
            throw new InvalidInputException("cannot write to -o %s (%s); give a file that you may write".formatted(file, fault));
        }
    }

    /** Refuses a command line where {@code wrong} holds. */
    static void refuse(boolean wrong, String why) {
        if (wrong) {
            throw new InvalidInputException(why);
        }
    }

    /** Whether the user gave an option. */
    static boolean isGiven(CommandSpec command, String option) {
        return command.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** Refuses a value that is not from 1 to {@code max}. */
    static void positive(String option, int value, int max) {
        refuse(value < 1 || value > max, "%s %s is not a whole number from 1 to %s".formatted(option, value, max));
    }
}
