package iadb.file;

import iadb.fault.FileFault;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that appears whole or not at all. The content goes to a temporary file in the target's own folder, so that
 * the rename at the end stays on one file system; until then a file of that name keeps its old content. A link is
 * followed; a device or a pipe, such as /dev/stdout, is written directly, since a rename would put a file in its place.
 *
 * <p>Invariant: after {@link #close} no temporary file is left, whether the content was committed or not. A process that
 * is killed leaves one, a hidden file whose name says who wrote it: the next process that writes into the folder removes it
 * if it can tell that the writer is gone, else after a day.
 *
 * <p>What goes wrong is a {@link FileSystemException} that names the target.
 */
public final class AtomicFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int NAME_CHARS_KEPT = 60;
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.([0-9a-f]{16})-(\\d{1,18})-(\\d{1,18})-\\d+\\.iadb-cl\\.tmp");
    private static final Duration LONGEST_SILENCE = Duration.ofDays(1); // of a process elsewhere that still writes
    private static final int MOST_LINKS = 40;
    private static final String PLACE = place();
    private static final long OWN_START = startTicks(ProcessHandle.current().pid()).orElse(0L);
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final Set<Path> SWEPT_FOLDERS = ConcurrentHashMap.newKeySet();

    private final Path target; // as it was given
    private final Path real;
    private final Path temporary;
    private final FileChannel channel;
    private final OutputStream out;
    private boolean ended; // committed

    /** Writes a file's content to a stream; it need not close or flush it. */
    @FunctionalInterface
    public interface Body {
        void writeTo(OutputStream out) throws IOException;
    }

    private AtomicFile(Path target, Path real, Path temporary, FileChannel channel) {
        this.target = target;
        this.real = real;
        this.temporary = temporary;
        this.channel = channel;
        out = new BufferedOutputStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                AtomicFile.this.write(ByteBuffer.wrap(bytes, offset, length));
            }
        }, BUFFER_BYTES);
    }

    /**
     * Starts a file whose content comes over time; it replaces the target at {@link #commit}.
     *
     * @throws IOException if the folder is missing or cannot be written, or the target is a folder
     */
    public static AtomicFile open(Path target) throws IOException {
        try {
            return begin(target);
        } catch (IOException e) {
            throw named(target, e);
        }
    }

    /**
     * Writes a whole file; if the body throws, the target stays as it was.
     *
     * @throws IOException if the folder is missing or cannot be written, the target is a folder, or the body throws it
     */
    public static void write(Path target, Body body) throws IOException {
        try (AtomicFile file = open(target)) {
            body.writeTo(file.stream());
            file.commit();
        }
    }

    /** As {@link #write}, and when this returns the file is on the disk: it survives a power cut. Costs some milliseconds. */
    public static void writeDurably(Path target, Body body) throws IOException {
        try (AtomicFile file = open(target)) {
            body.writeTo(file.stream());
            file.force();
            file.commit();
            forceFolder(file.real.getParent());
        }
    }

    /** Puts the rename on the disk, where the system lets a folder be opened. */
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows does not, nor do some file systems: the rename stands all the same
        }
    }

    /** Takes the content; belongs to this object, which flushes it. */
    public OutputStream stream() {
        return out;
    }

    /** Writes all that remains of {@code bytes}, past the stream and its buffer: for content that does not come in order. */
    public void write(ByteBuffer bytes) throws IOException {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw named(target, e);
        }
    }

    /** Where the next {@link #write} begins, in bytes from the start; not in a pipe. */
    public void position(long at) throws IOException {
        channel.position(at);
    }

    private void force() throws IOException {
        out.flush();
        try {
            channel.force(true);
        } catch (IOException e) {
            throw named(target, e);
        }
    }

    /**
     * Ends the content and puts it in the target's place.
     *
     * @throws IOException if the rest cannot be written or the rename fails; the target is then as it was
     */
    public void commit() throws IOException {
        out.flush();
        try {
            channel.close(); // a file system may say only here that it had no room
            if (replacesTarget()) {
                replace();
            }
        } catch (IOException e) {
            throw named(target, e);
        }
        ended = true;
    }

    private void replace() throws IOException {
        try {
            Files.move(temporary, real, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, real, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Drops what was not committed. Never throws: what led here matters more than a temporary file that stays. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // the disk may be full: the content is dropped anyway
        }
        try {
            if (replacesTarget() && !ended) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // nothing more can be done about a folder that refuses
        }
    }

    private static AtomicFile begin(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new FileSystemException(target.toString(), null, "it is a folder");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            return new AtomicFile(target, target, target, FileChannel.open(target, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        }
        Path real = followed(target);
        sweep(real.getParent().toRealPath());
        String name = real.getFileName().toString();
        String kept = name.length() <= NAME_CHARS_KEPT ? name : name.substring(0, NAME_CHARS_KEPT);
        Path temporary = real.resolveSibling(".%s.%s-%s-%s-%s.iadb-cl.tmp".formatted(kept, PLACE, ProcessHandle.current().pid(),
                OWN_START, NUMBER.incrementAndGet()));
        return new AtomicFile(target, real, temporary,
                FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    /** Where the links of a path lead, whether a file is there or not. */
    private static Path followed(Path target) throws IOException {
        if (Files.exists(target)) {
            return target.toRealPath();
        }
        Path file = target.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(file); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemException(target.toString(), null, "its links lead in a circle");
            }
            file = file.resolveSibling(Files.readSymbolicLink(file));
        }
        return file;
    }

    /**
     * What tells processes whose numbers can be compared from others, as 16 hexadecimal digits: on Linux this start of this
     * machine and the space that its process numbers are of, elsewhere this process alone.
     */
    private static String place() {
        try {
            String text = Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
            return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString().replace("-", "").substring(0, 16);
        } catch (IOException | RuntimeException e) {
            return UUID.randomUUID().toString().replace("-", "").substring(0, 16);
        }
    }

    /** Removes what processes left that were killed, once for a folder. */
    private static void sweep(Path folder) {
        if (!SWEPT_FOLDERS.add(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*.iadb-cl.tmp")) {
            for (Path file : files) {
                if (isLeft(file)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | RuntimeException e) {
            // a folder that cannot be listed may be written all the same
        }
    }

    private static boolean isLeft(Path file) throws IOException {
        Matcher name = TEMPORARY.matcher(file.getFileName().toString());
        if (!name.matches() || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (name.group(1).equals(PLACE)) {
            return !startTicks(Long.parseLong(name.group(2))).equals(Optional.of(Long.parseLong(name.group(3))));
        }
        return Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(LONGEST_SILENCE));
    }

    /**
     * When a process started, in ticks from the machine's start: its number is given again, this is not. Empty where there is no
     * such process, or no Linux.
     */
    private static Optional<Long> startTicks(long pid) {
        try {
            String facts = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] afterName = facts.substring(facts.lastIndexOf(')') + 2).split(" "); // from the third on, see proc(5)
            return Optional.of(Long.parseLong(afterName[19]));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private boolean replacesTarget() {
        return !temporary.equals(real);
    }

    /** The same fault, of the file that the caller knows. */
    private static IOException named(Path target, IOException e) {
        if (e instanceof FileSystemException fault && target.toString().equals(fault.getFile())) {
            return e;
        }
        String words = e instanceof NoSuchFileException ? "its folder is missing" : FileFault.of(e);
        FileSystemException named = new FileSystemException(target.toString(), null, words);
        named.initCause(e);
        return named;
    }
}
