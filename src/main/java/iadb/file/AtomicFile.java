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
 * A file that appears whole or not at all: the content goes to a temporary file in the target's folder, which then replaces the
 * target. Symbolic links are followed; a device or a pipe, such as /dev/stdout, is written directly.
 *
 * <p>{@link #close} leaves no temporary file. A killed process leaves one: a hidden file whose name identifies the writer. The
 * next process that writes into the folder deletes it if that process has ended, or after a day if it cannot tell.
 *
 * <p>Every exception is a {@link FileSystemException} that names the target.
 */
public final class AtomicFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int NAME_CHARS_KEPT = 60;
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.([0-9a-f]{16})-(\\d{1,18})-(\\d{1,18})-\\d+\\.iadb-cl\\.tmp");
    private static final Duration MAX_AGE = Duration.ofDays(1); // of a temporary file whose process cannot be looked up
    private static final int MAX_LINKS = 40;
    private static final String PROCESS_SPACE = processSpace();
    private static final long OWN_START = startTicks(ProcessHandle.current().pid()).orElse(0L);
    private static final AtomicLong NUMBER = new AtomicLong();
    private static final Set<Path> SWEPT_FOLDERS = ConcurrentHashMap.newKeySet();

    private final Path target; // as the caller named it
    private final Path real; // with symbolic links resolved
    private final Path temporary; // null: the target is written directly
    private final FileChannel channel;
    private final OutputStream out;
    private boolean committed;

    /** Writes a file's content to a stream, which the caller flushes and closes. */
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
                ByteBuffer remaining = ByteBuffer.wrap(bytes, offset, length);
                try {
                    while (remaining.hasRemaining()) {
                        channel.write(remaining);
                    }
                } catch (IOException e) {
                    throw named(target, e);
                }
            }
        }, BUFFER_BYTES);
    }

    /**
     * Opens a file to write in pieces; it replaces the target at {@link #commit}.
     *
     * @throws IOException if the folder is missing or cannot be written, or the target is a folder
     */
    public static AtomicFile open(Path target) throws IOException {
        try {
            return opened(target);
        } catch (IOException e) {
            throw named(target, e);
        }
    }

    private static AtomicFile opened(Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new FileSystemException(target.toString(), null, "it is a folder");
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            return new AtomicFile(target, target, null, FileChannel.open(target, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        }
        Path real = followed(target);
        sweep(real.getParent().toRealPath());
        String name = real.getFileName().toString();
        Path temporary = real.resolveSibling(".%s.%s-%s-%s-%s.iadb-cl.tmp".formatted(
                name.substring(0, Math.min(NAME_CHARS_KEPT, name.length())), PROCESS_SPACE, ProcessHandle.current().pid(), OWN_START,
                NUMBER.incrementAndGet()));
        return new AtomicFile(target, real, temporary,
                FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    /**
     * Writes a whole file; if the body throws, the target stays unchanged.
     *
     * @throws IOException if the folder is missing or cannot be written, the target is a folder, or the body throws it
     */
    public static void write(Path target, Body body) throws IOException { write(target, false, body); }

    /** Writes a whole file and forces it to the disk, which takes some milliseconds, so that it survives a power failure. */
    static void writeDurably(Path target, Body body) throws IOException { write(target, true, body); }

    private static void write(Path target, boolean durably, Body body) throws IOException {
        try (AtomicFile file = open(target)) {
            body.writeTo(file.stream());
            file.commit(durably);
        }
    }

    /** The stream for the content; this object flushes and closes it. */
    OutputStream stream() { return out; }

    /**
     * The file that another process may write instead of this one, until {@link #commit}.
     *
     * @throws FileSystemException if the target is a device or a pipe
     */
    Path temporary() throws FileSystemException {
        if (temporary == null) {
            throw new FileSystemException(target.toString(), null, "it is not a regular file");
        }
        return temporary;
    }

    /** Sets the position of the next byte to write, from the start of the file; not supported for a pipe. */
    void position(long at) throws IOException {
        out.flush();
        channel.position(at);
    }

    /**
     * Flushes the content and replaces the target.
     *
     * @throws IOException if the buffered content cannot be written or the rename fails; the target is then unchanged
     */
    void commit() throws IOException { commit(false); }

    /**
     * Flushes the content and replaces another file than the target: the one beside it whose name has this ending in addition.
     *
     * @return that file, with symbolic links resolved
     */
    Path commitBeside(String ending) throws IOException {
        Path beside = real.resolveSibling(real.getFileName() + ending);
        commit(false, beside);
        return beside;
    }

    private void commit(boolean durably) throws IOException { commit(durably, real); }

    private void commit(boolean durably, Path replaced) throws IOException {
        out.flush();
        try {
            if (durably) {
                channel.force(true);
            }
            channel.close(); // some file systems report only here that they are full
            if (temporary != null) {
                replace(replaced);
            }
        } catch (IOException e) {
            throw named(target, e);
        }
        committed = true;
        if (durably) {
            forceFolder(real.getParent());
        }
    }

    private void replace(Path replaced) throws IOException {
        try {
            Files.move(temporary, replaced, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, replaced, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Forces a rename to the disk, if the system lets a folder be opened. */
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows and some file systems do not support this; the rename itself has succeeded
        }
    }

    /** Deletes the temporary file unless it was committed. Never throws, so that it does not hide an earlier exception. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // the disk may be full; the content is discarded anyway
        }
        try {
            if (temporary != null && !committed) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // nothing more can be done
        }
    }

    /** A path with its symbolic links resolved; the file need not exist. */
    private static Path followed(Path target) throws IOException {
        if (Files.exists(target)) {
            return target.toRealPath();
        }
        Path file = target.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(file); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemException(target.toString(), null, "its symbolic links form a loop");
            }
            file = file.resolveSibling(Files.readSymbolicLink(file));
        }
        return file;
    }

    /**
     * Identifies, by 16 hexadecimal digits, the processes whose PIDs this process can look up: on Linux those of this boot and
     * PID namespace, elsewhere this process alone.
     */
    private static String processSpace() {
        UUID id;
        try {
            String text = Files.readString(Path.of("/proc/sys/kernel/random/boot_id"))
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
            id = UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException e) {
            id = UUID.randomUUID();
        }
        return id.toString().replace("-", "").substring(0, 16);
    }

    /** Deletes the temporary files of killed processes, once per folder. */
    private static void sweep(Path folder) {
        if (!SWEPT_FOLDERS.add(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*.iadb-cl.tmp")) {
            for (Path file : files) {
                if (isAbandoned(file)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException | RuntimeException e) {
            // a folder that cannot be listed may still be writable
        }
    }

    private static boolean isAbandoned(Path file) throws IOException {
        Matcher name = TEMPORARY.matcher(file.getFileName().toString());
        if (!name.matches() || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        if (name.group(1).equals(PROCESS_SPACE)) {
            return !startTicks(Long.parseLong(name.group(2))).equals(Optional.of(Long.parseLong(name.group(3))));
        }
        return Files.getLastModifiedTime(file).toInstant().isBefore(Instant.now().minus(MAX_AGE));
    }

    /**
     * The start time of a process, in clock ticks since boot; it identifies the process together with its PID, which may be
     * reused. Empty if there is no such process, or this is not Linux.
     */
    private static Optional<Long> startTicks(long pid) {
        try {
            String facts = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] afterName = facts.substring(facts.lastIndexOf(')') + 2).split(" "); // field 3 and later, see proc(5)
            return Optional.of(Long.parseLong(afterName[19]));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** The exception as one that names the target. */
    private static IOException named(Path target, IOException e) {
        if (e instanceof FileSystemException fault && target.toString().equals(fault.getFile())) {
            return e;
        }
        String reason = e instanceof NoSuchFileException ? "its folder is missing" : FileFault.of(e);
        FileSystemException named = new FileSystemException(target.toString(), null, reason);
        named.initCause(e);
        return named;
    }
}
