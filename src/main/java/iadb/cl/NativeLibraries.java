package iadb.cl;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jocl.LibUtils;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks the native libraries that JOCL and LWJGL bring in their jars into a {@link PrivateFolder}, and has both load them from
 * there. By themselves JOCL takes whatever file has its library's name in the temporary folder, and writes it there in place:
 * a start beside another one loads half a library, and on a machine of several users anybody's.
 *
 * <p>Each start compares the files with those in the jar, and replaces one that differs. The folder is the first of these that
 * takes the files and from which they can be executed: {@code natives} in the program's cache, {@code iadb-cl-USER} in the
 * temporary folder, a new folder there that this process removes at its end.
 */
public final class NativeLibraries {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String TEMPORARY_FOLDER = "java.io.tmpdir";

    /** What JOCL 2.0.6 calls its library on this platform. */
    private static final String JOCL = LibUtils.createPlatformLibraryName("JOCL_2_0_6");

    /** LWJGL's libraries of the window, by their folder in its jars; missing where only the library of this program is. */
    private static final List<String> OF_THE_WINDOW = List.of("opengl/lwjgl_opengl", "glfw/glfw", "nuklear/lwjgl_nuklear");

    private static Place place; // that holds the libraries; null before load

    private NativeLibraries() {
    }

    /**
     * Loads JOCL's library, and names the folder to LWJGL, once in a process; before any other use of the two.
     *
     * @throws NoDeviceException if no folder can hold the libraries; the message names each and why
     */
    public static synchronized void load() {
        if (place == null) {
            place = unpacked();
            loadFrom(place.folder());
        }
    }

    /**
     * As above, and makes LWJGL's libraries of the window ready; before LWJGL's OpenGL, GLFW or Nuklear are used.
     *
     * @throws NoDeviceException as above
     */
    public static synchronized void loadForWindow() {
        load();
        try {
            for (String library : OF_THE_WINDOW) {
                unpack(ofLwjgl(library), place);
            }
        } catch (IOException e) {
            throw new NoDeviceException(place.folder() + " does not hold the window's native libraries (" + reason(e) + ")", e);
        }
    }

    /** The first folder that takes the libraries, with them. */
    private static Place unpacked() {
        List<Place> candidates = new ArrayList<>();
        CacheFolder.of("natives").ifPresent(folder -> candidates.add(new Place(real(folder), false)));
        String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9._-]", "_");
        Path ours = Path.of(System.getProperty(TEMPORARY_FOLDER)).toAbsolutePath().resolve("iadb-cl-" + user);
        candidates.add(new Place(ours, false));
        candidates.add(new Place(ours.resolveSibling("iadb-cl-*"), true));

        List<String> faults = new ArrayList<>();
        for (Place candidate : candidates) {
            try {
                Place opened = candidate.open();
                unpack("/lib/" + LibUtils.createLibraryFileName(JOCL), opened);
                unpack(ofLwjgl("lwjgl"), opened);
                return opened;
            } catch (IOException | RuntimeException e) {
                LOG.debug("native libraries: cannot use {}: {}", candidate.folder(), e.toString());
                faults.add(candidate.folder() + " (" + reason(e) + ")");
            }
        }
        throw new NoDeviceException("no folder holds this program's native libraries: " + String.join(", ", faults)
                + "; free some space, or name a folder from which programs may be run with the environment variable "
                + CacheFolder.SETTING, null);
    }

    private static String reason(Exception e) {
        return e instanceof FileSystemException fault && fault.getReason() != null ? fault.getReason()
                : e instanceof AccessDeniedException ? "permission denied" : e.getMessage();
    }

    /**
     * A folder for the libraries.
     *
     * @param passing whether this process removes it at its end; before {@link #open} such a one has a name with a star
     */
    private record Place(Path folder, boolean passing) {
        Place open() throws IOException {
            if (passing) {
                Place made = new Place(Files.createTempDirectory("iadb-cl-"), true);
                made.folder.toFile().deleteOnExit(); // after what is put into it
                return made;
            }
            if (Files.isSymbolicLink(folder)) {
                throw new FileSystemException(folder.toString(), null, "a symbolic link"); // maybe another user's, to change at will
            }
            PrivateFolder.make(folder);
            return this;
        }
    }

    /** The user's own links are followed. */
    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            return folder.toAbsolutePath(); // it is not there yet
        }
    }

    /** The resource of a library of LWJGL's for this platform. */
    private static String ofLwjgl(String library) {
        String system = Platform.get() == Platform.MACOSX ? "macos" : Platform.get().name().toLowerCase(Locale.ROOT);
        String processor = Platform.getArchitecture().name().toLowerCase(Locale.ROOT);
        int name = library.lastIndexOf('/') + 1;
        return "/" + system + "/" + processor + "/org/lwjgl/" + library.substring(0, name)
                + System.mapLibraryName(library.substring(name));
    }

    /** Puts a resource into the folder, unless it is there to the byte. One that no jar holds is passed over. */
    private static void unpack(String resource, Place place) throws IOException {
        byte[] content;
        try (InputStream in = NativeLibraries.class.getResourceAsStream(resource)) {
            if (in == null) {
                return;
            }
            content = in.readAllBytes();
        }
        Path file = place.folder().resolve(resource.substring(resource.lastIndexOf('/') + 1));
        if (place.passing()) {
            file.toFile().deleteOnExit();
        }
        if (!isThere(file, content)) {
            PrivateFolder.write(file, true, content);
        }
        if (!Files.isExecutable(file)) {
            throw new FileSystemException(file.toString(), null, "mounted noexec");
        }
    }

    private static boolean isThere(Path file, byte[] content) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != content.length || !Files.isExecutable(file)) {
            return false;
        }
        PrivateFolder.require(file);
        return Arrays.equals(Files.readAllBytes(file), content);
    }

    /**
     * Names the folder to both. JOCL looks into the folder that is the temporary one when its class is initialised, and takes a
     * file that is there; Java itself read that property at its start.
     */
    private static void loadFrom(Path folder) {
        LOG.debug("native libraries are in {}", folder);
        if (Configuration.SHARED_LIBRARY_EXTRACT_PATH.get() == null) {
            Configuration.SHARED_LIBRARY_EXTRACT_PATH.set(folder.toString()); // it loads what is there with the right checksum
        }
        String before = System.setProperty(TEMPORARY_FOLDER, folder.toString());
        try {
            Class.forName("org.jocl.CL");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        } catch (UnsatisfiedLinkError e) {
            throw new NoDeviceException("the library of the OpenCL binding does not load from " + folder + "; --verbose shows why", e);
        } finally {
            System.setProperty(TEMPORARY_FOLDER, before);
        }
    }
}
