package iadb.fault;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Finds the word that a misspelt one probably means. */
public final class Spelling {
    private static final int MOST_EDITS = 2;
    private static final int SHORTEST_PREFIX = 3;

    private Spelling() {
    }

    /** A word of which the text is the beginning, or else the word with the fewest edits, at most two; empty if there is none. */
    public static Optional<String> closest(String text, Collection<String> words) {
        String wanted = text.toLowerCase(Locale.ROOT);
        return words.stream().filter(word -> wanted.length() >= SHORTEST_PREFIX && word.startsWith(wanted)).findFirst()
                .or(() -> words.stream().filter(word -> edits(wanted, word) <= MOST_EDITS)
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
