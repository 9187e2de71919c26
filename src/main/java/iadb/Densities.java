package iadb;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The densities that a map can start from and end at: shapes by name, images, and points. */
public final class Densities {
    private Densities() { }

    /** {@return the names for {@link #named}} */
    public static List<String> names() { return NamedDensities.names(); }

    /**
     * A built-in density.
     *
     * @param name one of {@link #names}
     * @return the density, on the unit square
     * @throws InvalidInputException if no density has this name
     */
    public static Density named(String name) {
        return NamedDensities.find(name).orElseThrow(() -> new InvalidInputException("no density is called '%s'".formatted(name),
                InvalidInputException.Setting.NAMED_DENSITIES));
    }

    /**
     * The density of an image file; bright is dense.
     *
     * @param file   PNG, JPEG, BMP or GIF; 8 or 16 bits; grey, colour, alpha or palette
     * @param invert whether dark is dense instead
     * @return the density, on the unit square, to which the image is stretched
     * @throws InvalidInputException if it is missing or not such an image, or all black; the message is one line
     */
    public static Density ofImage(Path file, boolean invert) { return ImageFile.read(file, invert); }

    /**
     * The density of pixels; bright is dense.
     *
     * @param name    in messages and model files
     * @param width   w, pixels in a row
     * @param height  h, rows
     * @param weights [h][w] row-major, unsigned 16-bit brightness, row 0 at the top (y = 1); not copied
     * @return the density, on the unit square
     * @throws InvalidInputException if every weight is zero
     */
    public static Density ofPixels(String name, int width, int height, short[] weights) {
        return ImageDensity.of(name, width, height, weights);
    }

    /**
     * The density that points were drawn from, in a box of its own around them. If both densities of a map are points, give them the
     * same box, such as {@link #boxAround} both.
     *
     * @param points [N, 2] in any units, N at least 2
     * @return the density
     * @throws InvalidInputException if there are fewer than two points, all are equal, one is not finite, or a coordinate is
     *                               missing
     */
    public static Density ofPoints(float[] points) { return ofPoints(points, boxAround(points), 0); }

    /**
     * The density that points were drawn from. Training uses the points; a sample of the density is one of them, plus noise.
     *
     * @param points    [N, 2] in any units, N at least 2
     * @param box       the square of the plane that the map covers, such as {@link #boxAround} the points of both densities
     * @param bandwidth standard deviation of the Gaussian noise and of the kernel density estimate, in the points' units; 0: no noise,
     *                  and for the estimate the value of most leave-one-out likelihood, at most that of Scott's rule
     * @return the density
     * @throws InvalidInputException if there are fewer than two points, all are equal, one is not finite or outside the box, or a
     *                               coordinate is missing
     */
    public static Density ofPoints(float[] points, Box box, double bandwidth) {
        requirePairsOfNumbers(points);
        float[] unit = box.isUnit() ? points.clone() : box.toUnit(points);
        return new PointDensity("points", Optional.empty(), unit, box, bandwidth);
    }

    /**
     * The square around several sets of points, with a margin of a sixteenth of their extent.
     *
     * @param points each [N, 2]
     * @return the square
     * @throws InvalidInputException if there are fewer than two points, all are equal, one is not finite, or a coordinate is
     *                               missing
     */
    public static Box boxAround(float[]... points) {
        double[][] rows = new double[points.length][];
        float[] first = new float[0];
        int count = 0;
        boolean differ = false;
        for (int set = 0; set < rows.length; set++) {
            requirePairsOfNumbers(points[set]);
            first = count == 0 ? points[set] : first;
            count += points[set].length / 2;
            rows[set] = new double[points[set].length];
            for (int i = 0; i < rows[set].length; i++) {
                rows[set][i] = points[set][i];
                differ |= points[set][i] != first[i % 2];
            }
        }
        if (count < PointDensity.MIN_POINTS) {
            throw new InvalidInputException("there are fewer than two points");
        }
        if (!differ) {
            throw new InvalidInputException("all points are equal");
        }
        return Box.around(rows);
    }

    private static void requirePairsOfNumbers(float[] points) {
        if (points.length % 2 != 0) {
            throw new InvalidInputException("%s coordinates: points are [N, 2]".formatted(points.length));
        }
        for (int i = 0; i < points.length; i++) {
            if (!Float.isFinite(points[i])) {
                throw new InvalidInputException("point %s is not finite".formatted(i / 2 + 1));
            }
        }
    }
}
