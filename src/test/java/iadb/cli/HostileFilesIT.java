package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.ConstantPool;
import iadb.FileNames;
import iadb.density.Densities;
import iadb.density.ImageFile;
import iadb.density.RawPng;
import iadb.file.Safetensors;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar with malicious files: each is refused in one line, and none makes it use much memory, other paths or the network. */
class HostileFilesIT {
    private static final int BOMB_SIDE = 50_000;
    private static final String ESCAPE = "\u001b[2J\u009b2J\n";
    private static final String[] SMALL = {"--points", "99", "--steps", "2"};

    /** Classes that every program needs that opens a connection or waits for one. */
    private static final Pattern CONNECTIONS = Pattern.compile("java[./]net[./](Socket|ServerSocket|DatagramSocket|MulticastSocket"
            + "|HttpURLConnection|http[./].*)|java[./]nio[./]channels[./]\\w*(Socket|Datagram)\\w*Channel"
            + "|sun[./]nio[./]ch[./](NioSocketImpl|\\w*(Socket|Datagram)ChannelImpl)|sun[./]net[./]www[./]protocol[./]https?[./].*"
            + "|javax[./]net[./].*|java[./]rmi[./].*|javax[./]naming[./].*");

    @TempDir
    private Path tree;

    // ---- memory ----------------------------------------------------------------------------------------------------------------

