package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C twice; {@link MapIT} presses it once. */
class InterruptionIT {
    @TempDir
    private Path folder;

    @Test
    void theSecondCtrlCEndsAtOnce() throws Exception {
        // a step that takes seconds: the first Ctrl-C has to wait for it
        Process process = Jar.start(folder, Map.of(), List.of(), "train", "--width", "256", "--depth", "8", "--batch", "65536",
                "--plan", "layered", "--iterations", "1000", "--out", "out");
        try {
            Path said = folder.resolve("stderr");
            while (!Files.readString(said).contains("plan layered")) {
                assertTrue(process.isAlive(), "it trains");
                Thread.sleep(10);
            }
            Thread.sleep(1000); // until its first step is on the device
            interrupt(process);
            assertFalse(process.waitFor(300, TimeUnit.MILLISECONDS), "it waits for the step");
            long start = System.nanoTime();
            interrupt(process);
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it ends");
            double seconds = (System.nanoTime() - start) * 1e-9;
            assertEquals(130, process.exitValue());
            assertTrue(seconds < 2.5, "at once, not after " + seconds + " s");
            assertFalse(Files.exists(folder.resolve("out/model.safetensors")), "nothing was saved");
        } finally {
            process.destroyForcibly();
        }
    }

    private static void interrupt(Process process) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor());
    }
}
