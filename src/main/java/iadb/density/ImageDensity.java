package iadb.density;

import iadb.fault.InvalidInputException;
import iadb.fault.InvalidInputException.Setting;
import iadb.fault.UntrustedText;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * A density on the unit square that is constant on each pixel of an h x w image, x to the right and y upward; bright is dense.
 * Immutable. It keeps the brightness as integers, so that sampling, model files and the density's value use the same numbers.
 *
 * <p>Pixel (row i, column j), row 0 at the top of the image, holds the points with {@code floor(x w) = j} and
 * {@code floor(y h) = h - 1 - i}: its left and lower edges belong to it, since sampled coordinates are k 2^-24, k = 0 .. 2^24 -
 * 1.
 */
public final class ImageDensity implements Density {
    /** The brightest value a weight can have. */
    public static final int WHITE = 65535;
    /** The greatest width that can be sampled: a wider white row would sum to more than 2^32 - 1 = 65,537 x 65,535. */
    static final int MAX_SAMPLED_WIDTH = 65_537;

    private static final double SUPPORT_SHARE = 0.02;
    private static final int SUPPORT_PIXELS = 2;
    private static final int CELL_SAMPLES = 8; // along each side of a cell

    private final String name;
    private final boolean named;
    private final Path file;
    private final int width;
    private final int height;
    private final short[] weights; // [h][w], unsigned
    private final int brightest;
    private final long totalWeight;

