// A density on the unit square that is constant on each pixel of an h x w image: what every part of the program means
// by p0 and p1. It holds the brightness as integers, so that the sampler's tables, the model file and the density's
// value at a point all come from the same exact numbers.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A piecewise constant density on the unit square, x to the right and y upward; bright is dense. Immutable.
 *
 * <p>Pixel (row i, column j), row 0 at the top of the image, holds the points with {@code floor(x w) = j} and
 * {@code floor(y h) = h - 1 - i}: half-open at its left and at its lower edge. The sampler draws coordinates on the
 * lattice k 2^-24, k = 0 .. 2^24 - 1, which holds 0 and not 1, so the lower edge must belong to the pixel; this differs
 * from a pixel that owns its upper edge on a null set only.
 */
public final class Density {
    /** The brightest value a weight can have. */
    public static final int WHITE = 65535;

    private static final int CELL_SAMPLES = 8; // a side

    private final String name;
    private final boolean named;
    private final Path file;
    private final int width;
    private final int height;
    private final short[] weights; // [h][w], unsigned
    private final int brightest;
    private final long totalWeight;

    private Density(String name, boolean named, Path file, int width, int height, short[] weights) {
        this.name = Objects.requireNonNull(name, "name");
        if (width < 1 || height < 1 || weights.length != (long) width * height) {
            throw new IllegalArgumentException(
                    "%s: %s weights do not make %s x %s pixels".formatted(name, weights.length, width, height));
        }
        this.named = named;
        this.file = file;
        this.width = width;
        this.height = height;
        this.weights = weights;
        int max = 0;
        long sum = 0;
        for (short weight : weights) {
            int value = Short.toUnsignedInt(weight);
            max = Math.max(max, value);
            sum += value;
        }
        if (max == 0) {
            throw new InvalidInputException(
                    "%s is all black: a density needs at least one bright pixel".formatted(name), InvalidInputException.Setting.INVERT);
        }
        this.brightest = max;
        this.totalWeight = sum;
    }

    /**
     * A density of given pixels.
     *
     * @param name what messages and files call it
     * @param weights [h][w] row-major, unsigned 16-bit brightness, row 0 at the top (y = 1); becomes the density's own and
     *     must not be modified afterwards
     * @throws IllegalArgumentException if the weights are not {@code width * height} many
     * @throws InvalidInputException if every weight is zero
     */
    public static Density of(String name, int width, int height, short[] weights) {
        return new Density(name, false, null, width, height, weights);
    }

    /** A density that {@link NamedDensities#find} gives again for its name. */
    static Density named(String name, int width, int height, short[] weights) {
        return new Density(name, true, null, width, height, weights);
    }

    /** A density read from an image file. */
    static Density read(Path file, int width, int height, short[] weights) {
        return new Density(file.getFileName().toString(), false, file, width, height, weights);
    }

    /** The named density's name, or the image's file name without its folders. */
    public String name() {
        return name;
    }

    /** Whether {@link NamedDensities#find} gives exactly this density for {@link #name()}; else only the weights do. */
    public boolean isNamed() {
        return named;
    }

    /** The image file the weights were read from; empty for a named density and for weights given directly. */
    public Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    /** Pixels in a row, w. */
    public int width() {
        return width;
    }

    /** Rows, h. */
    public int height() {
        return height;
    }

    /**
     * The brightness, [h][w] row-major, unsigned 16-bit, row 0 at the top (y = 1). The density's own array, not a copy: do
     * not modify it.
     */
    public short[] weights() {
        return weights;
    }

    /** The largest weight, 1 .. 65535. */
    public int brightest() {
        return brightest;
    }

    /** The sum of all weights, at least 1. */
    public long totalWeight() {
        return totalWeight;
    }

    /** Mean weight over largest weight, in (0, 1]: the share of tries that rejection sampling in the square keeps. */
    public double acceptance() {
        return (double) totalWeight / ((double) weights.length * brightest);
    }

    /**
     * The natural logarithm of the density per unit of the square's area, log(weight w h / total); negative infinity outside
     * [0, 1)^2, for NaN, and on a black pixel.
     *
     * <p>The pixel is found in double arithmetic: with float coordinates (24 bits) and sides below 2^29 the product is exact.
     * A double below 1 never reaches the side either: (1 - 2^-53) w lies at least half an ulp below w, and where it is the
     * tie, w is a power of two and the product exact.
     */
    public double logDensityAt(double x, double y) {
        if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) {
            return Double.NEGATIVE_INFINITY;
        }
        int column = (int) (x * width);
        int row = height - 1 - (int) (y * height);
        int weight = Short.toUnsignedInt(weights[row * width + column]);
        return Math.log((double) weight * weights.length / totalWeight);
    }

    /**
     * Its mean over the cells of a grid over the square, by {@value #CELL_SAMPLES}² points a cell: for pictures of it.
     *
     * @param columns of the grid
     * @param rows    of the grid
     * @return [rows][columns], row 0 at y = 1; per unit of the square's area
     */
    public double[] meanByCell(int columns, int rows) {
        double[] means = new double[rows * columns];
        double scale = (double) weights.length / totalWeight / (CELL_SAMPLES * CELL_SAMPLES);
        for (int i = 0; i < rows * CELL_SAMPLES; i++) {
            int row = (int) ((i + 0.5) * height / (rows * CELL_SAMPLES));
            for (int j = 0; j < columns * CELL_SAMPLES; j++) {
                int column = (int) ((j + 0.5) * width / (columns * CELL_SAMPLES));
                means[i / CELL_SAMPLES * columns + j / CELL_SAMPLES] += scale * Short.toUnsignedInt(weights[row * width + column]);
            }
        }
        return means;
    }

    @Override
    public String toString() {
        return "%s (%s x %s)".formatted(name, width, height);
    }
}
