package iadb.cli;

import iadb.file.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The file {@code summary.csv} of a batch: for each map that is done its row of the table and its figures, in the table's order. */
public final class BatchSummary {
    /** The figures' names. */
    public static final List<String> FIGURES = List.of("steps", "sliced_wasserstein_1", "sliced_wasserstein_1_exact", "total_variation",
            "total_variation_exact", "loss", "seconds", "device");
    private static final long BETWEEN_NANOS = 1_000_000_000;

    private final Path file;
    private final JobTable table;
    private final Map<List<String>, List<String>> figures = new HashMap<>(); // by the row's name and cells
    private long writtenNanos = System.nanoTime() - BETWEEN_NANOS;

    /**
     * What is known of a map.
     *
     * @param steps         of the map
     * @param distance      sliced Wasserstein-1 distance of its points from p1, in the plane's units
     * @param exactDistance that of exact samples
     * @param variation     total variation
     * @param exactVariation that of exact samples
     * @param loss          smoothed, at the end; NaN if unknown, as is {@code seconds}
     */
    public record Figures(int steps, double distance, double exactDistance, double variation, double exactVariation, double loss, double seconds,
            String device) { }

    /** Reads what an earlier run with the same columns has written. */
    public BatchSummary(Path file, JobTable table) throws IOException {
        this.file = file;
        this.table = table;
        List<List<String>> lines = !Files.exists(file) ? List.of() : List.copyOf(JobTable.records(Files.readString(file)).values());
        if (!lines.isEmpty() && lines.get(0).equals(header())) {
            int own = 1 + table.columns().size();
            lines.stream().skip(1).filter(line -> line.size() == own + FIGURES.size())
                    .forEach(line -> figures.put(line.subList(0, own), line.subList(own, line.size())));
        }
    }

    private List<String> header() {
        List<String> header = new ArrayList<>(List.of("name"));
        header.addAll(table.columns());
        header.addAll(FIGURES);
        return header;
    }

    private static List<String> key(JobTable.Row row) {
        List<String> key = new ArrayList<>(List.of(row.name()));
        key.addAll(row.cells());
        return key;
    }

    /** Whether it has the figures of a map. */
    public boolean has(JobTable.Row row) { return figures.containsKey(key(row)); }

    /** Drops what an earlier run has written of a map that is to be trained anew. */
    void remove(JobTable.Row row) { figures.remove(key(row)); }

    /** Adds a map, and writes the file if the last time is a second ago. */
    public void put(JobTable.Row row, Figures of) throws IOException {
        figures.put(key(row), List.of(Integer.toString(of.steps), text("%.6g", of.distance), text("%.6g", of.exactDistance),
                text("%.6g", of.variation), text("%.6g", of.exactVariation), text("%.6g", of.loss), text("%.3f", of.seconds), of.device));
        if (System.nanoTime() - writtenNanos >= BETWEEN_NANOS) {
            write();
        }
    }

    private static String text(String format, double value) { return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value); }

    /** Writes the file. */
    public void write() throws IOException {
        StringBuilder text = new StringBuilder(line(header()));
        for (JobTable.Row row : table.rows()) {
            List<String> of = figures.get(key(row));
            if (of != null) {
                List<String> cells = key(row);
                cells.addAll(of);
                text.append(line(cells));
            }
        }
        AtomicFile.write(file, out -> out.write(text.toString().getBytes(StandardCharsets.UTF_8)));
        writtenNanos = System.nanoTime();
    }

    private static String line(List<String> cells) {
        return cells.stream().map(cell -> cell.matches("(?s).*[\",\n\r].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell)
                .collect(Collectors.joining(",", "", "\n"));
    }
}
