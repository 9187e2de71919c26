package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.FileNames;
import iadb.OpenClLayer;
import iadb.UniformPoints;
import iadb.file.NpyWriter;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.sample.TrainedNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, once during each of the program's tasks, and twice. */
class InterruptionIT {
    private static final List<String> WITHOUT_SELF_TESTS = List.of("-Diadb.cl.trustAnswers=true");
    private static final String[] SMALL = {"train", "--p1", "ring", "--data", "999", "--batch", "33"};

    @TempDir
    private Path folder;

    /** An environment in which each launch from {@code first} on takes so many seconds; the first of them makes the file {@code slow}. */
    private Map<String, String> slow(int first, int seconds) throws Exception {
        Map<String, String> slow = new HashMap<>(OpenClLayer.environment("fault_layer"));
        slow.put("OPENCL_FAULT", "slow=" + first + ":" + seconds);
        slow.put("OPENCL_SLOW", folder.resolve("slow").toString());
        return slow;
    }

    private boolean isSlow() {
        return Files.exists(folder.resolve("slow"));
    }

    @Test
    void theSecondCtrlCEndsAtOnce() throws Exception {
        Process process = Jar.start(folder, slow(30, 600), WITHOUT_SELF_TESTS, "train", "--p1", "ring", "--data", "999", "--plan", "fused", "--out",
                "out");
        try {
            Jar.await(process, folder, () -> said("plan fused") && isSlow());
            Jar.interrupt(process);
            assertFalse(process.waitFor(500, TimeUnit.MILLISECONDS), "it waits for the step");
            Jar.interrupt(process);
            assertEquals(130, ChildRun.end(process, folder).code(), "it does not wait ten minutes");
            assertFalse(Files.exists(folder.resolve("out/model.safetensors")), "nothing was saved");
        } finally {
            process.destroyForcibly();
        }
    }

    /** Starts the program without its self-tests, waits for the condition, presses Ctrl-C, and returns the ended run. */
    private ChildRun interrupted(Map<String, String> environment, Callable<Boolean> awaited, String... arguments) throws Exception {
        Process process = Jar.start(folder, environment, WITHOUT_SELF_TESTS, arguments);
        try {
            Jar.await(process, folder, awaited);
            Jar.interrupt(process);
            return ChildRun.end(process, folder);
        } finally {
            process.destroyForcibly();
        }
    }

    private boolean said(String words) {
        return Jar.said(folder).contains(words);
    }

    @Test
    void aStoppedTrainingKeepsACheckpointThatResumes() throws Exception {
        ChildRun run = interrupted(Map.of(), () -> Files.exists(folder.resolve("stopped/checkpoint.safetensors")),
                Jar.with(SMALL, "--iterations", "100000000", "--checkpoint-every", "1000", "--out", "stopped"));
        assertEquals(130, run.code(), run.err());
        assertTrue(run.err().contains("train --resume stopped"), run.err());
        int step = Checkpoint.read(folder.resolve("stopped/checkpoint.safetensors")).checkpoint().step();
        assertTrue(step >= 1000 && Files.exists(folder.resolve("stopped/model.safetensors")), "step " + step);
        String total = Integer.toString(step + 500);
        Commands.run(folder, "train", "--resume", "./stopped/checkpoint.safetensors", "--iterations", total).well();
        Commands.run(folder, Jar.with(SMALL, "--iterations", total, "--out", "./whole")).well();
        assertArrayEquals(Model.read(folder.resolve("whole/model.safetensors")).network().parameters(),
                Model.read(folder.resolve("stopped/model.safetensors")).network().parameters());
    }

    @Test
    void stoppingBeforeTheFirstIterationKeepsTheEarlierModel() throws Exception {
        Commands.run(folder, Jar.with(SMALL, "--iterations", "300", "--out", "./good")).well();
        byte[] before = Files.readAllBytes(folder.resolve("good/model.safetensors"));
        ChildRun run = interrupted(slow(1, 1), this::isSlow, Jar.with(SMALL, "--out", "good", "--seed", "1"));
        assertEquals(130, run.code(), run.err());
        assertTrue(run.err().contains("stopped before the first iteration"), run.err());
        assertArrayEquals(before, Files.readAllBytes(folder.resolve("good/model.safetensors")));
    }

