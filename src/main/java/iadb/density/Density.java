package iadb.density;

import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A density on the plane, of which the unit square is the part that is drawn and shown; x to the right and y upward. Immutable. */
public sealed interface Density permits ImageDensity, PointDensity {
    /**
     * The box of the densities of a map, the unit square for two pictures.
     *
     * @throws InvalidInputException if they are points of different boxes
     */
    static Box box(Optional<Density> p0, Optional<Density> p1) {
        List<Box> boxes = Stream.of(p0, p1).flatMap(Optional::stream)
                .flatMap(density -> density instanceof PointDensity points ? Stream.of(points.box()) : Stream.empty()).distinct().toList();
        if (boxes.size() > 1) {
            throw new InvalidInputException("the points of p0 and p1 have different boxes, %s and %s; use the box around all of them"
                    .formatted(boxes.get(0), boxes.get(1)) + " (Densities.boxAround)");
        }
        return boxes.isEmpty() ? Box.UNIT : boxes.get(0);
    }

    /** The name in messages and files: of a named density, or of the file without its folders. */
    String name();

    /** The file that it was read from; empty for a named density and for one given directly. */
    Optional<Path> file();

    /** Width over height of a picture of it. */
    double aspect();

    /** The natural logarithm of the density per unit of the square's area; negative infinity where it is 0, and for NaN. */
    double logDensityAt(double x, double y);

    /**
     * The mean density in each cell of a grid over the square.
     *
     * @return [rows][columns], row 0 at y = 1; per unit of the square's area
     */
    double[] meanByCell(int columns, int rows);

    /** The density as a picture: itself, or for points a raster, in which each point covers a few pixels. */
    ImageDensity image();

    /** The share of points [N, 2] that are off the support of {@link #image}. */
    default double shareOffSupport(float[] points) { return image().pointsOffSupport(points) / (points.length / 2.0); }
}
