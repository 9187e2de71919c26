package iadb.cli;

import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.file.Csv;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code summary.csv} of a batch: for each map that is done its row of the table and its figures, in the table's order, then the
 * maps of other tables that are in the same folder.
 */
public final class BatchSummary {
    /** The figures' names. */
    public static final List<String> FIGURES = List.of("steps", "sliced_wasserstein_1", "sliced_wasserstein_1_exact", "total_variation",
            "total_variation_exact", "loss", "seconds", "device");

    private static final Logger LOG = LoggerFactory.getLogger(BatchSummary.class);
    private static final String NAME = "name";
    private static final String COUNT = "count"; // of the points that were evaluated; of old files unknown
    private static final long BETWEEN_NANOS = 1_000_000_000;

    private final Path file;
    private final JobTable table;
    private final String count;
    private final Map<Map<String, String>, Map<String, String>> figures = new LinkedHashMap<>(); // by the name and the options set
    private long writtenNanos = System.nanoTime() - BETWEEN_NANOS;
    private boolean isWritten = true;

    /**
     * What is known of a map.
     *
     * @param steps         of the map
     * @param distance      sliced Wasserstein-1 distance of its points from p1, in the plane's units
     * @param exactDistance the same for exact samples
     * @param variation     total variation
     * @param exactVariation the same for exact samples
     * @param loss          smoothed, at the end; NaN if unknown, as is {@code seconds}
     */
    public record Figures(int steps, double distance, double exactDistance, double variation, double exactVariation, double loss, double seconds,
            String device) { }

    /**
     * Reads what earlier runs have written.
     *
     * @param count of the points that this run evaluates
     */
    public BatchSummary(Path file, JobTable table, int count) {
        this.file = file;
        this.table = table;
        this.count = Integer.toString(count);
        try {
            List<List<String>> lines = Files.exists(file) ? List.copyOf(Csv.records(file).values()) : List.of();
            List<String> header = lines.isEmpty() ? List.of() : lines.get(0);
            Options.refuse(!lines.isEmpty() && !(header.contains(NAME) && header.containsAll(FIGURES)), file + " was not written by 'batch'");
            lines.stream().skip(1).filter(line -> line.size() == header.size()).forEach(line -> add(header, line));
        } catch (InvalidInputException e) {
            LOG.warn("{}; its lines are dropped", e.getMessage());
        }
    }

    private void add(List<String> header, List<String> line) {
        Map<String, String> job = new TreeMap<>();
        Map<String, String> of = new TreeMap<>();
        for (int i = 0; i < header.size(); i++) {
            if (!line.get(i).isEmpty()) {
                (FIGURES.contains(header.get(i)) || header.get(i).equals(COUNT) ? of : job).put(header.get(i), line.get(i));
            }
        }
        figures.put(job, of);
    }

    private Map<String, String> job(JobTable.Row row) {
        Map<String, String> job = new TreeMap<>(Map.of(NAME, row.name()));
        for (int i = 0; i < row.cells().size(); i++) {
            if (!row.cells().get(i).isEmpty()) {
                job.put(table.columns().get(i), row.cells().get(i));
            }
        }
        return job;
    }

    /** Whether it has the figures of a map, for as many points. */
    public boolean has(JobTable.Row row) {
        Map<String, String> of = figures.get(job(row));
        return of != null && count.equals(of.get(COUNT));
    }

    /** Drops what an earlier run has written of a map that is to be trained anew. */
    void remove(JobTable.Row row) { figures.remove(job(row)); }

    /** Adds a map. A loss and a time that are unknown are taken from an earlier evaluation. */
    public void put(JobTable.Row row, Figures of) {
        Map<String, String> cells = figures.computeIfAbsent(job(row), any -> new TreeMap<>());
        cells.putAll(Map.of(COUNT, count, "steps", Integer.toString(of.steps), "device", of.device));
        cells.put("sliced_wasserstein_1", text("%.6g", of.distance));
        cells.put("sliced_wasserstein_1_exact", text("%.6g", of.exactDistance));
        cells.put("total_variation", text("%.6g", of.variation));
        cells.put("total_variation_exact", text("%.6g", of.exactVariation));
        cells.merge("loss", text("%.6g", of.loss), (before, now) -> now.isEmpty() ? before : now);
        cells.merge("seconds", text("%.3f", of.seconds), (before, now) -> now.isEmpty() ? before : now);
        isWritten = false;
    }

    private static String text(String format, double value) { return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value); }

    /** Writes the file if maps were added, at most once a second. */
    void writeIfDue() throws IOException {
        if (!isWritten && System.nanoTime() - writtenNanos >= BETWEEN_NANOS) {
            write();
        }
    }

    /** Writes the file. */
    public void write() throws IOException {
        writtenNanos = System.nanoTime(); // also of a write that fails, so that the next is not tried at once
        Set<String> own = table.rows().stream().map(row -> folder(row.name())).collect(Collectors.toSet());
        List<Map<String, String>> jobs = new ArrayList<>(table.rows().stream().map(this::job).filter(figures::containsKey).toList());
        figures.keySet().stream().filter(job -> !own.contains(folder(job.getOrDefault(NAME, "")))).forEach(jobs::add);
        Set<String> header = new LinkedHashSet<>(List.of(NAME));
        header.addAll(table.columns());
        jobs.forEach(job -> header.addAll(job.keySet()));
        header.addAll(FIGURES);
        header.add(COUNT);
        StringBuilder text = new StringBuilder(Csv.line(header.stream()));
        for (Map<String, String> job : jobs) {
            Map<String, String> of = figures.get(job);
            text.append(Csv.line(header.stream().map(column -> job.getOrDefault(column, of.getOrDefault(column, "")))));
        }
        AtomicFile.write(file, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
        isWritten = true;
    }

    /** Names of the same folder on some systems are equal in lower case. */
    private static String folder(String name) { return name.toLowerCase(Locale.ROOT); }
}
