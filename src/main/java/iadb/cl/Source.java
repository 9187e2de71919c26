package iadb.cl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * OpenCL C of one file.
 *
 * @param name the file's name, which a build log shows
 * @param text the source
 */
public record Source(String name, String text) {
    /** The build option for the version of OpenCL C that the sources are written in. */
    public static final String STANDARD = "-cl-std=CL1.2";

    /** The file {@code cl/name} that is packed into the jar. */
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
     * The text after a line directive, so that build logs name this file and its line numbers. Comments may contain α and ∂,
     * which some OpenCL compilers refuse: they become question marks.
     */
    public String withLineDirective() {
        return "#line 1 \"" + name + "\"\n" + text.replaceAll("[^\\x00-\\x7F]", "?") + "\n";
    }
}
