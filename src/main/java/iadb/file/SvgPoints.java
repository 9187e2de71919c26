package iadb.file;

import iadb.plot.Discs;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Points as a drawing of black dots on nothing, for plotters and for editors: one circle a point in a group that has the
 * ink, so that its colour is changed in one place. The unit square is 1,000 units at its longer side, y downward as SVG
 * has it; coordinates have three decimals. Points a little outside the square are drawn, those out of all reach left out.
 */
final class SvgPoints implements PointWriter {
    private static final double LONGER_SIDE = 1000;
    private static final double MOST = 1e6;
    private static final int DECIMALS = 3;
    private static final double UNIT = Math.pow(10, DECIMALS);

    private final AtomicFile file;
    private final BufferedWriter writer;
    private final double width;
    private final double height;
    private final String radius;
    private long leftOut;
    private final StringBuilder line = new StringBuilder();

    SvgPoints(Path target, Layout layout) throws IOException {
        width = LONGER_SIDE * Math.min(1, layout.aspect());
        height = LONGER_SIDE * Math.min(1, 1 / layout.aspect());
        radius = decimal(Discs.radius(layout.count(), LONGER_SIDE));
        file = AtomicFile.open(target);
        writer = new BufferedWriter(new OutputStreamWriter(file.stream(), StandardCharsets.US_ASCII));
        String size = "width=\"" + decimal(width) + "\" height=\"" + decimal(height) + "\"";
        writer.append("<svg xmlns=\"http://www.w3.org/2000/svg\" ").append(size).append(" viewBox=\"0 0 ")
                .append(decimal(width)).append(' ').append(decimal(height)).append("\">\n<g fill=\"#000\">\n");
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * width;
            double y = (1 - points[n + 1]) * height;
            if (!(Math.abs(x) < MOST && Math.abs(y) < MOST)) {
                leftOut++;
                continue;
            }
            line.setLength(0);
            line.append("<circle cx=\"");
            append(x);
            line.append("\" cy=\"");
            append(y);
            line.append("\" r=\"").append(radius).append("\"/>\n");
            writer.append(line);
        }
    }

    @Override
    public long leftOut() {
        return leftOut;
    }

    private String decimal(double value) {
        line.setLength(0);
        append(value);
        return line.toString();
    }

    /** A number with up to three decimals: formatting by the library would take most of the time. */
    private void append(double value) {
        long thousandths = Math.round(value * UNIT);
        if (thousandths < 0) {
            line.append('-');
        }
        long magnitude = Math.abs(thousandths);
        line.append(magnitude / (long) UNIT);
        long rest = magnitude % (long) UNIT;
        if (rest > 0) {
            line.append('.');
            for (long digit = (long) UNIT / 10; rest > 0; digit /= 10) {
                line.append((char) ('0' + rest / digit));
                rest %= digit;
            }
        }
    }

    @Override
    public void finish() throws IOException {
        writer.append("</g>\n</svg>\n");
        writer.flush();
        file.commit();
    }

    @Override
    public void close() {
        file.close();
    }
}
