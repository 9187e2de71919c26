package iadb.cl;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/** A folder that only this user can write to. Its files are complete as soon as they exist. */
final class PrivateFolder {
    private static final String UNFINISHED = ".tmp"; // ending of an unfinished file, after digits
    private static final Duration STALE_AGE = Duration.ofHours(1); // of an unfinished file whose writer was killed

    private static final Optional<Object> USER = user();
    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private PrivateFolder() { }

    /**
     * Creates the folder, for this user only, if it is missing.
     *
     * @throws IOException if it cannot be created, or if another user could write to it
     */
    static void make(Path folder) throws IOException {
        Files.createDirectories(folder, permissions(folder, "rwx------"));
        require(folder);
    }

    /** @throws IOException if another user could have written this folder, or this file in it */
    static void require(Path path) throws IOException {
        if (!Files.isWritable(path) || isPosix(path) && (!isOwn(path)
                || Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS_WRITE::contains))) {
            throw new FileSystemException(path.toString(), null, "not writable by this user alone");
        }
    }

    /**
     * Refuses a symbolic link and another user's folder. In a folder that everyone may write to, another user could redirect a
     * link after this check, but cannot replace a folder that this user owns.
     *
     * @throws IOException if it is refused
     */
    static void requireNoLink(Path folder) throws IOException {
        if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(folder.toString(), null, "a symbolic link");
        }
        if (isPosix(folder) && !isOwn(folder, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(folder.toString(), null, "another user's");
        }
    }

    /** Removes unfinished files of killed runs. */
    static void removeUnfinished(Path folder) throws IOException {
        Instant stale = Instant.now().minus(STALE_AGE);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + UNFINISHED)) {
            for (Path file : files) {
                try {
                    if (file.getFileName().toString().matches("[0-9]+" + UNFINISHED)
                            && Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant().isBefore(stale)) {
                        Files.deleteIfExists(file);
                    }
                } catch (NoSuchFileException e) {
                    continue; // another run has just removed it
                }
            }
        }
    }

    /**
     * Writes a file under a temporary name in its folder and renames it, so that a reader finds either the old or the new
     * content.
     *
     * @param executable whether this user may execute the file
     * @param parts      concatenated to its content
     */
    static void write(Path file, boolean executable, byte[]... parts) throws IOException {
        Path temporary = Files.createTempFile(file.getParent(), "", UNFINISHED,
                permissions(file, executable ? "rwx------" : "rw-------"));
        try {
            try (var out = Files.newOutputStream(temporary)) {
                for (byte[] part : parts) {
                    out.write(part);
                }
            }
            replace(temporary, file);
        } finally {
            Files.deleteIfExists(temporary); // exists only after a fault
        }
    }

    private static void replace(Path temporary, Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(file); // only if it is empty
        }
        try {
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Whether this process's user owns it; false if unknown. Needed since the superuser can also write to other users' files. */
    private static boolean isOwn(Path path, LinkOption... options) throws IOException {
        return USER.isPresent() && Files.getAttribute(path, "unix:uid", options).equals(USER.get());
    }

    /** The user id of this process: from /proc if it exists, else the owner of a new file. */
    private static Optional<Object> user() {
        Path process = Path.of("/proc/self");
        try {
            if (!isPosix(process)) {
                return Optional.empty();
            }
            if (Files.exists(process)) {
                return Optional.of(Files.getAttribute(process, "unix:uid"));
            }
            Path made = Files.createTempFile("iadb-cl-", UNFINISHED);
            try {
                return Optional.of(Files.getAttribute(made, "unix:uid"));
            } finally {
                Files.delete(made);
            }
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    private static FileAttribute<?>[] permissions(Path path, String permissions) {
        return isPosix(path)
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))}
                : new FileAttribute<?>[0];
    }
}
