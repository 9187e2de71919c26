package iadb.cl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * Whether this machine has an OpenCL loader, asked before JOCL is: on Linux, JOCL's native code writes its complaint
 * about a missing one to stdout, where only results belong.
 */
final class LoaderSearch {
    private static final String NAME = "libOpenCL.so";
    private static final Path CACHE = Path.of("/etc/ld.so.cache");

    private LoaderSearch() {
    }

    /** False only when nothing of that name stands where the dynamic linker looks. True on systems other than Linux. */
    static boolean mayFindLoader() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return true;
        }
        String path = System.getenv().getOrDefault("LD_LIBRARY_PATH", "");
        // Debian's linker looks in a folder of the processor's name without a cache too, which a small container may lack
        String processor = System.getProperty("os.arch").replace("amd64", "x86_64") + "-linux-gnu";
        Stream<String> folders = Stream.of("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib", "/lib/" + processor,
                "/usr/lib/" + processor);
        return Stream.concat(Stream.of(path.split(":")), folders)
                .anyMatch(folder -> Files.exists(Path.of(folder, NAME + ".1")) || Files.exists(Path.of(folder, NAME)))
                || cacheNamesLoader();
    }

    private static boolean cacheNamesLoader() {
        try {
            return new String(Files.readAllBytes(CACHE), StandardCharsets.ISO_8859_1).contains(NAME);
        } catch (IOException e) {
            return false; // no cache: musl, NixOS
        }
    }
}
