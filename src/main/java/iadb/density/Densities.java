// What a user writes behind --p0 and --p1 becomes a density here: the name of a built-in one, or an image file. Apart
// from both of them, because it alone knows that there is a choice and what to say when the text is neither.
package iadb.density;

import iadb.fault.InvalidInputException;
import iadb.fault.Spelling;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

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
        String hint = Spelling.closest(text, NamedDensities.names()).map(name -> "did you mean " + name + "? ").orElse("");
        return new InvalidInputException(
                "no density is called '%s': %sgive the name of a density, or a PNG, JPEG, BMP or GIF file".formatted(text, hint),
                InvalidInputException.Setting.NAMED_DENSITIES, cause);
    }
}
