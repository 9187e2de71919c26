package iadb.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.FileNames;
import iadb.fault.FileFault;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is replaced completely or not at all, and no temporary file stays. */
class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void replacesAnOldFile() throws IOException {
        Path target = Files.writeString(folder.resolve("a.txt"), "old");
        AtomicFile.write(target, out -> out.write("new".getBytes()));
        assertEquals("new", Files.readString(target));
        assertEquals(List.of("a.txt"), FileNames.in(folder));
    }

    @Test
    void keepsTheOldFileWhenTheBodyThrows() throws IOException {
        Path target = Files.writeString(folder.resolve("a.txt"), "old");
        assertThrows(IOException.class, () -> AtomicFile.write(target, out -> {
            out.write(new byte[1 << 20]);
            throw new IOException("disk full");
        }));
        assertThrows(IllegalStateException.class, () -> AtomicFile.writeDurably(target, out -> {
            out.write(7);
            throw new IllegalStateException();
        }));
        assertEquals("old", Files.readString(target));
        assertEquals(List.of("a.txt"), FileNames.in(folder));
    }

    @Test
    void showsNothingUnderTheNameBeforeTheCommit() throws IOException {
        Path target = folder.resolve("a.txt");
        try (AtomicFile file = AtomicFile.open(target)) {
            file.stream().write(new byte[1 << 20]);
            assertFalse(Files.exists(target));
            assertTrue(FileNames.in(folder).get(0).startsWith(".a.txt"));
            file.commit();
        }
        assertEquals(1 << 20, Files.size(target));
        assertEquals(List.of("a.txt"), FileNames.in(folder));
    }

    /** In a locale with other digits too: later runs must recognise the file, and every charset must encode its name. */
    @Test
    void theTemporaryNameIsTheSameInEveryLocale() throws IOException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG"));
            try (AtomicFile file = AtomicFile.open(folder.resolve("a.txt"))) {
                file.stream().write(7);
                String name = FileNames.in(folder).get(0);
                assertTrue(name.matches("\\.a\\.txt\\.[0-9a-f]{16}-[0-9]+-[0-9]+-[0-9]+\\.iadb-cl\\.tmp"), name);
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void takesContentThatDoesNotComeInOrder() throws IOException {
        Path target = folder.resolve("a.txt");
        try (AtomicFile file = AtomicFile.open(target)) {
            file.position(2);
            file.stream().write("le".getBytes());
            file.position(0);
            file.stream().write("ho".getBytes());
            file.commit();
        }
        assertEquals("hole", Files.readString(target));
        assertEquals(List.of("a.txt"), FileNames.in(folder));
    }

    @Test
    void removesWhatADeadProcessLeftButNothingElse() throws Exception {
        Process child = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-version").start();
        child.waitFor();
        AtomicFile file = AtomicFile.open(folder.resolve("a.txt"));
        String own = FileNames.in(folder).get(0);
        file.close();
        Path sub = Files.createDirectory(folder.resolve("sub")); // not swept yet
        String dead = own.replaceFirst("-" + ProcessHandle.current().pid() + "-", "-" + child.pid() + "-");
        Path left = Files.writeString(sub.resolve(dead), "half");
        String namesake = own.replaceFirst("-(\\d+)-(\\d+)-", "-$1-12345-"); // the name of another process with the same PID
        Path leftByNamesake = Files.writeString(sub.resolve(namesake), "half");
        Path alive = Files.writeString(sub.resolve(own), "half");
        String elsewhere = own.replaceFirst("\\.[0-9a-f]{16}-", ".0123456789abcdef-");
        Path elsewhereNow = Files.writeString(sub.resolve(elsewhere), "half");
        Path elsewhereLongAgo = Files.writeString(sub.resolve(elsewhere.replace(".iadb-cl", "7.iadb-cl")), "half");
        Files.setLastModifiedTime(elsewhereLongAgo, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        Path another = Files.writeString(sub.resolve(".a.txt.01234567-89ab-cdef-0123-456789abcdef.tmp"), "another program's");
        AtomicFile.write(sub.resolve("b.txt"), out -> out.write(1));
        assumeTrue(Files.exists(Path.of("/proc/self/ns/pid")) || !Files.exists(left), "only Linux tells whose number it is");
        assertFalse(Files.exists(left) || Files.exists(leftByNamesake) || Files.exists(elsewhereLongAgo));
        assertTrue(Files.exists(alive) && Files.exists(elsewhereNow) && Files.exists(another));
    }

    @Test
    void leavesNothingWhereAnInterruptClosedTheFile() throws Exception {
        Thread writer = new Thread(() -> {
            Thread.currentThread().interrupt();
            try {
                AtomicFile.write(folder.resolve("a.txt"), out -> out.write(new byte[1 << 20]));
            } catch (IOException e) {
                Thread.interrupted();
            }
        });
        writer.start();
        writer.join();
        assertEquals(List.of(), FileNames.in(folder));
    }

    @Test
    void namesTheFileThatDoesNotFitOnTheDisk() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/full")), "only Linux has a device that is always full");
        for (int bytes : new int[] {1, 1 << 20}) {
            FileSystemException e = assertThrows(FileSystemException.class,
                    () -> AtomicFile.write(Path.of("/dev/full"), out -> out.write(new byte[bytes])));
            assertEquals("/dev/full", e.getFile());
            assertEquals("No space left on device", FileFault.of(e));
        }
    }

    @Test
    void takesTheLongestNameAFileSystemTakes() throws IOException {
        Path target = folder.resolve("n".repeat(255));
        AtomicFile.write(target, out -> out.write(1));
        assertEquals(1, Files.size(target));
    }

    @Test
    void refusesAFolderAndAMissingFolder() throws IOException {
        Files.createDirectory(folder.resolve("sub"));
        assertNames("it is a folder", folder.resolve("sub"));
        assertNames("its folder is missing", folder.resolve("no/a.txt"));
        assertEquals(List.of("sub"), FileNames.in(folder));
    }

    @Test
    void writesThroughALink() throws IOException {
        Path real = Files.writeString(folder.resolve("real.txt"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link.txt"), real);
        AtomicFile.write(link, out -> out.write("new".getBytes()));
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(real));
    }

    @Test
    void writesThroughALinkToAFileThatIsNotThereYet() throws IOException {
        Path elsewhere = Files.createDirectory(folder.resolve("sub"));
        Path link = Files.createSymbolicLink(folder.resolve("link.txt"), Path.of("sub/real.txt"));
        AtomicFile.write(link, out -> out.write(7));
        assertTrue(Files.isSymbolicLink(link));
        assertEquals(1, Files.size(elsewhere.resolve("real.txt")));
        Path circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
        assertThrows(FileSystemException.class, () -> AtomicFile.write(circle, out -> out.write(7)));
        assertEquals(List.of("circle", "link.txt", "sub"), FileNames.in(folder));
    }

    @Test
    void writesIntoAPipe() throws Exception {
        Process cat = new ProcessBuilder("cat").start(); // its standard input is a pipe, with this path only
        Path pipe = Path.of("/proc", Long.toString(cat.pid()), "fd/0");
        assumeTrue(Files.exists(pipe), "only Linux shows a pipe as a file");
        AtomicFile.write(pipe, out -> out.write(7));
        cat.getOutputStream().close();
        assertEquals(7, cat.getInputStream().read());
        assertEquals(-1, cat.getInputStream().read());
    }

    private static void assertNames(String fault, Path target) {
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.write(target, out -> out.write(1)));
        assertEquals(target.toString(), e.getFile());
        assertEquals(fault, FileFault.of(e));
    }
}
