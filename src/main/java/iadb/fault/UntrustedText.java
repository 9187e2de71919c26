package iadb.fault;

/** Words out of a file that may come from anywhere, made fit to be shown: a file must not write to a terminal what it likes. */
public final class UntrustedText {
    private static final int CHARS_SHOWN = 120;

    private UntrustedText() {
    }

    /** A text as a part of one line of a message: its beginning, where it is long. */
    public static String shown(String text) {
        return text.length() <= CHARS_SHOWN ? line(text) : line(text.substring(0, CHARS_SHOWN)) + "...";
    }

    /** The text with those characters replaced by question marks that a terminal would obey rather than show. */
    public static String line(String text) {
        return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    }

    /** The text's first {@code most} chars, as above. */
    public static String line(String text, int most) {
        return line(text.substring(0, Math.min(most, text.length())));
    }
}
