package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.ChildRun;
import iadb.OpenClLayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A batch that is killed or interrupted, and one whose devices fail. */
class BatchIT {
    private static final List<String> WITHOUT_SELF_TESTS = List.of("-Diadb.cl.trustAnswers=true");
    private static final String HEADER = "name,p1,width,depth,data,batch,iterations,seed\n";
    private static final int LONG = 100_000_000;

    @TempDir
    private Path folder;

    private static String row(String name, int iterations, int seed) { return "%s,ring,16,1,99,16,%s,%s\n".formatted(name, iterations, seed); }

    private String[] batch(String table, String... options) throws IOException {
        Files.writeString(folder.resolve("jobs.csv"), table);
        return Jar.with(new String[] {"batch", "jobs.csv", "--out", "out", "--count", "200"}, options);
    }

    private boolean isDone(String name) { return Files.exists(folder.resolve("out").resolve(name).resolve("model.safetensors")); }

    private byte[] model(String name) throws IOException {
        return Files.readAllBytes(folder.resolve("out").resolve(name).resolve("model.safetensors"));
    }

    /** The first column of the summary. */
    private List<String> names() {
        try {
            return Files.readAllLines(folder.resolve("out/summary.csv")).stream().map(line -> line.split(",")[0]).toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    @Test
    void afterAKillAndACtrlCOnlyWhatWasUnderWayIsTrainedAgain() throws Exception {
        String finished = HEADER + row("a", 30, 0) + row("b", 40, 1);
        Process process = Jar.start(folder, Map.of(), WITHOUT_SELF_TESTS,
                batch(finished + row("c", LONG, 2) + row("d", 50, 3), "--at-once", "2"));
        try {
            Jar.await(process, folder, () -> names().equals(List.of("name", "a", "b", "d"))); // while c trains
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertFalse(isDone("c"));
        byte[] a = model("a");

        process = Jar.start(folder, Map.of(), WITHOUT_SELF_TESTS,
                batch(finished + row("c", LONG, 2) + row("e", 60, 4) + row("f", LONG, 5), "--at-once", "2"));
        try {
            Jar.await(process, folder, () -> isDone("e"));
            Jar.interrupt(process);
            ChildRun stopped = ChildRun.end(process, folder);
            assertEquals(130, stopped.code());
            assertTrue(stopped.out().endsWith("summary.csv: 1 trained, 2 done before, 2 not reached\n"), stopped.out());
        } finally {
            process.destroyForcibly();
        }
        assertEquals(List.of("name", "a", "b", "e", "d"), names(), "d is not in the second table");

        ChildRun run = Commands.run(folder, batchHere(finished + row("c", 45, 2) + row("d", 50, 3) + row("e", 60, 4))).well();
        assertTrue(run.out().endsWith("summary.csv: 1 trained, 4 done before\n"), run.out());
        assertArrayEquals(a, model("a"));
    }

    /** For {@link Commands}. */
    private String[] batchHere(String table) throws IOException {
        batch(table);
        return new String[] {"batch", "./jobs.csv", "--out", "./out", "--count", "200"};
    }

    /** PoCL's device twice; one of them fails while both train. */
    @Test
    void theOtherDeviceTrainsTheMapsOfOneThatFails() throws Exception {
        StringBuilder table = new StringBuilder(HEADER);
        for (int i = 0; i < 6; i++) {
            table.append(row("map" + i, 20_000, i));
        }
        Map<String, String> environment = new HashMap<>(OpenClLayer.environment("fault_layer"));
        environment.put("OPENCL_FAULT", "context=40");
        environment.put("POCL_DEVICES", "pthread pthread");
        ChildRun run = Jar.run(folder, environment, WITHOUT_SELF_TESTS, batch(table.toString(), "--devices", "all", "--at-once", "3"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().endsWith("summary.csv: 6 trained\n"), run.out());
        assertTrue(run.err().contains("the other devices train its maps"), run.err());
        Commands.run(folder, "train", "--p1", "ring", "--width", "16", "--depth", "1", "--data", "99", "--batch", "16", "--iterations", "20000",
                "--seed", "4", "--out", "./alone").well();
        assertArrayEquals(Files.readAllBytes(folder.resolve("alone/model.safetensors")), model("map4"));
    }

    /** Of a driver that allocates when a buffer is first used: the data of four take 6,400,000 bytes. */
    @Test
    void asManyTrainAtOnceAsTheDeviceHolds() throws Exception {
        Map<String, String> environment = new HashMap<>(OpenClLayer.environment("fault_layer"));
        environment.put("OPENCL_FAULT", "lazy-memory=5000000");
        StringBuilder table = new StringBuilder(HEADER);
        for (int i = 0; i < 4; i++) {
            table.append("map%s,ring,16,1,100000,16,200,%s\n".formatted(i, i));
        }
        ChildRun run = Jar.run(folder, environment, WITHOUT_SELF_TESTS, batch(table.toString(), "--at-once", "4", "--verbose"));
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().endsWith("summary.csv: 4 trained\n"), run.out());
        assertTrue(run.err().contains("at most 2 such maps at once") && !run.err().contains("one after the other"), run.err());
    }

    @Test
    void ifTheLastDeviceFailsWhatIsDoneIsKept() throws Exception {
        Map<String, String> environment = new HashMap<>(OpenClLayer.environment("fault_layer"));
        environment.put("OPENCL_FAULT", "launch=60");
        ChildRun run = Jar.run(folder, environment, WITHOUT_SELF_TESTS,
                batch(HEADER + row("a", 1, 0) + row("b", LONG, 1) + row("c", LONG, 2), "--at-once", "2"));
        assertEquals(1, run.code(), run.err());
        assertTrue(isDone("a") && !isDone("b"));
        assertEquals(2, Files.readAllLines(folder.resolve("out/summary.csv")).size());
        assertEquals(1, run.messages().stream().filter(line -> line.contains("CL_OUT_OF_RESOURCES")).count(), run.err());

        Files.delete(folder.resolve("out/summary.csv"));
        environment.put("OPENCL_FAULT", "memory=1000");
        run = Jar.run(folder, environment, WITHOUT_SELF_TESTS, batch(HEADER + row("a", 1, 0)));
        assertEquals(1, run.code(), run.err());
        assertTrue(isDone("a") && run.out().endsWith("summary.csv: 0 trained, 1 failed\n"), run.out());
        assertTrue(run.err().contains("jobs.csv, line 2: trained, but not evaluated: "), run.err());
        assertTrue(run.err().contains("fewer points (--count) or another device (--devices)"), run.err());
    }
}
