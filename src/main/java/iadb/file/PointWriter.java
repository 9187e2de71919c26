package iadb.file;

import iadb.fault.InvalidInputException;
import iadb.plot.PointPicture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** A file of points that come in pieces, so that memory stays bounded; it replaces the target at {@link #finish}. */
public abstract class PointWriter implements AutoCloseable {
    /**
     * What is known before the first point.
     *
     * @param count      number of points
     * @param logDensity whether each point has the log of its density
     * @param aspect     width over height of a picture of the unit square
     */
    public record Layout(long count, boolean logDensity, double aspect) {
    }

    /** The formats; the ending of a file's name chooses one. */
    public enum Form {
        /** A float32 array [N, 2], or [N, 3] with the log-density. */
        NPY(true, 8),
        /** Text with the header {@code x,y} or {@code x,y,log_density}. */
        CSV(true, 21),
        /** A drawing of dots. */
        SVG(false, 43),
        /** A binary point cloud with z = 0. */
        PLY(true, 12),
        /** A picture; each point has the colour of its start. */
        PNG(false, 0);

        private final boolean holdsDensity;
        private final int pointBytes;

        Form(boolean holdsDensity, int pointBytes) {
            this.holdsDensity = holdsDensity;
            this.pointBytes = pointBytes;
        }

        /** Bytes of a point in a file, about as many in text; 0 where the file does not grow with the points. */
        public int bytesPerPoint(boolean withDensity) { return pointBytes + (withDensity ? Float.BYTES : 0); }

        /** Whether the format has a place for the log-density. */
        public boolean holdsDensity() { return holdsDensity; }

        /**
         * The format of a file by its ending, case ignored.
         *
         * @throws InvalidInputException if no format has this ending
         */
        public static Form of(Path target) {
            String name = String.valueOf(target.getFileName()).toLowerCase(Locale.ROOT);
            return Arrays.stream(values()).filter(form -> name.endsWith("." + form.name().toLowerCase(Locale.ROOT))).findFirst()
                    .orElseThrow(() -> new InvalidInputException(
                            target + ": unknown format; give a file that ends in .npy, .csv, .svg, .ply or .png"));
        }
    }

    private static final int PICTURE_SIDE = 1024; // the longer one

    final AtomicFile file;

    PointWriter(AtomicFile file) {
        this.file = file;
    }

    /**
     * Starts a file in the format that its ending names.
     *
     * @throws InvalidInputException if no format has this ending, or it has no place for the log-density
     */
    public static PointWriter open(Path target, Layout layout) throws IOException {
        Form form = Form.of(target);
        if (layout.logDensity() && !form.holdsDensity()) {
            throw new InvalidInputException(target + ": a picture has no third column for a log-density;"
                    + " give a file that ends in .npy, .csv or .ply");
        }
        AtomicFile file = AtomicFile.open(target);
        try {
            return switch (form) {
                case SVG -> new SvgPoints(file, layout);
                case PNG -> picture(file, layout);
                default -> new PointTable(file, form, layout);
            };
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /** Points as a picture of the unit square. */
    private static PointWriter picture(AtomicFile file, Layout layout) {
        PointPicture picture = new PointPicture(pixels(layout.aspect()), pixels(1 / layout.aspect()), layout.count());
        return new PointWriter(file) {
            @Override
            public void add(float[] starts, float[] points, float[] logDensity) {
                picture.add(starts, points);
            }

            @Override
            public long leftOut() { return picture.leftOut(); }

            @Override
            public void finish() throws IOException {
                Png.write(file.stream(), picture.render());
                super.finish();
            }
        };
    }

    private static int pixels(double ratio) {
        return (int) Math.max(1, Math.round(PICTURE_SIDE * Math.min(1, ratio)));
    }

    /**
     * Adds the next points.
     *
     * @param starts     [n, 2], where they came from: their colour, where the format has one
     * @param points     [n, 2]
     * @param logDensity [n]; null if the layout has none
     */
    public abstract void add(float[] starts, float[] points, float[] logDensity) throws IOException;

    /** Points so far that lie outside a picture. */
    public long leftOut() { return 0; }

    /** Ends the file and puts it in the target's place. */
    public void finish() throws IOException {
        file.commit();
    }

    /** Drops what is not finished. */
    @Override
    public void close() {
        file.close();
    }
}
