package iadb.cl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.FileNames;
import iadb.cl.OpenClException.BuildException;
import iadb.density.NamedDensities;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program that was built once is loaded from the cache; damaged or foreign entries do no harm. */
class ProgramCacheTest {
    private static final Source TRIPLE = new Source("triple.cl", """
            kernel void triple(global float *x) {
                x[get_global_id(0)] *= FACTOR;
            }
            """);
    private static final List<String> OPTIONS = List.of(Source.STANDARD, "-DFACTOR=3.0f");
    private static final String KEY = "0123456789abcdef".repeat(4);

    @TempDir
    private Path home;

    private Path folder() {
        return home.resolve("a").resolve("programs");
    }

    private UserCache cache() {
        return UserCache.in(folder(), Program.CACHE_KIND, UserCache.MAX_BYTES);
    }

    /** Builds and runs it in a context of its own, as another run would; returns whether it came from the cache. */
    private static boolean build(Device device, UserCache cache, Source source, List<String> options, float factor) {
        try (Context context = Context.open(device, cache);
                Program program = context.build(List.of(source), options);
                Kernel kernel = program.kernel("triple");
                DeviceBuffer x = context.buffer(new float[] {1, 2, 5})) {
            context.enqueue(kernel.set("x", x), 3, 1);
            assertArrayEquals(new float[] {factor, 2 * factor, 5 * factor}, x.read(new float[3]));
            return program.isFromCache();
        }
    }

    private static boolean build(Device device, UserCache cache) {
        return build(device, cache, TRIPLE, OPTIONS, 3);
    }

    @Test
    void secondBuildComesFromTheCache() throws IOException {
        for (Device device : Device.all()) {
            assertFalse(build(device, cache()), device.name());
            assertTrue(build(device, cache()), device.name());
        }
        assertEquals(Device.all().stream().map(d -> Program.key(d, List.of(TRIPLE), OPTIONS)).distinct().count(),
                FileNames.in(folder()).size(), "one entry a device, and nothing unfinished");
    }

