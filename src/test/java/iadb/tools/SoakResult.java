package iadb.tools;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What {@code tools/soak} tried.
 *
 * @param system   the machine and its OpenCL
 * @param faults   by name, what the tests of faults counted
 * @param oclgrind by name, what the kernels' tour counted
 * @param fuzz     the readers of files
 */
record SoakResult(String system, Part<Map<String, Double>> faults, Part<Map<String, Double>> oclgrind, Part<Fuzzing> fuzz) {
    static final String FILE = "soak.json";

    /**
     * One that can be run alone.
     *
     * @param date   of its end
     * @param commit of the program
     */
    record Part<T>(String date, String commit, T figures) {
        @Override
        public String toString() {
            return date + ", commit " + commit;
        }
    }

    /** @param findings inputs that a reader failed on */
    record Fuzzing(int findings, List<Reader> readers) {
    }

    /** One reader of files; {@code inputs} of its corpus are replayed by the tests. */
    record Reader(String reader, long executions, int inputs) {
    }

    /** The README's table of it. */
    String table() {
        List<Reader> readers = fuzz.figures().readers();
        return "| tested by `tools/soak` | |\n|---|---|\n"
                + row("`kill -9` at random moments", "%,d, %,d of them while a file was being written: each file was the old or the new"
                        + " one, and training resumed", count(faults, "kills"), count(faults, "kills_while_a_file_was_written"))
                + row("training with `-Xmx128m`", "%,d s: %,d MB after the first minute, %,d MB at the end; no OpenCL object leaked",
                        count(faults, "leak_seconds"), count(faults, "megabytes_at_first"), count(faults, "megabytes_at_last"))
                + row("hostile files", "%d readers (%s), at least %,d executions each: %d failures; %,d inputs kept for the tests", readers.size(),
                        readers.stream().map(Reader::reader).collect(Collectors.joining(", ")),
                        readers.stream().mapToLong(Reader::executions).min().orElse(0), fuzz.figures().findings(),
                        readers.stream().mapToInt(Reader::inputs).sum())
                + row("kernels under Oclgrind", "%,d plans and maps of all sizes and tunings, %,d of them with density and"
                        + " inverse: no race, invalid access or uninitialised value", count(oclgrind, "plans_and_maps"),
                        count(oclgrind, "maps_with_density"))
                + row("measured", "%s; kills and memory: %s; files: %s; kernels: %s", system, faults, fuzz, oclgrind);
    }

    private static String row(String head, String text, Object... values) {
        return "| " + head + " | " + String.format(Locale.ROOT, text, values) + " |\n";
    }

    private static long count(Part<Map<String, Double>> part, String what) {
        Double count = part.figures().get(what);
        if (count == null) {
            throw new IllegalStateException("the soak's result lacks " + what);
        }
        return Math.round(count);
    }
}
