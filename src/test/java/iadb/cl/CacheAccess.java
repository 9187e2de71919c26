package iadb.cl;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Gives tests of other packages access to a {@link UserCache} in a given folder. */
public final class CacheAccess {
    /** Bytes before an entry's payload. */
    public static final int HEADER_BYTES = UserCache.HEADER_BYTES;

    private static final String KIND = "programs";

    private CacheAccess() {
    }

    /** The names of the programs that a context built. */
    public static Set<String> built(Context context) {
        return context.keptPrograms();
    }

    /** The name of a program. */
    public static String key(Device device, List<Source> sources, List<String> options) {
        return Program.key(device, sources, options);
    }

    /** The file of an entry. */
    public static Path file(Path folder, String key) {
        return cache(folder).file(key);
    }

    /** The payload of an entry, if the cache has it. */
    public static Optional<byte[]> load(Path folder, String key) {
        return cache(folder).load(key);
    }

    /** Stores an entry as the program does. */
    public static void store(Path folder, String key, byte[] payload) {
        cache(folder).store(key, payload);
    }

    /** A cache of measured tunings. */
    public static UserCache ofTunings(Path folder) {
        return UserCache.in(folder, "tunings", UserCache.MAX_BYTES);
    }

    private static UserCache cache(Path folder) {
        return UserCache.in(folder, KIND, UserCache.MAX_BYTES);
    }
}
