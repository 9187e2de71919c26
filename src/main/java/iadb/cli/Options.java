package iadb.cli;

import iadb.Evaluation;
import iadb.LearnedMap;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.TuningTable;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that commands share, in groups, and their checks. */
final class Options {
    private static final Logger LOG = LoggerFactory.getLogger(Options.class);

    private Options() { }

    /** The user's kernel parameters. */
    static final class TuningFile {
        @Option(names = "--tuning", paramLabel = "FILE", defaultValue = "${env:IADB_CL_TUNING}",
                description = "File of kernel parameters written by 'tune'; they take precedence over the built-in ones (default:"
                        + " $IADB_CL_TUNING, if set).")
        private Path file;

        /** Reads the file; to be called before any kernel is built. */
        void use() { use(null); }

        /** @param output that the command writes, which need not exist yet; null: none */
        void use(Path output) {
            if (file == null || file.toString().isBlank()) {
                return;
            }
            boolean isOutput = output != null && output.toAbsolutePath().normalize().equals(file.toAbsolutePath().normalize());
            if (isOutput && !Files.exists(file)) {
                return;
            }
            try {
                TuningTable.use(file);
            } catch (InvalidInputException e) {
                String source = file.toString().equals(System.getenv("IADB_CL_TUNING")) ? "IADB_CL_TUNING" : "--tuning";
                throw new InvalidInputException(source + ": " + e.getMessage(), e);
            }
        }
    }

    /** The device. */
    static final class DeviceChoice {
        @Option(names = "--device", paramLabel = "auto|INDEX|TEXT|UUID", defaultValue = "auto",
                description = "OpenCL device: an index or UUID that 'devices' prints (the first 8 digits of a UUID are enough),"
                        + " or part of a name (default: ${DEFAULT-VALUE}).")
        String device;

        @Mixin
        private TuningFile tuning;

        Device select() { return select(null); }

        /** @param output the tunings that the command writes, which need not exist yet; null: none */
        Device select(Path output) {
            tuning.use(output);
            return Device.select(device);
        }

        /** Opens the device, and logs what is built for it for the first time. */
        Context open() {
            Context context = Context.open(select());
            context.onFirstUse(DeviceChoice::log);
            return context;
        }

        /** Logs a task that only the first use of a device needs. */
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

    static Model readModel(Path file) {
        refuse(!Files.exists(file), "no such file: " + file + "; give a model.safetensors that 'train' wrote");
        return Model.read(file);
    }

    /** The settings of a training. */
    static final class Training {
        static final List<String> NAMES = List.of("--preset", "--data", "--iterations", "--batch", "--lr", "--lr-schedule", "--ema", "--width",
                "--depth", "--encoding", "--coupling", "--reflow", "--plan");

        /** F and SIGMA, both optional. */
        private static final Pattern FOURIER = Pattern.compile(
                "fourier(?::(\\d{1,4})(?::(\\d{1,6}(?:\\.\\d{1,9})?|\\.\\d{1,9}))?)?");

        @Spec(Spec.Target.MIXEE)
        private CommandSpec command;

        @Option(names = "--preset", paramLabel = "tutorial|quick|sharp", defaultValue = "tutorial",
                description = "Values for the options that are not given: those of the authors' tutorial; quick: a map in about a second"
                        + " (two CPU cores); sharp: thin strokes in the time of the tutorial (default: ${DEFAULT-VALUE}).")
        private String preset;

        @Option(names = "--data", paramLabel = "N", defaultValue = "65536",
                description = "Training points drawn from each density (default: ${DEFAULT-VALUE}).")
        int data;

        @Option(names = "--iterations", paramLabel = "N", defaultValue = "65536",
                description = "Training iterations (default: ${DEFAULT-VALUE}).")
        int iterations;

        @Option(names = "--batch", paramLabel = "B", defaultValue = "256",
                description = "Rows (blended pairs of points) per iteration (default: ${DEFAULT-VALUE}).")
        int batch;

        @Option(names = "--lr", paramLabel = "X", defaultValue = "0.001",
                description = "Learning rate of Adam (default: ${DEFAULT-VALUE}).")
        float learningRate;

        @Option(names = "--lr-schedule", paramLabel = "constant|cosine", defaultValue = "constant",
                description = "constant: keep the learning rate, as the authors' PyTorch tutorial does; cosine: lower it to 0 over the"
                        + " iterations along half a cosine (default: ${DEFAULT-VALUE}).")
        String schedule;

        @Option(names = "--ema", paramLabel = "DECAY", defaultValue = "0",
                description = "Use an exponential moving average of the weights for the saved model and the map, e.g. 0.999; less"
                        + " noisy than the last weights (default: off).")
        double ema;

        @Option(names = "--width", paramLabel = "W", defaultValue = "64",
                description = "Units in each hidden layer, a multiple of 16 up to 256 (default: ${DEFAULT-VALUE}).")
        int width;

