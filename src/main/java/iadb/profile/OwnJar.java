package iadb.profile;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The program in a process of its own, as a user starts it. */
final class OwnJar {
    private static final Duration LIMIT = Duration.ofMinutes(10);

    private OwnJar() {
    }

    /**
     * Runs it to its end.
     *
     * @throws IOException when it fails
     */
    static Child run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                path()));
        command.addAll(List.of(arguments));
        Child child = Child.run(command, Map.of(), LIMIT);
        if (child.code() != 0) {
            throw new IOException("a run of the program failed: " + child.lastError());
        }
        return child;
    }

    /** The jar that holds this class too: the profile is run from it. */
    private static String path() throws IOException {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(path -> path.endsWith(".jar")).findFirst()
                .orElseThrow(() -> new IOException("the profile runs from the program's jar, which tools/profile builds"));
    }
}
