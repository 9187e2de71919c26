package iadb.profile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** A table for a terminal: the first column is aligned left, the others right, each as wide as its widest cell. */
public final class Table {
    private static final String BETWEEN = "  ";

    private final List<String[]> rows = new ArrayList<>();

    public Table(String... heads) { rows.add(heads); }

    public void row(String... cells) { rows.add(cells); }

    /** A number with three digits, or all digits before the point; a dash for null. */
    public static String number(Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.3g", value);
    }

    /** A share as a percentage; a dash for null. */
    public static String percent(Double share) { return share == null ? "-" : String.format(Locale.ROOT, "%.0f %%", 100 * share); }

    /** The quartiles. */
    static String range(Spread spread) { return number(spread.low()) + " to " + number(spread.high()); }

    @Override
    public String toString() {
        int columns = rows.get(0).length;
        int[] widths = IntStream.range(0, columns)
                .map(c -> rows.stream().mapToInt(row -> row[c].length()).max().orElse(0)).toArray();
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < columns; c++) {
                String blanks = " ".repeat(widths[c] - row[c].length());
                line.append(c == 0 ? row[c] + blanks : BETWEEN + blanks + row[c]);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }
}
