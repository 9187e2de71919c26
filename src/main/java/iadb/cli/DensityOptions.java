package iadb.cli;

import iadb.cl.Background;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.density.PointRows;
import iadb.fault.InvalidInputException;
import iadb.file.PointReader;
import iadb.model.Model;
import iadb.plot.Box;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of the two densities: names, images and point files, and the square of the plane in which the points lie. */
final class DensityOptions {
    /** The rows that are kept of a point file unless {@code --data} or a model says otherwise. */
    static final int DEFAULT_ROWS = 65_536;

    private static final Logger LOG = LoggerFactory.getLogger(DensityOptions.class);

    @Option(names = "--p0", paramLabel = "FILE|NAME",
            description = "Start density: a PNG, JPEG, BMP or GIF image (bright is dense), a CSV or NPY file of points, or a name that"
                    + " 'iadb-cl --list-densities' prints (default: that of the given model, or gaussian without a model).")
    private String p0;

    @Option(names = "--p1", paramLabel = "FILE|NAME",
            description = "Target density, given like --p0 (default: that of the given model, or spiral without a model).")
    private String p1;

    @Option(names = "--invert", description = "Dark is dense in the images of --p0 and --p1.")
    boolean invert;

    @Option(names = "--box", paramLabel = "X0,Y0,X1,Y1",
            description = "For point files: the rectangle of the plane, made a square around its centre, in which the points of both"
                    + " densities lie and which pictures show (default: the points' own extent and a margin).")
    private String box;

    @Option(names = "--bandwidth", paramLabel = "H",
            description = "For point files: standard deviation of Gaussian noise that is added to each point drawn, and of the kernel"
                    + " density estimate, in the units of the file (default: no noise; for the estimate the value of most leave-one-out"
                    + " likelihood, at most Scott's rule).")
    private Double bandwidth;

    /** What a given text means, before the box of the points is known. */
    private record Source(ImageDensity image, PointRows points) { }

    /** Both densities: the given ones, or the defaults. Keeps {@code data} rows of a point file. */
    List<Density> both(int data, long seed) {
        List<Optional<Density>> given = given(Optional.empty(), data, seed);
        return List.of(given.get(0).orElseGet(() -> ImageDensity.parse("gaussian", false)),
                given.get(1).orElseGet(() -> ImageDensity.parse("spiral", false)));
    }

    /**
     * Both densities, as far as they are given.
     *
     * @param model whose box, number of points and noise the given points have; empty without one
     * @param data  rows to keep of a point file without a model
     */
    List<Optional<Density>> given(Optional<Model> model, int data, long seed) {
        Source first;
        Source second;
        try (Background<Source> reading = Background.start("p1", () -> read(p1, model, false, data, seed))) { // each takes some 50 ms
            first = read(p0, model, true, data, seed); // if both fail, the fault of p0 is thrown
            second = reading.get();
        }
        List<PointRows> points = Stream.of(first, second).map(Source::points).filter(rows -> rows != null).toList();
        Options.refuse(box != null && points.isEmpty(), "--box applies to point files: neither --p0 nor --p1 is one");
        Options.refuse(bandwidth != null && points.isEmpty(), "--bandwidth applies to point files: neither --p0 nor --p1 is one");
        Options.refuse(bandwidth != null && !(bandwidth >= 0 && bandwidth < Double.POSITIVE_INFINITY),
                "--bandwidth " + bandwidth + " is not a number of at least 0");
        if (points.isEmpty()) {
            return List.of(Optional.ofNullable(first.image()), Optional.ofNullable(second.image()));
        }
        Optional<Box> wanted = Optional.ofNullable(box).map(DensityOptions::parseBox);
        Options.refuse(model.isPresent() && wanted.isPresent() && !wanted.equals(model.map(Model::box)),
                "--box is that of the model: leave it out with a model");
        Box square = model.map(Model::box).or(() -> wanted)
                .orElseGet(() -> boxAround(points));
        if (model.isEmpty()) {
            LOG.info(String.format(Locale.ROOT, "the points lie in the square from (%.5g, %.5g) to (%.5g, %.5g)", square.x0(), square.y0(),
                    square.x(1), square.y(1)));
        }
        return List.of(density(first, square, model, true), density(second, square, model, false));
    }