    /** A black PNG of one bit a pixel: 312 MB of rows. */
    private static byte[] bomb() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (var rows = new DeflaterOutputStream(packed, new Deflater(Deflater.BEST_COMPRESSION), 1 << 16)) {
            byte[] row = new byte[1 + (BOMB_SIDE + 7) / 8];
            for (int i = 0; i < BOMB_SIDE; i++) {
                rows.write(row);
            }
        }
        return new RawPng(BOMB_SIDE, BOMB_SIDE, 1, RawPng.GREY).chunk("IDAT", packed.toByteArray()).chunk("IEND", new byte[0])
                .bytes();
    }

    @Test
    void aDecompressionBombIsRefusedInOneLineBeforeMemoryIsAllocated() throws Exception {
        byte[] whole = bomb();
        assertTrue(whole.length < 400_000, whole.length + " bytes");
        Files.write(tree.resolve("whole.png"), whole);
        Files.write(tree.resolve("cut.png"), Arrays.copyOf(whole, 50_000));
        for (ChildRun run : List.of(Jar.run(tree, Map.of(), List.of("-Xmx64m"), "--p0", "whole.png"),
                Commands.run(tree, "--p0", "./cut.png", "--out", "./out"))) {
            assertEquals(2, run.code(), run.err());
            assertEquals(1, run.messages().size(), run.err());
            assertTrue(run.messages().get(0).endsWith(".png has 50,000 x 50,000 pixels: give an image of at most 67,108,864 pixels"
                    + " and at most 32,768 on a side"), run.err());
            assertFalse(Files.exists(tree.resolve("out")), "before anything is made");
        }
    }

    @Test
    void aFileThatNeedsTooMuchMemoryIsReported() throws Exception {
        try (RandomAccessFile file = new RandomAccessFile(tree.resolve("m.safetensors").toFile(), "rw")) {
            file.writeLong(Long.reverseBytes(90_000_000));
            file.writeByte('{');
            file.setLength(90_000_008); // takes no room on the disk
        }
        ChildRun run = Jar.run(tree, Map.of(), List.of("-Xmx64m"), "--model", "m.safetensors", "--out", "out");
        assertEquals(2, run.code(), run.err());
        assertEquals(List.of("m.safetensors: takes more memory than Java has; give java more with -Xmx4g"), run.messages());
    }

    // ---- paths, words and connections ------------------------------------------------------------------------------------------

    /** Runs the program with a log of the classes that it loads, and requires that none of them opens a connection. */
    private void runWithoutConnections(Path folder, String... arguments) throws IOException, InterruptedException {
        Path home = Files.createDirectories(tree.resolve("home"));
        Path classes = tree.resolve("home").resolve("classes.log");
        ChildRun run = Jar.run(folder, Map.of(), List.of("-Duser.home=" + home, "-Djava.io.tmpdir=" + home,
                "-Xlog:class+load:file=" + classes), arguments).well();
        assertFalse((run.out() + run.err()).matches("(?s).*[\u001b\u009b].*"), "no text of a file controls the terminal");
        List<String> loaded = Files.readAllLines(classes);
        assertTrue(loaded.stream().anyMatch(line -> line.contains("iadb.cli.Main")), "classes are listed");
        assertEquals(List.of(), loaded.stream().filter(line -> line.contains("source:"))
                .map(line -> line.replaceFirst("^(\\[[^]]*])*\\s*", "").split(" ")[0])
                .filter(name -> CONNECTIONS.matcher(name).matches()).toList(), "no connection is opened");
    }

    private static String picture(int side, int bright) {
        return Base64.getEncoder().encodeToString(ImageFile.toPng(Densities.dot(side, side, bright, 9)));
    }

    private static void writeModel(Path file, String p0, String p1, Map<String, String> more) throws IOException {
        Map<String, String> metadata = new HashMap<>(more);
        metadata.putAll(Map.of("format", "iadb-cl-model-1", "p0", p0, "p1", p1, "p0.png", picture(8, 3), "p1.png", picture(8, 40)));
        Safetensors.write(file, Network.initial(new NetworkShape(16, 1), 1).tensors(), metadata);
    }

    /** Writes images that names in a hostile file point to; their access times show whether they are read. */
    private static Map<Path, FileTime> bait(Path... paths) throws IOException {
        Map<Path, FileTime> accessed = new HashMap<>();
        for (Path path : paths) {
            Files.createDirectories(path.getParent());
            Files.write(path, Base64.getDecoder().decode(picture(8, 63)));
            FileTime longAgo = FileTime.from(1, TimeUnit.DAYS);
            Files.getFileAttributeView(path, BasicFileAttributeView.class).setTimes(null, longAgo, null);
            accessed.put(path, (FileTime) Files.getAttribute(path, "lastAccessTime"));
        }
        return accessed;
    }

    @Test
    void namesInAModelAreNeverUsedAsPaths() throws Exception {
        Path folder = Files.createDirectories(tree.resolve("a/b/c"));
        Path absolute = tree.resolve("elsewhere/p1.png");
        Map<Path, FileTime> bait = bait(absolute, tree.resolve("a/x.png"), folder.resolve("near.png"));
        writeModel(folder.resolve("good.safetensors"), "one", "other", Map.of());
        writeModel(folder.resolve("bad.safetensors"), "../../x.png", absolute + ESCAPE, Map.of("p0.path", "near.png",
                "out", "../../out", "image", absolute.toString(), "file", "../../x.png", "configuration", "{\"out\":\"../..\"}"));
        Set<String> before = Set.copyOf(FileNames.below(tree));
        Commands.run(folder, Jar.with(SMALL, "--model", "./good.safetensors", "--out", "./good")).well();
        Commands.run(folder, "sample", "--model", "./good.safetensors", "--points", "99", "--steps", "2", "-o", "./good/sample.csv").well();
        runWithoutConnections(folder, Jar.with(SMALL, "--model", "bad.safetensors", "--out", "bad"));
        runWithoutConnections(folder, "sample", "--model", "bad.safetensors", "--points", "99", "--steps", "2", "-o", "bad/sample.csv");
        runWithoutConnections(folder, "evaluate", "--model", "bad.safetensors", "--count", "99", "-o", "bad/report.png");
        for (String name : FileNames.in(folder.resolve("good"))) {
            if (name.endsWith(".npy") || name.endsWith(".csv") || name.startsWith("x_")) {
                assertArrayEquals(Files.readAllBytes(folder.resolve("good").resolve(name)),
                        Files.readAllBytes(folder.resolve("bad").resolve(name)), name);
            }
        }
        assertNothingBeyond(before, folder.resolve("good"), folder.resolve("bad"));
        for (Map.Entry<Path, FileTime> untouched : bait.entrySet()) {
            assertEquals(untouched.getValue(), Files.getAttribute(untouched.getKey(), "lastAccessTime"), "never read");
        }
        Files.readAllBytes(absolute);
        assumeTrue(!bait.get(absolute).equals(Files.getAttribute(absolute, "lastAccessTime")), "this file system notes no access");
    }

    @Test
    void aFileNameDoesNotControlTheTerminal() throws Exception {
        String name = "\u001b[2J\u009b31m\rx.png";
        Files.writeString(tree.resolve(name), "no picture");
        ChildRun run = Jar.run(tree, Map.of("LC_ALL", "C.UTF-8"), List.of(), "--p1", name, "--out", "out");
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().startsWith("?[2J?31m?x.png "), run.err());
        assertFalse(run.err().matches("(?s).*[\u001b\u009b\r].*"), run.err());
    }

    @Test
    void namesInACheckpointAreNeverUsedAsPaths() throws Exception {
        Path folder = Files.createDirectories(tree.resolve("a/b/c"));
        Commands.run(folder, "train", "--iterations", "4", "--checkpoint-every", "4", "--batch", "8", "--data", "99", "--width", "16",
                "--depth", "1", "--out", "./first").well();
        Safetensors.Contents contents = Safetensors.read(folder.resolve("first/checkpoint.safetensors"));
        Map<String, String> metadata = new HashMap<>(contents.metadata());
        metadata.putAll(Map.of("p0", "../../x.png" + ESCAPE, "p0.png", picture(8, 3), "out", "../../out", "device", ESCAPE,
                "checkpoint", "../../c.safetensors"));
        Safetensors.write(folder.resolve("bad.safetensors"), List.copyOf(contents.tensors().values()), metadata);
        Set<String> before = Set.copyOf(FileNames.below(tree));
        runWithoutConnections(folder, "train", "--resume", "bad.safetensors", "--iterations", "8", "--out", "second");
        assertTrue(Files.exists(folder.resolve("second/model.safetensors")));
        assertNothingBeyond(before, folder.resolve("second"));
    }

    /** Requires that new files are only in these folders and in the run's home, except for its output. */
    private void assertNothingBeyond(Set<String> before, Path... folders) throws IOException {
        Set<String> made = new TreeSet<>(FileNames.below(tree));
        made.removeAll(before);
        made.removeIf(name -> Arrays.stream(folders).anyMatch(tree.resolve(name)::startsWith) || name.startsWith("home/")
                || name.matches("(.*/)?std(out|err)"));
        assertEquals(Set.of(), made);
    }

    // ---- what the program's own classes can name -------------------------------------------------------------------------------

    @Test
    void noClassOfTheProgramNamesAConnection() throws IOException {
        List<String> faults = new ArrayList<>();
        int classes = 0;
        try (ZipFile jar = new ZipFile(System.getProperty("iadb.jar"))) {
            for (ZipEntry entry : (Iterable<ZipEntry>) jar.stream().map(ZipEntry.class::cast)::iterator) {
                if (entry.getName().startsWith("iadb/") && entry.getName().endsWith(".class")) {
                    classes++;
                    for (String text : ConstantPool.read(jar.getInputStream(entry)).texts()) {
                        if (CONNECTIONS.matcher(text).matches() || text.equals("openConnection") || text.equals("openStream")) {
                            faults.add(entry.getName() + " names " + text);
                        }
                    }
                }
            }
        }
        assertTrue(classes > 100, classes + " classes");
        assertEquals(List.of(), faults);
    }
}
