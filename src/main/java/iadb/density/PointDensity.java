package iadb.density;

import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The density that points were drawn from. A sample of it is one of its points, drawn with replacement, plus Gaussian noise if it
 * has a bandwidth; training uses the points themselves. Its value is that of the kernel estimate with a Gaussian at each point, whose
 * deviation is the bandwidth, or without one what the points make most likely ({@link Bandwidth}).
 */
public final class PointDensity implements Density {
    /** The fewest points of a density. */
    public static final int MIN_POINTS = 2;

    private static final int RASTER_SIDE = 256;
    private static final double[] BLUR = {0.266, 0.213, 0.109, 0.036, 0.008}; // a Gaussian of 1.5 pixels at 0 .. 4
    private static final int CELL_SAMPLES = 4; // along each side of a cell, where the bandwidth is at least its width
    private static final double FAR = 6; // deviations beyond which a Gaussian has less than 1e-9 of its mass

    private final String name;
    private final Path file; // null: none
    private final float[] points; // [N, 2], in the unit square
    private final Box box;
    private final double bandwidth;
    private final long total; // points of the file, if these are a sample of them
    private volatile KernelEstimate estimate; // null before its first use; set under this
    private ImageDensity raster; // null before its first use; guarded by this

    /**
     * @param name      in messages and files
     * @param file      that the points were read from
     * @param points    [N, 2], in the unit square; not copied
     * @param box       the square of the user's plane that is the unit square
     * @param bandwidth deviation of the noise, in the user's units; 0: none
     * @throws InvalidInputException if there are fewer than two points, a coordinate is not finite, all points are equal, points lie
     *     outside the square, or the bandwidth is negative or not finite
     */
    public PointDensity(String name, Optional<Path> file, float[] points, Box box, double bandwidth) {
        this(name, file, points, box, bandwidth, points.length / 2);
    }

    /** The density of points of a file; throws as the constructor of an array does. */
    public PointDensity(PointRows rows, Box box, double bandwidth) {
        this(rows.name(), Optional.of(rows.file()), box.toUnit(rows.rows()), box, bandwidth, rows.total());
    }

    private PointDensity(String name, Optional<Path> file, float[] points, Box box, double bandwidth, long total) {
        if (points.length < 2 * MIN_POINTS) {
            throw new InvalidInputException("%s has fewer than two points".formatted(name));
        }
        int outside = 0;
        boolean differ = false;
        for (int n = 0; n < points.length; n += 2) {
            if (!Float.isFinite(points[n]) || !Float.isFinite(points[n + 1])) {
                throw new InvalidInputException("%s: point %s is not finite".formatted(name, n / 2 + 1));
            }
            boolean inside = points[n] >= 0 && points[n] <= 1 && points[n + 1] >= 0 && points[n + 1] <= 1;
            outside += inside ? 0 : 1;
            differ |= points[n] != points[0] || points[n + 1] != points[1];
        }
        if (outside > 0) {
            throw new InvalidInputException("%s of %s points of %s lie outside the box".formatted(outside, points.length / 2, name));
        }
        if (!differ) {
            throw new InvalidInputException("%s: all points are equal".formatted(name));
        }
        if (!(bandwidth >= 0 && bandwidth < Double.POSITIVE_INFINITY)) {
            throw new InvalidInputException("bandwidth %s is not a number of at least 0".formatted(bandwidth));
        }
        this.name = name;
        this.file = file.orElse(null);
        this.points = points;
        this.box = box;
        this.bandwidth = bandwidth;
        this.total = total;
    }

    /** The same points of the user's plane in another box. */
    public PointDensity inBox(Box other) {
        return new PointDensity(name, file(), other.toUnit(inPlane()), other, bandwidth, total);
    }

    /** The points in the user's plane, [N, 2]. */
    public double[] inPlane() {
        double[] plane = new double[points.length];
        Arrays.setAll(plane, i -> i % 2 == 0 ? box.x(points[i]) : box.y(points[i]));
        return plane;
    }

    @Override
    public String name() { return name; }

    @Override
    public Optional<Path> file() { return Optional.ofNullable(file); }

    @Override
    public double aspect() { return 1; }

    /** The points, [N, 2], in the unit square; not a copy, do not modify. */
    public float[] points() { return points; }

    /** N, the number of points. */
    public int count() { return points.length / 2; }

    /** The number of points in the file that these were read from; more than N if they are a sample. */
    public long total() { return total; }

    /** The square of the user's plane that is the unit square. */
    public Box box() { return box; }

    /** The deviation of the noise around each point, in the user's units; 0: none. */
    public double bandwidth() { return bandwidth; }

    /** The deviation of the noise around each point, in units of the square's side; 0: none. */
    public float noise() { return (float) (bandwidth / box.side()); }

    /** The deviation of the kernel estimate's Gaussians, in the user's units; above 0. */
    public double estimateBandwidth() { return estimate().bandwidth() * box.side(); }

