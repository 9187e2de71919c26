package iadb.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Points as text: a line each, x and y in decimal digits with a comma between. A first line without a number is a header,
 * whose columns x and y are taken wherever they are; without one, the first two are. Empty lines do not count. The file is
 * read once to count its lines, and once for the points.
 */
final class CsvPointReader extends PointReader {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MOST_LINE_BYTES = 1000;
    private static final int MOST_NUMBER_CHARS = 60;
    private static final int CHARS_SHOWN = 40;

    private final boolean hasHeader;
    private final int columns;
    private final int xColumn;
    private final int yColumn;
    private final long count;
    private final byte[] line = new byte[MOST_LINE_BYTES];
    private InputStream in;
    private long lines;
    private long done;

    CsvPointReader(Path file) throws IOException {
        super(file);
        in = open();
        try {
            String first = nextLine();
            hasHeader = first != null && Arrays.stream(fields(first)).noneMatch(CsvPointReader::meansNumber);
            String data = hasHeader ? nextLine() : first;
            if (data == null) {
                throw new InvalidInputException(file + " holds no point: a line for each, x and y with a comma between");
            }
            columns = fields(data).length;
            List<String> names = hasHeader ? Arrays.stream(fields(first)).map(CsvPointReader::name).toList() : List.of();
            xColumn = Math.max(0, names.indexOf("x"));
            yColumn = names.contains("y") ? names.indexOf("y") : 1;
            requireColumns(names);
            long found = 1;
            while (skipLine()) {
                found++;
            }
            count = found;
        } finally {
            in.close();
        }
        in = open();
        lines = 0;
        if (hasHeader) {
            nextLine();
        }
    }

    private void requireColumns(List<String> names) {
        if (columns < 2) {
            throw fault("one column where a point has x,y; commas go between columns");
        }
        if (hasHeader && names.size() != columns) {
            throw fault("%d columns where the header has %d; commas go between columns".formatted(columns, names.size()));
        }
        boolean named = names.contains("x") && names.contains("y");
        if (columns > (hasHeader ? 2 : 3) && !named) {
            throw fault(columns + " columns, and no header that names two of them x and y");
        }
    }

    private static String[] fields(String text) {
        return text.split(",", -1);
    }

    /** A header's word for a column, without quotes. */
    private static String name(String field) {
        return field.strip().replaceAll("^\"|\"$", "").strip().toLowerCase(Locale.ROOT);
    }

    private InputStream open() throws IOException {
        return new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public float[] read(int most) throws IOException {
        float[] points = new float[2 * (int) Math.min(most, count - done)];
        for (int n = 0; n < points.length / 2; n++) {
            String text = nextLine();
            if (text == null) {
                throw new InvalidInputException(file + " became shorter while it was read");
            }
            String[] fields = fields(text);
            if (fields.length != columns) {
                throw fault("%d columns where the first point has %d".formatted(fields.length, columns));
            }
            points[2 * n] = number(fields[xColumn]);
            points[2 * n + 1] = number(fields[yColumn]);
        }
        done += points.length / 2;
        return points;
    }

    private float number(String field) {
        String text = field.strip();
        if (looksLikeNumber(text)) {
            try {
                float value = (float) Double.parseDouble(text);
                if (Float.isFinite(value)) {
                    return value;
                }
            } catch (NumberFormatException e) {
                throw notANumber(text, e);
            }
            throw fault(text + " is too large for a coordinate");
        }
        throw notANumber(text, null);
    }

    private InvalidInputException notANumber(String text, Throwable cause) {
        String shown = text.length() <= CHARS_SHOWN ? text : text.substring(0, CHARS_SHOWN) + "...";
        return new InvalidInputException("%s, line %,d: '%s' is no finite number".formatted(file, lines,
                shown.replaceAll("[^ -~]", "?")), cause);
    }

    /** Whether a field is meant as a number, in whatever notation: a line with one is no header. */
    private static boolean meansNumber(String field) {
        String text = field.strip();
        return looksLikeNumber(text) || text.matches("(?i)[-+]?(nan|inf|infinity|0x[0-9a-f]+|[0-9][0-9.,]*[a-z]?)");
    }

    /** Whether a text has the characters of a decimal number: Java would take words and other notations as well. */
    private static boolean looksLikeNumber(String text) {
        return !text.isEmpty() && text.length() <= MOST_NUMBER_CHARS
                && text.chars().allMatch(c -> c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E');
    }

    /** The next line that is not empty, without its end; null after the last. */
    private String nextLine() throws IOException {
        while (true) {
            int length = readLine();
            if (length < 0) {
                return null;
            }
            int from = lines == 1 && length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF
                    ? 3 : 0; // the mark that some programs put before UTF-8
            String text = new String(Arrays.copyOfRange(line, from, length), StandardCharsets.ISO_8859_1);
            if (!text.isBlank()) {
                return text;
            }
        }
    }

    /** Passes over the next line that is not empty; false after the last. */
    private boolean skipLine() throws IOException {
        while (true) {
            int length = readLine();
            if (length < 0) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if ((line[i] & 255) > ' ') {
                    return true;
                }
            }
        }
    }

    /** Reads a line into {@link #line}; its length, or -1 after the last. */
    private int readLine() throws IOException {
        int length = 0;
        int c = in.read();
        if (c < 0) {
            return -1;
        }
        lines++;
        while (c >= 0 && c != '\n') {
            if (length == MOST_LINE_BYTES) {
                throw fault("it is longer than %,d characters".formatted(MOST_LINE_BYTES));
            }
            line[length++] = (byte) c;
            c = in.read();
        }
        return length;
    }

    private InvalidInputException fault(String what) {
        return new InvalidInputException("%s, line %,d: %s".formatted(file, lines, what));
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
