package iadb.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine;

/** The program's version, from the build. */
final class ProgramVersion implements CommandLine.IVersionProvider {
    static String text() {
        Properties properties = new Properties();
        try (InputStream in = ProgramVersion.class.getResourceAsStream("/iadb.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return "iadb-cl " + properties.getProperty("version");
    }

    @Override
    public String[] getVersion() {
        return new String[] {text()};
    }
}