    private static Box boxAround(List<PointRows> points) {
        try {
            return Box.around(points.stream().map(PointRows::rows).toArray(double[][]::new));
        } catch (InvalidInputException e) {
            String names = points.stream().map(rows -> rows.file().toString()).collect(Collectors.joining(", "));
            throw new InvalidInputException(names + ": " + e.getMessage(), e);
        }
    }

    private Source read(String text, Optional<Model> model, boolean first, int data, long seed) {
        if (text == null) {
            return new Source(null, null);
        }
        Optional<Path> points = pointFile(text);
        if (points.isEmpty()) {
            ImageDensity image = ImageDensity.parse(text, invert);
            ImageFile.invertHint(image, invert).ifPresent(hint -> LOG.info("{}; --invert makes its dark parts dense", hint));
            return new Source(image, null);
        }
        int wanted = model.map(m -> m.pointsToGive(first)).orElse(0);
        Options.refuse(wanted == 0 && data < PointDensity.MIN_POINTS, "--data " + data + " keeps one point of " + text
                + ": a density needs at least two");
        PointRows rows = PointRows.read(points.get(), wanted > 0 ? Math.max(PointDensity.MIN_POINTS, wanted) : data,
                model.map(Model::seed).orElse(seed));
        rows.choice().ifPresent(LOG::info);
        return new Source(null, rows);
    }

    /** The file, if a text names one of points rather than a density or an image. */
    private static Optional<Path> pointFile(String text) {
        if (NamedDensities.names().contains(text) || text.isBlank()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(text)).filter(PointReader::isPoints);
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    private Optional<Density> density(Source source, Box square, Optional<Model> model, boolean first) {
        if (source.points() == null) {
            return Optional.ofNullable(source.image());
        }
        double noise = bandwidth != null ? bandwidth : model.map(m -> m.bandwidth(first)).orElse(0.0);
        return Optional.of(new PointDensity(source.points(), square, noise));
    }

    private static Box parseBox(String text) {
        double[] corners;
        try {
            corners = Stream.of(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
        } catch (NumberFormatException e) {
            corners = new double[0];
        }
        Options.refuse(corners.length != 4, "--box " + text + " is not X0,Y0,X1,Y1, such as -4,-4,4,4");
        try {
            return Box.ofCorners(corners[0], corners[1], corners[2], corners[3]);
        } catch (InvalidInputException e) {
            throw new InvalidInputException("--box " + text + ": " + e.getMessage(), e);
        }
    }

    /**
     * The given densities, else those of the model; each is empty if there is neither.
     *
     * @param model empty for an evaluation of points
     * @param seed  of the rows that are kept of a point file without a model
     */
    List<Optional<Density>> find(Optional<Model> model, Path file, long seed) {
        List<Optional<Density>> given = given(model, DEFAULT_ROWS, seed);
        model.ifPresent(m -> {
            given.get(0).flatMap(density -> m.mismatch(true, density, file)).ifPresent(LOG::warn);
            given.get(1).flatMap(density -> m.mismatch(false, density, file)).ifPresent(LOG::warn);
        });
        return List.of(given.get(0).or(() -> model.flatMap(Model::p0)), given.get(1).or(() -> model.flatMap(Model::p1)));
    }

    /** One of the densities that {@link #find} found; throws if it is empty. */
    static Density require(List<Optional<Density>> found, boolean first, Path file) {
        return found.get(first ? 0 : 1).orElseThrow(() -> new InvalidInputException(file
                + " does not hold the density that it was trained with; give it with " + (first ? "--p0" : "--p1")));
    }

    void warnOfInvert() {
        if (invert && Stream.of(p0, p1).allMatch(text -> text == null || NamedDensities.names().contains(text)
                || pointFile(text).isPresent())) {
            LOG.warn("--invert has no effect: neither --p0 nor --p1 is an image");
        }
    }

    /** Says which kernel estimate the log-densities of points use. */
    void logEstimate(Density density, boolean first) {
        if (density instanceof PointDensity points) {
            LOG.info(String.format(Locale.ROOT, "the density of %s is a kernel estimate of %,d points with bandwidth %.4g%s", points.name(),
                    points.count(), points.estimateBandwidth(),
                    points.bandwidth() > 0 ? "" : ", the most likely one by leaving points out"
                    + ((first ? p0 : p1) == null ? "" : "; --bandwidth sets another")));
        }
    }
}
