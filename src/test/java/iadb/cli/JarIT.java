package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.FileNames;
import iadb.file.Video;
import iadb.density.Densities;
import iadb.density.Density;
import iadb.density.ImageFile;
import iadb.model.Model;
import iadb.plot.Chroma;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The jar as a user runs it; in the tests' JVM where a separate process would make no difference. */
class JarIT {
    private static final String[] SMALL = {"--data", "999", "--iterations", "300", "--batch", "33", "--points", "101", "--steps", "3"};

    private static final String OUT = "a b/c";

    /** The output folder of one run of the whole tutorial, whose files several tests read. */
    @TempDir
    private static Path once;

    private static ChildRun tutorial;

    @TempDir
    private Path folder;

    @BeforeAll
    static void runTheTutorial() throws IOException, InterruptedException {
        tutorial = Jar.run(once, Map.of("PATH", once.toString()), Jar.with(SMALL, "--animation", "mp4", "--out", OUT)).well();
    }

    @Test
    void withoutFfmpegOneLineSaysHowToGetItAndTheAnimationIsAGif() {
        List<String> lines = tutorial.messages().stream().filter(line -> line.contains("ffmpeg")).toList();
        assertEquals(1, lines.size(), tutorial.err());
        assertTrue(lines.get(0).matches(".*apt install ffmpeg.*animation\\.gif is written instead of .*animation\\.mp4"), lines.get(0));
    }

    @Test
    void theAnimationMayBeAVideo() throws Exception {
        Video.require();
        Commands.run(folder, "--model", once.resolve(OUT).resolve("model.safetensors").toString(), "--points", "101", "--steps", "3",
                "--animation", "mp4", "--out", "./out").well();
        Video video = Video.read(folder.resolve("out/animation.mp4"));
        assertEquals(List.of(640, 640, 3 + 2 * 25), List.of(video.width(), video.height(), video.frames()));
        assertEquals("25/1", video.rate());
        assertFalse(Files.exists(folder.resolve("out/animation.gif")));
    }

    @Test
    void anFfmpegThatDiesCostsTheAnimationOnly() throws Exception {
        Video.require();
        Path script = Files.createDirectory(folder.resolve("bin")).resolve("ffmpeg");
        Files.writeString(script, "#!/bin/sh\ncase \"$*\" in *nut*) echo 'no memory' >&2; exit 1;; esac\ncat > /dev/null\n");
        assertTrue(script.toFile().setExecutable(true));
        ChildRun run = Jar.run(folder, Map.of("PATH", script.getParent() + ":" + System.getenv("PATH")), "--model",
                once.resolve(OUT).resolve("model.safetensors").toString(), "--points", "101", "--steps", "3", "--animation", "mp4");
        assertEquals(1, run.code(), run.err());
        assertEquals(List.of("cannot write out/animation.mp4: ffmpeg: no memory; the other files are still written"),
                run.messages().stream().filter(line -> line.contains("ffmpeg")).toList());
        assertEquals(Set.of("samples_p0.png", "samples_p1.png", "x_0.png", "x_1.png", "x_2.png", "x_3.png", "points.npy", "run.json"),
                Set.copyOf(FileNames.in(folder.resolve("out"))));
    }

    /** The bytes of a file of that run. */
    private static byte[] made(String name) throws IOException {
        return Files.readAllBytes(once.resolve(OUT).resolve(name));
    }

