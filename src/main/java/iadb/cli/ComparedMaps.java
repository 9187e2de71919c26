package iadb.cli;

import iadb.LearnedMap;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.plot.Box;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import iadb.view.RealtimeConfig;
import iadb.view.RealtimeConfig.Shown;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The maps of {@code --compare}. Each is a model's file, or the command line's own options and a few words that replace some of them,
 * joined by plus signs: {@code quick}, {@code ot+reflow}, {@code sharp+lr=0.01}.
 */
final class ComparedMaps {
    private static final List<String> OPTIONS = Stream.concat(Options.Training.NAMES.stream(), Stream.of("--steps", "--seed")).toList();

    private final CommandSpec command;
    private final String option; // as the user gave it, for messages
    private final List<Entry> entries;

    /** @param file null without a model */
    private record Entry(TrainingSettings training, int steps, Path file, Model model) {
        /** What no other map may have. */
        List<Object> key() { return Arrays.asList(training, steps, file == null ? null : file.toAbsolutePath().normalize()); }

        Shown shown(String name) {
            return new Shown(training, Optional.ofNullable(model).map(Model::network), Optional.ofNullable(name), steps);
        }
    }

    /** The first model's file and the model, whose densities all maps share. */
    record First(Path file, Model model) { }

    /** The options of a map. */
    private static final class MapOptions {
        @Mixin
        private Options.Training training;

        @Option(names = "--steps", defaultValue = "128")
        private int steps;

        @Option(names = "--seed", defaultValue = "0")
        private long seed;
    }

    /**
     * Reads the maps and their models.
     *
     * @param values    of {@code --compare}, each a file or a list with commas
     * @param command   whose options hold for every map
     * @param modelFile of {@code --model}, or null; one map alone is compared with it, or with the command line's own
     */
    ComparedMaps(List<String> values, CommandSpec command, Path modelFile) {
        this.command = command;
        option = "--compare " + String.join(",", values);
        List<String> texts = values.stream().flatMap(value -> isFile(value) ? Stream.of(value) : Stream.of(value.split(",", -1))).toList();
        List<String> own = new ArrayList<>();
        command.commandLine().getParseResult().matchedOptions().stream().filter(given -> OPTIONS.contains(given.longestName()))
                .forEach(given -> given.originalStringValues().forEach(value -> own.add(given.longestName() + "=" + value)));
        entries = new ArrayList<>();
        Options.refuse(modelFile != null && texts.size() > 1, option + ": list the file of --model there, instead of giving --model");
        if (texts.size() == 1) {
            entries.add(entry(own, List.of(), modelFile));
        }
        texts.forEach(text -> entries.add(entry(own, text)));
        Options.refuse(entries.size() > RealtimeConfig.MAX_TILES, option + ": the window shows at most " + RealtimeConfig.MAX_TILES
                + " maps, not " + entries.size());
        for (int i = 0; i < entries.size(); i++) {
            int same = entries.stream().map(Entry::key).toList().indexOf(entries.get(i).key());
            Options.refuse(same < i, option + ": " + (texts.size() == 1 ? "that is the map of the other options: give another one"
                    : "maps " + (same + 1) + " and " + (i + 1) + " are the same"));
        }
    }

