package iadb.cl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
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
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was found out in earlier runs and can be found out again, in a folder of the user's own, one file each: built
 * programs, that they answered rightly, which tunings are fastest, and whether a device can share memory with OpenGL.
 *
 * <p>An entry is magic, format, key [32], payload length, SHA-256 of the payload [32], payload; all is checked before it is
 * given out, since some drivers crash on a binary that is not theirs. A cache never fails: what cannot be read is made
 * again, what cannot be written is not kept. The folder is used only if this user alone can write to it.
 */
public final class UserCache {
    /** Bytes of all entries together. */
    static final long MOST_BYTES = 64L << 20;
    static final int HEADER_BYTES = 8 + Integer.BYTES + 32 + Long.BYTES + 32;

    private static final Logger LOG = LoggerFactory.getLogger(UserCache.class);
    private static final byte[] MAGIC = "IADBCLBN".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;

    private final Optional<Path> folder; // empty: off
    private final String ending; // of its files' names: several caches may lie in one folder
    private final long mostBytes;

    private UserCache(Optional<Path> folder, String kind, long mostBytes) {
        this.folder = folder;
        this.ending = "." + kind;
        this.mostBytes = mostBytes;
    }

    /**
     * The cache of the user who runs this program.
     *
     * @param kind what it holds, in one small word: entries of one kind never meet those of another
     */
    public static UserCache of(String kind) {
        return new UserCache(CacheFolder.of(kind), kind, MOST_BYTES);
    }

    /** Keeps nothing and finds nothing. */
    static UserCache off() {
        return new UserCache(Optional.empty(), "", 0);
    }

    /** A cache in this folder that holds at most {@code mostBytes}. */
    static UserCache in(Path folder, String kind, long mostBytes) {
        return new UserCache(Optional.of(folder), kind, mostBytes);
    }

    /** Where entries lie; empty when the cache is off. */
    Optional<Path> folder() {
        return folder;
    }

    /** The file of an entry; only when the cache is on. */
    Path file(String key) {
        return folder.orElseThrow().resolve(key + ending);
    }

    /** The name of an entry: all that it depends on, as 64 hexadecimal digits. */
    public static String key(List<String> parts) {
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length)); // no two lists give the same bytes
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** What an earlier run stored, whole as it was, or empty. */
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
                touch(file);
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
        if (!facts.isRegularFile() || facts.size() <= HEADER_BYTES || facts.size() > mostBytes) {
            return Optional.empty();
        }
        byte[] entry = Files.readAllBytes(file);
        if (entry.length <= HEADER_BYTES) {
            return Optional.empty();
        }
        byte[] payload = Arrays.copyOfRange(entry, HEADER_BYTES, entry.length);
        return Arrays.equals(header(key, payload), Arrays.copyOf(entry, HEADER_BYTES)) ? Optional.of(payload) : Optional.empty();
    }

    /** What must stand before a payload. */
    private static byte[] header(String key, byte[] payload) {
        return ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(FORMAT).put(HexFormat.of().parseHex(key))
                .putLong(payload.length).put(sha256().digest(payload)).array();
    }

    /** The trim goes by this time: what was used last stays longest. */
    private static void touch(Path file) {
        try {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        } catch (IOException e) {
            LOG.debug("cache: {}", e.toString());
        }
    }

    /** Whether entries can be kept, asked before one is made; makes the folder. */
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

    /** Keeps this for later runs, in the place of what had its key; then removes the oldest beyond the bound. Not empty. */
    public void store(String key, byte[] payload) {
        if (payload.length == 0 || HEADER_BYTES + (long) payload.length > mostBytes || !takesEntries()) {
            return;
        }
        try {
            PrivateFolder.write(file(key), false, header(key, payload), payload);
            trim();
        } catch (IOException | RuntimeException e) {
            LOG.debug("cache: cannot write to {}: {}", folder.get(), e.toString());
        }
    }

    /** A file of this cache, as the trim sees it. */
    private record Entry(Path path, long bytes, Instant used) {
    }

    /** Removes the entries used longest ago beyond the bound, and what a run that was killed left unfinished. */
    private void trim() throws IOException {
        PrivateFolder.removeUnfinished(folder.orElseThrow());
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.orElseThrow())) {
            for (Path path : (Iterable<Path>) files::iterator) {
                if (path.getFileName().toString().matches("[0-9a-f]{64}" + Pattern.quote(ending))) {
                    addIfThere(entries, path);
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::used));
        long sum = entries.stream().mapToLong(Entry::bytes).sum();
        for (Entry entry : entries) {
            if (sum > mostBytes) {
                remove(entry.path());
                sum -= entry.bytes();
            }
        }
    }

    private static void addIfThere(List<Entry> entries, Path path) {
        try {
            BasicFileAttributes facts = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (facts.isRegularFile()) {
                entries.add(new Entry(path, facts.size(), facts.lastModifiedTime().toInstant()));
            }
        } catch (IOException e) {
            LOG.debug("cache: {} went away: {}", path, e.toString()); // another run trims too
        }
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.debug("cache: cannot remove {}: {}", file, e.toString());
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