        @Option(names = "--depth", paramLabel = "L", defaultValue = "4",
                description = "Number of hidden layers, 1 to 8 (default: ${DEFAULT-VALUE}).")
        int depth;

        @Option(names = "--encoding", paramLabel = "none|fourier[:F[:SIGMA]]", defaultValue = "none",
                description = "Give the network the sines and cosines of F random directions of (x, y, \u03b1) beside them, so that it"
                        + " can learn thin strokes; F is a multiple of 8 up to 128 (32 if omitted), SIGMA their deviation in turns per"
                        + " side of the square, half of it for \u03b1 (1 if omitted; more for finer detail) (default: ${DEFAULT-VALUE}).")
        String encoding;

        @Option(names = "--coupling", paramLabel = "independent|ot|paired", defaultValue = "independent",
                description = "Which points of p0 and p1 are blended: any two (independent), the pairs of a nearly optimal transport"
                        + " (ot; straighter trajectories, so that fewer steps suffice), or row by row of two point files (paired)"
                        + " (default: ${DEFAULT-VALUE}).")
        String coupling;

        @Option(names = "--reflow", paramLabel = "ROUNDS", defaultValue = "0",
                description = "Train ROUNDS further rounds of --iterations each, on pairs of a fresh point of p0 and its image under"
                        + " the map so far; this straightens the trajectories until one step suffices (default: ${DEFAULT-VALUE}).")
        int reflow;

        @Option(names = "--plan", paramLabel = "auto|layered|fused|persistent", defaultValue = "auto",
                description = "How each training iteration is split into kernels: one per layer and pass (layered), one for forward"
                        + " and backward (fused), or one for many iterations (persistent); auto takes the fastest that the device"
                        + " can run (default: ${DEFAULT-VALUE}).")
        String plan;

        Preset preset() { return word("--preset", preset, Preset.values()); }

        /** The options that are given, and the preset's values of the others. */
        TrainingSettings settings(long seed) {
            TrainingSettings base = preset().settings();
            boolean falls = !either("--lr-schedule", schedule, "constant", "cosine");
            Coupling pairs = word("--coupling", coupling, Coupling.values());
            Optional<PlanChoice.Kind> wanted = plan();
            boolean encodes = !encoding.equals("none");
            Matcher fourier = FOURIER.matcher(encoding);
            refuse(encodes && !fourier.matches(),
                    "--encoding takes none, fourier, fourier:F or fourier:F:SIGMA, such as fourier:32:1, not '"
                    + encoding + "'");
            int features = !encodes ? 0 : part(fourier, 1).map(Integer::valueOf).orElse(NetworkShape.DEFAULT_FEATURES);
            refuse(encodes && features == 0, "--encoding " + encoding + ": F must be a multiple of 8 from 8 to 128");
            double sigma = !encodes ? Network.DEFAULT_DEVIATION : part(fourier, 2).map(Double::valueOf)
                    .orElse(Network.DEFAULT_DEVIATION);
            try {
                return base.withIterations(given("--iterations", iterations, base.iterations())).withData(given("--data", data, base.data()))
                        .withBatch(given("--batch", batch, base.batch()))
                        .withLearningRate(given("--lr", learningRate, base.learningRate()), given("--lr-schedule", falls, base.cosine()))
                        .withEma(given("--ema", ema, base.ema()))
                        .withShape(new NetworkShape(given("--width", width, base.shape().width()), given("--depth", depth, base.shape().depth())))
                        .withEncoding(given("--encoding", features, base.shape().features()), given("--encoding", sigma, base.encodingDeviation()))
                        .withSeed(seed).withCoupling(given("--coupling", pairs, base.coupling()))
                        .withReflow(given("--reflow", reflow, base.reflow())).withPlan(wanted);
            } catch (InvalidInputException e) { // its message begins with the setting's name, which is the option's except for lr
                throw new InvalidInputException("--" + e.getMessage().replaceFirst("^learning rate", "lr"), e);
            }
        }

        private <T> T given(String option, T value, T otherwise) { return isGiven(command, option) ? value : otherwise; }

        private static Optional<String> part(Matcher matcher, int group) {
            return Optional.ofNullable(matcher.group(group));
        }

        private Optional<PlanChoice.Kind> plan() {
            return plan.equals("auto") ? Optional.empty() : Optional.of(word("--plan", plan, PlanChoice.Kind.values(), "auto"));
        }
    }

    /** The folder of results. */
    static final class Output {
        @Option(names = "--out", paramLabel = "DIR", defaultValue = "out",
                description = "Folder for all files, created if missing (default: ${DEFAULT-VALUE}).")
        Path folder;

        Path ready() {
            return Options.ready("--out", folder);
        }
    }

