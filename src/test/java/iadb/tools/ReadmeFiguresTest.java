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
    void aComparisonSaysHowMuchSoonerThisProgramIsAsGoodAsTheTutorial(@TempDir Path root) throws IOException {
        Path device = Files.createDirectories(root.resolve("tools/results/device"));
        Files.copy(Path.of("tools/results/pthread-skylake-avx512-amd-epyc/profile.json"), device.resolve("profile.json"));
        Files.writeString(device.resolve("compare.json"), """
                {"p0": "gaussian", "p1": "spiral",
                 "presets": [{"preset": "tutorial", "map_steps": 128, "reached_seconds": 10.0},
                             {"preset": "quick", "map_steps": 8, "reached_seconds": 0.5}, {"preset": "sharp", "map_steps": 32}],
                 "peers": [{"name": "PyTorch best, 1 thread", "ratio": {"median": 3.0}, "reached_seconds": 30.0},
                           {"name": "PyTorch best, 2 threads", "ratio": {"median": 4.0}}, {"name": "JAX", "reason": "no JAX"},
                           {"name": "PyTorch, OT once", "reached_seconds": 2.0}, {"name": "PyTorch, OT", "reached_seconds": 20.0}]}
                """);
        String readme = ReadmeFigures.of(Files.readString(Path.of("README.md")), root);
        assertTrue(readme.contains("\nFrom gaussian to spiral, `--preset quick` reaches the quality of the finished tutorial, by sliced"
                + " Wasserstein-1 distance and by total variation, 20.0 times sooner than the tutorial: after 0.500 s. For the tutorial in"
                + " other programs the ratio is 60.0 (PyTorch best, 1 thread). PyTorch with the settings of the presets needs 4.00 times as"
                + " long at best (PyTorch, OT once)."), readme);
        assertTrue(readme.contains("| 3.00 (PyTorch best, 1 thread); 4.00 (PyTorch best, 2 threads) |"), readme);
    }

    @Test
    void aReadmeWithoutMarksIsRefused() {
        assertThrows(IOException.class, () -> ReadmeFigures.of("# iadb-cl", Path.of(".")));
    }
}
