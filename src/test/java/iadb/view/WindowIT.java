package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.ChildRun;
import iadb.LearnedMap;
import iadb.cli.Jar;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.NamedDensities;
import iadb.file.NpyReader;
import iadb.file.Video;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Chroma;
import iadb.view.interop.SharingLayer;
import iadb.view.surface.Xvfb;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar's window on a private X server, driven by keys and pointer as a user would. */
class WindowIT {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 700;
    // where the camera puts the unit square in a window of this size
    private static final double SIDE = (Math.min(WIDTH - Panel.WIDTH, HEIGHT)) * 0.88;
    private static final double MIDDLE_X = (Panel.WIDTH + WIDTH) / 2.0;
    private static final int STATUS_LEFT = WIDTH - 256;
    private static final int STATUS_BOTTOM = 330;

    @TempDir
    private Path folder;

    /** A picture of the window, of which the tests compare the unit square. */
    private record Look(BufferedImage picture) {
        /** Whether a pixel is coloured as points are; everything else is grey. */
        boolean isPoint(int x, int y) {
            return Chroma.of(picture.getRGB(x, y)) > 60;
        }

        boolean isSquare(int x, int y) {
            return x > Panel.WIDTH && !(x > STATUS_LEFT && y < STATUS_BOTTOM);
        }

