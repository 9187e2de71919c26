// What a user writes behind --p0 and --p1 becomes a density here: the name of a built-in one, or an image file. Apart
// from both of them, because it alone knows that there is a choice and what to say when the text is neither.
package iadb.density;

import iadb.io.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/** Finds the density that a text means. */
public final class Densities {
    private Densities() {}

    /**
     * A named density if the text is one's name; else an image file, if the text has a dot or a separator or such a file
     * exists.
     *
     * @param invert in an image file dark is dense; a named density stays as it is
     * @throws InvalidInputException if the text is neither, or the file holds no density ({@link DensityImage#read}); the
     *     message is one line and says what would be right
     */
    public static Density parse(String text, boolean invert) {
        var named = NamedDensities.find(text);
        if (named.isPresent()) {
            return named.get();
        }
        Path file;
        try {
            file = Path.of(text);
        } catch (InvalidPathException e) {
            throw unknown(text, e);
        }
        boolean looksLikeFile = text.contains(".") || text.contains("/") || text.contains("\\");
        if (!text.isBlank() && (looksLikeFile || Files.exists(file))) {
            return DensityImage.read(file, invert);
        }
        throw unknown(text, null);
    }

    private static InvalidInputException unknown(String text, Throwable cause) {
        String closest = closestName(text);
        String hint = closest == null ? "" : "did you mean " + closest + "? ";
        return new InvalidInputException(
                "no density is called '%s': %sgive one of --list-densities, or a PNG, JPEG, BMP or GIF file"
                        .formatted(text, hint), cause);
    }

    /** The name that begins with the text, or else is fewest edits away, two at most; null if there is none. */
    private static String closestName(String text) {
        String wanted = text.toLowerCase(Locale.ROOT);
        String closest = null;
        int fewest = 3;
        for (String name : NamedDensities.names()) {
            if (wanted.length() >= 3 && name.startsWith(wanted)) {
                return name;
            }
            int edits = editDistance(wanted, name);
            if (edits < fewest) {
                closest = name;
                fewest = edits;
            }
        }
        return closest;
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
