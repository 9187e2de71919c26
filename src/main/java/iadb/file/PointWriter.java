package iadb.file;

import iadb.fault.InvalidInputException;
import iadb.plot.Box;
import iadb.plot.Discs;
import iadb.plot.PointPicture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Writes points to a file in pieces, so that memory stays bounded; the file replaces the target at {@link #finish}. */
public abstract class PointWriter implements AutoCloseable {
    /**
     * The properties of a file of points, known before the first point.
     *
     * @param count      number of points
     * @param logDensity whether each point has the log of its density
     * @param aspect     width over height of a picture of the unit square
     * @param box        in whose units a table of points is written
     */
    public record Layout(long count, boolean logDensity, double aspect, Box box) { }

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

        /** Bytes of a point in a file, approximate for text; 0 if the file does not grow with the points. */
        public int bytesPerPoint(boolean withDensity, Box box) {
            int bytes = pointBytes + (withDensity ? Float.BYTES : 0);
            return holdsDensity && box.needsDoubles() ? 2 * bytes : bytes;
        }

        /** Whether the format can hold the log-density. */
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

    private static final int PICTURE_SIDE = 1024; // the longer side, in pixels
    private static final double DRAWING_SIDE = 1000; // the longer side, in units of SVG
    private static final double MAX_COORDINATE = 1e6; // in units of SVG
    private static final long THOUSANDTHS = 1000; // in a unit

    final AtomicFile file;

    PointWriter(AtomicFile file) {
        this.file = file;
    }

    /**
     * Opens a file in the format that its ending names.
     *
     * @throws InvalidInputException if no format has this ending, or it cannot hold the log-density
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
                case SVG -> drawing(file, layout);
                case PNG -> picture(file, layout);
                default -> table(file, form, layout);
            };
        } catch (Throwable e) {
            file.close();
            throw e;
        }
    }

    /**
     * Points as a table: x, y, in a PLY file z = 0, which most viewers need, and the log-density if the layout has one. NPY and
     * PLY hold little-endian float32, or float64 if the box needs doubles; CSV holds the digits of {@link Float#toString}, in every
     * locale, which read back to the same bits, or in another box than the unit square coordinates to 2^-24 of its side.
     */
    private static PointWriter table(AtomicFile file, Form form, Layout layout) throws IOException {
        int columns = (form == Form.PLY ? 3 : 2) + (layout.logDensity() ? 1 : 0);
        Box box = layout.box();
        String type = box.needsDoubles() ? "double" : "float";
        file.stream().write(switch (form) {
            case NPY -> NpyWriter.header(box.needsDoubles(), layout.count(), columns);
            case CSV -> ascii(layout.logDensity() ? "x,y,log_density\n" : "x,y\n");
            default -> ascii("ply\nformat binary_little_endian 1.0\nelement vertex " + layout.count()
                    + "\nproperty T x\nproperty T y\nproperty T z\n".replace("T", type)
                    + (layout.logDensity() ? "property " + type + " log_density\n" : "") + "end_header\n");
        });
        return new PointWriter(file) {
            @Override
            public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
                if (form != Form.CSV) {
                    NpyWriter.write(file.stream(), points, logDensity, columns, box);
                    return;
                }
                double[] plane = box.isUnit() ? null : box.toPlaneInDecimals(points);
                StringBuilder text = new StringBuilder();
                for (int n = 0; n < points.length / 2; n++) {
                    if (plane == null) {
                        text.append(points[2 * n]).append(',').append(points[2 * n + 1]);
                    } else {
                        text.append(plane[2 * n]).append(',').append(plane[2 * n + 1]);
                    }
                    if (logDensity != null) {
                        text.append(',').append(logDensity[n]);
                    }
                    text.append('\n');
                }
                file.stream().write(ascii(text));
            }
        };
    }

    private static byte[] ascii(CharSequence text) { return text.toString().getBytes(StandardCharsets.US_ASCII); }

    /**
     * Points as a drawing of black dots without a background, for plotters and editors: a circle for each point, in one group that
     * gives the colour. The longer side of the drawing is 1,000 units, y points down, and coordinates have three decimals. Points
     * beyond ±1,000,000 units are omitted.
     */
    private static PointWriter drawing(AtomicFile file, Layout layout) throws IOException {
        double width = DRAWING_SIDE * Math.min(1, layout.aspect());
        double height = DRAWING_SIDE * Math.min(1, 1 / layout.aspect());
        String radius = decimal(Discs.radius(layout.count(), DRAWING_SIDE));
        String w = decimal(width);
        String h = decimal(height);
        file.stream().write(ascii("""
                <svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s">
                <g fill="#000">
                """.formatted(w, h, w, h)));
        return new PointWriter(file) {
            private long leftOut;

            @Override
            public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
                StringBuilder text = new StringBuilder();
                for (int n = 0; n < points.length; n += 2) {
                    double x = points[n] * width;
                    double y = (1 - points[n + 1]) * height;
                    if (Math.abs(x) < MAX_COORDINATE && Math.abs(y) < MAX_COORDINATE) {
                        append(append(text.append("<circle cx=\""), x).append("\" cy=\""), y);
                        text.append("\" r=\"").append(radius).append("\"/>\n");
                    } else {
                        leftOut++;
                    }
                }
                file.stream().write(ascii(text));
            }

            @Override
            public long leftOut() { return leftOut; }

            @Override
            public void finish() throws IOException {
                file.stream().write(ascii("</g>\n</svg>\n"));
                super.finish();
            }
        };
    }

    private static String decimal(double value) { return append(new StringBuilder(), value).toString(); }

    /** Appends a number with up to three decimals; Java's formatting would take most of the time. */
    private static StringBuilder append(StringBuilder text, double value) {
        long thousandths = Math.round(value * THOUSANDTHS);
        if (thousandths < 0) {
            text.append('-');
        }
        long magnitude = Math.abs(thousandths);
        text.append(magnitude / THOUSANDTHS);
        long rest = magnitude % THOUSANDTHS;
        if (rest > 0) {
            text.append('.');
            for (long digit = THOUSANDTHS / 10; rest > 0; digit /= 10) {
                text.append((char) ('0' + rest / digit));
                rest %= digit;
            }
        }
        return text;
    }

    /** Points as a picture of the unit square. */
    private static PointWriter picture(AtomicFile file, Layout layout) {
        PointPicture picture = new PointPicture(pixels(layout.aspect()), pixels(1 / layout.aspect()), layout.count());
        return new PointWriter(file) {
            @Override
            public void add(float[] starts, float[] points, float[] logDensity) { picture.add(starts, points); }

            @Override
            public long leftOut() { return picture.leftOut(); }

            @Override
            public void finish() throws IOException {
                Png.write(file.stream(), picture.render());
                super.finish();
            }
        };
    }

    private static int pixels(double ratio) { return (int) Math.max(1, Math.round(PICTURE_SIDE * Math.min(1, ratio))); }

    /**
     * Adds the next points.
     *
     * @param starts     [n, 2], the points' starts, which give their colours in a picture
     * @param points     [n, 2], in the unit square
     * @param logDensity [n], per unit of the plane's area; null if the layout has none
     */
    public abstract void add(float[] starts, float[] points, float[] logDensity) throws IOException;

    /** The number of points so far that lie outside a picture. */
    public long leftOut() { return 0; }

    /** Completes the file and replaces the target. */
    public void finish() throws IOException { file.commit(); }

    /** Discards an unfinished file. */
    @Override
    public void close() { file.close(); }
}
