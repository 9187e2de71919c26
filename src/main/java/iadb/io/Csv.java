package iadb.io;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Tables of numbers as text: a header, then a line a row, commas between, '\n' at each end. Numbers are what
 * {@link Float#toString} and {@link Double#toString} give, so the locale never shows and each value reads back
 * to the same bits.
 */
public final class Csv {
    private Csv() {
    }

    /** Puts the fields of one row into a line. */
    @FunctionalInterface
    public interface RowFormatter {
        /** @param row 0 to the number of rows − 1 */
        void format(int row, Line line);
    }

    /** The row being written; it takes numbers only, so that no text has to be quoted. */
    public static final class Line {
        private final StringBuilder text = new StringBuilder();
        private int fields;

        private Line() {
        }

        /** Adds a whole number. */
        public Line add(long value) {
            separate().append(value);
            return this;
        }

        /** Adds a number in as many digits as tell it from its neighbours. */
        public Line add(float value) {
            separate().append(value);
            return this;
        }

        /** Adds a number in as many digits as tell it from its neighbours. */
        public Line add(double value) {
            separate().append(value);
            return this;
        }

        private StringBuilder separate() {
            return fields++ == 0 ? text : text.append(',');
        }
    }

    /**
     * Writes a table.
     *
     * @param header the columns' names with commas between, such as {@code iteration,loss}
     * @param rows   how many times the formatter is asked
     * @throws IllegalArgumentException if a row has not as many fields as the header
     */
    public static void write(Path target, String header, int rows, RowFormatter formatter) throws IOException {
        int columns = header.split(",", -1).length;
        AtomicFile.write(target, out -> {
            Writer writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
            writer.append(header).append('\n');
            Line line = new Line();
            for (int row = 0; row < rows; row++) {
                line.text.setLength(0);
                line.fields = 0;
                formatter.format(row, line);
                if (line.fields != columns) {
                    throw new IllegalArgumentException("row " + row + " has " + line.fields
                            + " fields, but the header '" + header + "' names " + columns);
                }
                writer.append(line.text).append('\n');
            }
            writer.flush();
        });
    }
}
