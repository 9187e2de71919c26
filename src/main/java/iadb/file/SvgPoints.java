package iadb.file;

import iadb.plot.Discs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Points as a drawing of black dots without a background, for plotters and editors: a circle for each point, in one group that
 * holds the colour. The longer side of the unit square is 1,000 units, y points down, and coordinates have three decimals. Points
 * beyond ±1,000,000 units are left out.
 */
final class SvgPoints extends PointWriter {
    private static final double LONGER_SIDE = 1000;
    private static final double MOST = 1e6;
    private static final long UNIT = 1000; // thousandths

    private final double width;
    private final double height;
    private final String radius;
    private long leftOut;

    SvgPoints(AtomicFile file, Layout layout) throws IOException {
        super(file);
        width = LONGER_SIDE * Math.min(1, layout.aspect());
        height = LONGER_SIDE * Math.min(1, 1 / layout.aspect());
        radius = decimal(Discs.radius(layout.count(), LONGER_SIDE));
        String w = decimal(width);
        String h = decimal(height);
        write("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\">\n<g fill=\"#000\">\n"
                .formatted(w, h, w, h));
    }

    private void write(CharSequence text) throws IOException {
        file.stream().write(text.toString().getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void add(float[] starts, float[] points, float[] logDensity) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int n = 0; n < points.length; n += 2) {
            double x = points[n] * width;
            double y = (1 - points[n + 1]) * height;
            if (Math.abs(x) < MOST && Math.abs(y) < MOST) {
                append(text.append("<circle cx=\""), x);
                append(text.append("\" cy=\""), y);
                text.append("\" r=\"").append(radius).append("\"/>\n");
            } else {
                leftOut++;
            }
        }
        write(text);
    }

    @Override
    public long leftOut() { return leftOut; }

    private static String decimal(double value) {
        StringBuilder text = new StringBuilder();
        append(text, value);
        return text.toString();
    }

    /** Appends a number with up to three decimals: the library's formatting would take most of the time. */
    private static void append(StringBuilder text, double value) {
        long thousandths = Math.round(value * UNIT);
        if (thousandths < 0) {
            text.append('-');
        }
        long magnitude = Math.abs(thousandths);
        text.append(magnitude / UNIT);
        long rest = magnitude % UNIT;
        if (rest > 0) {
            text.append('.');
            for (long digit = UNIT / 10; rest > 0; digit /= 10) {
                text.append((char) ('0' + rest / digit));
                rest %= digit;
            }
        }
    }

    @Override
    public void finish() throws IOException {
        write("</g>\n</svg>\n");
        super.finish();
    }
}
