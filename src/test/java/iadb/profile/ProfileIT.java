package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.cl.Device;
import iadb.cli.Jar;
import iadb.plan.TuningTable;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command profile with its smallest measurements, and tools that use its results, in separate processes. */
class ProfileIT {
    @TempDir
    private Path folder;

    private ChildRun profile(String... arguments) throws IOException, InterruptedException {
        return Jar.run(folder, Map.of(), Stream.concat(Stream.of("profile"), Stream.of(arguments)).toArray(String[]::new));
    }

    private static ChildRun tool(String name, String... arguments) throws IOException, InterruptedException {
        return ChildRun.of("iadb.tools." + name, Map.of(), arguments);
    }

    @Test
    void aProfileIsATableAndJsonAndCharts() throws Exception {
        ChildRun child = profile("--smoke", "-o", folder.toString());
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
        for (String list : List.of("plans", "kernels", "map", "widths", "batches", "at_once")) {
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
    void usesOfTheMapAreATableAndJson() throws Exception {
        ChildRun child = profile("--smoke", "--map", "-o", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains("with the density") && child.out().contains("midpoint"), child.out());
        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("map.json"))).getAsJsonObject();
        assertEquals(3, json.getAsJsonArray("solvers").size());
        for (String figure : List.of("evaluate_seconds", "sample_seconds", "sample_share")) {
            assertTrue(json.get(figure).getAsDouble() > 0, figure);
        }
    }

    /** A script in place of PyTorch returns the start points as mapped; the other peers are missing. */
    @Test
    void peersAreComparedAndThoseNotHereAreNamedWithTheReason() throws Exception {
        Path script = folder.resolve("pytorch.py");
        Files.writeString(script, """
                #!/usr/bin/env bash
                echo "$*" >>"$0.calls"
                while [[ $1 != --checkpoints ]]; do shift; done
                list=""
                for n in ${2//,/ }; do list+=",{\"iteration\":$n,\"seconds\":$n,\"points\":\"start.npy\"}"; done
                echo "{\"threads\":1,\"microseconds_per_step\":1000,\"compile_seconds\":0,\"checkpoints\":[${list:1}]}"
                """);
        assertTrue(script.toFile().setExecutable(true));
        ChildRun child = profile("--smoke", "--compare", "--p1", "ring", "--peers", folder.toString(), "-o", folder.toString());
        assertEquals(0, child.code(), child.err());
        assertTrue(child.out().contains(" did not run: jax_scan.py is missing in " + folder), child.out());
        String calls = Files.readString(folder.resolve("pytorch.py.calls"));
        TrainingSettings sharp = Preset.SHARP.settings();
        String all = " --cosine --ema %s --encoding %s --deviation %s\n".formatted(sharp.ema(), sharp.shape().features(),
                sharp.encodingDeviation());
        assertTrue(calls.contains(" --coupling ot-once --coupling-rows 1024 --data 4096" + all), calls);
        assertTrue(calls.contains(" --coupling ot --coupling-rows 256 --data 4096 --cosine --ema %s\n".formatted(sharp.ema())), calls);

        JsonObject json = JsonParser.parseString(Files.readString(folder.resolve("compare.json"))).getAsJsonObject();
        assertEquals("ring", json.get("p1").getAsString());
        assertTrue(json.getAsJsonObject("own").get("median").getAsDouble() > 0);
        assertTrue(json.get("exact_distance").getAsDouble() > 0 && json.get("exact_variation").getAsDouble() > 0);
        assertEquals(Set.of("tutorial", "quick", "sharp"), strings(json.getAsJsonArray("presets"), "preset"));
        JsonObject tutorial = json.getAsJsonArray("presets").get(0).getAsJsonObject();
        assertTrue(tutorial.get("reached_seconds").getAsDouble() > 0, "it is as good as itself");
        Map<String, JsonObject> peers = json.getAsJsonArray("peers").asList().stream().map(JsonElement::getAsJsonObject)
                .collect(Collectors.toMap(peer -> peer.get("name").getAsString(), peer -> peer));
        JsonObject eager = peers.get("PyTorch eager, 1 thread");
        assertTrue(eager.has("ratio") && eager.has("quality"), eager.toString());
        assertTrue(eager.get("reached_seconds").getAsDouble() > 0, "at its end, if not sooner");
        JsonObject pairs = peers.get("PyTorch as the presets, OT once in 256 rows, quick");
        assertTrue(pairs.getAsJsonArray("quality").get(0).getAsJsonObject().get("variation").getAsDouble() > 0);
        for (String chart : List.of("quality", "variation")) {
            assertEquals(900, ImageIO.read(folder.resolve(chart + ".png").toFile()).getWidth());
        }
    }

