package iadb.cl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Results of earlier runs, each in a file in the user's private folder: built programs, their passed checks, the fastest tunings,
 * and whether a device can share memory with OpenGL.
 *
 * <p>An entry consists of magic, format, key [32], payload length, SHA-256 of the payload [32], and payload. All of it is checked
 * when it is loaded, since some drivers crash on a foreign binary. A cache throws no exception: an entry that cannot be read
 * counts as missing, and one that cannot be written is dropped. The folder is used only if no other user can write to it.
 */
public final class UserCache {
    /** Most bytes of all entries together. */
    static final long MAX_BYTES = 64L << 20;
    static final int HEADER_BYTES = 8 + Integer.BYTES + 32 + Long.BYTES + 32;

    /** The system property, or else environment variable, that names the folder; {@code off} turns the cache off. */
    static final String SETTING = "IADB_CL_CACHE";

    private static final Logger LOG = LoggerFactory.getLogger(UserCache.class);
    private static final byte[] MAGIC = "IADBCLBN".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;

    private final Optional<Path> folder; // empty: off
    private final String ending; // of file names: several caches may share a folder
    private final long maxBytes;

    private UserCache(Optional<Path> folder, String kind, long maxBytes) {
        this.folder = folder;
        this.ending = "." + kind;
        this.maxBytes = maxBytes;
    }

    /**
     * The cache of the user who runs this program.
     *
     * @param kind of its entries, part of their file names
     */
    public static UserCache of(String kind) { return new UserCache(userFolder(kind), kind, MAX_BYTES); }

    /** A cache that is off: it stores nothing and finds nothing. */
    static UserCache off() { return new UserCache(Optional.empty(), "", 0); }

    /** A cache in this folder that holds at most {@code maxBytes}. */
    static UserCache in(Path folder, String kind, long maxBytes) { return new UserCache(Optional.of(folder), kind, maxBytes); }

    /** The folder for entries of this kind; empty if the user turned the cache off, or if there is no folder. */
    static Optional<Path> userFolder(String kind) {
        String setting = Optional.ofNullable(System.getProperty(SETTING, System.getenv(SETTING))).orElse("");
        return chooseFolder(setting, kind, System.getProperty("os.name"), System.getProperty("user.home"), System.getenv());
    }

    /** @param setting a folder for all kinds, {@code off}, or blank for a folder in the system's folder of caches */
    static Optional<Path> chooseFolder(String setting, String kind, String system, String home, Map<String, String> environment) {
        if ("off".equals(setting)) {
            return Optional.empty();
        }
        try {
            return !setting.isBlank() ? Optional.of(Path.of(setting))
                    : systemCaches(system, home, environment).map(caches -> caches.resolve("iadb-cl").resolve(kind));
        } catch (InvalidPathException e) {
            LOG.debug("no cache: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Path> systemCaches(String system, String home, Map<String, String> environment) {
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

    /** The path, unless it is missing or relative, as the XDG specification requires. */
    private static Optional<Path> absolute(String path) {
        return Optional.ofNullable(path).map(Path::of).filter(Path::isAbsolute);
    }

    /** The folder of the entries; empty if the cache is off. */
    Optional<Path> folder() { return folder; }

    /** The file of an entry. Requires that the cache is on. */
    Path file(String key) { return folder.orElseThrow().resolve(key + ending); }

    /** The key of an entry: a digest of everything that it depends on, as 64 hexadecimal digits. */
    public static String key(List<String> parts) {
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length)); // separates the parts
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The payload that was stored with this key; empty if it is missing or damaged. */
    public Optional<byte[]> load(String key) {
        if (folder.isEmpty() || !Files.isDirectory(folder.get())) {
            return Optional.empty();
        }
        Path file = file(key);
        try {
            PrivateFolder.require(folder.get());
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                return Optional.empty();
            }
            PrivateFolder.require(file);
            Optional<byte[]> payload = payload(file, key);
            if (payload.isPresent()) {
                tryTo(() -> Files.setLastModifiedTime(file, FileTime.from(Instant.now()))); // for trim, which removes the oldest
            } else {
                LOG.debug("cache: {} is damaged and will be replaced", file);
            }
            return payload;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            LOG.debug("cache: cannot read {}: {}", file, e.toString());
            return Optional.empty();
        }
    }

    private Optional<byte[]> payload(Path file, String key) throws IOException {
        BasicFileAttributes facts = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!facts.isRegularFile() || facts.size() <= HEADER_BYTES || facts.size() > maxBytes) {
            return Optional.empty();
        }
        byte[] entry = Files.readAllBytes(file);
        if (entry.length <= HEADER_BYTES) {
            return Optional.empty();
        }
        byte[] payload = Arrays.copyOfRange(entry, HEADER_BYTES, entry.length);
        return Arrays.equals(header(key, payload), Arrays.copyOf(entry, HEADER_BYTES)) ? Optional.of(payload) : Optional.empty();
    }

    /** The bytes of an entry before its payload. */
    private static byte[] header(String key, byte[] payload) {
        return ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(FORMAT).put(HexFormat.of().parseHex(key))
                .putLong(payload.length).put(sha256().digest(payload)).array();
    }

    /** Whether entries can be stored; creates the folder if it is missing. */
    public boolean takesEntries() {
        if (folder.isEmpty()) {
            return false;
        }
        try {
            PrivateFolder.make(folder.get());
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.debug("cache: cannot use {}: {}", folder.get(), e.toString());
            return false;
        }
    }

    /**
     * Stores an entry, replaces an earlier one with this key, and removes the oldest beyond the limit. Ignores an empty payload.
     */
    public void store(String key, byte[] payload) {
        if (payload.length == 0 || HEADER_BYTES + (long) payload.length > maxBytes || !takesEntries()) {
            return;
        }
        try {
            PrivateFolder.write(file(key), false, header(key, payload), payload);
            trim();
        } catch (IOException | RuntimeException e) {
            LOG.debug("cache: cannot write to {}: {}", folder.get(), e.toString());
        }
    }

    private record Entry(Path path, long bytes, FileTime used) { }

    /** Removes the least recently used entries beyond the limit, and unfinished files of killed runs. */
    private void trim() throws IOException {
        PrivateFolder.removeUnfinished(folder.orElseThrow());
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.orElseThrow())) {
            for (Path path : (Iterable<Path>) files::iterator) {
                if (path.getFileName().toString().matches("[0-9a-f]{64}" + Pattern.quote(ending))) {
                    tryTo(() -> addIfEntry(entries, path)); // another run may have removed it
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::used));
        long sum = entries.stream().mapToLong(Entry::bytes).sum();
        for (Entry entry : entries) {
            if (sum > maxBytes) {
                tryTo(() -> Files.deleteIfExists(entry.path()));
                sum -= entry.bytes();
            }
        }
    }

    private static void addIfEntry(List<Entry> entries, Path path) throws IOException {
        BasicFileAttributes facts = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (facts.isRegularFile()) {
            entries.add(new Entry(path, facts.size(), facts.lastModifiedTime()));
        }
    }

    private interface FileAction {
        void run() throws IOException;
    }

    private static void tryTo(FileAction action) {
        try {
            action.run();
        } catch (IOException e) {
            LOG.debug("cache: {}", e.toString());
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
