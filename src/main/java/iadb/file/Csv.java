package iadb.file;

import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tables of texts as CSV (RFC 4180) in UTF-8. Cells are stripped of blanks outside their quotes. */
public final class Csv {
    private static final char UNDECODABLE = '\uFFFD'; // what Java decodes bytes to that are not UTF-8

    private Csv() { }

    /**
     * The records of a file, by the line at which they begin; without those whose cells are all empty.
     *
     * @throws InvalidInputException if it cannot be read, or is not CSV in UTF-8
     */
    public static Map<Integer, List<String>> records(Path file) {
        String text;
        try {
            text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8); // records(String) checks it
        } catch (NoSuchFileException e) {
            throw new InvalidInputException("no such file: " + file, e);
        } catch (IOException e) {
            throw new InvalidInputException("cannot read %s (%s)".formatted(file, FileFault.of(e)), e);
        }
        try {
            return records(text);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * The records of a text, by the line at which they begin; without those whose cells are all empty.
     *
     * @param text may begin with a byte order mark
     * @throws InvalidInputException if a quote is not closed, or the text was decoded from bytes that are not UTF-8
     */
    public static Map<Integer, List<String>> records(String text) {
        Map<Integer, List<String>> records = new TreeMap<>();
        List<String> record = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        int quotedFrom = 0; // the line on which the cell's quote opens; 0: the cell is not quoted
        boolean isOpen = false; // whether the quote is not closed yet
        int line = 1;
        int first = 1;
        for (int i = text.startsWith("\uFEFF") ? 1 : 0; i <= text.length(); i++) {
            char c = i < text.length() ? text.charAt(i) : '\n';
            if (c == UNDECODABLE) {
                throw new InvalidInputException("line " + line + " is not text in UTF-8");
            }
            if (isOpen && i < text.length()) {
                boolean isDoubled = c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"';
                if (c != '"' || isDoubled) {
                    cell.append(c);
                }
                i += isDoubled ? 1 : 0;
                isOpen = c != '"' || isDoubled;
            } else if (c == ',' || c == '\n') {
                requireClosed(!isOpen, quotedFrom);
                record.add(cell.toString().strip());
                cell.setLength(0);
                quotedFrom = 0;
            } else if (c == '"' && quotedFrom == 0 && cell.toString().isBlank()) {
                quotedFrom = line;
                isOpen = true;
            } else {
                requireClosed(quotedFrom == 0 || Character.isWhitespace(c), quotedFrom); // else the quote before c opens another cell
                cell.append(c);
            }
            line += c == '\n' ? 1 : 0;
            if (c == '\n' && !isOpen) {
                if (!record.stream().allMatch(String::isEmpty)) {
                    records.put(first, record);
                }
                record = new ArrayList<>();
                first = line;
            }
        }
        return records;
    }

    private static void requireClosed(boolean isClosed, int line) {
        if (!isClosed) {
            throw new InvalidInputException("the quote that opens on line " + line + " is not closed");
        }
    }

    /** A record as a line of text, with its line feed. */
    public static String line(Stream<String> cells) {
        return cells.map(cell -> cell.matches("(?s).*[\",\n\r].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell)
                .collect(Collectors.joining(",", "", "\n"));
    }
}
