package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a recording's name determines its kind. */
class RecordingTest {
    @TempDir
    private Path folder;

    private String kind(String name) {
        return Recording.of(folder + "/" + name).map(recording -> recording.kind().toString()).orElse("none");
    }

    @ParameterizedTest
    @CsvSource({"a.gif,GIF", "A.GIF,GIF", "a.mp4,VIDEO", "a.b.WebM,VIDEO", "a.avi,none", "a.png,none", "a.,none", "frames,PICTURES",
            ".frames,PICTURES", "a.avi/,PICTURES", "a.mp4/,PICTURES"})
    void theEndingOfTheNameTellsTheKind(String name, String expected) {
        assertEquals(expected, kind(name));
    }

    @Test
    void whatExistsTellsItToo() throws Exception {
        Files.createDirectory(folder.resolve("v.1"));
        Files.createFile(folder.resolve("notes"));
        assertEquals("PICTURES", kind("v.1"));
        assertEquals("none", kind("notes"));
        if (Files.exists(Path.of("/dev/null"))) {
            Files.createSymbolicLink(folder.resolve("null.mp4"), Path.of("/dev/null"));
            Files.createSymbolicLink(folder.resolve("null"), Path.of("/dev/null"));
            assertEquals("none", kind("null.mp4"));
            assertEquals("GIF", kind("null"));
        }
    }
}
