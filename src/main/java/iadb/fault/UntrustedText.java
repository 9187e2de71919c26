package iadb.fault;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/**
 * Text from files and users, for messages: made safe to print, since a file must not send control sequences to a terminal, and
 * compared with the words that a user may have meant.
 */
public final class UntrustedText {
    private static final int CHARS_SHOWN = 120;
    private static final int MAX_EDITS = 2;
    private static final int SHORTEST_PREFIX = 3;

    private UntrustedText() { }

    /** Text for a one-line message, cut off after {@value #CHARS_SHOWN} chars. */
    public static String shown(String text) {
        return text.length() <= CHARS_SHOWN ? line(text) : line(text, CHARS_SHOWN) + "...";
    }

    /** The text with a question mark for each control, format and line-separating character. */
    public static String line(String text) {
        return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    }

    /** The text's first {@code most} chars, safe to print. */
    public static String line(String text, int most) { return line(text.substring(0, Math.min(most, text.length()))); }

    /** The word that begins with the text, or else the one with the fewest edits, at most two; empty if there is none. */
    public static Optional<String> closest(String text, Collection<String> words) {
        String wanted = text.toLowerCase(Locale.ROOT);
        return words.stream().filter(word -> wanted.length() >= SHORTEST_PREFIX && word.startsWith(wanted)).findFirst()
                .or(() -> words.stream().filter(word -> edits(wanted, word) <= MAX_EDITS)
                        .min(Comparator.comparingInt(word -> edits(wanted, word))));
    }

    /** Insertions, deletions and replacements that turn a into b (Levenshtein), by rows of the table of prefixes. */
    private static int edits(String a, String b) {
        int[] above = new int[b.length() + 1];
        for (int j = 0; j < above.length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[above.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.length()];
    }
}
