package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Points as text: a line each, in decimal digits. Columns end at semicolons, commas, tabs or blanks, the first of these that the
 * first point has. A field may stand in quotes, as RFC 4180 has it. A first line without a number is a header, whose columns x
 * and y are taken wherever they are; without these names the first two are. Empty lines and those that begin with # do not count,
 * but one of these that names as many columns as there are, x or y among them, is the header too: numpy.savetxt writes it so. The file is read once to count its
 * points, and once for them.
 */
final class CsvPointReader extends PointReader {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MOST_RECORD_BYTES = 1000;
    private static final int MOST_NUMBER_CHARS = 60;
    private static final int CHARS_SHOWN = 40;
    private static final String SEPARATORS = ";,\t ";
    private static final List<String> SEPARATOR_NAMES = List.of("semicolons", "commas", "tabs", "blanks");

    private final boolean startsWithHeader;
    private final char separator;
    private final int columns;
    private final int xColumn;
    private final int yColumn;
    private final long count;
    private final byte[] record = new byte[MOST_RECORD_BYTES];
    private InputStream in;
    private long linesRead;
    private long line; // at which the record begins, from 1
    private int ink; // index of the record's first byte other than a blank
    private long done;

    CsvPointReader(Path file) throws IOException {
        super(file);
        in = open();
        try {
            List<List<String>> comments = new ArrayList<>();
            int length = readRecord();
            for (; isComment(length); length = readRecord()) {
                comments.add(names(text(length).replaceFirst("^[#\\s]+", "")));
            }
            String first = length < 0 ? null : text(length);
            startsWithHeader = first != null && fields(first, separatorOf(first)).stream().noneMatch(CsvPointReader::meansNumber);
            String point = startsWithHeader ? nextPoint() : first;
            if (point == null) {
                throw new InvalidInputException(file + " holds no point: a line for each, x and y with a comma between");
            }
            separator = separatorOf(point);
            columns = fields(point, separator).size();
            // a comment of another number of words is prose
            comments.removeIf(words -> words.size() != columns || words.stream().anyMatch(CsvPointReader::meansNumber));
            List<String> names = startsWithHeader ? fields(first, separator).stream().map(CsvPointReader::name).toList()
                    : comments.stream().filter(words -> words.contains("x") || words.contains("y"))
                            .reduce(List.of(), (before, last) -> last);
            requireColumns(names, startsWithHeader || !comments.isEmpty());
            xColumn = Math.max(0, names.indexOf("x"));
            yColumn = names.contains("y") ? names.indexOf("y") : 1;
            long found = 1;
            while (skipToPoint() >= 0) {
                found++;
            }
            count = found;
        } finally {
            in.close();
        }
        in = open();
        if (startsWithHeader) {
            skipToPoint();
        }
    }

    private void requireColumns(List<String> names, boolean isDescribed) {
        if (columns < 2) {
            throw fault("one column where a point has x,y; commas go between columns");
        }
        if (!names.isEmpty() && names.size() != columns) {
            throw fault(columns + " columns where the header has " + names.size() + "; commas go between columns");
        }
        int x = Collections.frequency(names, "x");
        int y = Collections.frequency(names, "y");
        if (x > 1 || y > 1) {
            throw new InvalidInputException(file + ": the header names " + (x > 1 ? "x" : "y") + " more than once");
        }
        if (x != y) {
            throw new InvalidInputException(file + ": the header names " + (x > y ? "x and no y" : "y and no x")
                    + "; name both, or neither of two columns that are x and y in this order");
        }
        if (columns > (isDescribed ? 2 : 3) && x == 0) {
            throw fault(columns + " columns, and no header that names two of them x and y");
        }
    }

    /** The first of the separators that a line has outside of quotes. */
    private static char separatorOf(String text) {
        String bare = text.strip().replaceAll("\"[^\"]*\"", "");
        return (char) SEPARATORS.chars().filter(c -> bare.indexOf(c) >= 0).findFirst().orElse(' ');
    }

