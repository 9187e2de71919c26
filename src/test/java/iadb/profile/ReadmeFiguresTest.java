package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The README's figures are those of the result files. */
class ReadmeFiguresTest {
    @Test
    void theReadmeSaysWhatTheResultFilesSay() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        assertEquals(ReadmeFigures.of(readme, Path.of(".")), readme, "tools/figures would write another table");
    }

    @Test
    void aReadmeWithoutMarksIsRefused() {
        assertThrows(IOException.class, () -> ReadmeFigures.of("# iadb-cl", Path.of(".")));
    }
}
