package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Reads points from text, one record each, in decimal digits. Fields are separated by semicolons, commas, tabs or blanks, the
 * first of these that the first point contains, and may be quoted as in RFC 4180. A first record without a number is a header:
 * its columns named x and y are read, otherwise the first two. Empty lines and comments, which begin with #, are skipped; but a
 * comment before the first point that names every column, x or y among them, is a header as numpy.savetxt writes it. Lines of
 * plain numbers are read without an object for each; all others take the slower path, which alone finds faults.
 */
final class CsvPointReader implements PointReader {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int MAX_RECORD_BYTES = 1000;
    private static final int MAX_NUMBER_CHARS = 60;
    private static final int CHARS_SHOWN = 40;
    private static final String SEPARATORS = ";,\t ";
    private static final List<String> SEPARATOR_NAMES = List.of("semicolons", "commas", "tabs", "blanks");

    private final Path file;
    private final char separator;
    private final int columns;
    private final int xColumn;
    private final int yColumn;
    private final DecimalScanner decimal = new DecimalScanner();
    private final byte[] buffer = new byte[BUFFER_BYTES + 1]; // of the file, with a line feed at limit
    private final byte[] record = new byte[MAX_RECORD_BYTES];
    private int length; // of the record, in bytes
    private int firstNonBlank; // index of the record's first byte that is not blank; -1: none
    private long line; // number of the record's first line, from 1
    private long linesRead;
    private InputStream in;
    private int position; // of the next byte in the buffer
    private int limit; // index after the last byte in the buffer
    private long pointsRead;
    private long count = -1; // -1: not known yet

    CsvPointReader(Path file) throws IOException {
        this.file = file;
        open();
        boolean startsWithHeader;
        try {
            List<List<String>> comments = new ArrayList<>();
            boolean isFound = readRecord();
            for (; isFound && isComment(); isFound = readRecord()) {
                String words = text().replaceFirst("^[#\\s]+", "");
                comments.add(names(words, separatorOf(words)));
            }
            String first = isFound ? text() : "";
            startsWithHeader = isFound && fields(first, separatorOf(first)).stream().noneMatch(CsvPointReader::meansNumber);
            if (startsWithHeader) {
                isFound = nextPoint();
            }
            if (!isFound) {
                throw new InvalidInputException(file + " holds no points: write one on each line, as x,y");
            }
            separator = separatorOf(text());
            columns = fields(text(), separator).size();
            comments.removeIf(words -> words.size() != columns || words.stream().anyMatch(CsvPointReader::meansNumber)); // prose
            List<String> names = startsWithHeader ? names(first, separator)
                    : comments.stream().filter(words -> words.contains("x") || words.contains("y"))
                            .reduce(List.of(), (before, last) -> last);
            requireColumns(names, startsWithHeader || !comments.isEmpty());
            xColumn = Math.max(0, names.indexOf("x"));
            yColumn = names.contains("y") ? names.indexOf("y") : 1;
        } finally {
            in.close();
        }
        open();
        if (startsWithHeader) {
            nextPoint();
        }
    }

    private void requireColumns(List<String> names, boolean isDescribed) {
        if (columns < 2) {
            throw fault("one column, but a point has two, x and y; separate columns by commas");
        }
        if (!names.isEmpty() && names.size() != columns) {
            throw fault("%s columns, but the header has %s; separate columns by commas", columns, names.size());
        }
        int x = Collections.frequency(names, "x");
        int y = Collections.frequency(names, "y");
        if (x > 1 || y > 1) {
            throw new InvalidInputException(file + ": the header names " + (x > 1 ? "x" : "y") + " more than once");
        }
        if (x != y) {
            throw new InvalidInputException(file + ": the header names " + (x > y ? "x and no y" : "y and no x")
                    + "; name both, or give x and y as the only two columns, without names");
        }
        if (columns > (isDescribed ? 2 : 3) && x == 0) {
            throw fault("%s columns, but no header names two of them x and y", columns);
        }
    }

    /** The first of {@link #SEPARATORS} that a line has outside quotes; a blank if it has none. */
    private static char separatorOf(String text) {
        String bare = text.strip().replaceAll("\"[^\"]*\"", "");
        return (char) SEPARATORS.chars().filter(c -> bare.indexOf(c) >= 0).findFirst().orElse(' ');
    }

