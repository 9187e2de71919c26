package iadb.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that appears whole or not at all. The content goes to a temporary file in the target's own folder, so that
 * the rename at the end stays on one file system; until then a file of that name keeps its old content. A link is
 * followed; a device or a pipe, such as /dev/stdout, is written directly, since a rename would put a file in its place.
 *
 * <p>Invariant: after {@link #close} no temporary file is left, whether the content was committed or not.
 */
public final class AtomicFile implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int NAME_CHARS_KEPT = 60;

    private final Path target;
    private final Path temporary;
    private OutputStream out; // null where the content goes to the channel, or to a path
    private FileChannel channel;

    /** Writes a file's content to a stream; it need not close or flush it. */
    @FunctionalInterface
    public interface Body {
        void writeTo(OutputStream out) throws IOException;
    }

    /** Writes a file's content to a path, which does not exist yet. */
    @FunctionalInterface
    public interface PathBody {
        void writeTo(Path file) throws IOException;
    }

    private AtomicFile(Path target, Path temporary) {
        this.target = target;
        this.temporary = temporary;
    }

    /**
     * Starts a file whose content comes over time; it replaces the target at {@link #commit}.
     *
     * @throws IOException if the folder is missing or cannot be written, or the target is a folder
     */
    public static AtomicFile open(Path target) throws IOException {
        AtomicFile file = begin(target);
        file.out = new BufferedOutputStream(
                Files.newOutputStream(file.temporary, StandardOpenOption.WRITE, file.how()), BUFFER_BYTES);
        return file;
    }

    /** As above, for content that does not come in order. */
    public static AtomicFile openChannel(Path target) throws IOException {
        AtomicFile file = begin(target);
        file.channel = FileChannel.open(file.temporary, StandardOpenOption.WRITE, file.how());
        return file;
    }

    private StandardOpenOption how() {
        return replacesTarget() ? StandardOpenOption.CREATE_NEW : StandardOpenOption.APPEND;
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

    /**
     * Writes a whole file for a writer that needs a path.
     *
     * @throws IOException as {@link #write} does
     */
    public static void writeFile(Path target, PathBody body) throws IOException {
        try (AtomicFile file = begin(target)) {
            body.writeTo(file.temporary);
            file.commit();
        }
    }

    /** The stream that takes the content; it belongs to this object. */
    public OutputStream stream() {
        return out;
    }

    /** The channel of {@link #openChannel}; it belongs to this object. */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Ends the content and puts it in the target's place.
     *
     * @throws IOException if the rest cannot be written or the rename fails; the target is then as it was
     */
    public void commit() throws IOException {
        closeContent();
        if (!replacesTarget()) {
            return;
        }
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Drops what was not committed. Never throws: what led here matters more than a temporary file that stays. */
    @Override
    public void close() {
        try {
            closeContent();
        } catch (IOException e) {
            // the disk may be full: the content is dropped anyway
        }
        try {
            if (replacesTarget()) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // nothing more can be done about a folder that refuses
        }
    }

    private void closeContent() throws IOException {
        if (out != null) {
            out.close();
        }
        if (channel != null) {
            channel.close();
        }
    }

    private static AtomicFile begin(Path target) throws IOException {
        Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        if (Files.isDirectory(real)) {
            throw new IOException(target + " is a folder, not a file that could be written");
        }
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            return new AtomicFile(real, real);
        }
        String name = real.getFileName().toString();
        String kept = name.length() <= NAME_CHARS_KEPT ? name : name.substring(0, NAME_CHARS_KEPT);
        return new AtomicFile(real, real.resolveSibling("." + kept + "." + UUID.randomUUID() + ".tmp"));
    }

    private boolean replacesTarget() {
        return !temporary.equals(target);
    }
}
