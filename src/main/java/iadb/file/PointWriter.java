package iadb.file;

import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A file of points that come in pieces, so that memory stays bounded however many they are; it replaces the target at
 * {@link #finish}.
 */
public interface PointWriter extends AutoCloseable {
    /**
     * What is known before the first point.
     *
     * @param count      how many points will come
     * @param logDensity whether each has the log of its density
     * @param aspect     width over height of a picture of the unit square
     */
    record Layout(long count, boolean logDensity, double aspect) {
    }

    /** The forms of a file, by its ending. */
    enum Form {
        /** A float32 array [N, 2], or [N, 3]. */
        NPY(true, 8) {
            @Override
            PointWriter start(Path target, Layout layout) throws IOException {
                return new NpyPoints(target, layout);
            }
        },
        /** Text with the header {@code x,y} or {@code x,y,log_density}. */
        CSV(true, 21) {
            @Override
            PointWriter start(Path target, Layout layout) throws IOException {
                return new CsvPoints(target, layout);
            }
        },
        /** A drawing of dots. */
        SVG(false, 43) {
            @Override
            PointWriter start(Path target, Layout layout) throws IOException {
                return new SvgPoints(target, layout);
            }
        },
        /** A binary point cloud with z = 0. */
        PLY(true, 12) {
            @Override
            PointWriter start(Path target, Layout layout) throws IOException {
                return new PlyPoints(target, layout);
            }
        },
        /** A picture, each point in the colour of its start. */
        PNG(false, 0) {
            @Override
            PointWriter start(Path target, Layout layout) throws IOException {
                return new PngPoints(target, layout);
            }
        };

        private static final int DENSITY_BYTES = 4;

        private final boolean holdsDensity;
        private final int pointBytes;

        Form(boolean holdsDensity, int pointBytes) {
            this.holdsDensity = holdsDensity;
            this.pointBytes = pointBytes;
        }

        /** Bytes of a point in a file, some of text; 0 where it does not grow with the points. */
        public int bytesAPoint(boolean withDensity) {
            return pointBytes + (withDensity ? DENSITY_BYTES : 0);
        }

        /** Whether a file of this form can hold a third number a point. */
        public boolean holdsDensity() {
            return holdsDensity;
        }

        /** The form that a file's ending means, whatever its case. */
        public static Form of(Path target) {
            String name = String.valueOf(target.getFileName()).toLowerCase(Locale.ROOT);
            List<Form> found = Arrays.stream(values()).filter(form -> name.endsWith(form.ending())).toList();
            if (found.isEmpty()) {
                throw new InvalidInputException(
                        target + ": the ending of a file of points is .npy, .csv, .svg, .ply or .png");
            }
            return found.get(0);
        }

        private String ending() {
            return "." + name().toLowerCase(Locale.ROOT);
        }

        abstract PointWriter start(Path target, Layout layout) throws IOException;
    }

    /**
     * Starts a file of the form that its ending means.
     *
     * @throws InvalidInputException if the ending means none, or its form cannot hold what the layout says
     */
    static PointWriter open(Path target, Layout layout) throws IOException {
        Form form = Form.of(target);
        if (layout.logDensity() && !form.holdsDensity()) {
            throw new InvalidInputException(target + ": a picture has no third column for a log-density;"
                    + " give a file that ends in .npy, .csv or .ply");
        }
        return form.start(target, layout);
    }

    /** Points [n, 2] and their log-density [n] as rows [n, 3]. */
    static float[] rows(float[] points, float[] logDensity) {
        float[] rows = new float[3 * logDensity.length];
        for (int n = 0; n < logDensity.length; n++) {
            rows[3 * n] = points[2 * n];
            rows[3 * n + 1] = points[2 * n + 1];
            rows[3 * n + 2] = logDensity[n];
        }
        return rows;
    }

    /**
     * Adds the next points.
     *
     * @param starts     [n, 2], where they came from: gives them their colour where the form has one
     * @param points     [n, 2]
     * @param logDensity [n]; null if the layout says that there is none
     */
    void add(float[] starts, float[] points, float[] logDensity) throws IOException;

    /** Points so far that a picture has no place for. */
    default long leftOut() {
        return 0;
    }

    /** Ends the file and puts it in the target's place. */
    void finish() throws IOException;

    /** Drops what is not finished. */
    @Override
    void close();
}
