package iadb.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The program's name, version and commit, from a resource that the build writes. */
public final class BuildVersion {
    private BuildVersion() { }

    /** Name and version: {@code iadb-cl 0.1.0}. */
    public static String text() { return "iadb-cl " + properties().getProperty("version"); }

    /** The commit of the build, followed by {@code +} if files had uncommitted changes; {@code unknown} without a repository. */
    public static String commit() { return properties().getProperty("commit"); }

    private static Properties properties() {
        Properties properties = new Properties();
        try (InputStream in = BuildVersion.class.getResourceAsStream("/iadb.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }
}
