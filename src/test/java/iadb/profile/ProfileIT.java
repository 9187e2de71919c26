package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The profile in a process of its own, as {@code tools/profile} starts it, with the least that it can measure. */
class ProfileIT {
    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Duration LIMIT = Duration.ofMinutes(2); // some 10 s on two idle cores

    @TempDir
    private Path folder;

    private Child profile(String... arguments) {
        return run("Profile", arguments);
    }

    private static Child run(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(JAVA, "-cp", System.getProperty("iadb.jar"), "iadb.profile." + program));
        command.addAll(List.of(arguments));
        return Child.run(command, Map.of(), LIMIT);
    }

    @Test
    void aProfileIsATableAndJsonAndCharts() throws IOException {
        Child child = profile("--smoke", "--out", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains("GFLOP/s") && child.out().contains("fused_gradient"), child.out());

        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("profile.json"))).getAsJsonObject();
        JsonObject machine = json.getAsJsonObject("machine");
        for (String field : List.of("device", "platform", "driver", "opencl", "commit", "date")) {
            assertFalse(machine.get(field).getAsString().isBlank(), field);
        }
        assertEquals("smoke", json.getAsJsonObject("settings").get("name").getAsString());
        assertTrue(json.getAsJsonObject("peak").get("gflops").getAsDouble() > 0);
        assertTrue(json.getAsJsonObject("peak").get("gigabytes").getAsDouble() > 0);
        Set<String> kernels = strings(json.getAsJsonArray("kernels"), "kernel");
        assertTrue(kernels.containsAll(Set.of("fused_gradient", "update", "layered_forward", "move_points", "draw_by_rejection",
                "draw_by_inversion")), kernels.toString());
        assertTrue(strings(json.getAsJsonArray("plans"), "plan").containsAll(Set.of("layered", "fused")));
        for (String list : List.of("plans", "kernels", "map", "widths", "batches")) {
            assertFalse(json.getAsJsonArray(list).isEmpty(), list);
            for (JsonElement one : json.getAsJsonArray(list)) {
                JsonElement share = one.getAsJsonObject().get("share_of_peak");
                assertTrue(share == null || share.getAsDouble() >= 0 && share.getAsDouble() <= 1.1, one.toString());
            }
        }
        JsonObject seconds = json.getAsJsonObject("run").getAsJsonObject("seconds");
        for (String phase : List.of("start", "prepare", "train", "save", "map", "judge", "total")) {
            assertTrue(seconds.get(phase).getAsDouble() >= 0, phase);
        }
        for (String chart : List.of("kernels", "map", "width", "batch", "run")) {
            assertEquals(900, ImageIO.read(folder.resolve(chart + ".png").toFile()).getWidth(), chart);
        }
    }

    @Test
    void usesOfTheMapAreATableAndJson() throws IOException {
        Child child = profile("--smoke", "--map", "--out", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains("with the density") && child.out().contains("midpoint"), child.out());
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("map.json"))).getAsJsonObject();
        assertEquals(3, json.getAsJsonArray("solvers").size());
        for (String figure : List.of("evaluate_seconds", "sample_seconds", "sample_share")) {
            assertTrue(json.get(figure).getAsDouble() > 0, figure);
        }
    }

    @Test
    void averagesAreATableAndJson() throws IOException {
        Child child = profile("--smoke", "--averages", "--out", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains("moons to ring, medians over 5 seeds"), child.out());
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("averages.json"))).getAsJsonObject();
        assertEquals(5, json.getAsJsonArray("moons_to_ring").size());
        assertEquals(2, json.getAsJsonArray("pairs").size());
    }

    @Test
    void peersThatAreNotHereAreNamedWithTheReason() throws IOException {
        Child child = profile("--smoke", "--compare", "--root", folder.toString(), "--out", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains("JAX scan did not run: there is no jax_scan.py in tools/peers"), child.out());
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("compare.json"))).getAsJsonObject();
        assertTrue(json.getAsJsonObject("own").get("median").getAsDouble() > 0);
        assertTrue(json.get("exact_distance").getAsDouble() > 0);
        assertEquals(900, ImageIO.read(folder.resolve("quality.png").toFile()).getWidth());
    }

    @Test
    void aWrongDeviceIsOneLine() {
        Child child = profile("--smoke", "--device", "no such device", "--out", folder.toString());
        assertEquals(2, child.code());
        assertEquals(1, child.err().lines().count(), child.err());
    }

    private static Set<String> strings(JsonArray array, String key) {
        return array.asList().stream().map(one -> one.getAsJsonObject().get(key).getAsString()).collect(Collectors.toSet());
    }

    /** As {@code tools/inspect --programs} and {@code tools/compiled} start them, with another compiler's output in between. */
    @Test
    void whatIsCompiledOfThePrintedProgramsIsKept() throws IOException {
        Child printed = run("BuiltProgram", ".");
        assertEquals(0, printed.code(), printed.err());
        List<String> lines = new ArrayList<>();
        for (JsonElement one : JsonParser.parseString(printed.out()).getAsJsonObject().getAsJsonArray("programs")) {
            JsonObject program = one.getAsJsonObject();
            if (program.get("kind").getAsString().equals("gpu")) {
                JsonObject line = new JsonObject();
                line.add("program", program.get("name"));
                line.add("digest", program.get("digest"));
                line.addProperty("kernel", "k");
                line.addProperty("gpu", "sm_90");
                line.addProperty("by", "a compiler");
                line.addProperty("registers", 72);
                lines.add(line.toString());
            }
        }
        Path output = Files.write(folder.resolve("output"), lines);
        Path kept = Files.createDirectories(folder.resolve("tools/results")).resolve(Compiled.FILE);
        Child written = run("Compiled", folder.toString(), output.toString());
        assertEquals(0, written.code(), written.err());
        assertEquals(lines.size(), Result.read(kept, Compiled.class).kernels().size());

        Files.write(output, List.of(lines.get(0).replaceFirst("\"digest\":\"..", "\"digest\":\"??")));
        Child refused = run("Compiled", folder.toString(), output.toString());
        assertEquals(2, refused.code(), refused.out());
        assertTrue(refused.err().contains("other files or options"), refused.err());
        assertEquals(lines.size(), Result.read(kept, Compiled.class).kernels().size(), "the file is as it was");
    }
}
