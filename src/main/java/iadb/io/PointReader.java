package iadb.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Points from a file that may come from anywhere, in pieces of any size: a NumPy array [N, 2] of float32 or float64, or
 * text with a comma between x and y. A third column, such as {@code sample --log-density} writes, is passed over.
 */
public abstract class PointReader implements AutoCloseable {
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
        boolean isNpy;
        try {
            isNpy = NpyHeader.startsIn(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        if (isNpy) {
            return new NpyPointReader(new NpyReader(channel, file), file);
        }
        channel.close();
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".csv") && !name.endsWith(".txt")) {
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
        return new InvalidInputException("%s: point %,d is not finite".formatted(file, row + 1));
    }

    @Override
    public abstract void close() throws IOException;

    /** From an array of two or three columns. */
    private static final class NpyPointReader extends PointReader {
        private final NpyReader reader;
        private final int columns;
        private long done;

        NpyPointReader(NpyReader reader, Path file) throws IOException {
            super(file);
            this.reader = reader;
            long[] shape = reader.shape();
            if (shape.length != 2 || shape[0] < 1 || shape[1] < 2 || shape[1] > 3) {
                reader.close();
                throw new InvalidInputException(file + " has shape " + NpyHeader.text(shape) + " where points have (N, 2)");
            }
            columns = (int) shape[1];
        }

        @Override
        public long count() {
            return reader.shape()[0];
        }

        @Override
        public float[] read(int most) throws IOException {
            int count = (int) Math.min(most, count() - done);
            float[] rows = new float[count * columns];
            reader.read(rows);
            float[] points = columns == 2 ? rows : new float[2 * count];
            for (int n = 0; n < count; n++) {
                points[2 * n] = rows[columns * n];
                points[2 * n + 1] = rows[columns * n + 1];
                if (!Float.isFinite(points[2 * n]) || !Float.isFinite(points[2 * n + 1])) {
                    throw notFinite(done + n);
                }
            }
            done += count;
            return points;
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }
}
