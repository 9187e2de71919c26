package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import iadb.OpenClLayer;
import iadb.io.Npy;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.sample.TrainedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, once in each of the program's works, and twice; {@link MapIT} goes on from what it leaves. */
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

    /** Starts the program without its checks of the device, presses Ctrl-C a while after what is awaited, and gives what it said. */
    private Jar.Run interrupted(Map<String, String> environment, Callable<Boolean> awaited, String... arguments) throws Exception {
        Process process = Jar.start(folder, environment, List.of("-Diadb.cl.trustAnswers=true"), arguments);
        try {
            while (!awaited.call()) {
                assertTrue(process.isAlive(), Files.readString(folder.resolve("stderr")));
                Thread.sleep(10);
            }
            assertFalse(process.waitFor(300, TimeUnit.MILLISECONDS), "it has more to do");
            Jar.interrupt(process);
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "it ends");
            return new Jar.Run(process.exitValue(), Files.readString(folder.resolve("stdout")),
                    Files.readString(folder.resolve("stderr")));
        } finally {
            process.destroyForcibly();
        }
    }

    private boolean said(String words) throws IOException {
        return Files.readString(folder.resolve("stderr")).contains(words);
    }

    @Test
    void theTutorialSavesItsModelSoFar() throws Exception {
        Jar.Run run = interrupted(Map.of(), () -> said("first losses"), "--p1", "ring", "--data", "999", "--iterations",
                "2000000000", "--verbose", "--out", "out");
        assertEquals(130, run.code(), run.err());
        assertTrue(ModelFile.read(folder.resolve("out/model.safetensors")).network().isFinite());
        assertTrue(JsonParser.parseString(Files.readString(folder.resolve("out/run.json"))).getAsJsonObject().get("interrupted")
                .getAsBoolean());
        assertTrue(Files.size(folder.resolve("out/loss.csv")) > 0 && Files.size(folder.resolve("out/loss.png")) > 0);
    }

    @Test
    void theWindowSavesItsModelSoFar() throws Exception {
        Jar.Run run = interrupted(Map.of(), () -> said("kernels are ready"), "--realtime", "--offscreen", "--seconds", "60",
                "--verbose", "--iterations", "2000000000", "--points", "500", "--out", "out");
        assertEquals(130, run.code(), run.err());
        assertTrue(ModelFile.read(folder.resolve("out/model.safetensors")).network().isFinite());
        assertTrue(run.out().contains("\"frames\""), run.out());
    }

    @Test
    void pointsUnderWayLeaveAnEarlierFileAsItIs() throws Exception {
        ModelFile.write(folder.resolve("m.safetensors"),
                new Model(TrainedNetwork.get(), Optional.of(TrainedNetwork.P0), Optional.of(TrainedNetwork.P1), Map.of()));
        Files.createDirectory(folder.resolve("out"));
        Files.writeString(folder.resolve("out/points.npy"), "old");
        Jar.Run run = interrupted(Map.of(), () -> names().size() > 1, "sample", "--model", "m.safetensors", "--points",
                "90000000", "-o", "out/points.npy");
        assertEquals(130, run.code(), run.err());
        assertTrue(run.err().endsWith("stopped: nothing was written\n"), run.err());
        assertEquals("old", Files.readString(folder.resolve("out/points.npy")));
        assertEquals(List.of("points.npy"), names());
    }

    @Test
    void aJudgementUnderWayEnds() throws Exception {
        float[] points = new float[2 * 65_536];
        Random random = new Random(3);
        for (int c = 0; c < points.length; c++) {
            points[c] = random.nextFloat();
        }
        Npy.write(folder.resolve("points.npy"), points, points.length / 2, 2);
        Map<String, String> slow = new HashMap<>(OpenClLayer.environment("fault_layer"));
        slow.put("OPENCL_FAULT", "slow=1:1");
        Jar.Run run = interrupted(slow, () -> said("energy.cl"), "evaluate", "--from", "points.npy", "--p1", "ring", "--verbose",
                "-o", "r.png");
        assertEquals(130, run.code(), run.err());
        assertFalse(Files.exists(folder.resolve("r.png")));
        assertEquals("", run.out());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
