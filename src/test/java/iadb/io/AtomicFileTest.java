package iadb.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file is replaced whole or not at all, and nothing is left beside it. */
class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void replacesAnOldFile() throws IOException {
        Path target = Files.writeString(folder.resolve("a.txt"), "old");
        AtomicFile.write(target, out -> out.write("new".getBytes()));
        assertEquals("new", Files.readString(target));
        assertEquals(List.of("a.txt"), names());
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
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void showsNothingUnderTheNameBeforeTheCommit() throws IOException {
        Path target = folder.resolve("a.txt");
        try (AtomicFile file = AtomicFile.open(target)) {
            file.stream().write(new byte[1 << 20]);
            assertFalse(Files.exists(target));
            assertTrue(names().get(0).startsWith(".a.txt"));
            file.commit();
        }
        assertEquals(1 << 20, Files.size(target));
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void takesContentThatDoesNotComeInOrder() throws IOException {
        Path target = folder.resolve("a.txt");
        try (AtomicFile file = AtomicFile.open(target)) {
            file.position(2);
            file.write(ByteBuffer.wrap("le".getBytes()));
            file.position(0);
            file.write(ByteBuffer.wrap("ho".getBytes()));
            file.commit();
        }
        assertEquals("hole", Files.readString(target));
        assertEquals(List.of("a.txt"), names());
    }

    @Test
    void removesWhatAKilledProcessLeftButNothingElse() throws IOException {
        String uuid = "01234567-89ab-cdef-0123-456789abcdef";
        Path left = Files.writeString(folder.resolve(".x_3.png." + uuid + ".tmp"), "half");
        Path another = Files.writeString(folder.resolve(".mine.tmp"), "a user's");
        AtomicFile.write(folder.resolve("a.txt"), out -> out.write(1));
        assertFalse(Files.exists(left));
        assertTrue(Files.exists(another));
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
        assertEquals(List.of("sub"), names());
    }

    @Test
    void writesThroughALink() throws IOException {
        Path real = Files.writeString(folder.resolve("real.txt"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link.txt"), real);
        AtomicFile.write(link, out -> out.write("new".getBytes()));
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(real));
    }

    private static void assertNames(String fault, Path target) {
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.write(target, out -> out.write(1)));
        assertEquals(target.toString(), e.getFile());
        assertEquals(fault, FileFault.of(e));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
