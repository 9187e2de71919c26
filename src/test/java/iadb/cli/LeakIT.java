package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.OpenClLayer;
import iadb.Soak;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A long training in 128 MB of Java heap: the memory of the process and the objects of the device do not grow. */
class LeakIT {
    @TempDir
    private Path folder;

    @Test
    void memoryOfALongTrainingDoesNotGrow() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "only Linux has /proc");
        int firstSeconds = Soak.times(3, 60); // with launches in them
        int seconds = Soak.times(8, 600);
        Path live = folder.resolve("live"); // a line for each of them
        Map<String, String> environment = new HashMap<>(OpenClLayer.environment("fault_layer"));
        environment.put("OPENCL_LIVE", live.toString());
        // Java's heap needs longer than the short test to settle: there it is allocated at the start, so that only other growth shows
        List<String> memory = Soak.isFull() ? List.of("-Xmx128m") : List.of("-Xmx128m", "-Xms128m", "-XX:+AlwaysPreTouch");
        Process process = Jar.start(folder, environment, memory, "train", "--p1", "ring", "--data", "9999", "--batch",
                "64", "--ema", "0.999", "--iterations", "2000000000", "--checkpoint-every", "5000", "--out", "out");
        long first;
        long last;
        try {
            Jar.await(process, folder, Duration.ofMinutes(5), () -> Files.exists(folder.resolve("out/checkpoint.safetensors")));
            int before = Files.readAllLines(live).size();
            Jar.await(process, folder, Duration.ofHours(1), () -> Files.readAllLines(live).size() >= before + firstSeconds);
            first = residentMegabytes(process);
            Jar.await(process, folder, Duration.ofHours(1), () -> Files.readAllLines(live).size() >= before + seconds);
            last = residentMegabytes(process);
            Jar.interrupt(process);
            ChildRun run = ChildRun.end(process, folder);
            assertEquals(130, run.code(), run.err());
        } finally {
            process.destroyForcibly();
        }
        assertTrue(last <= 1.1 * first, "%d MB at first, %d MB at last".formatted(first, last));
        List<String> counts = Files.readAllLines(live).stream().map(line -> line.substring(line.indexOf(' ') + 1)).toList();
        assertEquals("0 0 0 0 0 0 0", counts.get(counts.size() - 1), "references and bytes at the end");
        // contexts, queues, buffers, programs, kernels, events, bytes: two slices are under way, each with an event
        long[] early = numbers(counts.get(counts.size() / 2));
        for (String line : counts.subList(counts.size() / 2, counts.size() - 1)) {
            long[] now = numbers(line);
            early[5] = now[5];
            assertTrue(now[5] <= 2, "events: " + line);
            assertEquals(Arrays.toString(early), Arrays.toString(now), "objects alive in the middle, and later");
        }
        Soak.note("leak_seconds", seconds);
        Soak.note("megabytes_at_first", first);
        Soak.note("megabytes_at_last", last);
        Soak.note("opencl_references", Arrays.stream(early).limit(6).sum());
    }

    private static long[] numbers(String line) {
        return Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
    }

    private static long residentMegabytes(Process process) throws Exception {
        String status = Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"));
        String line = status.lines().filter(one -> one.startsWith("VmRSS:")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
    }
}
