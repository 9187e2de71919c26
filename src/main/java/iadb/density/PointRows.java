package iadb.density;

import iadb.fault.FileFault;
import iadb.fault.InvalidInputException;
import iadb.file.PointReader;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The points of a file, or if it has too many a uniform sample of them without replacement.
 *
 * @param name  the file's name without its folders
 * @param file  the file
 * @param rows  [n, 2], x and y in the file's units, at least two of them different; not copied
 * @param total the number of points in the file; more than n if the rows are a sample
 */
public record PointRows(String name, Path file, double[] rows, long total) {
    private static final int PIECE = 1 << 13; // points that are read at once
    private static final int MAX_ROWS = Integer.MAX_VALUE / 2 - Long.BYTES;

    /**
     * Reads a file once, in memory for {@code most} points. Which rows of a sample are taken, and their order, depends only on
     * the number of points in the file, {@code most} and the seed: two files of pairs keep their pairs.
     *
     * <p>Source: Vitter, "Random sampling with a reservoir", ACM TOMS 11 (1985), algorithm R: row i, from 0, takes a place that
     * is uniform on 0 .. i, if there is such a place.
     *
     * @param most the most rows to keep, at least 2
     * @throws InvalidInputException if the file is missing or unreadable, holds no points in a known format, a coordinate that is
     *     not finite, fewer than two points, or only equal ones; the message is one line that names the file
     */
    public static PointRows read(Path file, int most, long seed) {
        int places = Math.min(most, MAX_ROWS);
        double[] rows = {};
        long total = 0;
        try (PointReader reader = PointReader.open(file)) {
            for (double[] piece = reader.read(PIECE); piece.length > 0; piece = reader.read(PIECE)) {
                int filled = (int) Math.min(places, total + piece.length / 2);
                if (2 * filled > rows.length) {
                    rows = Arrays.copyOf(rows, (int) Math.min(2L * places, Math.max(2L * filled, 2L * rows.length)));
                }
                for (int i = 0; i < piece.length; i += 2) {
                    long place = total < places ? total : below(total + 1, seed);
                    if (place < places) {
                        rows[2 * (int) place] = piece[i];
                        rows[2 * (int) place + 1] = piece[i + 1];
                    }
                    total++;
                }
            }
        } catch (IOException e) {
            throw new InvalidInputException("%s cannot be read (%s)".formatted(file, FileFault.of(e)), e);
        }
        if (total < 2) {
            throw new InvalidInputException("%s holds one point: a density needs at least two".formatted(file));
        }
        rows = Arrays.copyOf(rows, 2 * (int) Math.min(places, total));
        requireDifferent(rows, file, total);
        return new PointRows(String.valueOf(file.getFileName()), file, rows, total);
    }

    /** A number that is uniform on 0 .. bound - 1, up to a relative deviation of bound / 2^63, for row bound - 1. */
    private static long below(long bound, long seed) {
        int[] words = Philox.draw(seed, RandomPurpose.FILE_ROWS, (int) bound, (int) (bound >>> Integer.SIZE));
        long bits = (long) words[0] << Integer.SIZE | Integer.toUnsignedLong(words[1]);
        return Math.multiplyHigh(bits >>> 1, 2 * bound);
    }

    private static void requireDifferent(double[] rows, Path file, long total) {
        for (int i = 2; i < rows.length; i += 2) {
            if (rows[i] != rows[0] || rows[i + 1] != rows[1]) {
                return;
            }
        }
        String sample = 2 * total > rows.length ? String.format(Locale.ROOT, " of a sample of %,d", rows.length / 2) : "";
        throw new InvalidInputException("%s: all points%s are equal".formatted(file, sample));
    }

    /** Says how many of the file's points these are; empty if they are all. */
    public Optional<String> choice() {
        return total == rows.length / 2 ? Optional.empty()
                : Optional.of(String.format(Locale.ROOT, "%s: %,d of its %,d points, chosen at random", name, rows.length / 2, total));
    }
}
