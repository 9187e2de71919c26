package iadb.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** What Jazzer calls, by these names: {@code tools/fuzz} starts it with a reader's name. */
public final class FuzzTarget {
    private static FuzzedReader reader;
    private static Path folder;

    private FuzzTarget() {
    }

    /** @param arguments the reader's name, and an existing folder for its files */
    public static void fuzzerInitialize(String[] arguments) throws IOException {
        reader = FuzzedReader.named(arguments[0]).orElseThrow();
        folder = Files.createTempDirectory(Path.of(arguments[1]), reader.key(),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** One execution. */
    public static void fuzzerTestOneInput(byte[] input) {
        reader.takes(input, folder);
    }
}