        /** Pixels of points. */
        List<int[]> points() {
            List<int[]> points = new ArrayList<>();
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    if (isSquare(x, y) && isPoint(x, y)) {
                        points.add(new int[] {x, y});
                    }
                }
            }
            return points;
        }

        /** The share of the points' pixels near which the density is above 2 % of its maximum. */
        double shareOn(Density density) {
            List<int[]> points = points();
            assertTrue(points.size() > 1000, points.size() + " pixels of points");
            long near = points.stream().filter(point -> isNear(density, toX(point[0]), toY(point[1]))).count();
            return near / (double) points.size();
        }

        private static boolean isNear(Density near, double x, double y) {
            ImageDensity density = near.image();
            double dark = 0.02 * density.brightest();
            for (int i = -4; i <= 4; i++) {
                for (int j = -4; j <= 4; j++) {
                    int column = (int) Math.floor(x * density.width()) + i;
                    int row = density.height() - 1 - (int) Math.floor(y * density.height()) + j;
                    if (column >= 0 && column < density.width() && row >= 0 && row < density.height()
                            && Short.toUnsignedInt(density.weights()[row * density.width() + column]) > dark) {
                        return true;
                    }
                }
            }
            return false;
        }

        /** The number of pixels in the square that differ from another picture moved by (dx, dy). */
        int differences(Look other, int dx, int dy) {
            int count = 0;
            for (int y = 80; y < HEIGHT - 140; y++) { // messages appear below
                for (int x = Panel.WIDTH + 80; x < WIDTH - 80; x++) {
                    if (isSquare(x, y) && isSquare(x + dx, y + dy)
                            && picture.getRGB(x, y) != other.picture.getRGB(x + dx, y + dy)) {
                        count++;
                    }
                }
            }
            return count;
        }
    }

    private static double toX(double pixel) {
        return 0.5 + (pixel - MIDDLE_X) / SIDE;
    }

    private static double toY(double pixel) {
        return 0.5 - (pixel - HEIGHT / 2.0) / SIDE;
    }

    private static int pixelX(double x) {
        return (int) Math.round(MIDDLE_X + (x - 0.5) * SIDE);
    }

    private static int pixelY(double y) {
        return (int) Math.round(HEIGHT / 2.0 - (y - 0.5) * SIDE);
    }

    /** A running program. */
    private final class Show implements AutoCloseable {
        private final Process process;
        private final Map<String, String> environment;
        private int screenshots;

        Show(Map<String, String> environment, String... arguments) throws IOException {
            this.environment = environment;
            List<String> all = new ArrayList<>(List.of("--realtime", "--window", WIDTH + "x" + HEIGHT, "--out", "made"));
            all.addAll(List.of(arguments));
            process = Jar.start(folder, environment, List.of(), all.toArray(String[]::new));
        }

        void xdotool(String... words) throws IOException, InterruptedException {
            List<String> command = new ArrayList<>(List.of("xdotool"));
            command.addAll(List.of(words));
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectOutput(folder.resolve("xdotool").toFile());
            builder.environment().putAll(environment);
            Process tool = builder.start();
            assertTrue(tool.waitFor(1, TimeUnit.MINUTES) && tool.exitValue() == 0, () -> List.of(words) + messages());
        }

        void awaitWindow() throws IOException, InterruptedException {
            xdotool("search", "--sync", "--onlyvisible", "--name", "iadb-cl");
        }

        void await(Callable<Boolean> condition) throws Exception {
            Jar.await(process, folder, condition);
        }

        /** Waits until so many lines of the program's messages contain {@code part}. */
        void awaitLines(int count, String part) throws Exception {
            await(() -> messages().lines().filter(line -> line.contains(part)).count() == count);
        }

        /** Clicks as slowly as the panel needs: a frame for the pointer, another for the press, and another for the release. */
        void clickInPanel(int x, int y) throws Exception {
            xdotool("mousemove", "" + x, "" + y);
            look();
            xdotool("mousedown", "1");
            look();
            xdotool("mouseup", "1");
            look();
        }

        /** Chooses an item of a list in the panel. */
        void choose(int x, int y, int item) throws Exception {
            clickInPanel(x, y);
            clickInPanel(x - 20, y + 27 + 26 * item);
        }

        /** Presses X, and reads the model that the program then writes. */
        Model export(int earlier) throws Exception {
            xdotool("key", "x");
            awaitLines(earlier + 1, "kept in");
            return Model.read(folder.resolve("made").resolve("model.safetensors"));
        }

        /** Presses S and reads the picture that the program writes, which shows the effect of all earlier keys. */
        Look look() throws Exception {
            Path file = folder.resolve("made").resolve("screenshot_" + screenshots++ + ".png");
            xdotool("key", "s");
            await(() -> Files.exists(file));
            return new Look(ImageIO.read(file.toFile()));
        }

        /** The first picture that satisfies a condition: changes may take several frames, or some time of the X server. */
        Look look(String what, Predicate<Look> condition) throws Exception {
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
            Look look = look();
            while (!condition.test(look)) {
                assertTrue(System.nanoTime() < end, () -> what + "\n" + messages());
                look = look();
            }
            return look;
        }

        void interrupt() throws IOException, InterruptedException {
            Jar.interrupt(process);
        }

        String messages() {
            return Jar.said(folder);
        }

        /** The number in the messages that is the first group of a pattern. */
        double millis(String pattern) {
            Matcher number = Pattern.compile(pattern).matcher(messages());
            assertTrue(number.find(), messages());
            return Double.parseDouble(number.group(1));
        }

        /** Waits for the end and returns the last line of stdout. */
        JsonObject end(int code) throws IOException, InterruptedException {
            ChildRun run = ChildRun.end(process, folder);
            assertEquals(code, run.code(), run.err());
            List<String> lines = run.out().lines().toList();
            return lines.isEmpty() ? new JsonObject()
                    : JsonParser.parseString(lines.get(lines.size() - 1)).getAsJsonObject();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    @Test
    void keysPointerAndBrushWork() throws Exception {
        try (Xvfb server = new Xvfb();
                Show show = new Show(server.environment(), "--iterations", "4000", "--points", "3000", "--p1",
                        "ring")) {
            show.awaitWindow();
            show.awaitLines(1, "kept in");
            show.xdotool("key", "space");
            Look paused = show.look();
            double onTarget = paused.shareOn(NamedDensities.find("ring").orElseThrow());
            assertTrue(onTarget > 0.8, "share of the points on p1: " + onTarget);
            assertEquals(0, paused.differences(show.look(), 0, 0), "a pause holds everything still");

            show.xdotool("mousemove", "500", "300", "mousedown", "1", "mousemove", "530", "310", "mousemove", "560",
                    "340", "mouseup", "1");
            show.look("a drag moves the picture by the distance of the pointer",
                    look -> paused.differences(look, 0, 0) > 5000 && paused.differences(look, 60, 40) < 500);
            show.xdotool("key", "0");
            show.look("0 shows the whole square again", look -> paused.differences(look, 0, 0) == 0);
            show.xdotool("mousemove", "632", "350", "click", "4", "click", "4");
            show.look("the wheel zooms", look -> extent(look) > 1.2 * extent(paused));
            show.xdotool("key", "0");

            for (String key : List.of("v", "g", "k", "d", "l", "t")) {
                show.xdotool("key", key);
                show.look(key + " changes the picture", look -> paused.differences(look, 0, 0) > 300);
                show.xdotool("key", key);
                show.look(key + " again restores it", look -> paused.differences(look, 0, 0) == 0);
            }
            for (boolean shown : new boolean[] {true, false}) {
                show.clickInPanel(137, 348); // the box for the grid
                show.look("a click in the panel changes the picture, a second one restores it",
                        look -> shown == paused.differences(look, 0, 0) > 300);
            }
            show.xdotool("key", "Left", "key", "Left");
            Look earlier = show.look("two steps back", look -> paused.differences(look, 0, 0) > 300);
            show.xdotool("key", "Right");
            show.look("a step forward", look -> earlier.differences(look, 0, 0) > 300);
            show.xdotool("key", "Left");
            show.look("a step back", look -> earlier.differences(look, 0, 0) == 0);
            show.xdotool("key", "f");
            show.look("F fills the screen", look -> look.picture().getWidth() > WIDTH);
            show.xdotool("key", "f");
            show.look("F again restores the window",
                    look -> look.picture().getWidth() == WIDTH && earlier.differences(look, 0, 0) == 0);
            int[] somewhere = earlier.points().get(earlier.points().size() / 3);
            show.xdotool("mousemove", "" + somewhere[0], "" + somewhere[1], "click", "1");
            show.look("a click shows the trajectory of a point", look -> earlier.differences(look, 0, 0) > 50);

            String y = Integer.toString(pixelY(0.5));
            show.xdotool("key", "plus", "key", "p", "key", "c", "mousemove", "" + pixelX(0.25), y, "mousedown", "1",
                    "mousemove", "" + pixelX(0.4), y, "mousemove", "" + pixelX(0.75), y, "mouseup", "1");
            show.xdotool("key", "p", "key", "space");
            show.awaitLines(2, "kept in"); // the training of what was painted
            float[] points = NpyReader.readArray(folder.resolve("made").resolve("points.npy"));
            int near = 0;
            for (int i = 0; i < 6000; i++) {
                near += Math.abs(points[2 * i + 1] - 0.5) < 0.07 && Math.abs(points[2 * i] - 0.5) < 0.32 ? 1 : 0;
            }
            assertTrue(near > 0.8 * 6000, near + " of 6,000 points lie on the stroke");

            show.xdotool("key", "space", "key", "b");
            Look reversed = show.look("B starts from p1", look -> look.points().size() > 1000
                    && look.points().stream().filter(point -> Math.abs(toY(point[1]) - 0.5) > 0.07).count()
                            < 0.02 * look.points().size());
            show.xdotool("key", "Tab", "key", "h");
            show.look("Tab and H change what is shown", look -> reversed.differences(look, 0, 0) > 5000);
            show.xdotool("key", "Tab", "key", "h");
            show.xdotool("key", "minus", "key", "plus", "key", "r");
            show.look("R draws other points", look -> reversed.differences(look, 0, 0) > 500);
            show.xdotool("key", "Escape");
            JsonObject json = show.end(0);
            assertEquals(6000, json.get("points").getAsInt());
            assertEquals("copied", json.get("transfer").getAsString());
            assertTrue(json.get("frames").getAsInt() > 50 && json.get("host_bytes_per_frame").getAsDouble() > 0);
            assertTrue(json.get("gl_renderer").getAsString().length() > 2 && json.has("frame_ms_p99"));
        }
    }

    /** The width of the middle 90 % of the points' pixels. */
    private static double extent(Look look) {
        int[] xs = look.points().stream().mapToInt(point -> point[0]).sorted().toArray();
        return xs[xs.length * 95 / 100] - xs[xs.length * 5 / 100];
    }

    @Test
    void thePanelSwitchesPresetAndEncoding() throws Exception {
        try (Xvfb server = new Xvfb(); Show show = new Show(server.environment(), "--iterations", "10000000", "--points", "500")) {
            show.awaitWindow();
            show.choose(60, 236, 1);
            show.awaitLines(1, "another network");
            Model quick = show.export(0);
            assertEquals(NetworkShape.DEFAULT_FEATURES, quick.network().shape().features());
            assertTrue(quick.provenance().get("configuration").contains("\"ot\""), quick.provenance().get("configuration"));
            show.choose(180, 236, 0);
            show.awaitLines(2, "another network");
            Model plain = show.export(1);
            assertEquals(NetworkShape.TUTORIAL, plain.network().shape());
            assertTrue(plain.provenance().get("configuration").contains("\"ot\""), "the other settings of the preset stay");
            show.xdotool("key", "Escape");
            show.end(0);
        }
    }

    /** The number of pixels in a tile's part of the window, of two tiles, that differ. */
    private static long differencesInTile(int tile, Look a, Look b) {
        int width = (WIDTH - Panel.WIDTH) / 2;
        int left = Panel.WIDTH + tile * width;
        int top = (HEIGHT + Status.TITLE - width) / 2; // below the title, above the messages
        return IntStream.range(0, width * width).filter(i -> a.picture().getRGB(left + i % width, top + i / width)
                != b.picture().getRGB(left + i % width, top + i / width)).count();
    }

    @Test
    void mapsAreComparedInTiles() throws Exception {
        try (Xvfb server = new Xvfb(); Show show = new Show(server.environment(), "--compare", "none,fourier", "--iterations", "300",
                "--data", "2000", "--points", "800", "--p1", "ring")) {
            show.awaitWindow();
            show.await(() -> Files.exists(folder.resolve("made/1-no-encoding/points.npy"))
                    && Files.exists(folder.resolve("made/2-fourier-32-1/points.npy")));
            show.xdotool("key", "space");
            Look paused = show.look();
            assertEquals(0, differencesInTile(0, paused, show.look()), "a pause holds all tiles still");
            show.xdotool("key", "Tab");
            show.look("without the panel the tiles are wider", look -> paused.differences(look, 0, 0) > 5000);
            show.xdotool("key", "Tab");
            int[] point = paused.points().stream().filter(at -> at[0] > Panel.WIDTH + (WIDTH - Panel.WIDTH) / 2 + 100).findFirst().orElseThrow();
            show.xdotool("mousemove", "" + point[0], "" + point[1], "click", "1");
            show.look("a click shows the trajectories of the point in both tiles",
                    look -> differencesInTile(0, paused, look) > 30 && differencesInTile(1, paused, look) > 30);
            show.xdotool("key", "Escape");
            JsonArray tiles = show.end(0).getAsJsonArray("tiles");
            assertEquals(List.of("no encoding", "fourier:32:1"), tiles.asList().stream()
                    .map(tile -> tile.getAsJsonObject().get("name").getAsString()).toList());
            tiles.forEach(tile -> assertEquals(300, tile.getAsJsonObject().get("iterations").getAsInt()));
        }
        assertEquals(0, Model.read(folder.resolve("made/1-no-encoding/model.safetensors")).network().shape().features());
        assertEquals(32, Model.read(folder.resolve("made/2-fourier-32-1/model.safetensors")).network().shape().features());
    }

    @Test
    void aWindowMayBeClosedDuringTraining() throws Exception {
        try (Xvfb server = new Xvfb();
                Show show = new Show(server.environment(), "--iterations", "10000000", "--record", "show.gif")) {
            show.awaitWindow();
            Look first = show.look();
            show.look("the points move during the training", look -> first.differences(look, 0, 0) > 1000);
            for (int i = 0; i < 5; i++) { // frames
                show.look();
            }
            show.xdotool("key", "Escape");
            assertTrue(show.end(0).get("frames").getAsInt() > 5);
            assertEquals("", show.messages().lines().filter(line -> line.contains("xception") || line.contains("rror"))
                    .filter(line -> !line.contains("XDG_RUNTIME_DIR")).findAny().orElse(""));
        }
        ImageReader gif = ImageIO.getImageReadersByFormatName("gif").next();
        gif.setInput(ImageIO.createImageInputStream(folder.resolve("show.gif").toFile()));
        assertTrue(gif.getNumImages(true) >= 2, gif.getNumImages(true) + " frames are recorded");
        assertEquals(640, gif.read(0).getWidth());
    }

    @Test
    void offScreenAModelIsPlayedWithoutTraining() throws Exception {
        Files.createFile(Files.createDirectory(folder.resolve("training-frames")).resolve("frame_000000.png")); // of an earlier recording
        try (Show training = new Show(Map.of("PATH", folder.toString()), "--offscreen", "--seconds", "600", "--iterations", "1",
                "--p1", "ring", "--points", "500", "--record", "training.mp4")) {
            training.awaitLines(1, "kept in");
            training.interrupt();
            training.end(130);
            training.awaitLines(1, "apt install ffmpeg");
        }
        assertEquals(WIDTH, ImageIO.read(folder.resolve("training-frames-2/frame_000000.png").toFile()).getWidth(), "without ffmpeg");
        float[] points = NpyReader.readArray(folder.resolve("made").resolve("points.npy"));
        try (LearnedMap map = LearnedMap.load(folder.resolve("made").resolve("model.safetensors"))) {
            assertArrayEquals(map.sample(500, 0), points, 1e-5f, "a training that ends within a frame moves its points, too");
        }
        byte[] model = Files.readAllBytes(folder.resolve("made").resolve("model.safetensors"));
        double longestSeconds; // a slow recorder skips frames
        try (Show show = new Show(Map.of("DISPLAY", ""), "--offscreen", "--seconds", "3", "--model",
                "made/model.safetensors", "--screenshot", "last.png", "--record", "show.mp4", "--points", "3000",
                "--steps", "16", "--verbose")) {
            JsonObject json = show.end(0);
            assertEquals(3000, json.get("points").getAsInt());
            longestSeconds = 3 + 2e-3 * show.millis("the longest (\\d+) ms") + 2 / 30.0;
        }
        assertEquals(Arrays.hashCode(model), Arrays.hashCode(
                Files.readAllBytes(folder.resolve("made").resolve("model.safetensors"))));
        Look last = new Look(ImageIO.read(folder.resolve("last.png").toFile()));
        assertTrue(last.points().size() > 1000);
        Video.require();
        Video video = Video.read(folder.resolve("show.mp4"));
        assertEquals("30/1", video.rate());
        assertEquals(List.of(WIDTH, HEIGHT), List.of(video.width(), video.height()));
        double seconds = video.frames() / 30.0;
        assertTrue(video.frames() > 0 && seconds < longestSeconds, seconds + " s, the window was shown for " + longestSeconds);
        assertTrue(IntStream.range(0, video.frames()).anyMatch(k -> last.points().stream()
                .mapToInt(point -> video.chroma(k, point[0], point[1])).average().orElseThrow() > 60),
                "a frame shows the points of the last picture");
    }

    @Test
    void aDivergedTrainingLeavesTheWindowWithTheEarlierNetwork() throws Exception {
        try (Xvfb server = new Xvfb(); Show show = new Show(server.environment(), "--lr", "30", "--points", "500")) {
            show.await(() -> show.messages().matches(
                    "(?s).*the training diverged at iteration \\d: .*after iteration 0; nothing to keep.*"));
            assertTrue(show.look().points().size() > 1000);
            show.xdotool("key", "Escape");
            show.end(0);
        }
        assertFalse(Files.exists(folder.resolve("made").resolve("model.safetensors")));
    }

    @Test
    void sharedAndCopiedPointsDrawTheSamePicture() throws Exception {
        Model.write(model(), new Model(Network.initial(NetworkShape.TUTORIAL, 7), Optional.of(ImageDensity.parse("gaussian", false)),
                Optional.of(ImageDensity.parse("ring", false)), Map.of()));
        try (Show copied = new Show(Map.of(), "--offscreen", "--seconds", "0", "--screenshot", "copied.png",
                "--interop", "off", "--model", model().toString())) {
            assertEquals("copied", copied.end(0).get("transfer").getAsString());
        }
        try (Show shared = new Show(SharingLayer.environment(), "--offscreen", "--seconds", "0", "--screenshot",
                        "shared.png", "--model", model().toString())) {
            JsonObject json = shared.end(0);
            assertEquals("shared", json.get("transfer").getAsString());
            assertEquals(0, json.get("host_bytes_per_frame").getAsDouble());
            assertFalse(shared.messages().contains(SharingLayer.MISUSE), shared.messages());
        }
        Look one = new Look(ImageIO.read(folder.resolve("copied.png").toFile()));
        Look other = new Look(ImageIO.read(folder.resolve("shared.png").toFile()));
        assertTrue(one.shareOn(NamedDensities.find("gaussian").orElseThrow()) > 0.9, "the first frame shows points of p0");
        assertEquals(0, one.differences(other, 0, 0));
    }

    private Path model() {
        return folder.resolve("given.safetensors");
    }

    @Test
    void anOutputThatCannotBeWrittenIsReportedAndTheWindowContinues() throws Exception {
        Files.writeString(folder.resolve("made"), "a file in the folder's place");
        try (Show show = new Show(Map.of(), "--offscreen", "--seconds", "600", "--iterations", "500", "--points", "500")) {
            show.awaitLines(1, "not written");
            show.interrupt();
            show.end(1);
        }
    }

    @Test
    void picturesThatCannotBeWrittenDoNotLoseTheTraining() throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/full")), "only Linux has a device that is always full");
        Files.createSymbolicLink(folder.resolve("full.gif"), Path.of("/dev/full"));
        try (Show show = new Show(Map.of(), "--offscreen", "--seconds", "600", "--iterations", "500", "--points", "500",
                "--record", "full.gif", "--screenshot", "/dev/full")) {
            show.awaitLines(1, "kept in");
            show.interrupt();
            show.end(1);
            assertTrue(show.messages().contains("not written: full.gif: No space left on device"), show.messages());
            assertTrue(show.messages().endsWith("cannot write /dev/full: No space left on device\n"), show.messages());
        }
        assertTrue(Model.read(folder.resolve("made/model.safetensors")).network().isFinite());
    }

    @Test
    void withoutADisplayOneLineSaysWhatHelps() throws Exception {
        try (Show show = new Show(Map.of("DISPLAY", "", "WAYLAND_DISPLAY", ""))) {
            show.end(3);
            assertEquals(1, show.messages().lines().count(), show.messages());
            assertTrue(show.messages().contains("--offscreen") && show.messages().contains("--out"), show.messages());
        }
    }

    @Test
    void anOpenGlOlderThanNeededIsRefusedByOneLine() throws Exception {
        try (Xvfb server = new Xvfb()) {
            Map<String, String> old = new HashMap<>(server.environment());
            old.put("MESA_GL_VERSION_OVERRIDE", "2.1");
            try (Show show = new Show(old)) {
                show.end(3);
                assertTrue(show.messages().contains("3.3"), show.messages());
            }
        }
    }
}
