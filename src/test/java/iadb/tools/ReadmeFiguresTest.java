package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's figures are those of the result files. */
class ReadmeFiguresTest {
    @Test
    void theReadmeSaysWhatTheResultFilesSay() throws IOException {
        String readme = Files.readString(Path.of("README.md"));
        assertEquals(ReadmeFigures.of(readme, Path.of(".")), readme, "tools/figures would write another table");
        assertEquals(ReadmeFigures.modelled(Path.of(".")), Files.readString(Path.of(ReadmeFigures.MODELLED)));
    }

    @Test
    void whatIsModelledForGpusStaysUntilAGpuIsMeasured(@TempDir Path root) throws IOException {
        Path results = Files.createDirectories(root.resolve("tools/results"));
        String readme = Files.readString(Path.of("README.md"));
        Files.copy(Path.of("tools/results", Compiled.FILE), results.resolve(Compiled.FILE));
        Path measured = Files.createDirectory(results.resolve("device")).resolve("profile.json");
        String profile = Files.readString(Path.of("tools/results/pthread-skylake-avx512-amd-epyc", "profile.json"));
        Files.writeString(measured, profile);
        String without = ReadmeFigures.of(readme, root);
        assertTrue(without.contains(ReadmeFigures.NO_GPU), without);
        assertTrue(ReadmeFigures.modelled(root).contains(Compiled.TITLE));

        assertTrue(profile.contains("\"type\": \"CPU\""));
        Files.writeString(measured, profile.replace("\"type\": \"CPU\"", "\"type\": \"GPU\""));
        String with = ReadmeFigures.of(readme, root);
        assertFalse(with.contains(ReadmeFigures.NO_GPU), with);
        assertEquals("", ReadmeFigures.modelled(root));
    }

    @Test
    void aReadmeWithoutMarksIsRefused() {
        assertThrows(IOException.class, () -> ReadmeFigures.of("# iadb-cl", Path.of(".")));
    }
}