    @Test
    void theTutorialSavesItsModelSoFar() throws Exception {
        ChildRun run = interrupted(Map.of(), () -> said("first loss"), "--p1", "ring", "--data", "999", "--iterations",
                "2000000000", "--verbose", "--out", "out");
        assertEquals(130, run.code(), run.err());
        assertTrue(Model.read(folder.resolve("out/model.safetensors")).network().isFinite());
        assertTrue(JsonParser.parseString(Files.readString(folder.resolve("out/run.json"))).getAsJsonObject().get("interrupted")
                .getAsBoolean());
        assertTrue(Files.size(folder.resolve("out/loss.csv")) > 0 && Files.size(folder.resolve("out/loss.png")) > 0);
    }

    @Test
    void theWindowSavesItsModelSoFar() throws Exception {
        Map<String, String> counted = new HashMap<>(OpenClLayer.environment("fault_layer"));
        Path live = folder.resolve("live");
        counted.put("OPENCL_LIVE", live.toString()); // a line in each second with launches
        AtomicLong seconds = new AtomicLong(Long.MAX_VALUE);
        ChildRun run = interrupted(counted, () -> {
            if (!said("kernels are ready")) {
                return false;
            }
            seconds.compareAndSet(Long.MAX_VALUE, Files.readAllLines(live).size());
            return Files.readAllLines(live).size() > seconds.get() + 1;
        }, "--realtime", "--offscreen", "--seconds", "60",
                "--verbose", "--iterations", "2000000000", "--points", "500", "--record", "frames/", "--out", "out");
        assertEquals(130, run.code(), run.err());
        int pictures = FileNames.in(folder.resolve("frames")).size();
        assertTrue(pictures >= 30 && Files.exists(folder.resolve("frames/frame_%06d.png".formatted(pictures - 1))), pictures + " pictures");
        assertTrue(Model.read(folder.resolve("out/model.safetensors")).network().isFinite());
        assertTrue(run.out().contains("\"frames\""), run.out());
    }

    @Test
    void stoppingSampleKeepsTheEarlierFile() throws Exception {
        TrainedNetwork.write(folder.resolve("m.safetensors"));
        Files.createDirectory(folder.resolve("out"));
        Files.writeString(folder.resolve("out/points.npy"), "old");
        ChildRun run = interrupted(Map.of(), () -> FileNames.in(folder.resolve("out")).size() > 1, "sample", "--model", "m.safetensors", "--points",
                "90000000", "-o", "out/points.npy");
        assertEquals(130, run.code(), run.err());
        assertTrue(run.err().endsWith("stopped: nothing was written\n"), run.err());
        assertEquals("old", Files.readString(folder.resolve("out/points.npy")));
        assertEquals(List.of("points.npy"), FileNames.in(folder.resolve("out")));
    }

    @Test
    void stoppingEvaluateWritesNothing() throws Exception {
        float[] points = UniformPoints.of(4096, 3);
        NpyWriter.writeArray(folder.resolve("points.npy"), points, points.length / 2, 2);
        ChildRun run = interrupted(slow(1, 1), () -> said("energy.cl"), "evaluate", "--from", "points.npy", "--p1", "ring", "--verbose",
                "-o", "r.png");
        assertEquals(130, run.code(), run.err());
        assertFalse(Files.exists(folder.resolve("r.png")));
        assertEquals("", run.out());
    }

    @Test
    void measuringEndsAtTheFirstCtrlC() throws Exception {
        for (String command : List.of("profile", "tune")) {
            Files.deleteIfExists(folder.resolve("slow"));
            ChildRun run = interrupted(slow(1, 600), this::isSlow, command, "-o", command + ".out");
            assertEquals(130, run.code(), command + ": " + run.err());
        }
    }
}