    /** The density that the kernel estimate is: points with noise of {@link #estimateBandwidth}; this, if it has noise. */
    public PointDensity ofEstimate() {
        return bandwidth > 0 ? this : new PointDensity(name, file(), points, box, estimateBandwidth());
    }

    private KernelEstimate estimate() {
        KernelEstimate made = estimate;
        if (made == null) {
            synchronized (this) {
                made = estimate;
                if (made == null) {
                    made = new KernelEstimate(points, bandwidth > 0 ? bandwidth / box.side() : Bandwidth.mostLikely(points));
                    estimate = made;
                }
            }
        }
        return made;
    }

    @Override
    public double logDensityAt(double x, double y) { return estimate().logAt(x, y); }

    /**
     * With a bandwidth the mean of the kernel estimate, otherwise the share of points in each cell over its area. Gaussians narrower
     * than a cell are integrated, others sampled.
     */
    @Override
    public double[] meanByCell(int columns, int rows) {
        double[] means = new double[rows * columns];
        if (noise() * Math.max(columns, rows) >= 1) {
            KernelEstimate made = estimate(); // by this thread: others would wait for the lock that it may hold
            Arrays.parallelSetAll(means, cell -> {
                double sum = 0;
                for (int sample = 0; sample < CELL_SAMPLES * CELL_SAMPLES; sample++) {
                    double column = cell % columns + (sample % CELL_SAMPLES + 0.5) / CELL_SAMPLES;
                    double row = cell / columns + (sample / CELL_SAMPLES + 0.5) / CELL_SAMPLES;
                    sum += Math.exp(made.logAt(column / columns, 1 - row / rows));
                }
                return sum / (CELL_SAMPLES * CELL_SAMPLES);
            });
            return means;
        }
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * (double) columns;
            double y = points[n + 1] * (double) rows; // upward
            double[] byColumn = massByCell(x, noise() * columns, columns);
            double[] byRow = massByCell(y, noise() * rows, rows);
            int firstColumn = firstCell(x, noise() * columns, columns);
            int firstRow = firstCell(y, noise() * rows, rows);
            for (int i = 0; i < byRow.length; i++) {
                for (int j = 0; j < byColumn.length; j++) {
                    means[(rows - 1 - firstRow - i) * columns + firstColumn + j] += byRow[i] * byColumn[j] * means.length / count();
                }
            }
        }
        return means;
    }

    /** The first of {@code cells} cells of side 1, from 0 on, into which a Gaussian reaches. */
    private static int firstCell(double centre, double deviation, int cells) {
        return (int) Math.max(0, Math.min(cells - 1, Math.floor(centre - FAR * deviation)));
    }

    /** The mass of a Gaussian in each cell that it reaches, from {@link #firstCell} on; all of it in one cell for deviation 0. */
    private static double[] massByCell(double centre, double deviation, int cells) {
        if (deviation == 0) {
            return new double[] {1};
        }
        int first = firstCell(centre, deviation, cells);
        int last = firstCell(centre + 2 * FAR * deviation, deviation, cells);
        double[] mass = new double[last - first + 1];
        double before = below((first - centre) / deviation);
        for (int i = 0; i < mass.length; i++) {
            double after = below((first + i + 1 - centre) / deviation);
            mass[i] = after - before;
            before = after;
        }
        return mass;
    }

    /** The mass of the normal distribution below z, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17). */
    private static double below(double z) {
        if (!(Math.abs(z) < FAR)) {
            return z < 0 ? 0 : 1;
        }
        double t = 1 / (1 + 0.2316419 * Math.abs(z));
        double tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
                * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        return z < 0 ? tail : 1 - tail;
    }

    @Override
    public synchronized ImageDensity image() {
        if (raster == null) {
            double[] levels = blurred(blurred(meanByCell(RASTER_SIDE, RASTER_SIDE), 1), RASTER_SIDE);
            double highest = Arrays.stream(levels).max().orElseThrow();
            short[] weights = new short[levels.length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (short) Math.round(ImageDensity.WHITE * levels[i] / highest);
            }
            raster = ImageDensity.of(name, RASTER_SIDE, RASTER_SIDE, weights);
        }
        return raster;
    }

    /** A raster blurred along one axis, whose neighbours are {@code stride} apart. */
    private static double[] blurred(double[] levels, int stride) {
        double[] result = new double[levels.length];
        for (int i = 0; i < levels.length; i++) {
            int at = i / stride % RASTER_SIDE;
            for (int d = 1 - BLUR.length; d < BLUR.length; d++) {
                if (at + d >= 0 && at + d < RASTER_SIDE) {
                    result[i + d * stride] += BLUR[Math.abs(d)] * levels[i];
                }
            }
        }
        return result;
    }

    @Override
    public String toString() { return "%s (%s points)".formatted(name, count()); }
}
