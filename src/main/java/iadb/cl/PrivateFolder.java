package iadb.cl;

import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A folder that only this user can write to, and files in it that appear whole or not at all. */
final class PrivateFolder {
    /** What the name of a file that is being written ends in; digits stand before it. */
    static final String UNFINISHED = ".tmp";

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private PrivateFolder() {
    }

    /**
     * Makes the folder, for this user only, where it is missing.
     *
     * @throws IOException if it cannot be made, or is one that another user could write to
     */
    static void make(Path folder) throws IOException {
        Files.createDirectories(folder, permissions(folder, "rwx------"));
        require(folder);
    }

    /** @throws IOException if the folder, or the file in it, is one that another user could have written */
    static void require(Path path) throws IOException {
        if (!Files.isWritable(path) || isPosix(path) && (isOfAnother(path)
                || Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS_WRITE::contains))) {
            throw new FileSystemException(path.toString(), null, "not writable by this user alone");
        }
    }

    /**
     * Writes a file of {@link #make}'s folder beside its place and renames it: a reader finds the old content or the new.
     *
     * @param executable whether the file's permissions let this user execute it
     * @param parts      its content, one after the other
     */
    static void write(Path file, boolean executable, byte[]... parts) throws IOException {
        Path temporary = Files.createTempFile(file.getParent(), "", UNFINISHED, permissions(file, executable ? "rwx------" : "rw-------"));
        try {
            try (var out = Files.newOutputStream(temporary)) {
                for (byte[] part : parts) {
                    out.write(part);
                }
            }
            replace(temporary, file);
        } finally {
            Files.deleteIfExists(temporary); // what a fault left
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

    /** The superuser can write to all folders; where a process shows whose it is, as on Linux. */
    private static boolean isOfAnother(Path path) throws IOException {
        Path process = Path.of("/proc/self");
        return Files.exists(process) && !Files.getAttribute(path, "unix:uid").equals(Files.getAttribute(process, "unix:uid"));
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
