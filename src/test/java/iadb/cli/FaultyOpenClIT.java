package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.OpenClLayer;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.sample.TrainedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The jar on an OpenCL driver that fails, runs out of memory or computes wrongly, emulated by {@code src/test/c/fault_layer.c}. */
class FaultyOpenClIT {
    private static final String[] SMALL = {"train", "--p1", "ring", "--data", "9999", "--batch", "33", "--iterations", "20000"};

    @TempDir
    private Path folder;

    @BeforeEach
    void writeAModel() throws IOException {
        Model.write(folder.resolve("m.safetensors"), new Model(Network.initial(new NetworkShape(16, 2), 0),
                Optional.of(TrainedNetwork.P0), Optional.of(TrainedNetwork.P1), Map.of()));
    }

    /** @param fault such as {@code launch=7}; empty: none */
    private ChildRun run(String fault, String... arguments) throws IOException, InterruptedException {
        return Jar.run(folder, environment(fault), arguments);
    }

    private Map<String, String> environment(String fault) throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(OpenClLayer.environment("fault_layer"));
        environment.put("OPENCL_FAULT", fault);
        environment.put("OPENCL_LIVE", folder.resolve("live").toString());
        return environment;
    }

    private static void assertOneLine(int code, String part, ChildRun run) {
        assertEquals(code, run.code(), run.err());
        List<String> lines = run.messages().stream().filter(line -> !line.contains(" -> ") && !line.contains("a second")
                && !line.startsWith("building kernels for ")).toList();
        assertEquals(1, lines.size(), run.err());
        assertTrue(lines.get(0).contains(part), run.err());
    }

    /** References to contexts, queues, buffers, programs, kernels and events, and bytes of buffers, at the end of the process. */
    private List<String> leaks() throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("live"));
        return List.of(lines.get(lines.size() - 1).split(" ")).subList(1, 8);
    }

    private void assertNothingLeaked() throws IOException {
        assertEquals(List.of("0", "0", "0", "0", "0", "0", "0"), leaks());
    }

    private byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name));
    }

    @Test
    void aPlatformWithoutADeviceIsDistinguishedFromAMissingLoader() throws Exception {
        assertOneLine(3, "an OpenCL loader but no device; install", run("devices=0", SMALL));
    }

    @Test
    void aDeviceWhoseBuildFailsIsNamed() throws Exception {
        ChildRun run = run("build=0", SMALL);
        assertOneLine(1, "clBuildProgram failed with CL_BUILD_PROGRAM_FAILURE on ", run);
        assertTrue(run.err().contains("PoCL can write to its cache folder (POCL_CACHE_DIR"), run.err());
        assertNothingLeaked();
    }

    @ParameterizedTest
    @CsvSource({"launch=3000, clEnqueueNDRangeKernel(, a kernel crashed", "crash=3000, clWaitForEvents failed, start again"})
    void aLaunchThatFailsDuringTrainingLeavesTheLastCheckpoint(String fault, String call, String remedy) throws Exception {
        String[] arguments = {"train", "--p1", "ring", "--data", "9999", "--batch", "33", "--plan", "fused", "--iterations", "3000",
            "--checkpoint-every", "100", "--out", "out"}; // two launches a step
        ChildRun run = run(fault, arguments);
        assertOneLine(1, call, run);
        assertTrue(run.err().contains(remedy), run.err());
        assertNothingLeaked();
        assertFalse(Files.exists(folder.resolve("out/model.safetensors")));
        int step = Checkpoint.read(folder.resolve("out/checkpoint.safetensors")).checkpoint().step();
        assertTrue(step > 1000 && step < 1500 && step % 100 == 0, "step " + step);
        Commands.run(folder, "train", "--resume", "./out/checkpoint.safetensors").well();
        arguments[arguments.length - 1] = "./whole";
        Commands.run(folder, arguments).well();
        assertArrayEquals(bytes("whole/model.safetensors"), bytes("out/model.safetensors"));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', value = {
        "sample --model ./m.safetensors --points 100000 --steps 2 -o ./points.npy, 700000", // the points take 800,000 bytes
        "--model ./m.safetensors --points 100000 --steps 2 --no-frames --out ., 700000",
        "sample --model ./m.safetensors --points 200000 --steps 2 --sequence sobol --log-density -o ./points.npy, 1400000"})
    void aDeviceWithLittleMemoryGetsSmallerChunksAndGivesTheSamePoints(String command, int bytes) throws Exception {
        Commands.run(folder, command.split(" ")).well();
        byte[] expected = bytes("points.npy");
        Files.delete(folder.resolve("points.npy"));
        for (String fault : List.of("memory=" + bytes, "lazy-memory=" + bytes)) {
            run(fault, command.split(" ")).well();
            assertArrayEquals(expected, bytes("points.npy"));
            assertNothingLeaked();
            Files.delete(folder.resolve("points.npy"));
        }
    }

    @Test
    void whatFitsInNoChunkIsRefusedInOneLine() throws Exception {
        assertOneLine(2, "the device is out of memory: use fewer points (--points) or another device (--device)",
                run("memory=60000", "sample", "--model", "m.safetensors", "--points", "200000", "-o", "points.npy"));
        assertOneLine(2, "the device is out of memory", run("memory=60000", SMALL));
        assertNothingLeaked();
    }

    @Test
    void aReflowRoundThatDoesNotFitKeepsTheRoundBefore() throws Exception {
        ChildRun run = run("memory=9000000", "train", "--data", "400000", "--batch", "33", "--width", "16", "--depth", "1", "--plan", "fused",
                "--iterations", "100", "--reflow", "2", "--out", "out").well(); // the data take 6,400,000 bytes, those of a round 3,200,000 more
        assertTrue(run.err().contains("the training ends before reflow round 1 of 2"), run.err());
        assertTrue(run.out().contains("100 iterations") && Files.exists(folder.resolve("out/model.safetensors")), run.out());
        assertNothingLeaked();
    }

    /** Errors that a driver's compiler could make, and how the self-test reports them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "y * 0x1p-24f=>x * 0x1p-24f                | train                    | drawing by rejection puts",
        "y * 0x1p-24f=>x * 0x1p-24f                | sample                   | drawing by rejection puts",
        "2.0f * (velocity[e]=>2.1f * (velocity[e] | train --plan fused | the gradient of layer 1 by the plan fused is off by 5.0e-02",
        "2.0f * (velocity[e]=>2.1f * (velocity[e] | train --plan layered | the gradient of layer 1 by the plan layered is off by 5.0e-02",
        "0.25f * sum=>0.26f * sum                 | train --plan persistent | the loss of step 1 by the plan persistent is off by 4.0e-02",
        "RATE2 0.001f=>RATE2 0.002f               | train                    | a weight after step 1 by the plan persistent is off by",
        "1.0f + cospi=>1.0f + cos                 | train                    | a weight after step 2 by the plan persistent is off by",
        "share), p - a=>share), a - p             | train                    | the average of the weights after step 1 by the plan",
        "0.5f, 0.5f, 1.0f=>0.5f, 0.4f, 1.0f       | sample                   | a point of the map by rk4 is off by",
        "log1p(e), e=>0.9f * log1p(e), e          | sample --log-density     | a log-determinant of the density by euler is off by",
        "log1p(e), e=>0.9f * log1p(e), e          | sample --at p.csv        | a log-determinant of the inverse by euler is off by",
        "total += block=>total -= block            | evaluate                 | an energy distance is off by"})
    void aDeviceThatComputesWronglyIsRefusedByName(String change, String command, String verdict) throws Exception {
        Files.writeString(folder.resolve("p.csv"), "0.5,0.5\n");
        String[] rest = command.startsWith("sample") ? new String[] {"--model", "m.safetensors", "-o", "points.npy"}
                : command.startsWith("evaluate") ? new String[] {"--model", "m.safetensors", "--count", "99"}
                : new String[] {"--data", "999", "--iterations", "5", "--width", "16", "--depth", "2", "--out", "out"};
        ChildRun run = run("source=" + change, (command + " " + String.join(" ", rest)).split(" "));
        // on a busy machine the barrier may fail its test: then fused runs instead of persistent
        assertOneLine(1, run.err().contains("by the plan fused") ? verdict.replace("persistent", "fused") : verdict, run);
        assertTrue(run.err().contains(" computes wrong results: ") && run.err().contains("update its driver"), run.err());
        assertFalse(Files.exists(folder.resolve("points.npy")) || Files.exists(folder.resolve("out/model.safetensors")));
        assertNothingLeaked();
    }

    /** Such as on a busy machine, where the groups that wait for each other do not run at the same time. */
    @ParameterizedTest
    @CsvSource({"auto", "persistent"})
    void aBarrierThatFailsItsTestIsReportedOnlyIfPersistentWasRequested(String plan) throws Exception {
        ChildRun run = run("source=if (round == rounds &&=>if (0 &&", "--iterations", "20000", "--points", "9", "--steps", "1",
                "--no-frames", "--plan", plan, "--out", "out", "--quiet").well();
        String reason = "the barrier across work-groups did not pass its test";
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("out/run.json"))).getAsJsonObject();
        assertEquals("fused", json.get("plan").getAsString());
        assertTrue(json.get("plan_reason").getAsString().startsWith(reason));
        if (plan.equals("auto")) {
            assertEquals(List.of(), run.messages());
        } else {
            assertEquals(1, run.messages().size(), run.err());
            assertTrue(run.err().startsWith(reason) && run.err().contains("; plan fused instead"), run.err());
        }
    }

    @Test
    void theSelfTestRunsOncePerDeviceAndDriver() throws Exception {
        Map<String, String> cache = new HashMap<>(environment(""));
        cache.put("IADB_CL_CACHE", folder.resolve("cache").toString());
        String[] sample = {"sample", "--model", "m.safetensors", "--points", "5", "-o", "points.npy"};
        Jar.run(folder, cache, sample).well();
        assertEquals(2, forget(".checks", false), "one for drawing, one for the map");
        cache.put("OPENCL_FAULT", "source=0.5f, 0.5f, 1.0f=>0.5f, 0.4f, 1.0f");
        forget(".programs", true);
        Jar.run(folder, cache, sample).well(); // the passed self-test is remembered
        forget(".programs", true);
        forget(".checks", true);
        assertOneLine(1, "a point of the map by rk4 is off by", Jar.run(folder, cache, sample));
    }

    /** Counts the cache's entries with this ending, and removes them if asked to. */
    private int forget(String ending, boolean remove) throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
            List<Path> entries = files.filter(file -> file.toString().endsWith(ending)).toList();
            for (Path entry : entries) {
                if (remove) {
                    Files.delete(entry);
                }
            }
            return entries.size();
        }
    }

    @Test
    void twoProcessesShareADeviceAndAFolder() throws Exception {
        Commands.run(folder, Jar.with(SMALL, "--out", "./alone")).well();
        byte[] expected = bytes("alone/model.safetensors");
        Path one = Files.createDirectory(folder.resolve("one"));
        Path two = Files.createDirectory(folder.resolve("two"));
        String[] arguments = Jar.with(SMALL, "--out", folder.resolve("both").toString());
        Process first = Jar.start(one, Map.of(), List.of(), arguments);
        Process second = Jar.start(two, Map.of(), List.of(), arguments);
        try {
            ChildRun.end(first, one).well();
            ChildRun.end(second, two).well();
        } finally {
            first.destroyForcibly();
            second.destroyForcibly();
        }
        assertArrayEquals(expected, bytes("both/model.safetensors"));
    }
}