    private ImageDensity(String name, boolean named, Path file, int width, int height, short[] weights) {
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
                    "%s is all black: a density needs at least one bright pixel".formatted(name), Setting.INVERT);
        }
        brightest = max;
        totalWeight = sum;
    }

    /**
     * Makes a density from pixels.
     *
     * @param name its name in messages and files
     * @param weights [h][w] row-major, unsigned 16-bit brightness, row 0 at the top (y = 1); not copied
     * @throws IllegalArgumentException if there are not {@code width * height} weights
     * @throws InvalidInputException if every weight is zero
     */
    public static ImageDensity of(String name, int width, int height, short[] weights) {
        return new ImageDensity(name, false, null, width, height, weights);
    }

    /** A density that {@link NamedDensities#find} returns for its name. */
    static ImageDensity named(String name, int side, short[] weights) {
        return new ImageDensity(name, true, null, side, side, weights);
    }

    /** A density read from an image file. */
    static ImageDensity read(Path file, int width, int height, short[] weights) {
        return new ImageDensity(file.getFileName().toString(), false, file, width, height, weights);
    }

    /**
     * The density that a word of the command line means: a named density, or an image file if the word has a dot or a separator
     * or such a file exists.
     *
     * @param invert whether dark is dense in an image file; does not change a named density
     * @throws InvalidInputException if the word is neither, or the file holds no density ({@link ImageFile#read}); the
     *     message is one line with the remedy
     */
    public static ImageDensity parse(String text, boolean invert) {
        Optional<ImageDensity> named = NamedDensities.find(text);
        if (named.isPresent()) {
            return named.get();
        }
        InvalidPathException fault = null;
        try {
            boolean looksLikeFile = text.contains(".") || text.contains("/") || text.contains("\\");
            Path file = Path.of(text);
            if (!text.isBlank() && (looksLikeFile || Files.exists(file))) {
                return ImageFile.read(file, invert);
            }
        } catch (InvalidPathException e) {
            fault = e;
        }
        String hint = UntrustedText.closest(text, NamedDensities.names()).map(name -> "did you mean " + name + "? ").orElse("");
        throw new InvalidInputException(("no density is called '%s': %sgive the name of a density, a PNG, JPEG, BMP or GIF file,"
                + " or a CSV or NPY file of points").formatted(text, hint), Setting.NAMED_DENSITIES, fault);
    }

    @Override
    public String name() { return name; }

    /** Whether {@link NamedDensities#find} returns exactly this density for {@link #name()}. */
    public boolean isNamed() { return named; }

    @Override
    public Optional<Path> file() { return Optional.ofNullable(file); }

    @Override
    public double aspect() { return (double) width / height; }

    @Override
    public ImageDensity image() { return this; }

    /** Pixels in a row, w. */
    public int width() { return width; }

    /** Rows, h. */
    public int height() { return height; }

    /** The brightness, [h][w] row-major, unsigned 16-bit, row 0 at the top (y = 1); not a copy, do not modify. */
    public short[] weights() { return weights; }

    /** The largest weight, 1 .. 65535. */
    public int brightest() { return brightest; }

    /** The sum of all weights, at least 1. */
    long totalWeight() { return totalWeight; }

    /** Mean weight over largest weight, in (0, 1]: the share of candidates that rejection sampling in the square accepts. */
    public double acceptance() { return (double) totalWeight / ((double) weights.length * brightest); }

    private int weight(int row, int column) { return Short.toUnsignedInt(weights[row * width + column]); }

    /**
     * {@inheritDoc} It is log(weight w h / total), and negative infinity outside [0, 1)^2.
     *
     * <p>The pixel is found in double arithmetic: with float coordinates (24 bits) and sides below 2^29 the product is exact.
     * A double below 1 never reaches the side either: (1 - 2^-53) w lies at least half an ulp below w, and if it lies exactly
     * half an ulp below, w is a power of two and the product exact.
     */
    @Override
    public double logDensityAt(double x, double y) {
        if (!(x >= 0 && x < 1 && y >= 0 && y < 1)) {
            return Double.NEGATIVE_INFINITY;
        }
        int weight = weight(height - 1 - (int) (y * height), (int) (x * width));
        return Math.log((double) weight * weights.length / totalWeight);
    }

    /** {@inheritDoc} From {@value #CELL_SAMPLES}² points in each cell. */
    @Override
    public double[] meanByCell(int columns, int rows) {
        double[] means = new double[rows * columns];
        double scale = (double) weights.length / totalWeight / (CELL_SAMPLES * CELL_SAMPLES);
        for (int i = 0; i < rows * CELL_SAMPLES; i++) {
            int row = (int) ((i + 0.5) * height / (rows * CELL_SAMPLES));
            for (int j = 0; j < columns * CELL_SAMPLES; j++) {
                int column = (int) ((j + 0.5) * width / (columns * CELL_SAMPLES));
                means[i / CELL_SAMPLES * columns + j / CELL_SAMPLES] += scale * weight(row, column);
            }
        }
        return means;
    }

    /**
     * The number of points [N, 2] off the density's support. The support is every point within two pixels of a pixel brighter than
     * 2 % of the brightest one; distance is to the pixel's nearest point, in units of the pixel's sides.
     */
    int pointsOffSupport(float[] points) {
        int off = 0;
        for (int n = 0; n < points.length; n += 2) {
            off += isOnSupport(points[n], points[n + 1]) ? 0 : 1;
        }
        return off;
    }

    /** Whether a point lies on the support; false for NaN. */
    boolean isOnSupport(double x, double y) {
        double column = x * width; // in pixels
        double row = (1 - y) * height;
        if (!(column >= -SUPPORT_PIXELS && column <= width + SUPPORT_PIXELS && row >= -SUPPORT_PIXELS
                && row <= height + SUPPORT_PIXELS)) {
            return false;
        }
        int leastWeight = (int) Math.floor(SUPPORT_SHARE * brightest) + 1;
        int lastRow = (int) Math.min(height - 1.0, Math.floor(row) + SUPPORT_PIXELS);
        int lastColumn = (int) Math.min(width - 1.0, Math.floor(column) + SUPPORT_PIXELS);
        for (int i = (int) Math.max(0, Math.floor(row) - SUPPORT_PIXELS); i <= lastRow; i++) {
            for (int j = (int) Math.max(0, Math.floor(column) - SUPPORT_PIXELS); j <= lastColumn; j++) {
                if (weight(i, j) >= leastWeight && Math.hypot(outside(column, j), outside(row, i)) <= SUPPORT_PIXELS) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The distance of a coordinate from the interval [start, start + 1]. */
    private static double outside(double coordinate, int start) {
        return Math.max(0, Math.max(start - coordinate, coordinate - start - 1));
    }

    /**
     * The cumulative distribution over rows, for drawing pixels by inversion: [h], the total weight of rows 0 .. i, row 0 at
     * the top. Integers, because float sums over millions of pixels lose the dark ones.
     */
    public long[] cumulativeByRow() {
        long[] cumulative = new long[height];
        long sum = 0;
        for (int p = 0; p < weights.length; p++) {
            sum += Short.toUnsignedInt(weights[p]);
            cumulative[p / width] = sum;
        }
        return cumulative;
    }

    /**
     * The cumulative distribution in each row: [h][w] row-major, unsigned 32-bit, the total weight of columns 0 .. j of row i.
     *
     * @throws InvalidInputException if a row is longer than 65,537 pixels, since its sum may not fit
     */
    public int[] cumulativeInRows() {
        if (width > MAX_SAMPLED_WIDTH) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s is %,d pixels wide: points can be drawn from at most %,d", name, width, MAX_SAMPLED_WIDTH));
        }
        int[] cumulative = new int[weights.length];
        for (int p = 0; p < weights.length; p++) {
            cumulative[p] = Short.toUnsignedInt(weights[p]) + (p % width == 0 ? 0 : cumulative[p - 1]);
        }
        return cumulative;
    }

    @Override
    public String toString() { return "%s (%s x %s)".formatted(name, width, height); }
}
