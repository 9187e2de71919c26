package iadb.cl;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where this user's {@link UserCache}s lie: in the folder that the user names, or where the system keeps caches. */
final class CacheFolder {
    /** Names the folder, as system property or else environment variable; {@code off} turns the cache off. */
    static final String SETTING = "IADB_CL_CACHE";

    private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);

    private CacheFolder() {
    }

    /** The folder for entries of this kind; empty when the user wants no cache, or there can be none. */
    static Optional<Path> of(String kind) {
        return of(setting(), kind, System.getProperty("os.name"), System.getProperty("user.home"), System.getenv());
    }

    private static String setting() {
        String setting = System.getProperty(SETTING, System.getenv(SETTING));
        return setting == null ? "" : setting;
    }

    /**
     * The folder that the settings mean; empty when there shall be no cache, or can be none.
     *
     * @param setting a folder for all kinds, {@code off}, or blank for the system's place of caches
     */
    static Optional<Path> of(String setting, String kind, String system, String home, Map<String, String> environment) {
        if ("off".equals(setting)) {
            return Optional.empty();
        }
        try {
            return !setting.isBlank() ? Optional.of(Path.of(setting))
                    : placeOfCaches(system, home, environment).map(caches -> caches.resolve("iadb-cl").resolve(kind));
        } catch (InvalidPathException e) {
            LOG.debug("no cache: {}", e.getMessage());
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
