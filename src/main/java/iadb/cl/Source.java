package iadb.cl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * An OpenCL C file.
 *
 * @param name shown in build logs
 * @param text its content
 */
public record Source(String name, String text) {
    /** The build option for the version of OpenCL C that the sources are written in. */
    public static final String STANDARD = "-cl-std=CL1.2";

    /** The packed file {@code cl/name}. */
    public static Source of(String name) {
        try (InputStream in = Source.class.getResourceAsStream("/cl/" + name)) {
            if (in == null) {
                throw new IllegalArgumentException("no kernel file cl/" + name + " in this program");
            }
            return new Source(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The text with a line directive, so that build logs give this file's name and line numbers. Non-ASCII characters, which some
     * OpenCL compilers refuse even in comments, become question marks.
     */
    public String withLineDirective() {
        return "#line 1 \"" + name + "\"\n" + text.replaceAll("[^\\x00-\\x7F]", "?") + "\n";
    }
}