    private byte[] bytes(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name));
    }

    @Test
    void theWholeTutorialWritesEveryFileAndAnIndependentReaderReadsIt() throws Exception {
        Path out = once.resolve(OUT);
        assertEquals(Set.of("samples_p0.png", "samples_p1.png", "x_0.png", "x_1.png", "x_2.png", "x_3.png", "animation.gif",
                "loss.csv", "loss.png", "model.safetensors", "points.npy", "run.json"), Set.copyOf(FileNames.in(out)));
        for (String name : FileNames.in(out)) {
            if (name.endsWith(".png")) {
                assertTrue(ImageIO.read(out.resolve(name).toFile()).getWidth() >= 600, name);
            }
        }
        ImageReader gif = ImageIO.getImageReadersByFormatName("gif").next();
        gif.setInput(ImageIO.createImageInputStream(out.resolve("animation.gif").toFile()));
        assertEquals(4, gif.getNumImages(true));
        assertTrue(gif.read(0).getWidth() <= 640 && gif.read(0).getHeight() <= 640);

        float[] points = npy(out.resolve("points.npy"), 101);
        for (float coordinate : points) {
            assertTrue(coordinate > -1 && coordinate < 2);
        }
        List<String> loss = Files.readAllLines(out.resolve("loss.csv"));
        assertEquals("iteration,loss", loss.get(0));
        assertEquals(300, loss.size() - 1);
        assertTrue(loss.get(300).startsWith("300,"));
        assertTensors(out.resolve("model.safetensors"));

        JsonObject json = JsonParser.parseString(Files.readString(out.resolve("run.json"))).getAsJsonObject();
        for (String key : List.of("program", "java", "device", "driver", "plan", "tuning", "seed", "configuration",
                "microseconds_per_step", "final_loss", "seconds")) {
            assertTrue(json.has(key), key);
        }
        String result = tutorial.out();
        assertTrue(result.startsWith(OUT + "/points.npy: 101 points of spiral") && result.lines().count() == 1,
                "stdout carries the result and nothing else: " + result);
    }

    /** The values of a float32 [rows, 2] file, read by hand from the format's definition. */
    private static float[] npy(Path file, int rows) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        assertEquals("\u0093NUMPY\u0001\u0000", new String(bytes, 0, 8, StandardCharsets.ISO_8859_1));
        int header = 10 + (bytes[8] & 255) + 256 * (bytes[9] & 255);
        String text = new String(bytes, 10, header - 10, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains("'descr': '<f4'") && text.contains("'fortran_order': False")
                && text.contains("'shape': (" + rows + ", 2)"), text);
        float[] values = new float[2 * rows];
        ByteBuffer.wrap(bytes, header, bytes.length - header).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        assertEquals(header + 8 * rows, bytes.length);
        return values;
    }

    /** The ten tensors of CLI.md, from the header of the file, read by hand. */
    private static void assertTensors(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        JsonObject header = JsonParser.parseString(new String(bytes, 8, length, StandardCharsets.UTF_8)).getAsJsonObject();
        Map<String, String> shapes = new HashMap<>();
        header.entrySet().stream().filter(e -> !e.getKey().equals("__metadata__")).forEach(e -> {
            assertEquals("F32", e.getValue().getAsJsonObject().get("dtype").getAsString());
            shapes.put(e.getKey(), e.getValue().getAsJsonObject().get("shape").toString());
        });
        assertEquals(Map.of("linear1.weight", "[64,3]", "linear1.bias", "[64]", "linear2.weight", "[64,64]", "linear2.bias",
                "[64]", "linear3.weight", "[64,64]", "linear3.bias", "[64]", "linear4.weight", "[64,64]", "linear4.bias",
                "[64]", "output.weight", "[2,64]", "output.bias", "[2]"), shapes);
        assertEquals(8 + length + 4 * 12_866, bytes.length);
        assertEquals("gaussian", header.getAsJsonObject("__metadata__").get("p0").getAsString());
    }

    @Test
    void sameSeedGivesTheSameFilesInAnotherProcessAndAnotherSeedDoesNot() throws Exception {
        Commands.run(folder, Jar.with(SMALL, "--out", "./same")).well();
        Commands.run(folder, Jar.with(SMALL, "--out", "./other", "--seed", "1")).well();
        for (String name : List.of("model.safetensors", "points.npy", "loss.csv", "x_3.png", "animation.gif")) {
            assertArrayEquals(made(name), bytes("same/" + name), name);
            assertFalse(Arrays.equals(made(name), bytes("other/" + name)), name);
        }
    }

    /** On a busy machine {@code auto} may take another plan than on an idle one: only run.json may differ. */
    @Test
    void plansOfTheSameBitsGiveTheSameModelFile() throws Exception {
        for (String plan : List.of("fused", "persistent")) {
            Commands.run(folder, Jar.with(SMALL, "--no-frames", "--plan", plan, "--out", "./" + plan)).well();
        }
        assertArrayEquals(bytes("fused/model.safetensors"), bytes("persistent/model.safetensors"));
    }

    /** PoCL would build a program a second time to return its binary, and has a cache of its own. */
    @Test
    void aNamedCacheKeepsSelfTestsButNoPoclProgramsAndTheSecondStartIsQuiet() throws Exception {
        Map<String, String> cache = Map.of("IADB_CL_CACHE", folder.resolve("cache").toString());
        String[] pocl = Jar.with(SMALL, "--plan", "fused", "--device", "pthread");
        ChildRun first = Jar.run(folder, cache, Jar.with(pocl, "--out", "first")).well();
        ChildRun second = Jar.run(folder, cache, Jar.with(pocl, "--out", "second")).well();
        assertTrue(first.err().contains("building kernels for pthread") && first.err().contains(", the first time only"), first.err());
        assertFalse(second.err().contains("building kernels"), second.err());
        assertEquals(Set.of("checks", "so"), FileNames.in(folder.resolve("cache")).stream()
                .map(name -> name.substring(name.lastIndexOf('.') + 1)).collect(Collectors.toSet()));
        for (String name : List.of("model.safetensors", "points.npy", "loss.csv")) {
            assertArrayEquals(made(name), bytes("first/" + name), name);
            assertArrayEquals(made(name), bytes("second/" + name), name);
        }
    }

    @Test
    void aModelThatWasTrainedMapsTheSamePointsAgain() throws Exception {
        Commands.run(folder, "train", "--data", "999", "--iterations", "300", "--batch", "33", "--out", "./trained").well();
        assertEquals(Set.of("model.safetensors", "loss.csv", "loss.png"), Set.copyOf(FileNames.in(folder.resolve("trained"))));
        Commands.run(folder, "--model", "./trained/model.safetensors", "--points", "101", "--steps", "3", "--out", "./mapped").well();
        assertArrayEquals(made("points.npy"), bytes("mapped/points.npy"));
        assertFalse(Files.exists(folder.resolve("mapped/loss.csv")), "nothing was trained");
    }

    @Test
    void massInOneCornerLandsInThatCornerOfThePicture() throws Exception {
        Density topRight = Densities.dot(8, 8, 7, 65535);
        Files.write(folder.resolve("corner.png"), ImageFile.toPng(topRight.image()));
        Commands.run(folder, "--p1", "./corner.png", "--iterations", "3000", "--points", "200", "--steps", "16", "--out", "./out").well();
        float[] points = npy(folder.resolve("out/points.npy"), 200);
        double x = 0;
        double y = 0;
        for (int n = 0; n < 200; n++) {
            x += points[2 * n] / 200;
            y += points[2 * n + 1] / 200;
        }
        assertTrue(x > 0.85 && y > 0.85, "mean " + x + ", " + y);
        for (String name : List.of("samples_p1.png", "x_16.png")) {
            BufferedImage picture = ImageIO.read(folder.resolve("out").resolve(name).toFile());
            int[] colourful = new int[4]; // by quadrant: top left, top right, bottom left, bottom right
            for (int row = 0; row < picture.getHeight(); row++) {
                for (int column = 0; column < picture.getWidth(); column++) {
                    if (Chroma.of(picture.getRGB(column, row)) > 60) {
                        colourful[2 * (2 * row / picture.getHeight()) + 2 * column / picture.getWidth()]++;
                    }
                }
            }
            assertTrue(colourful[1] > 100, name + " " + Arrays.toString(colourful));
            assertTrue(colourful[0] + colourful[2] + colourful[3] < colourful[1] / 20, name + " " + Arrays.toString(colourful));
        }
    }

    @Test
    void aMillionPointsAreMappedInSlices() throws Exception {
        ChildRun run = Jar.run(folder, Map.of(), "--iterations", "10", "--points", "1000000", "--steps", "2", "--no-frames", "--quiet").well();
        npy(folder.resolve("out/points.npy"), 1_000_000);
        assertFalse(Files.exists(folder.resolve("out/animation.gif")));
        assertEquals(List.of(), run.messages(), "--quiet says nothing");
    }

    @Test
    void aNetworkTooLargeForTheFusedPlanTakesLayeredAndSaysSo() throws Exception {
        ChildRun run = Commands.run(folder, "train", "--width", "256", "--depth", "8", "--iterations", "3", "--batch", "16", "--plan",
                "layered", "--out", "./out").well();
        assertTrue(run.err().contains("plan layered"), run.err());
    }

    @Test
    void devicesListsEachDeviceWithItsPlans() throws Exception {
        ChildRun run = Jar.run(folder, Map.of(), "devices").well();
        assertTrue(run.out().startsWith("0: ") && run.out().contains("layered fused persistent (auto: ")
                && run.out().contains("local") && run.out().contains("atomics  ") && run.out().contains("UUID  ")
                && run.out().contains("its barrier is tested when training starts"), run.out());
    }

    @Test
    void helpVersionAndDensitiesGoToStdout() throws Exception {
        assertTrue(Commands.run(folder, "--help").out().contains("--list-densities"));
        assertTrue(Commands.run(folder, "--version").out().matches("iadb-cl \\d+\\.\\d+\\.\\d+\\S*\\R"));
        List<String> names = Commands.run(folder, "--list-densities").out().lines().toList();
        assertTrue(names.size() >= 8 && names.containsAll(List.of("gaussian", "spiral", "moons", "ring", "checkerboard",
                "eight-gaussians")), names.toString());
    }

    /** Some of the cases of {@link RejectedInputsTest}, which tests all of them in one process. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--p0 missing.png | no such file",
        "--iteratoins 5 | did you mean",
        "--device nonesuch | nonesuch",
        "sample --model notes.txt -o p.npy | notes.txt",
        "evaluate --from bad.csv --p1 ring | bad.csv, line 2"})
    void wrongInputGetsOneLineAndExitCode2(String arguments, String reason) throws Exception {
        Files.writeString(folder.resolve("notes.txt"), "no model");
        Files.writeString(folder.resolve("bad.csv"), "1,2\n3,x\n");
        ChildRun run = Jar.run(folder, Map.of(), arguments.split(" "));
        assertEquals(2, run.code(), run.err());
        assertEquals("", run.out());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.messages().get(0).contains(reason), run.err());
        assertFalse(Files.exists(folder.resolve("p.npy")));
    }

    @Test
    void aLoaderWithoutADeviceSaysHowToGetOneAndExits3() throws Exception {
        Path empty = Files.createDirectories(folder.resolve("vendors")); // the loader looks for drivers here
        ChildRun run = Jar.run(folder, Map.of("OCL_ICD_VENDORS", empty + "/"), "--iterations", "5");
        assertEquals(3, run.code(), run.err());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.err().contains("no device") && run.err().contains("pocl"), run.err());
    }

    @Test
    void noUsableLoaderSaysHowToGetOneAndExits3() throws Exception {
        Path libraries = Files.createDirectories(folder.resolve("libraries"));
        Files.writeString(libraries.resolve("libOpenCL.so.1"), "no library");
        Files.writeString(libraries.resolve("libOpenCL.so"), "no library");
        ChildRun run = Jar.run(folder, Map.of("LD_LIBRARY_PATH", libraries.toString()), "--iterations", "5");
        assertEquals(3, run.code(), run.err());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.err().contains("no OpenCL loader") && run.err().contains("pocl"), run.err());
    }

    @Test
    void withoutADisplayTheOptionsThatNeedNoneAreNamed() throws Exception {
        ChildRun run = Jar.run(folder, Map.of("DISPLAY", "", "WAYLAND_DISPLAY", ""), "--realtime", "--iterations", "5", "--out", "window");
        assertEquals(3, run.code(), run.err());
        assertTrue(run.messages().get(run.messages().size() - 1).matches(
                "no window: .*; --offscreen draws without a display; without --realtime, pictures are written to --out"), run.err());
    }

    /** {@link FaultyOpenClIT} tests the same without {@code --verbose}. */
    @Test
    void verboseShowsTheBuildLogOfAKernelThatDoesNotBuild() throws Exception {
        ChildRun run = Jar.run(folder, Map.of("POCL_EXTRA_BUILD_FLAGS", "-DWIDTH=nonsense", "POCL_KERNEL_CACHE", "0"), "--iterations", "5",
                "--device", "pthread", "--verbose");
        assertEquals(1, run.code(), run.err());
        assertTrue(run.err().contains("clBuildProgram") && run.err().contains("network.cl"), run.err());
    }

    @Test
    void aDivergedTrainingReportsTheIterationAndKeepsTheLastFiniteModel() throws Exception {
        ChildRun run = Commands.run(folder, "train", "--iterations", "2000", "--lr", "30", "--out", "./out");
        assertEquals(1, run.code(), run.err());
        String said = run.messages().get(run.messages().size() - 1);
        assertTrue(said.matches("the training diverged: the loss of iteration \\d+ is not finite; take a smaller learning rate"
                + " than 30.0; .*/out/model.safetensors is the network of iteration \\d+, the last with a finite loss; --lr sets the learning rate"), said);
        int steps = Integer.parseInt(said.replaceFirst(".*the network of iteration (\\d+),.*", "$1"));
        List<String> losses = Files.readAllLines(folder.resolve("out/loss.csv"));
        assertTrue(losses.get(losses.size() - 1).startsWith(steps + 1 + ","), "its loss is the last: " + losses);
        Commands.run(folder, "train", "--iterations", Integer.toString(steps), "--lr", "30", "--out", "./short").well();
        assertArrayEquals(Model.read(folder.resolve("short/model.safetensors")).network().parameters(),
                Model.read(folder.resolve("out/model.safetensors")).network().parameters());

        ChildRun atOnce = Commands.run(folder, "train", "--iterations", "2000", "--lr", "10000", "--out", "./none");
        assertEquals(1, atOnce.code(), atOnce.err());
        assertTrue(atOnce.err().contains("the loss of iteration 2 is not finite"), atOnce.err());
        assertFalse(Files.exists(folder.resolve("none/model.safetensors")), "no step led to a finite loss");
    }

    @Test
    void theJarCarriesItsKernelsAndTheNativesOfFivePlatforms() throws Exception {
        try (java.util.zip.ZipFile jar = new java.util.zip.ZipFile(System.getProperty("iadb.jar"))) {
            Set<String> names = jar.stream().map(java.util.zip.ZipEntry::getName).collect(Collectors.toSet());
            for (String name : List.of("cl/network.cl", "META-INF/LICENSE",
                    "linux/x64/org/lwjgl/liblwjgl.so", "linux/arm64/org/lwjgl/liblwjgl.so", "windows/x64/org/lwjgl/lwjgl.dll",
                    "macos/x64/org/lwjgl/liblwjgl.dylib", "macos/arm64/org/lwjgl/liblwjgl.dylib")) {
                assertTrue(names.contains(name), name);
            }
            assertEquals(5, names.stream().filter(name -> name.contains("JOCL") && name.matches(".*\\.(so|dll|dylib)")).count());
        }
    }
}
