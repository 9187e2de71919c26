package iadb.cli;

import iadb.file.BuildVersion;
import picocli.CommandLine;

/** The program's version, for {@code --version}. */
final class ProgramVersion implements CommandLine.IVersionProvider {
    static String text() {
        return BuildVersion.text();
    }

    @Override
    public String[] getVersion() {
        return new String[] {text()};
    }
}
