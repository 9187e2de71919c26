package iadb.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The methods that Jazzer calls by name; {@code tools/fuzz} starts it with a reader's name. */
public final class FuzzTarget {
    private static FuzzedReader reader;
    private static Path folder;

    private FuzzTarget() {
    }

    /** Takes the reader and the folder for its files from the environment, which Jazzer's child processes inherit. */
    public static void fuzzerInitialize() throws IOException {
        reader = FuzzedReader.named(System.getenv("FUZZED_READER")).orElseThrow();
        folder = Files.createTempDirectory(Path.of(System.getenv("FUZZED_FILES")), reader.key(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** One execution. */
    public static void fuzzerTestOneInput(byte[] input) {
        reader.takes(input, folder);
    }
}