    /** A line's fields without their quotes; blanks that separate may be many. */
    private static List<String> fields(String text, char separator) {
        List<String> fields = new ArrayList<>();
        String line = separator == ' ' ? text.strip() : text;
        StringBuilder field = new StringBuilder();
        boolean isQuoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                isQuoted = !isQuoted;
                if (isQuoted && i > 0 && line.charAt(i - 1) == '"') {
                    field.append(c); // two quotes within quotes are one
                }
            } else if (isQuoted || c != separator) {
                field.append(c);
            } else if (separator != ' ' || line.charAt(i - 1) != ' ') {
                fields.add(field.toString());
                field.setLength(0);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    private static List<String> names(String header) {
        return fields(header, separatorOf(header)).stream().map(CsvPointReader::name).toList();
    }

    private static String name(String field) {
        return field.strip().toLowerCase(Locale.ROOT);
    }

    /** The file from its start, past the mark that some programs put before UTF-8. */
    private InputStream open() throws IOException {
        linesRead = 0;
        InputStream stream = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
        stream.mark(3);
        byte[] mark = stream.readNBytes(3);
        if (mark.length >= 2 && (mark[0] == (byte) 0xFF && mark[1] == (byte) 0xFE || mark[0] == (byte) 0xFE && mark[1] == (byte) 0xFF)) {
            stream.close();
            throw new InvalidInputException(file + " is text in UTF-16: save it as UTF-8");
        }
        if (!Arrays.equals(mark, new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF})) {
            stream.reset();
        }
        return stream;
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public float[] read(int most) throws IOException {
        float[] points = new float[2 * (int) Math.min(most, count - done)];
        for (int n = 0; n < points.length / 2; n++) {
            String text = nextPoint();
            if (text == null) {
                throw new InvalidInputException(file + " became shorter while it was read");
            }
            List<String> fields = fields(text, separator);
            if (fields.size() != columns) {
                throw fault(fields.size() + " columns where the first point has " + columns);
            }
            points[2 * n] = number(fields.get(xColumn));
            points[2 * n + 1] = number(fields.get(yColumn));
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
        boolean mayBeTwo = text.chars().anyMatch(c -> SEPARATORS.indexOf(c) >= 0);
        return new InvalidInputException(String.format(Locale.ROOT, "%s, line %,d: '%s' is no finite number%s", file, line,
                shown.replaceAll("[^ -~]", "?"), mayBeTwo ? "; columns end at " + SEPARATOR_NAMES.get(SEPARATORS.indexOf(separator))
                        + " here, and decimals follow a point" : ""), cause);
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

    /** The next record other than a comment; null after the last. */
    private String nextPoint() throws IOException {
        int length = skipToPoint();
        return length < 0 ? null : text(length);
    }

    /** Reads the next record that is no comment; its length, or -1 after the last. */
    private int skipToPoint() throws IOException {
        int length;
        do {
            length = readRecord();
        } while (isComment(length));
        return length;
    }

    private String text(int length) {
        return new String(record, 0, length, StandardCharsets.ISO_8859_1);
    }

    private boolean isComment(int length) {
        return length > 0 && record[ink] == '#';
    }

    /**
     * Reads the next line that is not blank, without its end, into {@link #record}: with those behind it where a quote goes on over
     * their ends. Its length, or -1 after the last.
     */
    private int readRecord() throws IOException {
        int length = 0;
        boolean isQuoted = false;
        ink = -1;
        line = linesRead + 1;
        for (int c = in.read(); c >= 0; c = in.read()) {
            boolean endsLine = c == '\n' || c == '\r' && !nextIsLineFeed();
            if (endsLine) {
                linesRead++;
            }
            if (endsLine && !isQuoted) {
                if (ink >= 0) {
                    return length;
                }
                length = 0;
                line = linesRead + 1;
            } else {
                if (length == MOST_RECORD_BYTES) {
                    throw fault(String.format(Locale.ROOT, isQuoted ? "a quote is not closed within %,d characters"
                            : "it is longer than %,d characters", MOST_RECORD_BYTES));
                }
                if (ink < 0 && c > ' ') {
                    ink = length;
                }
                record[length++] = (byte) c;
                isQuoted ^= c == '"' && record[ink] != '#';
            }
        }
        if (isQuoted) {
            throw fault("a quote is not closed");
        }
        return ink >= 0 ? length : -1;
    }

    /** Whether a line feed follows the carriage return that was read last. */
    private boolean nextIsLineFeed() throws IOException {
        in.mark(1);
        int next = in.read();
        in.reset();
        return next == '\n';
    }

    private InvalidInputException fault(String what) {
        return new InvalidInputException(String.format(Locale.ROOT, "%s, line %,d: %s", file, line, what));
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
