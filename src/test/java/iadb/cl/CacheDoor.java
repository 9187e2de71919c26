package iadb.cl;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Opens a {@link UserCache} in a given folder to tests of other packages. */
public final class CacheDoor {
    /** Bytes before an entry's payload. */
    public static final int HEADER_BYTES = UserCache.HEADER_BYTES;

    private static final String KIND = "programs";

    private CacheDoor() {
    }

    /** Opens a device so that the programs it builds are stored in this folder, even if its driver keeps programs itself. */
    public static Context open(Device device, Path folder) {
        return Context.open(device, cache(folder));
    }

    /** The file of a program that was built. */
    public static Path file(Path folder, Device device, List<Source> sources, List<String> options) {
        return file(folder, ProgramCache.key(device, sources, options));
    }

    /** The file of an entry. */
    public static Path file(Path folder, String key) {
        return cache(folder).file(key);
    }

    /** What the cache says that an earlier run stored. */
    public static Optional<byte[]> load(Path folder, String key) {
        return cache(folder).load(key);
    }

    /** Stores an entry as the program does. */
    public static void store(Path folder, String key, byte[] payload) {
        cache(folder).store(key, payload);
    }

    /** A cache of what tunings took. */
    public static UserCache ofTunings(Path folder) {
        return UserCache.in(folder, "tunings", UserCache.MOST_BYTES);
    }

    private static UserCache cache(Path folder) {
        return UserCache.in(folder, KIND, UserCache.MOST_BYTES);
    }
}
