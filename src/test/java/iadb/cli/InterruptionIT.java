package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.OpenClLayer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
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
        Map<String, String> slow = new HashMap<>(OpenClLayer.environment("fault_layer"));
        slow.put("OPENCL_FAULT", "slow=30"); // from this launch on each takes ten seconds: the first Ctrl-C has to wait for it
        Process process = Jar.start(folder, slow, List.of(), "train", "--p1", "ring", "--data", "999", "--plan", "fused",
                "--out", "out");
        try {
            Path said = folder.resolve("stderr");
            while (!Files.readString(said).contains("plan fused")) {
                assertTrue(process.isAlive(), "it trains");
                Thread.sleep(10);
            }
            Thread.sleep(1000); // until the slow launch
            Jar.interrupt(process);
            assertFalse(process.waitFor(500, TimeUnit.MILLISECONDS), "it waits for the step");
            long start = System.nanoTime();
            Jar.interrupt(process);
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it ends");
            double seconds = (System.nanoTime() - start) * 1e-9;
            assertEquals(130, process.exitValue());
            assertTrue(seconds < 3, "at once, not after " + seconds + " s");
            assertFalse(Files.exists(folder.resolve("out/model.safetensors")), "nothing was saved");
        } finally {
            process.destroyForcibly();
        }
    }
}
