package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.FileNames;
import iadb.cl.Device;
import iadb.cl.Fence;
import iadb.cl.OtherDevice;
import iadb.density.PointDensity;
import iadb.file.NpyWriter;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.sample.TrainedNetwork;
import iadb.train.LossHistory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages, output and files of the commands, run in the tests' JVM. */
class CommandLineTest {
    private static final String[] SMALL = {"train", "--data", "99", "--batch", "8", "--width", "16", "--depth", "1", "--plan", "fused"};

    @TempDir
    private Path folder;

    private ChildRun run(String... arguments) {
        return Commands.run(folder, arguments).well();
    }

    private void writeAModel() throws IOException {
        TrainedNetwork.write(folder.resolve("m.safetensors"));
    }

    private void assertSameFiles(String one, String other) throws IOException {
        assertEquals(FileNames.in(folder.resolve(one)), FileNames.in(folder.resolve(other)));
        for (String name : FileNames.in(folder.resolve(one))) {
            assertArrayEquals(Files.readAllBytes(folder.resolve(one).resolve(name)),
                    Files.readAllBytes(folder.resolve(other).resolve(name)), name);
        }
    }

    /** Locales with other digits, and Turkish, where the capital of i is not I. */
    @Test
    void everyLocaleWritesTheSameBytesAndResumesFromThem() throws IOException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.ROOT);
            run(Jar.with(SMALL, "--iterations", "9", "--checkpoint-every", "9", "--out", "./root"));
            for (String tag : List.of("ar-EG", "fa-IR", "ne", "my", "mr", "ckb", "tr")) {
                Locale.setDefault(Locale.forLanguageTag(tag));
                run(Jar.with(SMALL, "--iterations", "9", "--checkpoint-every", "9", "--out", "./" + tag));
                assertSameFiles("root", tag);
            }
            Locale.setDefault(Locale.forLanguageTag("ar-EG"));
            run("train", "--resume", "./root/checkpoint.safetensors", "--iterations", "20");
            Locale.setDefault(Locale.ROOT);
            run("train", "--resume", "./ar-EG/checkpoint.safetensors", "--iterations", "20");
            assertSameFiles("root", "ar-EG");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aCheckpointResumesOnlyWithATuningThatGivesTheSameBits() throws IOException {
        run(Jar.with(SMALL, "--iterations", "9", "--checkpoint-every", "9", "--out", "./same"));
        for (String copy : List.of("old", "other")) {
            Files.createDirectories(folder.resolve(copy));
        }
        withTuning("old", tuning -> tuning.replace("unroll=1 split=1 ", "").replaceFirst("item-rows=\\d+", "item-rows=2")
                .replaceFirst("update-groups=\\d+", "update-groups=3"));
        withTuning("other", tuning -> tuning.replaceFirst("tile-rows=\\d+", "tile-rows=4096"));
        run("train", "--resume", "./same/checkpoint.safetensors", "--iterations", "20");
        run("train", "--resume", "./old/checkpoint.safetensors", "--iterations", "20");
        assertArrayEquals(Files.readAllBytes(folder.resolve("same/model.safetensors")),
                Files.readAllBytes(folder.resolve("old/model.safetensors")));
        ChildRun refused = Commands.run(folder, "train", "--resume", "./other/checkpoint.safetensors", "--iterations", "20");
        assertEquals(2, refused.code());
        assertTrue(refused.err().contains("cannot continue with the same bits") && refused.err().contains("tile-rows=4096"), refused.err());
    }

    /** Copies the checkpoint of {@code same} with another tuning. */
    private void withTuning(String to, UnaryOperator<String> change) throws IOException {
        Checkpoint.Contents contents = Checkpoint.read(folder.resolve("same/checkpoint.safetensors"));
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        String before = metadata.get("tuning");
        metadata.computeIfPresent("tuning", (key, tuning) -> change.apply(tuning));
        assertNotEquals(before, metadata.get("tuning"));
        Checkpoint.write(folder.resolve(to).resolve("checkpoint.safetensors"), new Checkpoint.Contents(contents.checkpoint(),
                contents.p0(), contents.p1(), contents.losses(), metadata, contents.roundStart()));
    }

    @Test
    void onlyFilesOfTheSameLengthArePairedAndSamplesKeepTheirPairs() throws IOException {
        for (int rows : new int[] {5000, 5001}) {
            Files.writeString(folder.resolve(rows + ".csv"), IntStream.range(0, rows).mapToObj(i -> i + "," + i % 70)
                    .collect(Collectors.joining("\n")));
        }
        String[] paired = Jar.with(SMALL, "--iterations", "9", "--coupling", "paired", "--out", "./paired", "--p0", "./5000.csv", "--p1");
        ChildRun refused = Commands.run(folder, Jar.with(paired, "./5001.csv"));
        assertEquals(2, refused.code());
        assertTrue(refused.err().contains("5000 points of p0 cannot be paired with 5001 of p1"), refused.err());
        assertFalse(Files.exists(folder.resolve("paired/model.safetensors")));
        run(Jar.with(paired, "./5000.csv"));
        Model model = Model.read(folder.resolve("paired/model.safetensors"));
        assertArrayEquals(((PointDensity) model.p0().orElseThrow()).points(), ((PointDensity) model.p1().orElseThrow()).points());
    }

    @ParameterizedTest
    @ValueSource(strings = {"npy", "csv"})
    void pointsOutsideTheUnitSquareAreCounted(String kind) throws IOException {
        writeAModel();
        float[] points = {0, 0, 1, 1, 0.5f, 0.5f, 320, 0.5f, 0.5f, 240, -1e-6f, 0.5f};
        if (kind.equals("npy")) {
            NpyWriter.writeArray(folder.resolve("p.npy"), points, 6, 2);
        } else {
            Files.writeString(folder.resolve("p.csv"), "0,0\n1,1\n.5,.5\n320,.5\n.5,240\n-1e-6,.5\n");
        }
        NpyWriter.writeArray(folder.resolve("inside.npy"), new float[] {0, 1, 0.3f, 0.7f}, 2, 2);
        for (String[] command : new String[][] {{"sample", "--model", "./m.safetensors", "--steps", "2", "-o", "./o.csv", "--from"},
            {"sample", "--model", "./m.safetensors", "--steps", "2", "-o", "./o.csv", "--at"}, {"evaluate", "--p1", "ring", "--from"}}) {
            String[] outside = Arrays.copyOf(command, command.length + 1);
            outside[command.length] = "./p." + kind;
            ChildRun run = run(outside);
            String counted = "3 of 6 points of " + folder.resolve("p." + kind) + " lie outside the unit square";
            assertTrue(run.err().contains(counted), run.err());
            outside[command.length] = "./inside.npy";
            assertFalse(run(outside).err().contains("outside"), "all points are inside");
        }
    }

    @Test
    void lossRowsAreTheLastIterationAndTheMean() throws IOException {
        LossHistory history = new LossHistory(512);
        history.add(new float[] {1, 3, 5, 7, 9});
        TrainingReporter.write(history, folder);
        TrainingReporter.write(history, folder); // a second time gives the same file
        assertEquals(List.of("iteration,loss", "2,2.0", "4,6.0", "5,9.0"), Files.readAllLines(folder.resolve("loss.csv")));
    }

    @Test
    void evaluateReportsItsPhases() throws IOException {
        writeAModel();
        ChildRun run = run("evaluate", "--model", "./m.safetensors", "--count", "500", "--steps", "2");
        List<String> phases = run.messages().stream().filter(line -> !line.contains(" a second, ")).toList();
        assertEquals(List.of("comparing points with exact samples"), phases);
        assertEquals(List.of(), run("evaluate", "--model", "./m.safetensors", "--count", "500", "--steps", "2", "--quiet").messages());
    }

    @Test
    void exportWritesTheFormThatTheEndingNames() throws IOException {
        writeAModel();
        Files.writeString(folder.resolve("ring.C"), "earlier");
        ChildRun run = run("export", "--model", "./m.safetensors", "--steps", "5", "--solver", "midpoint", "-o", "./ring.C");
        assertEquals(List.of(), run.messages());
        Path file = folder.resolve("ring.C");
        assertEquals("%s: 5 midpoint steps, %,d bytes\n".formatted(file, Files.size(file)), run.out());
        String code = Files.readString(file);
        assertTrue(code.contains("void ring_map(const float start[2], float end[2]);"), code.substring(0, 3000));
        assertTrue(code.contains("ring_steps = 5,"), code.substring(0, 3000));
        run("export", "--model", "./m.safetensors", "-o", "./ring.py");
        assertTrue(Files.readString(folder.resolve("ring.py")).contains("\nSTEPS = 128\n"), "as sample does");
        run("export", "--model", "./m.safetensors", "--function", "velocity", "-o", "./ring.onnx");
        List<String> warned = run("export", "--model", "./m.safetensors", "-o", "./ring.glsl").messages();
        assertEquals(1, warned.size(), warned.toString());
        run("export", "--model", "./m.safetensors", "--model", "./m.safetensors", "--solver", "rk4", "-o", "./two.html");
        String page = Files.readString(folder.resolve("two.html"));
        assertTrue(page.contains("\"solver\":\"rk4\",\"schedule\":\"linear\",\"steps\":128,\"models\":[{\"label\":\"model 1\""), page);
        assertTrue(page.contains("{\"label\":\"model 2\""), page);
        assertTrue(warned.get(0).matches(".*ring\\.glsl: it has 1\\d\\d,\\d+ characters, and a tab of Shadertoy .*--width.*"), warned.get(0));
    }

    /** Runs the completion script in bash as bash does; zsh was tried by hand. */
    @Test
    void bashCompletesCommandsOptionsValuesDensitiesAndFiles() throws Exception {
        assumeTrue(new ProcessBuilder("bash", "--version").redirectErrorStream(true).start().waitFor() == 0, "no bash");
        Files.write(folder.resolve("script"), run("completion", "bash").out().getBytes(StandardCharsets.UTF_8));
        Files.writeString(folder.resolve("spare points.csv"), "");
        String asking = "source ./script; COMP_LINE=$1; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1));"
                + " _complete_iadb-cl 2> messages; printf '%s\\n' \"${COMPREPLY[@]}\" | LC_ALL=C sort";
        Map<String, String> completions = new HashMap<>(Map.of("iadb-cl eval", "evaluate", "iadb-cl sample --sol", "--solver",
                "iadb-cl sample --solver m", "midpoint", "iadb-cl train --plan p", "persistent", "iadb-cl --p1 eig", "eight-gaussians",
                "iadb-cl train --p0 sp", "spare points.csv\nspiral", "iadb-cl evaluate --from s", "script\nspare points.csv",
                "iadb-cl completion b", "bash", "iadb-cl --device a", "auto", "iadb-cl sample -o sc", "script"));
        completions.putAll(Map.of("iadb-cl exp", "export", "iadb-cl export --sc", "--schedule", "iadb-cl export --function v", "velocity"));
        for (Map.Entry<String, String> completion : completions.entrySet()) {
            Process asked = new ProcessBuilder("bash", "-c", asking, "bash", completion.getKey()).directory(folder.toFile()).start();
            String answer = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(completion.getValue(), answer.strip(), completion.getKey());
        }
    }

    @Test
    void devicesSaysWhyPersistentCannotRun() {
        Device device = Device.all().get(0);
        assertTrue(DevicesCommand.persistent(device).startsWith("its barrier is tested when training starts"), DevicesCommand.persistent(device));
        assertTrue(DevicesCommand.persistent(OtherDevice.with(device, Fence.NONE)).matches("no: .* reports no fence .*"),
                DevicesCommand.persistent(OtherDevice.with(device, Fence.NONE)));
        String tooSmall = DevicesCommand.persistent(OtherDevice.limited(device, 64, 4096));
        assertTrue(tooSmall.matches("no: .* local memory .*"), tooSmall);
    }
}
