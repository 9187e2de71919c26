package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Points from a file that may come from anywhere, in pieces of any size: a NumPy array [N, 2] of float32 or float64, or
 * text with x and y a line. A third column, such as {@code sample --log-density} writes, is passed over.
 */
public abstract class PointReader implements AutoCloseable {
    private static final Set<String> TEXT_ENDINGS = Set.of("csv", "tsv", "txt", "dat");

    final Path file;

    PointReader(Path file) {
        this.file = file;
    }

    /**
     * Opens a file, NPY or CSV by its content, and finds out how many points it holds.
     *
     * @throws InvalidInputException if it is missing, not a file, or holds no points in one of these forms
     */
    public static PointReader open(Path file) throws IOException {
        if (!Files.exists(file)) {
            throw new InvalidInputException("no such file: " + file + "; give points as .npy or .csv");
        }
        if (!Files.isRegularFile(file)) {
            throw new InvalidInputException(file + (Files.isDirectory(file) ? " is a folder" : " is not a regular file")
                    + ": give a file of points, .npy or .csv");
        }
        if (!Files.isReadable(file)) {
            throw new InvalidInputException(file + " cannot be read: check its permissions");
        }
        FileChannel channel = FileChannel.open(file);
        try {
            if (NpyHeader.startsIn(channel)) {
                return new NpyPointReader(channel, file);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (!TEXT_ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1))) {
            throw new InvalidInputException(file + " is neither NPY nor CSV: give points as .npy or .csv");
        }
        return new CsvPointReader(file);
    }

    /** How many points the file holds, at least 1. */
    public abstract long count();

    /**
     * The next points, [n, 2], n at most {@code most}; empty after the last.
     *
     * @throws InvalidInputException if a coordinate is no finite number
     */
    public abstract float[] read(int most) throws IOException;

    InvalidInputException notFinite(long row) {
        return new InvalidInputException(String.format(Locale.ROOT, "%s: point %,d is not finite", file, row + 1));
    }

    @Override
    public abstract void close() throws IOException;

    /** From an array of two or three columns: row by row, or in Fortran order from two places of the file in turn. */
    private static final class NpyPointReader extends PointReader {
        private final FileChannel channel;
        private final long count;
        private final NpyReader x;
        private final NpyReader y; // the same one where x and y of a point lie side by side
        private final boolean passesOverThird;
        private long done;

        NpyPointReader(FileChannel channel, Path file) throws IOException {
            super(file);
            this.channel = channel;
            NpyHeader header = NpyHeader.read(channel, file);
            long[] shape = header.shape();
            if (shape.length != 2 || shape[0] < 1 || shape[1] < 2 || shape[1] > 3) {
                boolean isTransposed = shape.length == 2 && (shape[0] == 2 || shape[0] == 3) && shape[1] > 3;
                throw new InvalidInputException(file + " has shape " + NpyHeader.text(shape) + " where points have (N, 2)"
                        + (isTransposed ? ": save array.T" : ""));
            }
            count = shape[0];
            x = new NpyReader(channel, file, header, 0);
            y = header.isFortran() ? new NpyReader(channel, file, header, count) : x;
            passesOverThird = shape[1] == 3 && !header.isFortran();
        }

        @Override
        public long count() {
            return count;
        }

        @Override
        public float[] read(int most) throws IOException {
            float[] points = new float[2 * (int) Math.min(most, count - done)];
            for (int n = 0; n < points.length; n += 2) {
                points[n] = x.next();
                points[n + 1] = y.next();
                if (!Float.isFinite(points[n]) || !Float.isFinite(points[n + 1])) {
                    throw notFinite(done + n / 2);
                }
                if (passesOverThird) {
                    x.next();
                }
            }
            done += points.length / 2;
            return points;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
