package iadb.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The program's name and version, as the build packed them: {@code iadb-cl 0.1.0}. */
public final class BuildVersion {
    private BuildVersion() {
    }

    public static String text() {
        Properties properties = new Properties();
        try (InputStream in = BuildVersion.class.getResourceAsStream("/iadb.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "iadb-cl " + properties.getProperty("version");
    }
}