    /** Every command that opens a device takes tunings by an option, and by the environment. */
    @Test
    void tuningsOfAFileComeBeforeThePackedOnes() throws Exception {
        String words = "vector=8 tile-rows=64 item-rows=4 item-vectors=2 group-size=1 unroll=1 split=1";
        Path file = folder.resolve("tuning.properties");
        Files.writeString(file, TuningTable.key(Device.all().get(0), TuningTable.Purpose.TRAINING) + "=" + words
                + " update-groups=0 update-group-size=1\n");
        ChildRun devices = Jar.run(folder, Map.of(), "devices", "--tuning", file.toString());
        assertTrue(devices.out().contains(words), devices.out() + devices.err());
        Jar.run(folder, Map.of("IADB_CL_TUNING", file.toString()), "--iterations", "1", "--points", "1", "--steps", "1", "--no-frames", "--out",
                folder.toString());
        assertTrue(Files.readString(folder.resolve("run.json")).contains(words));
        Files.writeString(file, "vector=8\n");
        ChildRun refused = Jar.run(folder, Map.of("IADB_CL_TUNING", file.toString()), "devices");
        assertEquals(2, refused.code());
        assertEquals(List.of("IADB_CL_TUNING: " + file + " is not a file of tunings: a row is named 'vector', not DEVICE.PURPOSE"),
                refused.err().lines().toList());
        Path missing = folder.resolve("missing.properties");
        refused = Jar.run(folder, Map.of(), "tune", "--tuning", missing.toString(), "--device", "no such device", "-o", "other");
        assertTrue(refused.err().startsWith("--tuning: no such file: " + missing), refused.err());
        ChildRun own = Jar.run(folder, Map.of("IADB_CL_TUNING", "missing.properties"), "tune", "--device", "no such device", "-o",
                missing.toString());
        assertTrue(own.err().contains("no such device"), "the file that tune writes may be missing: " + own.err());
    }

    @Test
    void aWrongDeviceIsOneLine() throws Exception {
        ChildRun child = profile("--smoke", "--device", "no such device", "-o", folder.toString());
        assertEquals(2, child.code());
        assertEquals(1, child.err().lines().count(), child.err());
    }

    private static Set<String> strings(JsonArray array, String key) {
        return array.asList().stream().map(one -> one.getAsJsonObject().get(key).getAsString()).collect(Collectors.toSet());
    }

    /** As {@code tools/inspect --programs} and {@code tools/compiled} start them, with another compiler's output in between. */
    @Test
    void figuresOfThePrintedProgramsAreKept() throws Exception {
        ChildRun printed = tool("BuiltProgram");
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
        Path kept = Files.createDirectories(folder.resolve("tools/results")).resolve("compiled.json");
        ChildRun written = tool("Compiled", folder.toString(), output.toString());
        assertEquals(0, written.code(), written.err());
        assertEquals(lines.size(), kernels(kept).size());

        Files.write(output, List.of(lines.get(0).replaceFirst("\"digest\":\"..", "\"digest\":\"??")));
        ChildRun refused = tool("Compiled", folder.toString(), output.toString());
        assertEquals(2, refused.code(), refused.out());
        assertTrue(refused.err().contains("other files or options"), refused.err());
        assertEquals(lines.size(), kernels(kept).size(), "the file is unchanged");
    }

    private static JsonArray kernels(Path compiled) throws IOException {
        return JsonParser.parseString(Files.readString(compiled)).getAsJsonObject().getAsJsonArray("kernels");
    }
}
