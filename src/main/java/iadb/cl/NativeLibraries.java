package iadb.cl;

import iadb.cl.OpenClException.NoDeviceException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jocl.LibUtils;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks the native libraries in the jars of JOCL and LWJGL into a {@link PrivateFolder}, from which both load them. JOCL alone
 * would load any file with its library's name from the temporary folder, and would write that file in place: two processes that
 * start at the same time could load half a library, and on a shared machine another user's file could be loaded.
 *
 * <p>Each start compares the files with those in the jar, and replaces those that differ. The folder is the first of these in
 * which files can be written and executed: {@code natives} in the program's cache, {@code iadb-cl-USER} in the temporary folder,
 * a new folder there that is deleted at exit. Its parent folders are trusted, and so is {@code java.library.path}, which JOCL
 * searches first.
 */
public final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";
    private static final String LOADER = "libOpenCL.so";

    /** The name of JOCL 2.0.6's library on this platform. */
    private static final String JOCL = LibUtils.createPlatformLibraryName("JOCL_2_0_6");

    /** The libraries that every start needs, as resources. */
    private static final List<String> BASE = List.of("/lib/" + LibUtils.createLibraryFileName(JOCL), ofLwjgl("lwjgl"));

    /** The libraries that the window also needs, as resources; missing if this program is used as a library. */
    private static final List<String> WINDOW = List.of(ofLwjgl("opengl/lwjgl_opengl"), ofLwjgl("glfw/glfw"),
            ofLwjgl("nuklear/lwjgl_nuklear"));

    private static String lwjglFolder; // set by this class
    private static NoDeviceException fault; // while initialising JOCL's class, which cannot be repeated
    private static boolean loaded;
    private static boolean loadedForWindow;

    private NativeLibraries() { }

    /**
     * Loads JOCL's library and sets the folder of LWJGL's, once in a process. Must precede any other use of both.
     *
     * @throws NoDeviceException if the OpenCL loader is missing, if JOCL's library does not load, or if no folder can hold the
     *     libraries: the message then names each folder and its fault
     */
    public static synchronized void load() {
        if (fault != null) {
            throw new NoDeviceException(fault.getMessage(), fault);
        }
        if (!loaded) {
            if (!mayFindLoader()) {
                throw new NoDeviceException(NoDeviceException.NO_LOADER, null);
            }
            Path folder = unpackAll(BASE);
            setLwjglFolder(folder);
            setLwjglFile(file(BASE.get(1), folder));
            loadJocl(folder);
            loaded = true;
        }
    }

    /**
     * {@linkplain #load Loads} the libraries, and unpacks those of the window. Must precede any use of LWJGL's OpenGL, GLFW and
     * Nuklear.
     *
     * @throws NoDeviceException as {@link #load}
     */
    public static synchronized void loadForWindow() {
        load();
        if (!loadedForWindow) {
            setLwjglFolder(unpackAll(WINDOW));
            loadedForWindow = true;
        }
    }

    /** Unpacks these resources into the first possible folder, and returns it. */
    private static Path unpackAll(List<String> resources) {
        String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
        String temporary = System.getProperty(TEMPORARY_FOLDER);
        Map<String, Callable<Path>> folders = new LinkedHashMap<>(); // by the names for messages
        UserCache.userFolder("natives").ifPresent(folder ->
                folders.put(folder.toAbsolutePath().toString(), () -> makeFolder(resolveLinks(folder))));
        String own = new File(temporary, "iadb-cl-" + user).getAbsolutePath();
        folders.putIfAbsent(own, () -> makeFolder(Path.of(own)));
        folders.put("a new folder in " + temporary, NativeLibraries::makeTemporaryFolder);

        List<String> faults = new ArrayList<>();
        for (Map.Entry<String, Callable<Path>> entry : folders.entrySet()) {
            try {
                Path folder = entry.getValue().call();
                for (String resource : resources) {
                    unpack(resource, folder);
                }
                LOG.debug("native libraries are in {}", folder);
                return folder;
            } catch (Exception e) {
                LOG.debug("native libraries: cannot use {}: {}", entry.getKey(), e.toString());
                String reason = e instanceof FileSystemException fault && fault.getReason() != null ? fault.getReason()
                        : e instanceof AccessDeniedException ? "permission denied" : e.getMessage();
                faults.add(entry.getKey() + " (" + reason + ")");
            }
        }
        throw new NoDeviceException("no folder holds this program's native libraries: " + String.join(", ", faults)
                + "; free some space, or name a folder from which programs may be run with the environment variable "
                + UserCache.SETTING, null);
    }

    /** A folder that is kept; creates it if it is missing. */
    private static Path makeFolder(Path folder) throws IOException {
        PrivateFolder.make(folder);
        PrivateFolder.requireNoLink(folder);
        PrivateFolder.removeUnfinished(folder);
        return folder;
    }

    /** A folder that is deleted at exit. */
    private static Path makeTemporaryFolder() throws IOException {
        Path folder = Files.createTempDirectory("iadb-cl-");
        folder.toFile().deleteOnExit(); // files are deleted in reverse order, so this one last
        BASE.forEach(resource -> file(resource, folder).toFile().deleteOnExit());
        WINDOW.forEach(resource -> file(resource, folder).toFile().deleteOnExit());
        return folder;
    }

    /** The folder with the user's symbolic links resolved. */
    private static Path resolveLinks(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            return folder.toAbsolutePath(); // it does not exist yet
        }
    }

    /** The resource of an LWJGL library for this platform. */
    private static String ofLwjgl(String library) {
        String system = Platform.get() == Platform.MACOSX ? "macos" : Platform.get().name().toLowerCase(Locale.ROOT);
        String processor = Platform.getArchitecture().name().toLowerCase(Locale.ROOT);
        int name = library.lastIndexOf('/') + 1;
        return "/" + system + "/" + processor + "/org/lwjgl/" + library.substring(0, name)
                + System.mapLibraryName(library.substring(name));
    }

    private static Path file(String resource, Path folder) {
        return folder.resolve(resource.substring(resource.lastIndexOf('/') + 1));
    }

    /** Writes a resource into the folder unless the file has the same bytes. Skips a resource that is in no jar. */
    private static void unpack(String resource, Path folder) throws IOException {
        byte[] content;
        try (InputStream in = NativeLibraries.class.getResourceAsStream(resource)) {
            if (in == null) {
                return;
            }
            content = in.readAllBytes();
        }
        Path file = file(resource, folder);
        if (!isThere(file, content)) {
            PrivateFolder.write(file, true, content);
        }
        if (!Files.isExecutable(file)) {
            throw new FileSystemException(file.toString(), null, "mounted noexec");
        }
    }

    private static boolean isThere(Path file, byte[] content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != content.length
                || !Files.isExecutable(file)) {
            return false;
        }
        PrivateFolder.require(file);
        return Arrays.equals(Files.readAllBytes(file), content);
    }

    /** Sets the folder from which LWJGL loads libraries with the right checksum, unless the user configured another. */
    private static void setLwjglFolder(Path folder) {
        Object named = Configuration.SHARED_LIBRARY_EXTRACT_PATH.get();
        if (named == null || named.equals(lwjglFolder)) {
            lwjglFolder = folder.toString();
            Configuration.SHARED_LIBRARY_EXTRACT_PATH.set(lwjglFolder);
        }
    }

    /**
     * Names LWJGL's base library, unless the user did. LWJGL itself writes to its folder to see whether it is writable, and uses
     * another where several processes do so at the same time.
     */
    private static void setLwjglFile(Path file) {
        if (Configuration.LIBRARY_NAME.get() == null && Files.exists(file)) {
            Configuration.LIBRARY_NAME.set(file.toAbsolutePath().toString());
        }
    }

    /**
     * Initialises JOCL while {@code java.io.tmpdir} names the folder, so that JOCL loads its library from there. Java itself does
     * not read the property again after its start.
     */
    private static void loadJocl(Path folder) {
        String before = System.setProperty(TEMPORARY_FOLDER, folder.toString());
        try {
            Class.forName("org.jocl.CL");
        } catch (ClassNotFoundException | LinkageError e) {
            // any other fault means that JOCL did not find the OpenCL loader
            boolean isJocl = String.valueOf(e.getMessage()).startsWith("Error while loading native library");
            fault = new NoDeviceException(isJocl ? "the native library of the OpenCL binding does not load from " + folder
                    : NoDeviceException.NO_LOADER, e);
            throw fault;
        } finally {
            System.setProperty(TEMPORARY_FOLDER, before);
        }
    }

    /**
     * Whether this machine may have an OpenCL loader: false only if Linux's dynamic linker finds none. Without a loader, JOCL's
     * native code would print to stdout on Linux, where only results belong.
     */
    private static boolean mayFindLoader() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return true;
        }
        String path = System.getenv().getOrDefault("LD_LIBRARY_PATH", "");
        // Debian's linker also searches the processor's folder without a cache, which small containers may lack
        String processor = System.getProperty("os.arch").replace("amd64", "x86_64") + "-linux-gnu";
        Stream<String> folders = Stream.of("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib", "/lib/" + processor,
                "/usr/lib/" + processor);
        return Stream.concat(Stream.of(path.split(":")), folders)
                .anyMatch(folder -> Files.exists(Path.of(folder, LOADER + ".1")) || Files.exists(Path.of(folder, LOADER)))
                || cacheNamesLoader();
    }

    private static boolean cacheNamesLoader() {
        try {
            return new String(Files.readAllBytes(Path.of("/etc/ld.so.cache")), StandardCharsets.ISO_8859_1).contains(LOADER);
        } catch (IOException e) {
            return false; // musl and NixOS have no cache
        }
    }
}
