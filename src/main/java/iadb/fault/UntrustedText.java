package iadb.fault;

/** Makes text from untrusted files safe to print: a file must not send control sequences to a terminal. */
public final class UntrustedText {
    private static final int CHARS_SHOWN = 120;

    private UntrustedText() {
    }

    /** A text as a part of a one-line message; a long one is cut off after {@value #CHARS_SHOWN} chars. */
    public static String shown(String text) {
        return text.length() <= CHARS_SHOWN ? line(text) : line(text, CHARS_SHOWN) + "...";
    }

    /** The text with a question mark for each control, format and line-separating character. */
    public static String line(String text) {
        return text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    }

    /** The text's first {@code most} chars, safe to print. */
    public static String line(String text, int most) {
        return line(text.substring(0, Math.min(most, text.length())));
    }
}
