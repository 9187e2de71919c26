package iadb.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
        assertThrows(IllegalStateException.class, () -> AtomicFile.writeFile(target, file -> {
            Files.writeString(file, "half");
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
    void givesABodyThatWantsOneAPath() throws IOException {
        Path target = folder.resolve("a.txt");
        AtomicFile.writeFile(target, file -> Files.writeString(file, "whole"));
        assertEquals("whole", Files.readString(target));
        assertEquals(List.of("a.txt"), names());
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
        assertThrows(IOException.class, () -> AtomicFile.write(folder.resolve("sub"), out -> out.write(1)));
        assertThrows(IOException.class, () -> AtomicFile.write(folder.resolve("no/a.txt"), out -> out.write(1)));
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

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
