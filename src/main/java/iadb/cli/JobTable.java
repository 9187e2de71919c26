package iadb.cli;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.fault.UntrustedText;
import iadb.model.Model;
import iadb.train.Provenance;
import iadb.train.TrainingQueue;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
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
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * A table of maps to train, as CSV (RFC 4180): a header with {@code name} and options of the command {@code train}, then a map on each
 * row. An empty cell leaves an option out; that of an option without a value holds {@code true} or {@code false}. Cells are parsed and
 * checked as the command line is.
 */
public final class JobTable {
    private static final Logger LOG = LoggerFactory.getLogger(JobTable.class);
    private static final String NAME = "name";
    private static final int MAX_NAME_CHARS = 100;
    private static final List<String> NOT_IN_TABLES = List.of("--resume", "--checkpoint-every", "--out", "--device", "--tuning", "--verbose",
            "--quiet", "--help", "--version");
    /** What a folder cannot be named on some system. */
    private static final Pattern HOSTILE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}<>:\"/\\\\|?*]");
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
        private final int steps; // of the map of its preset

        private Row(int line, String name, List<String> cells) {
            this.line = line;
            this.name = name;
            this.cells = cells;
            TrainCommand command = parsed(cells);
            settings = command.settings();
            steps = command.steps();
        }

        /** Its number in the table. */
        public int line() { return line; }

        /** The folder of its results. */
        public String name() { return name; }

        /** The values of the table's columns. */
        public List<String> cells() { return cells; }

        /** The steps of the map of its preset. */
        public int steps() { return steps; }

        @Override
        public TrainingSettings settings() { return settings; }

        /** The model in a file, with the row's densities, if it is the whole result of this row. */
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

        /** Rows with the same image get the same object as long as it is in use. */
        @Override
        public List<Density> densities() {
            TrainCommand command = parsed(cells); // not kept: it takes much memory
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
    JobTable(Path file) { this(file.toString(), records(text(file))); }

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

    private static String text(Path file) {
        try {
            String text = Files.readString(file);
            return text.startsWith("\uFEFF") ? text.substring(1) : text;
        } catch (NoSuchFileException e) {
            throw new InvalidInputException("no such file: " + file, e);
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(file + " is not text in UTF-8", e);
        } catch (IOException e) {
            throw new InvalidInputException("cannot read %s (%s)".formatted(file, FileFault.of(e)), e);
        }
    }

    /** The records of a text that are not empty, by the line at which they begin. */
    public static Map<Integer, List<String>> records(String text) {
        Map<Integer, List<String>> records = new TreeMap<>();
        List<String> record = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean isQuoted = false;
        int line = 1;
        int first = 1;
        for (int i = 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '\n';
            line += c == '\n' ? 1 : 0;
            if (c == '"') {
                isQuoted = !isQuoted;
                if (isQuoted && i > 0 && text.charAt(i - 1) == '"') {
                    cell.append(c); // two quotes within quotes are one
                }
            } else if (isQuoted && i < text.length() || c != ',' && c != '\n') {
                cell.append(c);
            } else {
                record.add(cell.toString().strip());
                cell.setLength(0);
                if (c == '\n') {
                    if (!record.equals(List.of(""))) {
                        records.put(first, record);
                    }
                    record = new ArrayList<>();
                    first = line;
                }
            }
        }
        return records;
    }

    private void requireHeader(List<String> header) {
        Options.refuse(!header.contains(NAME), source + " has no column 'name': its header is a line such as name,p0,p1,seed");
        List<String> known = new CommandLine(new TrainCommand()).getCommandSpec().optionsMap().keySet().stream()
                .filter(option -> option.startsWith("--") && !NOT_IN_TABLES.contains(option)).map(option -> option.substring(2)).toList();
        for (String column : header) {
            Options.refuse(header.indexOf(column) != header.lastIndexOf(column), "%s has two columns '%s'".formatted(source, UntrustedText.shown(column)));
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
        boolean hostile = HOSTILE.matcher(name).find() || name.startsWith(".") || name.endsWith(".") || RESERVED.matcher(name).matches()
                || name.length() > MAX_NAME_CHARS;
        Options.refuse(hostile, "the name '%s' cannot be a folder's on every system: use letters, digits, - and _".formatted(UntrustedText.shown(name)));
    }

    private TrainCommand parsed(List<String> cells) {
        TrainCommand command = new TrainCommand();
        CommandLine parser = new CommandLine(command);
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
        return command;
    }
}
