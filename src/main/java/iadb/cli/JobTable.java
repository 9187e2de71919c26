package iadb.cli;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.file.Csv;
import iadb.model.Model;
import iadb.train.Provenance;
import iadb.train.TrainingQueue;
import iadb.train.TrainingSettings;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A table of maps to train: a header with {@code name} and options of the command {@code train}, then a map on each
 * row. An empty cell leaves an option out; that of an option without a value holds {@code true} or {@code false}. Cells are parsed and
 * checked as the command line is.
 */
public final class JobTable {
    private static final Logger LOG = LoggerFactory.getLogger(JobTable.class);
    private static final String NAME = "name";
    private static final int SHOWN_CHARS = 40; // of a name that is too long
    private static final int MAX_NAME_BYTES = 200; // in UTF-8; of the 255 that file systems allow, the rest is for temporary names
    private static final List<String> NOT_IN_TABLES = List.of("--resume", "--checkpoint-every", "--out", "--device", "--tuning", "--verbose",
            "--quiet", "--help", "--version");
    /** What a folder cannot be named on some system; names that begin with a dot or _ are hidden or temporary. */
    private static final Pattern HOSTILE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}<>:\"/\\\\|?*]|^[._]|\\.$");
    private static final Pattern RESERVED = Pattern.compile("(?i)(con|prn|aux|nul|com\\d|lpt\\d|summary\\.csv)(\\..*)?");

    private final String source;
    private final List<String> columns; // without the name
    private final List<Row> rows = new ArrayList<>(); // those that can be trained
    private final Map<Integer, String> faults = new TreeMap<>(); // of the others, by line
    private final Map<List<Object>, WeakReference<Density>> images = new HashMap<>(); // by name, file and --invert; guarded by itself

    /** A map to train. */
    public final class Row implements TrainingQueue.Job {
        private final int line; // in the file, from 1
        private final String name;
        private final List<String> cells; // of the columns
        private final TrainingSettings settings;
        private final int steps; // Euler steps, from the preset

        private Row(int line, String name, List<String> cells) {
            this.line = line;
            this.name = name;
            this.cells = cells;
            TrainCommand command = parsed(cells).getCommand();
            settings = command.settings();
            steps = command.steps();
        }

        /** The line on which it begins, from 1. */
        public int line() { return line; }

        /** The folder of its results. */
        public String name() { return name; }

        /** The values of the table's columns. */
        public List<String> cells() { return cells; }

        /** T, the Euler steps of the map, which the preset sets. */
        public int steps() { return steps; }

        /** The options that a table can set, with this row's values. */
        CommandSpec options() {
            CommandSpec options = CommandSpec.create();
            parsed(cells).getCommandSpec().options().stream().filter(option -> !NOT_IN_TABLES.contains(option.longestName()))
                    .forEach(options::addOption);
            return options;
        }

        @Override
        public TrainingSettings settings() { return settings; }

        /** The model in a file, with the row's densities; empty if it is not what the row's complete training gives. */
        public Optional<Model> result(Path model) {
            try {
                Optional<Model> found = Files.exists(model) ? Optional.of(Model.read(model)) : Optional.empty();
                List<Density> pair = found.isEmpty() ? List.of() : densities();
                return found.filter(m -> Provenance.isResult(m, settings, pair.get(0), pair.get(1)))
                        .map(m -> new Model(m.network(), Optional.of(pair.get(0)), Optional.of(pair.get(1)), m.provenance()));
            } catch (InvalidInputException e) {
                LOG.debug("{} is replaced: {}", model, e.getMessage());
                return Optional.empty();
            }
        }

        /** Rows with the same image share one object while any of them uses it. */
        @Override
        public List<Density> densities() {
            TrainCommand command = parsed(cells).getCommand(); // not kept: it takes much memory
            return command.densities(settings).stream().map(density -> {
                if (!(density instanceof ImageDensity)) {
                    return density;
                }
                List<Object> key = List.of(density.name(), density.file(), command.inverts());
                synchronized (images) {
                    Density same = Optional.ofNullable(images.get(key)).map(WeakReference::get).orElse(density);
                    images.put(key, new WeakReference<>(same));
                    return same;
                }
            }).toList();
        }
    }

    /**
     * Reads a table.
     *
     * @throws InvalidInputException if it cannot be read, or its header is wrong; the faults of rows are in {@link #faults}
     */
    JobTable(Path file) { this(file.toString(), Csv.records(file)); }

    /**
     * A table from elsewhere.
     *
     * @param source for messages
     * @param all    the header and the rows, by line
     * @throws InvalidInputException if its header is wrong; the faults of rows are in {@link #faults}
     */
    public JobTable(String source, Map<Integer, List<String>> all) {
        this.source = source;
        SortedMap<Integer, List<String>> records = new TreeMap<>(all);
        if (records.isEmpty()) {
            throw new InvalidInputException(source + " is empty: write a header such as name,p0,p1,seed, then a map on each line");
        }
        List<String> header = records.remove(records.firstKey()).stream().map(cell -> cell.strip().replaceFirst("^--", "")).toList();
        requireHeader(header);
        int nameColumn = header.indexOf(NAME);
        columns = header.stream().filter(column -> !column.equals(NAME)).toList();
        Map<String, Integer> lines = new HashMap<>(); // of names in lower case
        records.forEach((line, record) -> {
            try {
                Options.refuse(record.size() != header.size(), "%s cells, but the header has %s".formatted(record.size(), header.size()));
                List<String> cells = new ArrayList<>(record);
                String name = cells.remove(nameColumn);
                requireName(name);
                Integer before = lines.putIfAbsent(name.toLowerCase(Locale.ROOT), line);
                Options.refuse(before != null, "the name '%s' is that of line %s, too: give each map its own".formatted(
                        UntrustedText.shown(name), before));
                rows.add(new Row(line, name, List.copyOf(cells)));
            } catch (InvalidInputException e) {
                faults.put(line, e.getMessage());
            } catch (ParameterException e) {
                faults.put(line, Main.message(e));
            }
        });
    }

    /** The options that the table sets, without dashes. */
    public List<String> columns() { return columns; }

    /** The maps that can be trained. */
    public List<Row> rows() { return rows; }

    /** Why the other rows cannot be, by line. */
    public Map<Integer, String> faults() { return faults; }

    /** A message about a line of the file. */
    public String at(int line, String message) { return source + ", line " + line + ": " + message; }

    private void requireHeader(List<String> header) {
        Options.refuse(!header.contains(NAME), source + " has no column 'name': its header is a line such as name,p0,p1,seed");
        List<String> known = new CommandLine(new TrainCommand()).getCommandSpec().optionsMap().keySet().stream()
                .filter(option -> option.startsWith("--") && !NOT_IN_TABLES.contains(option)).map(option -> option.substring(2)).toList();
        for (String column : header) {
            Options.refuse(header.indexOf(column) != header.lastIndexOf(column),
                    "%s has two columns '%s'".formatted(source, UntrustedText.shown(column)));
            if (!column.equals(NAME) && !known.contains(column)) {
                String meant = UntrustedText.closest(column, known).map(name -> "did you mean " + name + "?")
                        .orElse("the columns are name and options of 'train'");
                throw new InvalidInputException("%s: no option '%s' for a column; %s".formatted(source, UntrustedText.shown(column), meant));
            }
        }
    }

    /** Refuses what would leave the folder of results, or cannot be a folder's name on every system. */
    private static void requireName(String name) {
        Options.refuse(name.isEmpty(), "the name is empty");
        Options.refuse(name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES, "the name '%s...' has over %s bytes".formatted(
                UntrustedText.shown(name.substring(0, Math.min(name.length(), SHOWN_CHARS))), MAX_NAME_BYTES));
        Options.refuse(HOSTILE.matcher(name).find() || RESERVED.matcher(name).matches(),
                "the name '%s' cannot be a folder's on every system: use letters, digits, - and _, and begin with a letter or digit"
                        .formatted(UntrustedText.shown(name)));
    }

    /** The command train, with a row's values. */
    private CommandLine parsed(List<String> cells) {
        CommandLine parser = new CommandLine(new TrainCommand());
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            String option = "--" + columns.get(i);
            OptionSpec spec = parser.getCommandSpec().findOption(option);
            String cell = cells.get(i);
            if (spec.arity().max() == 0 && !cell.isEmpty()) {
                if (Options.either(option, cell.toLowerCase(Locale.ROOT), "true", "false")) {
                    arguments.add(option);
                }
            } else if (!cell.isEmpty()) {
                arguments.add(option + "=" + cell);
            }
        }
        parser.parseArgs(arguments.toArray(String[]::new));
        return parser;
    }
}