    @Test
    void contextBuildsTheSameProgramOnce() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device, cache())) {
                context.build(List.of(TRIPLE), OPTIONS).close();
                try (Program again = context.build(List.of(TRIPLE), OPTIONS);
                        Program third = context.build(List.of(TRIPLE), OPTIONS)) {
                    assertFalse(again.isFromCache(), "the program that was built, not its binary");
                    again.kernel("triple").close();
                    third.kernel("triple").close();
                }
                for (int i = 0; i < 20; i++) { // more than a context keeps
                    context.build(List.of(TRIPLE), List.of("-DFACTOR=" + i + ".0f")).close();
                }
                try (Program afterwards = context.build(List.of(TRIPLE), OPTIONS)) {
                    afterwards.kernel("triple").close();
                }
            }
        }
    }

    /** What can happen to an entry. */
    enum Damage {
        EMPTY, TRUNCATED_HEADER, NO_PAYLOAD, TRUNCATED_PAYLOAD, LONGER, MAGIC, FORMAT, KEY, LENGTH, CHECKSUM, FIRST_BYTE, LAST_BYTE,
        OTHER_ENTRY, FOLDER, FULL_FOLDER, LINK_TO_NOWHERE, FOREIGN_PROGRAM;

        void inflict(Path file, Path other) throws IOException {
            byte[] whole = Files.readAllBytes(file);
            switch (this) {
                case EMPTY -> Files.write(file, new byte[0]);
                case TRUNCATED_HEADER -> truncate(file, UserCache.HEADER_BYTES / 2);
                case NO_PAYLOAD -> truncate(file, UserCache.HEADER_BYTES);
                case TRUNCATED_PAYLOAD -> truncate(file, whole.length - 1);
                case LONGER -> Files.write(file, ByteBuffer.allocate(whole.length + 1).put(whole).array());
                case MAGIC -> flip(file, 0);
                case FORMAT -> flip(file, 11);
                case KEY -> flip(file, 12);
                case LENGTH -> flip(file, 51);
                case CHECKSUM -> flip(file, 83);
                case FIRST_BYTE -> flip(file, UserCache.HEADER_BYTES);
                case LAST_BYTE -> flip(file, whole.length - 1);
                case OTHER_ENTRY -> Files.write(file, Files.readAllBytes(other));
                case FOLDER -> makeFolder(file);
                case FULL_FOLDER -> Files.write(makeFolder(file).resolve("kept"), new byte[1]);
                case LINK_TO_NOWHERE -> {
                    Files.delete(file);
                    Files.createSymbolicLink(file, file.resolveSibling("nowhere"));
                }
                case FOREIGN_PROGRAM -> Files.write(file, "\177ELF of somebody else".repeat(20).getBytes());
            }
        }

        private static void truncate(Path file, int bytes) throws IOException {
            Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
        }

        private static void flip(Path file, int at) throws IOException {
            byte[] bytes = Files.readAllBytes(file);
            bytes[at] ^= 1;
            Files.write(file, bytes);
        }

        private static Path makeFolder(Path file) throws IOException {
            Files.delete(file);
            return Files.createDirectory(file);
        }
    }

    @ParameterizedTest
    @EnumSource
    void damagedEntryIsBuiltAgainAndReplaced(Damage damage) throws IOException {
        for (Device device : Device.all()) {
            List<String> others = List.of("-DFACTOR=4.0f");
            build(device, cache());
            build(device, cache(), TRIPLE, others, 4);
            Path file = cache().file(Program.key(device, List.of(TRIPLE), OPTIONS));
            damage.inflict(file, cache().file(Program.key(device, List.of(TRIPLE), others)));
            assertFalse(build(device, cache()), "taken from a damaged entry");
            assertEquals(damage != Damage.FULL_FOLDER, build(device, cache()), "replaced by a sound one");
        }
    }

    @Test
    void binaryThatTheDriverRefusesIsBuiltAgain() {
        for (Device device : Device.all()) {
            String key = Program.key(device, List.of(TRIPLE), OPTIONS);
            cache().store(key, new byte[] {'n', 'o', 't', ' ', 'o', 'n', 'e'}); // a valid entry whose payload is no program
            assertFalse(build(device, cache()));
            assertTrue(build(device, cache()));
        }
    }

    @Test
    void anotherSourceOrOptionIsAnotherEntry() {
        Device device = Device.all().get(0);
        assertFalse(build(device, cache()));
        assertFalse(build(device, cache(), TRIPLE, List.of("-DFACTOR=7.0f"), 7));
        assertFalse(build(device, cache(), new Source("triple.cl", TRIPLE.text() + "// more"), OPTIONS, 3));
        assertFalse(build(device, cache(), new Source("other.cl", TRIPLE.text()), OPTIONS, 3));
        assertNotEquals(Program.key(device, List.of(new Source("a", "bc")), List.of()),
                Program.key(device, List.of(new Source("ab", "c")), List.of()));
        assertNotEquals(Program.key(device, List.of(), List.of("-Da", "-Db")),
                Program.key(device, List.of(), List.of("-Da -Db")));
    }

    /** Weights and drawn points of a short training in a context with this cache. */
    private static float[][] train(Device device, UserCache cache, PlanChoice.Kind plan) {
        TrainingSettings config = TrainingSettings.tutorial().withShape(new NetworkShape(16, 1)).withData(1009).withBatch(61).withSeed(5)
                .withPlan(Optional.of(plan));
        try (Context context = Context.open(device, cache);
                TrainingSession session = new TrainingSession(context, config, NamedDensities.find("gaussian").orElseThrow(),
                        NamedDensities.find("spiral").orElseThrow())) {
            session.advance(20, Duration.ofMinutes(1));
            session.drain();
            return new float[][] {session.snapshot().parameters(), session.data1().read(new float[2 * 1009])};
        }
    }

    @ParameterizedTest
    @EnumSource
    void trainingHasTheSameBitsWithAndWithout(PlanChoice.Kind plan) throws IOException {
        for (Device device : Device.all()) {
            float[][] without = train(device, UserCache.off(), plan);
            float[][] stored = train(device, cache(), plan);
            assertTrue(FileNames.in(folder()).size() >= 2, "its programs are there");
            float[][] loaded = train(device, cache(), plan);
            for (int i = 0; i < 2; i++) {
                assertArrayEquals(bits(without[i]), bits(stored[i]));
                assertArrayEquals(bits(without[i]), bits(loaded[i]));
            }
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    @Test
    void failedBuildIsNotKept() throws IOException {
        Device device = Device.all().get(0);
        try (Context context = Context.open(device, cache())) {
            for (int i = 0; i < 2; i++) {
                BuildException e = assertThrows(BuildException.class,
                        () -> context.build(List.of(new Source("broken.cl", "kernel void broken( {")), List.of()));
                assertTrue(e.log().contains("broken.cl"), e.log());
            }
        }
        assertFalse(Files.exists(folder()));
    }

    @Test
    void offKeepsNothing() {
        Device device = Device.all().get(0);
        assertEquals(Optional.empty(), UserCache.chooseFolder("off", "programs", "Linux", home.toString(), Map.of()));
        UserCache off = UserCache.off();
        assertFalse(build(device, off));
        assertFalse(build(device, off));
        assertEquals(Optional.empty(), off.load(KEY));
        off.store(KEY, new byte[1]);
        assertEquals(0, home.toFile().list().length);
    }

    @Test
    void testsUseNoCacheOfTheUser() {
        assertEquals("off", System.getenv(UserCache.SETTING), "the build sets it for the tests");
        Device.all().forEach(device -> assertEquals(Optional.empty(), Program.cacheFor(device).folder()));
    }

    @Test
    void folderThatCannotBeMadeMeansNoCache() throws IOException {
        Files.write(home.resolve("a"), new byte[1]); // a file where a folder should be, which stops even root
        Device device = Device.all().get(0);
        assertFalse(build(device, cache()));
        assertFalse(build(device, cache()));
        assertEquals(1, home.toFile().list().length);
    }

    @Test
    void folderThatOthersWriteToIsNotTrusted() throws IOException {
        cache().store(KEY, new byte[] {1});
        assertTrue(cache().load(KEY).isPresent());
        if (folder().getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(cache().file(KEY), PosixFilePermissions.fromString("rw-rw-rw-"));
            assertFalse(cache().load(KEY).isPresent(), "an entry that others may write to");
            cache().store(KEY, new byte[] {1});
            assertTrue(cache().load(KEY).isPresent(), "replaced");
            Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
            assertFalse(cache().load(KEY).isPresent(), "a folder that others may write to");
        }
    }

    @Test
    void onlyTheUserMayAccessEntries() throws IOException {
        cache().store(KEY, new byte[] {1});
        if (folder().getFileSystem().supportedFileAttributeViews().contains("posix")) {
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache().file(KEY))));
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
        }
    }

    @Test
    void leastRecentlyUsedEntriesAreRemovedFirst() throws IOException {
        int payload = 1000;
        long room = 3L * (UserCache.HEADER_BYTES + payload);
        UserCache small = UserCache.in(folder(), Program.CACHE_KIND, room);
        Files.createDirectories(folder());
        Files.write(folder().resolve("diary.txt"), new byte[5000]); // not ours: neither counted nor removed
        Path left = Files.write(folder().resolve("123.tmp"), new byte[10]);
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            keys.add(Integer.toString(i).repeat(64));
            small.store(keys.get(i), new byte[payload]);
            if (i < 3) {
                Files.setLastModifiedTime(small.file(keys.get(i)), FileTime.from(Instant.now().minusSeconds(100 - i)));
            }
            if (i == 2) {
                assertTrue(small.load(keys.get(0)).isPresent(), "the first is in use");
            }
        }
        assertEquals(List.of(true, false, false, true, true), keys.stream().map(key -> small.load(key).isPresent()).toList());
        assertTrue(Files.exists(folder().resolve("diary.txt")));
        assertFalse(Files.exists(left), "the temporary file of a killed run");
        small.store(KEY, new byte[(int) room]);
        assertFalse(Files.exists(small.file(KEY)), "larger than the whole cache may be");
    }

    @Test
    void concurrentRunsSeeOnlyWholeEntries() throws Exception {
        byte[] binary = new byte[300_000];
        ExecutorService runs = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> found = new ArrayList<>();
            for (int run = 0; run < 4; run++) {
                Callable<Integer> work = () -> {
                    int loads = 0;
                    for (int i = 0; i < 50; i++) {
                        cache().store(KEY, binary);
                        Optional<byte[]> loaded = cache().load(KEY);
                        assertArrayEquals(binary, loaded.orElseThrow());
                        loads++;
                    }
                    return loads;
                };
                found.add(runs.submit(work));
            }
            for (Future<Integer> loads : found) {
                assertEquals(50, loads.get());
            }
        } finally {
            runs.shutdown();
        }
        assertEquals(1, FileNames.in(folder()).size(), "nothing unfinished");
    }

    @Test
    void eachSystemHasItsOwnCacheFolder() {
        Path own = home.resolve("own");
        String ownText = own.toString();
        Path tail = Path.of("iadb-cl", "programs");
        assertEquals(Optional.of(own.resolve(".cache").resolve(tail)), UserCache.chooseFolder("", "programs", "Linux", ownText, Map.of()));
        assertEquals(Optional.of(own.resolve(tail)),
                UserCache.chooseFolder("", "programs", "Linux", home.toString(), Map.of("XDG_CACHE_HOME", ownText)));
        assertEquals(Optional.of(own.resolve(".cache").resolve(tail)),
                UserCache.chooseFolder("", "programs", "Linux", ownText, Map.of("XDG_CACHE_HOME", "relative")));
        assertEquals(Optional.of(own.resolve("Library").resolve("Caches").resolve(tail)),
                UserCache.chooseFolder("", "programs", "Mac OS X", ownText, Map.of()));
        assertEquals(Optional.of(own.resolve(tail)),
                UserCache.chooseFolder("", "programs", "Windows 11", null, Map.of("LOCALAPPDATA", ownText)));
        assertEquals(Optional.empty(), UserCache.chooseFolder("", "programs", "Windows 11", ownText, Map.of()));
        assertEquals(Optional.empty(), UserCache.chooseFolder("", "programs", "Linux", "?", Map.of()));
        assertEquals(Optional.of(own), UserCache.chooseFolder(ownText, "programs", "Linux", null, Map.of()));
    }
}
