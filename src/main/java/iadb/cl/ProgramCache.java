package iadb.cl;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Programs that a device's compiler made in earlier runs, in a folder of the user's own, one file each.
 *
 * <p>An entry is magic, format, key [32], payload length, SHA-256 of the payload [32], payload; all is checked before the
 * driver sees it, since some drivers crash on what is not theirs. A cache never fails: what cannot be read is built
 * again, what cannot be written is not kept. The folder is used only if this user alone can write to it.
 */
final class ProgramCache {
    /** Bytes of all entries together. */
    static final long MOST_BYTES = 64L << 20;
    static final int HEADER_BYTES = 8 + Integer.BYTES + 32 + Long.BYTES + 32;

    private static final Logger LOG = LoggerFactory.getLogger(ProgramCache.class);
    private static final byte[] MAGIC = "IADBCLBN".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 1;
    private static final String ENDING = ".program";
    private static final String UNFINISHED = ".tmp";
    private static final Duration UNFINISHED_LIFE = Duration.ofHours(1); // a run that still writes is younger
    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private final Optional<Path> folder; // empty: off
    private final long mostBytes;

    private ProgramCache(Optional<Path> folder, long mostBytes) {
        this.folder = folder;
        this.mostBytes = mostBytes;
    }

    /** The cache of the user who runs this program, for this device. */
    static ProgramCache ofUser(Device device) {
        return new ProgramCache(CacheFolder.of(device), MOST_BYTES);
    }

    /** Keeps nothing and finds nothing. */
    static ProgramCache off() {
        return new ProgramCache(Optional.empty(), 0);
    }

    /** A cache in this folder that holds at most {@code mostBytes}. */
    static ProgramCache in(Path folder, long mostBytes) {
        return new ProgramCache(Optional.of(folder), mostBytes);
    }

    /** Where entries lie; empty when the cache is off. */
    Optional<Path> folder() {
        return folder;
    }

    /** The file of an entry; only when the cache is on. */
    Path file(String key) {
        return folder.orElseThrow().resolve(key + ENDING);
    }

    /** The name of a program: all that the compiler's output depends on, as 64 hexadecimal digits. */
    static String key(Device device, List<Source> sources, List<String> options) {
        List<String> parts = new ArrayList<>(List.of(System.getProperty("os.name"), System.getProperty("os.arch"),
                device.platformName(), device.platformVersion(), device.name(), device.version(), device.driver()));
        parts.add(Integer.toString(options.size()));
        parts.addAll(options);
        for (Source source : sources) {
            parts.add(source.name());
            parts.add(source.text());
        }
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length)); // no two lists give the same bytes
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The binary of an earlier run, whole as it was stored, or empty. */
    Optional<byte[]> load(String key) {
        if (folder.isEmpty() || !Files.isDirectory(folder.get())) {
            return Optional.empty();
        }
        Path file = file(key);
        try {
            requirePrivate(folder.get());
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                return Optional.empty();
            }
            requirePrivate(file);
            Optional<byte[]> binary = payload(file, key);
            if (binary.isPresent()) {
                touch(file);
            } else {
                LOG.debug("program cache: {} is damaged and will be replaced", file);
            }
            return binary;
        } catch (IOException | RuntimeException e) {
            LOG.debug("program cache: cannot read {}: {}", file, e.toString());
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
            LOG.debug("program cache: {}", e.toString());
        }
    }

    /** Whether entries can be kept, asked before the driver makes a binary; makes the folder. */
    boolean takesEntries() {
        if (folder.isEmpty()) {
            return false;
        }
        try {
            Files.createDirectories(folder.get(), privately("rwx------"));
            requirePrivate(folder.get());
            return true;
        } catch (IOException | RuntimeException e) {
            LOG.debug("program cache: cannot use {}: {}", folder.get(), e.toString());
            return false;
        }
    }

    /** Keeps a binary for later runs, in the place of what had its key; then removes the oldest beyond the bound. */
    void store(String key, byte[] binary) {
        if (binary.length == 0 || HEADER_BYTES + (long) binary.length > mostBytes || !takesEntries()) {
            return;
        }
        Path temporary = null;
        try {
            temporary = Files.createTempFile(folder.get(), "", UNFINISHED, privately("rw-------"));
            byte[] header = header(key, binary);
            byte[] entry = Arrays.copyOf(header, header.length + binary.length);
            System.arraycopy(binary, 0, entry, header.length, binary.length);
            Files.write(temporary, entry);
            replace(temporary, file(key));
            trim();
        } catch (IOException | RuntimeException e) {
            LOG.debug("program cache: cannot write to {}: {}", folder.get(), e.toString());
            remove(temporary);
        }
    }

    private static void replace(Path temporary, Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(file); // only if nothing is in it
        }
        try {
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Refuses a folder or an entry that another user could have written. */
    private static void requirePrivate(Path path) throws IOException {
        if (!Files.isWritable(path) || isPosix(path)
                && Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS_WRITE::contains)) {
            throw new IOException(path + " is not this user's alone");
        }
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private FileAttribute<?>[] privately(String permissions) {
        return isPosix(folder.orElseThrow())
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
                : new FileAttribute<?>[0];
    }

    /** A file of this cache, as the trim sees it. */
    private record Entry(Path path, long bytes, Instant used) {
    }

    /** Removes the entries used longest ago beyond the bound, and what a run that was killed left unfinished. */
    private void trim() throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.orElseThrow())) {
            for (Path path : (Iterable<Path>) files::iterator) {
                String name = path.getFileName().toString();
                if (name.matches("[0-9a-f]{64}" + ENDING) || name.matches("[0-9]+" + UNFINISHED)) {
                    addIfThere(entries, path);
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::used));
        Instant stale = Instant.now().minus(UNFINISHED_LIFE);
        long sum = entries.stream().mapToLong(Entry::bytes).sum();
        for (Entry entry : entries) {
            boolean unfinished = entry.path().toString().endsWith(UNFINISHED);
            if (unfinished ? entry.used().isBefore(stale) : sum > mostBytes) {
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
            LOG.debug("program cache: {} went away: {}", path, e.toString()); // another run trims too
        }
    }

    private static void remove(Path file) {
        try {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.debug("program cache: cannot remove {}: {}", file, e.toString());
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
