package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.ChildRun;
import iadb.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts of the jar whose native libraries are not yet unpacked, are damaged or planted, or have no usable folder. */
class NativeLibrariesIT {
    private static final String JOCL = "libJOCL_2_0_6-linux-x86_64.so";

    @TempDir
    private Path folder;
    private Path temporary;
    private Path cache;

    @BeforeEach
    void makeFolders() throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64"),
                "the names of files are those of Linux on x86-64");
        temporary = Files.createDirectory(folder.resolve("temporary"));
        cache = folder.resolve("cache");
    }

    private Process start(String name, String cacheSetting) throws IOException {
        return Jar.start(Files.createDirectories(folder.resolve(name)), Map.of("IADB_CL_CACHE", cacheSetting),
                List.of("-Djava.io.tmpdir=" + temporary), "devices");
    }

    private void assertEndsWell(String name, Process process) throws Exception {
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "ends in time");
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve(name + "/stderr")));
        assertTrue(Files.readString(folder.resolve(name + "/stdout")).startsWith("0: "));
        assertEquals("", Files.readString(folder.resolve(name + "/stderr")));
    }

    private void assertStarts(String name, String cacheSetting) throws Exception {
        assertEndsWell(name, start(name, cacheSetting));
    }

    @Test
    void sixSimultaneousFirstStartsSucceed() throws Exception {
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            processes.add(start("start" + i, cache.toString()));
        }
        for (int i = 0; i < 6; i++) {
            assertEndsWell("start" + i, processes.get(i));
        }
        assertEquals(List.of(JOCL, "liblwjgl.so"), FileNames.below(cache), "the libraries, and nothing unfinished");
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(cache)));
        assertEquals(List.of(), FileNames.below(temporary).stream().filter(name -> name.contains("JOCL") || name.contains("lwjgl")).toList());
    }

    @Test
    void aDamagedLibraryIsReplacedAndAPlantedOneNeverLoaded() throws Exception {
        assertStarts("first", cache.toString());
        byte[] whole = Files.readAllBytes(cache.resolve(JOCL));
        byte[] damaged = whole.clone();
        damaged[5000] ^= 1; // of the same length
        byte[] cut = Arrays.copyOf(whole, 100_000);
        Path planted = temporary.resolve(JOCL); // where JOCL itself would look
        Files.write(planted, cut);
        for (byte[] content : List.of(cut, damaged)) {
            Files.write(cache.resolve(JOCL), content);
            assertStarts("again", cache.toString());
            assertArrayEquals(whole, Files.readAllBytes(cache.resolve(JOCL)));
        }
        assertArrayEquals(cut, Files.readAllBytes(planted), "the planted library is not touched");
    }

    /** A folder that others may write to is as untrustworthy as another user's. */
    @Test
    void aFolderThatOthersCanWriteToIsSkipped() throws Exception {
        Path open = Files.createDirectory(folder.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path ours = Files.createDirectory(temporary.resolve("iadb-cl-" + System.getProperty("user.name")));
        Files.setPosixFilePermissions(ours, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(ours.resolve(JOCL), "planted");
        assertStarts("start", open.toString());
        assertEquals(List.of(), FileNames.below(open));
        assertEquals(List.of("iadb-cl-" + System.getProperty("user.name") + "/" + JOCL),
                FileNames.below(temporary).stream().filter(name -> name.contains("iadb-cl-")).toList(), "the temporary folder is removed");
        assertEquals("planted", Files.readString(ours.resolve(JOCL)));

        // a link to a private folder, which the owner of the link could redirect at any time
        Files.delete(ours.resolve(JOCL));
        Files.delete(ours);
        Path own = Files.createDirectory(folder.resolve("own"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
        Files.createSymbolicLink(ours, own);
        assertStarts("behind a link", "off");
        assertEquals(List.of(), FileNames.below(own));
    }

    @Test
    void withoutACacheLibrariesAreUnpackedIntoAPrivateTemporaryFolder() throws Exception {
        assertStarts("start", "off");
        Path ours = temporary.resolve("iadb-cl-" + System.getProperty("user.name"));
        assertEquals(List.of(JOCL, "liblwjgl.so"), FileNames.below(ours));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(ours)));
    }

    @Test
    void aFullOrNoexecFolderIsSkippedAndIfNoneWorksEachIsNamed() throws Exception {
        String mount = "mkdir full noexec; mount -t tmpfs -o size=100k,mode=700 tmpfs full && mount -t tmpfs -o noexec,mode=700 tmpfs noexec || exit 99\n";
        ChildRun run = Jar.shellThatMounts(folder, mount + """
                for place in full noexec; do
                  IADB_CL_CACHE=$place options=-Djava.io.tmpdir=temporary run devices >/dev/null || exit 1
                done
                for place in full noexec; do IADB_CL_CACHE=full options=-Djava.io.tmpdir=$place run devices || echo "code $?"; done
                find full noexec -type f
                """);
        assertEquals(0, run.code(), run.err());
        String user = System.getProperty("user.name");
        assertEquals(List.of("code 3", "code 3"), run.out().lines().limit(2).toList());
        assertFalse(run.out().contains(".tmp") || run.out().matches("(?s).*iadb-cl-\\d.*"), "no temporary file is left: " + run.out());
        List<String> said = run.messages();
        assertEquals(2, said.size(), run.err());
        assertTrue(said.get(0).startsWith("no folder holds this program's native libraries: ") && said.get(0).contains("/full (No space")
                && said.get(0).contains("/full/iadb-cl-" + user + " (No space") && said.get(0).contains("IADB_CL_CACHE"), said.get(0));
        assertTrue(said.get(1).contains("/noexec/iadb-cl-" + user + " (mounted noexec)"), said.get(1));
        assertFalse(said.get(1).contains("loader"), "a loader is present");
    }
}