    /** A record's fields without their quotes; a run of blanks is one separator. */
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

    private static List<String> names(String header, char separator) {
        return fields(header, separator).stream().map(field -> field.strip().toLowerCase(Locale.ROOT)).toList();
    }

    /** Opens the file and skips a byte order mark. */
    private void open() throws IOException {
        linesRead = 0;
        position = 0;
        limit = 0;
        in = Files.newInputStream(file);
        refill();
        String mark = HexFormat.of().formatHex(buffer, 0, Math.min(3, limit));
        if (mark.startsWith("fffe") || mark.startsWith("feff")) {
            in.close();
            throw new InvalidInputException(file + " is text in UTF-16: save it as UTF-8");
        }
        position = mark.equals("efbbbf") ? 3 : 0;
    }

    /** Fills the buffer behind the bytes that are left in it; false if none are left, at the end of the file. */
    private boolean refill() throws IOException {
        System.arraycopy(buffer, position, buffer, 0, limit - position);
        limit -= position;
        position = 0;
        limit += in.readNBytes(buffer, limit, BUFFER_BYTES - limit);
        buffer[limit] = '\n';
        return limit > 0;
    }

    @Override
    public long count() throws IOException {
        if (count < 0) {
            try (CsvPointReader other = new CsvPointReader(file)) {
                long found = 0;
                while (other.nextPoint()) {
                    found++;
                }
                count = found;
            }
        }
        return count;
    }

    @Override
    public double[] read(int most) throws IOException {
        int wanted = count < 0 ? most : (int) Math.min(most, count - pointsRead);
        double[] points = new double[2 * wanted];
        int n = 0;
        while (n < wanted && (readPlainPoint(points, n) || readPoint(points, n))) {
            n++;
        }
        pointsRead += n;
        if (n < wanted && count >= 0) {
            throw new InvalidInputException(file + " became shorter while it was read");
        }
        return n < wanted ? Arrays.copyOf(points, 2 * n) : points;
    }

    /** Reads the next point, whatever its form, into row n; false after the last. */
    private boolean readPoint(double[] points, int n) throws IOException {
        if (!nextPoint()) {
            return false;
        }
        List<String> fields = fields(text(), separator);
        if (fields.size() != columns) {
            throw fault("%s columns, but the first point has %s", fields.size(), columns);
        }
        points[2 * n] = number(fields.get(xColumn).strip());
        points[2 * n + 1] = number(fields.get(yColumn).strip());
        return true;
    }

    /**
     * Reads the next line into row n if it is a point that {@link #readPoint} accepts, of a simple form: numbers, which may be quoted,
     * printable text without quotes in other columns, and separators. Otherwise returns false, and the line stays unread.
     */
    private boolean readPlainPoint(double[] points, int n) throws IOException {
        if (limit - position <= MAX_RECORD_BYTES) {
            refill();
        }
        int at = position;
        for (int column = 0; column < columns; column++) {
            if (column > 0 && buffer[at++] != separator) {
                return false;
            }
            at = skipBlanks(at);
            if (column == xColumn || column == yColumn) {
                boolean isQuoted = buffer[at] == '"';
                double value = decimal.scan(buffer, isQuoted ? at + 1 : at);
                int end = decimal.end();
                if (!Float.isFinite((float) value) || isQuoted && buffer[end++] != '"') {
                    return false;
                }
                points[2 * n + (column == xColumn ? 0 : 1)] = value;
                at = separator == ' ' ? end : skipBlanks(end);
            } else {
                int start = at;
                at = skipText(at);
                if (at == start && separator == ' ') {
                    return false; // blanks at the end of the line
                }
            }
        }
        at = skipBlanks(at);
        if (buffer[at] == '\r') {
            at++;
        }
        if (at >= limit || buffer[at] != '\n' || at - position > MAX_RECORD_BYTES) {
            return false;
        }
        position = at + 1;
        linesRead++;
        return true;
    }

    /** The index of the next byte that is not a blank around a field. */
    private int skipBlanks(int from) {
        int at = from;
        while (buffer[at] == ' ' || buffer[at] == '\t' && (separator == ',' || separator == ';')) {
            at++;
        }
        return at;
    }

