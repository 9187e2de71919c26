package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * Reads points from an untrusted file in pieces: a NumPy array [N, 2] of float32 or float64, or text with x and y on each line. A
 * third column, such as the log-density that {@link PointWriter} writes, is ignored.
 */
public interface PointReader extends AutoCloseable {
    /** Whether a file is to be read as points: its content is NPY, or its name ends as NPY or text files do and its content is not a picture. */
    static boolean isPoints(Path file) {
        boolean isNamed = isText(file) || hasEnding(file, Set.of("npy"));
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            return isNamed;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            return NpyReader.startsIn(channel) || isNamed && !startsAsPicture(file);
        } catch (IOException e) {
            return isNamed;
        }
    }

    /** Whether a file starts as PNG, JPEG, GIF or BMP does; only that of BMP can also be the start of text. */
    private static boolean startsAsPicture(Path file) throws IOException {
        byte[] start;
        try (InputStream in = Files.newInputStream(file)) {
            start = in.readNBytes(10);
        }
        String text = new String(start, StandardCharsets.ISO_8859_1);
        return text.startsWith("\u0089PNG") || text.startsWith("\u00FF\u00D8\u00FF") || text.startsWith("GIF8")
                || text.startsWith("BM") && text.endsWith("\0\0\0\0");
    }

    private static boolean isText(Path file) { return hasEnding(file, Set.of("csv", "tsv", "txt", "dat")); }

    private static boolean hasEnding(Path file, Set<String> endings) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return endings.contains(name.substring(name.lastIndexOf('.') + 1));
    }

    /**
     * Opens a file; its content says whether it is NPY, otherwise its ending whether it is CSV.
     *
     * @throws InvalidInputException if it is missing, not a file, or holds no points in one of these formats
     */
    static PointReader open(Path file) throws IOException {
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
            if (NpyReader.startsIn(channel)) {
                return NpyReader.ofPoints(channel, file);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        if (!isText(file)) {
            throw new InvalidInputException(file + " is neither NPY nor CSV: give points as .npy or .csv");
        }
        return new CsvPointReader(file);
    }

    /** The number of points in the file, at least 1; the first call reads through a file of text to count them. */
    long count() throws IOException;

    /**
     * The next points, [n, 2]: {@code most} or all that are left; empty after the last.
     *
     * @throws InvalidInputException if a coordinate is not a finite number, or is beyond the range of a float
     */
    double[] read(int most) throws IOException;

    @Override
    void close() throws IOException;
}
