package iadb.fault;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** The word that somebody meant who wrote another. */
public final class Spelling {
    private static final int MOST_EDITS = 2;
    private static final int LEAST_BEGINNING = 3;

    private Spelling() {
    }

    /** The word that begins with the text, or else is fewest edits away, two at most; empty if there is none. */
    public static Optional<String> closest(String text, Collection<String> words) {
        String wanted = text.toLowerCase(Locale.ROOT);
        String closest = null;
        int fewest = MOST_EDITS + 1;
        for (String word : words) {
            if (wanted.length() >= LEAST_BEGINNING && word.startsWith(wanted)) {
                return Optional.of(word);
            }
            int edits = editDistance(wanted, word);
            if (edits < fewest) {
                closest = word;
                fewest = edits;
            }
        }
        return Optional.ofNullable(closest);
    }

    /** Insertions, deletions and replacements that turn a into b (Levenshtein), by rows of the table of prefixes. */
    private static int editDistance(String a, String b) {
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
