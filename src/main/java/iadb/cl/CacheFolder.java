package iadb.cl;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where this user's built programs lie: in the folder that the user names, or where the system keeps caches. */
final class CacheFolder {
    /** Names the folder, as system property or else environment variable; {@code off} turns the cache off. */
    static final String SETTING = "IADB_CL_CACHE";

    private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);
    private static final Path OWN = Path.of("iadb-cl", "programs");

    private CacheFolder() {
    }

    /** The folder for programs of this device; none where its driver keeps them itself, unless the user names one. */
    static Optional<Path> of(Device device) {
        String setting = System.getProperty(SETTING, System.getenv(SETTING));
        boolean named = setting != null && !setting.isBlank();
        return !named && device.keepsPrograms() ? Optional.empty() : of(named ? setting : null,
                System.getProperty("os.name"), System.getProperty("user.home"), System.getenv());
    }

    /**
     * The folder that the settings mean; empty when there shall be no cache, or can be none.
     *
     * @param setting a folder, {@code off}, or null for the system's place of caches
     */
    static Optional<Path> of(String setting, String system, String home, Map<String, String> environment) {
        if ("off".equals(setting)) {
            return Optional.empty();
        }
        try {
            return setting != null ? Optional.of(Path.of(setting))
                    : placeOfCaches(system, home, environment).map(caches -> caches.resolve(OWN));
        } catch (InvalidPathException e) {
            LOG.debug("no program cache: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Path> placeOfCaches(String system, String home, Map<String, String> environment) {
        String name = system.toLowerCase(Locale.ROOT);
        if (name.startsWith("windows")) {
            return absolute(environment.get("LOCALAPPDATA"));
        }
        Optional<Path> user = absolute(home);
        if (name.startsWith("mac")) {
            return user.map(path -> path.resolve("Library").resolve("Caches"));
        }
        return absolute(environment.get("XDG_CACHE_HOME")).or(() -> user.map(path -> path.resolve(".cache")));
    }

    /** The path, unless it is missing or relative, as the XDG rules want it. */
    private static Optional<Path> absolute(String path) {
        return Optional.ofNullable(path).map(Path::of).filter(Path::isAbsolute);
    }
}
