package iadb.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * A file that appears whole or not at all. The content goes to a temporary file in the target's own folder, so that
 * the rename at the end stays on one file system; until then a file of that name keeps its old content. A link is
 * followed; a device or a pipe, such as /dev/stdout, is written directly, since a rename would put a file in its place.
 *
 * <p>Invariant: after {@link #close} no temporary file is left, whether the content was committed or not. A process that
 * is killed leaves one, a hidden file: the next that writes into the folder removes it, and knows by a lock, which ends
 * with its process, whether anyone still writes it.
 *
 * <p>What goes wrong is a {@link FileSystemException} that names the target.
 */
public final class AtomicFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int NAME_CHARS_KEPT = 60;
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tmp");
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1; // behind any content: some systems refuse access to what is locked
    private static final Set<Path> SWEPT_FOLDERS = ConcurrentHashMap.newKeySet();

    private final Path target; // as it was given
    private final Path real;
    private final Path temporary;
    private final FileChannel channel;
    private final OutputStream out;

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

    /** As {@link #write}, and when this returns the content is on the disk: it survives a power cut, which costs some milliseconds. */
    public static void writeDurably(Path target, Body body) throws IOException {
        try (AtomicFile file = open(target)) {
            body.writeTo(file.stream());
            file.force();
            file.commit();
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
            if (replacesTarget()) {
                replace();
            }
            channel.close();
        } catch (IOException e) {
            throw named(target, e);
        }
    }

    /** While the lock still holds. */
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
            if (replacesTarget() && channel.isOpen()) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // nothing more can be done about a folder that refuses
        }
        try {
            channel.close();
        } catch (IOException e) {
            // the disk may be full: the content is dropped anyway
        }
    }

    private static AtomicFile begin(Path target) throws IOException {
        Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        if (Files.isDirectory(real)) {
            throw new FileSystemException(target.toString(), null, "it is a folder");
        }
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            return new AtomicFile(target, real, real, FileChannel.open(real, StandardOpenOption.WRITE, StandardOpenOption.APPEND));
        }
        sweep(real.getParent().toRealPath());
        String name = real.getFileName().toString();
        String kept = name.length() <= NAME_CHARS_KEPT ? name : name.substring(0, NAME_CHARS_KEPT);
        while (true) {
            Path temporary = real.resolveSibling("." + kept + "." + UUID.randomUUID() + ".tmp");
            FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            lock(channel);
            if (Files.exists(temporary)) {
                return new AtomicFile(target, real, temporary, channel);
            }
            channel.close(); // another process took it for one that was left, before the lock
        }
    }

    /** Until the channel is closed or the process ends. */
    private static void lock(FileChannel channel) {
        try {
            channel.lock(LOCKED_BYTE, 1, false);
        } catch (IOException e) {
            // a file system without locks: nobody can lock the file, so that nobody removes it
        }
    }

    /** Removes what processes left that were killed, once for a folder. */
    private static void sweep(Path folder) {
        if (!SWEPT_FOLDERS.add(folder)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, path ->
                TEMPORARY.matcher(path.getFileName().toString()).matches() && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))) {
            for (Path file : files) {
                removeIfLeft(file);
            }
        } catch (IOException | RuntimeException e) {
            // a folder that cannot be listed may be written all the same
        }
    }

    private static void removeIfLeft(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            if (channel.tryLock(LOCKED_BYTE, 1, false) != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | OverlappingFileLockException e) {
            // another's, or in use
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
