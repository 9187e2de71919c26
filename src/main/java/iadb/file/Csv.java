package iadb.file;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
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

    /** A table being written, row by row; it replaces the target at {@link #finish}. */
    public static final class Writer implements AutoCloseable {
        private final AtomicFile file;
        private final BufferedWriter writer;
        private final String header;
        private final int columns;
        private final Line line = new Line();
        private long rows;

        private Writer(AtomicFile file, String header) throws IOException {
            this.file = file;
            this.header = header;
            columns = header.split(",", -1).length;
            writer = new BufferedWriter(new OutputStreamWriter(file.stream(), StandardCharsets.UTF_8));
            writer.append(header).append('\n');
        }

        /** An empty row; the one before is gone. */
        public Line line() {
            line.text.setLength(0);
            line.fields = 0;
            return line;
        }

        /**
         * Writes the row that {@link #line} gave.
         *
         * @throws IllegalArgumentException if it has not as many fields as the header
         */
        public void write(Line row) throws IOException {
            if (row.fields != columns) {
                throw new IllegalArgumentException("row " + rows + " has " + row.fields + " fields, but the header '" + header
                        + "' names " + columns);
            }
            writer.append(row.text).append('\n');
            rows++;
        }

        /** Ends the table and puts it in the target's place. */
        public void finish() throws IOException {
            writer.flush();
            file.commit();
        }

        /** Drops what is not finished. */
        @Override
        public void close() {
            file.close();
        }
    }

    /**
     * Starts a table.
     *
     * @param header the columns' names with commas between, such as {@code iteration,loss}
     */
    public static Writer open(Path target, String header) throws IOException {
        AtomicFile file = AtomicFile.open(target);
        try {
            return new Writer(file, header);
        } catch (IOException e) {
            file.close();
            throw e;
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
        try (Writer writer = open(target, header)) {
            for (int row = 0; row < rows; row++) {
                Line line = writer.line();
                formatter.format(row, line);
                writer.write(line);
            }
            writer.finish();
        }
    }
}