    /** Creates a folder and a temporary file in it, so that an error shows before any work is done. */
    static Path ready(String option, Path folder) {
        try {
            Files.createDirectories(folder);
            AtomicFile.open(folder.resolve(".iadb-cl-trial")).close();
            return folder;
        } catch (IOException e) {
            throw new InvalidInputException(option + " " + folder + (Files.isRegularFile(folder) ? " is a file: give a folder"
                    : ": " + FileFault.of(e) + "; give a folder that you may write to"), e);
        }
    }

    /** How the velocity field is integrated. */
    static final class IntegrationChoice {
        @Option(names = "--steps", paramLabel = "T", defaultValue = "128",
                description = "Solver steps of the map (default: ${DEFAULT-VALUE}).")
        int steps;

        @Option(names = "--solver", paramLabel = "euler|midpoint|rk4", defaultValue = "euler",
                description = "Evaluations of the network per step: 1 (euler), 2 (midpoint) or 4 (rk4) (default: ${DEFAULT-VALUE}).")
        String solver;

        @Option(names = "--schedule", paramLabel = "linear|cosine", defaultValue = "linear",
                description = "linear: equal steps; cosine: short steps first, \u03b1 = 1 - cos(\u03c0t/2T) at step t of T (default:"
                        + " ${DEFAULT-VALUE}).")
        String schedule;

        Integration integration(boolean reverse) {
            InvalidInputException.requireRange("--steps", steps, LearnedMap.MAX_STEPS);
            return Integration.of(word("--solver", solver, Solver.values()), chosenSchedule(), steps, reverse);
        }

        Schedule chosenSchedule() { return word("--schedule", schedule, Schedule.values()); }
    }

    /**
     * The value that a word names.
     *
     * @param others further words to list in a message
     */
    static <T> T word(String option, String text, T[] values, String... others) {
        return Arrays.stream(values).filter(value -> value.toString().equals(text)).findFirst().orElseThrow(() -> {
            String words = Stream.concat(Stream.of(others), Arrays.stream(values).map(Object::toString))
                    .collect(Collectors.joining(", ")).replaceFirst(", (\\S+)$", " or $1");
            return new InvalidInputException("%s takes %s, not '%s'".formatted(option, words, text));
        });
    }

    /** Whether a value is the first of two words; throws if it is neither. */
    static boolean either(String option, String value, String yes, String no) {
        return word(option, value, new String[] {yes, no}).equals(yes);
    }

    /** Refuses a file of {@code -o} that cannot be written, before any work is done. */
    static void requireWritable(Path file, String instead) {
        Path folder = file.toAbsolutePath().getParent();
        refuse(Files.isDirectory(file), "-o " + file + " is a folder: give " + instead);
        refuse(!Files.isDirectory(folder), "-o " + file + ": the folder " + folder + " does not exist; create it first");
        refuse(!Files.isWritable(Files.exists(file) ? file : folder), "-o " + file + ": permission denied; give a file that you may write");
    }

    /** Throws if the command line is wrong. */
    static void refuse(boolean wrong, String why) {
        if (wrong) {
            throw new InvalidInputException(why);
        }
    }

    /** Whether the user gave an option. */
    static boolean isGiven(CommandSpec command, String option) {
        return command.commandLine().getParseResult().hasMatchedOption(option);
    }

    private static String wholeNumber(int min, int max) {
        return String.format(Locale.ROOT, "a whole number from %d to %,d", min, max);
    }

    /** What the value of an option with a number must be, for a message. */
    static String range(String command, String option) {
        return switch (option) {
            case "--width" -> "a multiple of 16 from 16 to 256";
            case "--depth" -> wholeNumber(1, 8);
            case "--batch" -> wholeNumber(1, TrainingSettings.MAX_BATCH);
            case "--data" -> wholeNumber(1, TrainingSettings.MAX_DATA);
            case "--count" -> wholeNumber(1, EvaluateCommand.MAX_COUNT);
            case "--exact" -> wholeNumber(1, Evaluation.MAX_EXACT);
            case "--steps" -> wholeNumber(1, LearnedMap.MAX_STEPS);
            case "--points" -> wholeNumber(1, command.equals("sample") ? Integer.MAX_VALUE : LearnedMap.MAX_POINTS);
            case "--checkpoint-every", "--reflow" -> wholeNumber(0, Integer.MAX_VALUE);
            case "--seed" -> "a whole number from -2^63 to 2^63 - 1";
            case "--bandwidth" -> "a number of at least 0";
            case "--lr" -> "a number above 0, such as 0.001";
            case "--ema" -> "a decay of at least 0 (off) and less than 1, such as 0.999";
            case "--seconds" -> "a number from 0 to 1,000,000,000";
            default -> wholeNumber(1, Integer.MAX_VALUE);
        };
    }
}