    /** The index of the next separator or control character, or of a quote or comment character. */
    private int skipText(int from) {
        int at = from;
        for (byte c = buffer[at]; c != separator && Byte.toUnsignedInt(c) >= ' ' && c != '"' && c != '#'; c = buffer[at]) {
            at++;
        }
        return at;
    }

    private double number(String text) {
        double value;
        try {
            value = looksLikeNumber(text) ? Double.parseDouble(text) : Double.NaN;
        } catch (NumberFormatException e) {
            value = Double.NaN;
        }
        if (Float.isInfinite((float) value)) {
            throw fault("%s is too large for a coordinate", text);
        }
        if (Double.isNaN(value)) {
            String shown = text.length() <= CHARS_SHOWN ? text : text.substring(0, CHARS_SHOWN) + "...";
            boolean mayBeTwo = text.chars().anyMatch(c -> SEPARATORS.indexOf(c) >= 0);
            throw fault("'%s' is not a finite number%s", shown.replaceAll("[^ -~]", "?"), mayBeTwo ? "; columns are separated by "
                    + SEPARATOR_NAMES.get(SEPARATORS.indexOf(separator)) + ", and the decimal separator is a point" : "");
        }
        return value;
    }

    /** Whether a field is meant as a number, in any notation: a line with such a field is not a header. */
    private static boolean meansNumber(String field) {
        String text = field.strip();
        return looksLikeNumber(text) || text.matches("(?i)[-+]?(nan|inf|infinity|0x[0-9a-f]+|[0-9][0-9.,]*[a-z]?)");
    }

    /** Whether a text has only characters of a decimal number; Java's parser also accepts words and other notations. */
    private static boolean looksLikeNumber(String text) {
        return !text.isEmpty() && text.length() <= MAX_NUMBER_CHARS
                && text.chars().allMatch(c -> c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E');
    }

    private String text() { return new String(record, 0, length, StandardCharsets.ISO_8859_1); }

    private boolean isComment() { return record[firstNonBlank] == '#'; }

    /** Reads the next record that is not a comment; false after the last. */
    private boolean nextPoint() throws IOException {
        boolean isFound = readRecord();
        while (isFound && isComment()) {
            isFound = readRecord();
        }
        return isFound;
    }

    /** Reads the next line that is not blank, and the lines that a quote extends over; false after the last. */
    private boolean readRecord() throws IOException {
        boolean isQuoted = false;
        length = 0;
        firstNonBlank = -1;
        line = linesRead + 1;
        for (int c = readByte(); c >= 0; c = readByte()) {
            boolean endsLine = c == '\n' || c == '\r' && !nextIsLineFeed();
            if (endsLine) {
                linesRead++;
            }
            if (endsLine && !isQuoted) {
                if (firstNonBlank >= 0) {
                    return true;
                }
                length = 0;
                line = linesRead + 1;
            } else {
                if (length == MAX_RECORD_BYTES) {
                    throw fault(isQuoted ? "a quote is not closed within %,d characters" : "it is longer than %,d characters",
                            MAX_RECORD_BYTES);
                }
                if (firstNonBlank < 0 && c > ' ') {
                    firstNonBlank = length;
                }
                record[length++] = (byte) c;
                isQuoted ^= c == '"' && record[firstNonBlank] != '#';
            }
        }
        if (isQuoted) {
            throw fault("a quote is not closed");
        }
        return firstNonBlank >= 0;
    }

    /** Whether a line feed follows the carriage return that was read last. */
    private boolean nextIsLineFeed() throws IOException {
        return (position < limit || refill()) && buffer[position] == '\n';
    }

    /** The next byte; -1 after the last. */
    private int readByte() throws IOException {
        return position < limit || refill() ? Byte.toUnsignedInt(buffer[position++]) : -1;
    }

    private InvalidInputException fault(String format, Object... values) {
        return new InvalidInputException(String.format(Locale.ROOT, "%s, line %,d: ", file, line)
                + String.format(Locale.ROOT, format, values));
    }

    @Override
    public void close() throws IOException { in.close(); }
}
