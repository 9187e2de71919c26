package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.model.ModelFile;
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
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The jar in a process of its own, as a user runs it. */
class JarIT {
    private static final String[] SMALL = {"--data", "999", "--iterations", "300", "--batch", "33", "--points", "101", "--steps", "3"};

    @TempDir
    private Path folder;

    private Jar.Run run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        return Jar.run(folder, environment, arguments);
    }

    private Jar.Run run(String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), arguments);
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Arrays.stream(some), Arrays.stream(more)).toArray(String[]::new);
    }

    private Set<String> files(Path in) throws IOException {
        try (Stream<Path> paths = Files.list(in)) {
            return paths.map(path -> path.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void theWholeTutorialWritesEveryFileAndAnIndependentReaderReadsIt() throws Exception {
        Jar.Run run = run(with(SMALL, "--out", "a b/c"));
        assertEquals(0, run.code(), run.err());
        Path out = folder.resolve("a b/c");
        assertEquals(Set.of("samples_p0.png", "samples_p1.png", "x_0.png", "x_1.png", "x_2.png", "x_3.png", "animation.gif",
                "loss.csv", "loss.png", "model.safetensors", "points.npy", "run.json"), files(out));
        for (String name : files(out)) {
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
        assertTrue(run.out().startsWith("a b/c/points.npy: 101 points of spiral") && run.out().lines().count() == 1,
                "stdout carries the result and nothing else: " + run.out());
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
    void sameSeedGivesTheSameFilesAndAnotherDoesNot() throws Exception {
        assertEquals(0, run(with(SMALL, "--out", "one")).code());
        assertEquals(0, run(with(SMALL, "--out", "two")).code());
        assertEquals(0, run(with(SMALL, "--out", "other", "--seed", "1")).code());
        for (String name : List.of("model.safetensors", "points.npy", "loss.csv", "x_3.png", "animation.gif")) {
            byte[] one = Files.readAllBytes(folder.resolve("one").resolve(name));
            assertArrayEquals(one, Files.readAllBytes(folder.resolve("two").resolve(name)), name);
            assertFalse(Arrays.equals(one, Files.readAllBytes(folder.resolve("other").resolve(name))), name);
        }
    }

    /** A busy machine may make `auto` take another plan than a quiet one: no file shows it but run.json. */
    @Test
    void plansOfTheSameBitsGiveTheSameModelFile() throws Exception {
        assertEquals(0, run(with(SMALL, "--no-frames", "--plan", "fused", "--out", "fused")).code());
        assertEquals(0, run(with(SMALL, "--no-frames", "--plan", "persistent", "--out", "persistent")).code());
        assertArrayEquals(Files.readAllBytes(folder.resolve("fused/model.safetensors")),
                Files.readAllBytes(folder.resolve("persistent/model.safetensors")));
    }

    @Test
    void secondRunTakesItsProgramsFromTheCacheAndWritesTheSameFiles() throws Exception {
        Map<String, String> cache = Map.of("IADB_CL_CACHE", folder.resolve("programs").toString());
        Jar.Run first = run(cache, with(SMALL, "--verbose", "--out", "first"));
        Jar.Run second = run(cache, with(SMALL, "--verbose", "--out", "second"));
        assertTrue(first.err().contains("built from source") && !first.err().contains("from the cache"), first.err());
        assertTrue(second.err().contains("from the cache") && !second.err().contains("built from source"), second.err());
        assertEquals(0, run(with(SMALL, "--out", "without")).code());
        for (String name : List.of("model.safetensors", "points.npy", "loss.csv")) {
            byte[] without = Files.readAllBytes(folder.resolve("without").resolve(name));
            assertArrayEquals(without, Files.readAllBytes(folder.resolve("first").resolve(name)), name);
            assertArrayEquals(without, Files.readAllBytes(folder.resolve("second").resolve(name)), name);
        }
    }

    @Test
    void aModelThatWasTrainedMapsTheSamePointsAgain() throws Exception {
        assertEquals(0, run("train", "--data", "999", "--iterations", "300", "--batch", "33", "--out", "trained").code());
        assertEquals(Set.of("model.safetensors", "loss.csv", "loss.png"), files(folder.resolve("trained")));
        assertEquals(0, run(with(SMALL, "--out", "whole")).code());
        Jar.Run run = run("--model", "trained/model.safetensors", "--points", "101", "--steps", "3", "--out", "mapped");
        assertEquals(0, run.code(), run.err());
        assertArrayEquals(Files.readAllBytes(folder.resolve("whole/points.npy")),
                Files.readAllBytes(folder.resolve("mapped/points.npy")));
        assertFalse(Files.exists(folder.resolve("mapped/loss.csv")), "nothing was trained");
    }

    @Test
    void massInOneCornerLandsInThatCornerOfThePicture() throws Exception {
        short[] weights = new short[8 * 8];
        weights[7] = (short) 65535; // top right
        Files.write(folder.resolve("corner.png"), DensityImage.toPng(Density.of("corner", 8, 8, weights)));
        assertEquals(0, run("--p1", "corner.png", "--iterations", "3000", "--points", "200", "--steps", "16",
                "--out", "out").code());
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
                    int rgb = picture.getRGB(column, row);
                    int red = rgb >> 16 & 255;
                    int green = rgb >> 8 & 255;
                    int blue = rgb & 255;
                    if (Math.max(red, Math.max(green, blue)) - Math.min(red, Math.min(green, blue)) > 60) {
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
        Jar.Run run = run("--iterations", "10", "--points", "1000000", "--steps", "2", "--no-frames", "--out", "out", "--quiet");
        assertEquals(0, run.code(), run.err());
        npy(folder.resolve("out/points.npy"), 1_000_000);
        assertFalse(Files.exists(folder.resolve("out/animation.gif")));
        assertEquals(List.of(), run.messages(), "--quiet says nothing");
    }

    @Test
    void aNetworkTooLargeForTheFusedPlanTakesLayeredAndSaysSo() throws Exception {
        Jar.Run run = run("train", "--width", "256", "--depth", "8", "--iterations", "3", "--batch", "16", "--plan", "layered",
                "--out", "out");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("plan layered"), run.err());
    }

    @Test
    void devicesListsEachDeviceWithItsPlans() throws Exception {
        Jar.Run run = run("devices");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.out().startsWith("0: ") && run.out().contains("layered fused persistent (auto: ")
                && run.out().contains("local"), run.out());
    }

    @Test
    void helpVersionAndDensitiesGoToStdout() throws Exception {
        assertTrue(run("--help").out().contains("--list-densities"));
        assertTrue(run("--version").out().matches("iadb-cl \\d+\\.\\d+\\.\\d+\\S*\\R"));
        List<String> names = run("--list-densities").out().lines().toList();
        assertTrue(names.size() >= 8 && names.containsAll(List.of("gaussian", "spiral", "moons", "ring", "checkerboard",
                "eight-gaussians")), names.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--p0 missing.png | no such file",
        "--p1 notes.txt | notes.txt",
        "--p0 black.png | all black",
        "--p0 . | is a folder",
        "--p1 spirla | did you mean spiral",
        "--points 0 | --points 0",
        "--points -5 | --points -5",
        "--points 1.5 | --points",
        "--iterations 0 | --iterations 0",
        "--batch -1 | --batch -1",
        "--steps 0 | --steps 0",
        "--lr 0 | --lr 0",
        "--width 17 | width 17",
        "--depth 9 | depth 9",
        "--data 2147483647 | bytes",
        "--plan quickest | persistent",
        "--device nonesuch | nonesuch",
        "--device 99 | 99",
        "--out notes.txt | notes.txt",
        "--out notes.txt/sub | notes.txt",
        "--model missing.safetensors | missing.safetensors",
        "--model truncated.safetensors | truncated",
        "--model shape.safetensors | linear1.weight",
        "--iteratoins 5 | did you mean",
        "frobnicate | frobnicate"})
    void wrongInputGetsOneLineAndExitCode2AndLeavesFilesWhole(String arguments, String reason) throws Exception {
        Files.writeString(folder.resolve("notes.txt"), "no picture");
        BufferedImage black = new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_GRAY);
        ImageIO.write(black, "png", folder.resolve("black.png").toFile());
        iadb.model.Network network = iadb.model.Network.initial(iadb.model.NetworkShape.TUTORIAL, 0);
        Path model = folder.resolve("m.safetensors");
        iadb.io.Safetensors.write(model, network.tensors(), Map.of());
        Files.write(folder.resolve("truncated.safetensors"), Arrays.copyOf(Files.readAllBytes(model), 9_000));
        iadb.io.Safetensors.write(folder.resolve("shape.safetensors"), network.tensors().subList(2, 10), Map.of());
        Path old = Files.createDirectories(folder.resolve("out")).resolve("points.npy");
        Files.writeString(old, "earlier");

        Jar.Run run = run(arguments.split(" "));
        assertEquals(2, run.code(), run.err());
        assertEquals("", run.out());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.messages().get(0).contains(reason), run.err());
        assertEquals("earlier", Files.readString(old));
    }

    @Test
    void aLoaderWithoutADeviceSaysHowToGetOneAndExits3() throws Exception {
        Path empty = Files.createDirectories(folder.resolve("vendors")); // the loader looks for drivers here
        Jar.Run run = run(Map.of("OCL_ICD_VENDORS", empty + "/"), "--iterations", "5");
        assertEquals(3, run.code(), run.err());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.err().contains("no device") && run.err().contains("pocl"), run.err());
    }

    @Test
    void noUsableLoaderSaysHowToGetOneAndExits3() throws Exception {
        Path libraries = Files.createDirectories(folder.resolve("libraries"));
        Files.writeString(libraries.resolve("libOpenCL.so.1"), "no library");
        Files.writeString(libraries.resolve("libOpenCL.so"), "no library");
        Jar.Run run = run(Map.of("LD_LIBRARY_PATH", libraries.toString()), "--iterations", "5");
        assertEquals(3, run.code(), run.err());
        assertEquals(1, run.messages().size(), run.err());
        assertTrue(run.err().contains("no OpenCL loader") && run.err().contains("pocl"), run.err());
    }

    @Test
    void aKernelThatDoesNotBuildGetsOneLineAndVerboseItsLog() throws Exception {
        Map<String, String> broken = Map.of("POCL_EXTRA_BUILD_FLAGS", "-DWIDTH=nonsense", "POCL_KERNEL_CACHE", "0");
        Jar.Run run = run(broken, "--iterations", "5", "--device", "pthread");
        assertEquals(1, run.code(), run.err());
        assertTrue(run.err().contains("clBuildProgram"), run.err());
        assertFalse(run.err().contains("\tat "), "no stack trace");
        assertTrue(run(broken, "--iterations", "5", "--device", "pthread", "--verbose").err().contains("network.cl"),
                "the log names the file");
    }

    @Test
    void aTrainingThatDivergesSaysWhereAndKeepsTheLastFiniteModel() throws Exception {
        Jar.Run run = run("train", "--iterations", "2000", "--lr", "30", "--out", "out");
        assertEquals(1, run.code(), run.err());
        String said = run.messages().get(run.messages().size() - 1);
        assertTrue(said.matches("the training diverged: the loss of iteration \\d+ is not finite; take a smaller learning rate"
                + " \\(--lr\\) than 30.0; out/model.safetensors is the network of iteration \\d+, the last with a finite loss"), said);
        int steps = Integer.parseInt(said.replaceFirst(".*the network of iteration (\\d+),.*", "$1"));
        List<String> losses = Files.readAllLines(folder.resolve("out/loss.csv"));
        assertTrue(losses.get(losses.size() - 1).startsWith(steps + 1 + ","), "its loss is the last: " + losses);
        assertEquals(0, run("train", "--iterations", Integer.toString(steps), "--lr", "30", "--out", "short").code());
        assertArrayEquals(ModelFile.read(folder.resolve("short/model.safetensors")).network().parameters(),
                ModelFile.read(folder.resolve("out/model.safetensors")).network().parameters());

        Jar.Run atOnce = run("train", "--iterations", "2000", "--lr", "10000", "--out", "none");
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