    /** Whether a text is a model's file: other words are settings, even if a file has such a name. */
    private static boolean isFile(String text) {
        try {
            return text.matches("[^,+]*\\.safetensors") || text.matches(".*[/\\\\].*") && Files.isRegularFile(Path.of(text));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private Entry entry(List<String> own, String text) {
        Path file = isFile(text) ? Path.of(text) : null;
        List<String> arguments = new ArrayList<>();
        for (String word : file != null ? new String[0] : text.split("\\+", -1)) {
            if (isFile(word)) {
                Options.refuse(file != null, option + ": '" + text + "' names two files");
                file = Path.of(word);
            } else {
                arguments.add(argument(word));
            }
        }
        return entry(own, arguments, file);
    }

    /** The option that a word stands for. */
    private String argument(String word) {
        String setting = "--" + word.replaceFirst("=.*", "");
        if (word.contains("=") && OPTIONS.contains(setting)) {
            return "--" + word;
        } else if (isOneOf(word, Preset.values())) {
            return "--preset=" + word;
        } else if (isOneOf(word, Coupling.values())) {
            return "--coupling=" + word;
        } else if (word.equals("none") || word.startsWith("fourier")) {
            return "--encoding=" + word;
        }
        Options.refuse(!word.equals("reflow"), option + ": '" + word + "' is not a model file, a preset, a coupling, an encoding, reflow"
                + " or a setting such as lr=0.01");
        return "--reflow=1";
    }

    private static boolean isOneOf(String word, Object[] values) {
        return Arrays.stream(values).anyMatch(value -> value.toString().equals(word));
    }

    /**
     * @param own       options of the command line
     * @param arguments options of this map, which take precedence
     */
    private Entry entry(List<String> own, List<String> arguments, Path file) {
        for (String network : List.of("--width", "--depth", "--encoding")) {
            Options.refuse(file != null && arguments.stream().anyMatch(argument -> argument.startsWith(network + "=")),
                    option + ": " + network.substring(2) + " is taken from the model " + file);
        }
        MapOptions options = new MapOptions();
        CommandLine parser = new CommandLine(options).setCommandName("iadb-cl").setOverwrittenOptionsAllowed(true);
        try {
            parser.parseArgs(Stream.concat(own.stream(), arguments.stream()).toArray(String[]::new));
            InvalidInputException.requireRange("--steps", options.steps, LearnedMap.MAX_STEPS);
            TrainingSettings training = options.training.settings(options.seed);
            Model model = file == null ? null : Options.readModel(file);
            boolean chooses = parser.getParseResult().hasMatchedOption("--steps") || model != null;
            return new Entry(model == null ? training : Provenance.withNetworkOf(model, training),
                    chooses ? options.steps : options.training.preset().steps(), file, model);
        } catch (ParameterException e) {
            throw new InvalidInputException(option + ": " + Main.message(e), e);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(option + ": " + e.getMessage(), e);
        }
    }

    /** The first model; empty without one. */
    Optional<First> firstModel() {
        return entries.stream().filter(entry -> entry.model() != null).map(entry -> new First(entry.file(), entry.model())).findFirst();
    }

    /** Whether a map is trained, and not that of a given model. */
    boolean trains() { return entries.stream().anyMatch(entry -> entry.model() == null); }

    /**
     * What the tiles show.
     *
     * @throws InvalidInputException if a model was trained on other densities, unless the user chose these, or in another square; or if
     *                               maps differ in the number of points that they would keep of a file
     */
    List<Shown> shown(Density p0, Density p1) {
        Box box = Density.box(Optional.of(p0), Optional.of(p1));
        for (Entry entry : entries) {
            boolean matches = entry.model() == null || box.equals(entry.model().box())
                    && isOf(entry, "--p0", true, p0) && isOf(entry, "--p1", false, p1);
            Options.refuse(!matches, option + ": " + entry.file() + " was not trained from " + p0.name() + " to " + p1.name()
                    + " as the other map was; give --p0 and --p1 to use it on other densities in the same square, or show both side by side"
                    + " in a page of 'export'");
        }
        boolean keepsPoints = p0 instanceof PointDensity || p1 instanceof PointDensity;
        Options.refuse(keepsPoints && option.matches(".*\\bdata=.*"), option + ": the maps train on the same points of the files; "
                + "leave data= out, or give --data for all");
        return entries.stream().map(entry -> entry.shown(name(entry.file()))).toList();
    }

    private boolean isOf(Entry entry, String given, boolean first, Density shown) {
        Optional<Density> own = first ? entry.model().p0() : entry.model().p1();
        if (Options.isGiven(command, given)) {
            return true;
        } else if (own.isEmpty()) {
            return entry.model().mismatch(first, shown, entry.file()).isEmpty(); // the model holds only a hash
        } else if (own.get() instanceof PointDensity a && shown instanceof PointDensity b) {
            return Arrays.equals(a.points(), b.points());
        }
        return !(own.get() instanceof PointDensity) && !(shown instanceof PointDensity)
                && own.get().image().width() == shown.image().width() && Arrays.equals(own.get().image().weights(), shown.image().weights());
    }

    /** The file's name, or its whole path if another has that name. */
    private String name(Path file) {
        if (file == null) {
            return null;
        }
        boolean isAlone = entries.stream().map(Entry::file).filter(other -> other != null && !other.equals(file))
                .noneMatch(other -> other.getFileName().equals(file.getFileName()));
        return (isAlone ? file.getFileName() : file).toString();
    }
}
