package iadb.io;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The plot of a curve, such as the loss over the iterations. The y axis is logarithmic where all values are above 0
 * and the largest is 20 times the least or more, so that neither a steep start nor a long tail is flattened.
 */
public final class LinePlot {
    /** The plot's size in pixels. */
    public static final int WIDTH = 900;
    /** The plot's size in pixels. */
    public static final int HEIGHT = 600;

    private static final double LOGARITHMIC_FROM_RATIO = 20;
    private static final int TOP = 60;
    private static final int BOTTOM = 74;
    private static final int RIGHT = 40;
    private static final int LABEL_GAP = 12;
    private static final int OUTER_GAP = 24;
    private static final double LABEL_HEIGHT = 11;
    private static final double TITLE_HEIGHT = 12.5;
    private static final double DOT_RADIUS = 3.5;

    private static final Color GRID = colour(0.025);
    private static final Color LABEL = colour(0.45);
    private static final Color TITLE = colour(0.85);
    private static final Color CURVE = new Color(Palette.hueColour(11));

    private LinePlot() {
    }

    /**
     * Draws a curve.
     *
     * @param x      [N], ascending, such as iterations
     * @param y      [N]; a row where x or y is NaN, infinite or beyond ±1e300 is skipped
     * @param xTitle below the x axis
     * @param yTitle above the y axis
     * @return 900 × 600 pixels; without any row, the axes alone
     * @throws IllegalArgumentException if x and y differ in length
     */
    public static BufferedImage render(double[] x, double[] y, String xTitle, String yTitle) {
        if (x.length != y.length) {
            throw new IllegalArgumentException(x.length + " values of x, but " + y.length + " of y");
        }
        int[] rows = IntStream.range(0, x.length)
                .filter(row -> Math.abs(x[row]) <= Axis.LARGEST && Math.abs(y[row]) <= Axis.LARGEST).toArray();
        double[] shownX = Arrays.stream(rows).mapToDouble(row -> x[row]).toArray();
        double[] shownY = Arrays.stream(rows).mapToDouble(row -> y[row]).toArray();
        Axis xAxis = Axis.tight(least(shownX), largest(shownX), 8);
        Axis yAxis = yAxis(least(shownY), largest(shownY));

        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = picture.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        g.setColor(new Color(Palette.PAPER));
        g.fillRect(0, 0, WIDTH, HEIGHT);
        double labelWidth = yAxis.labels().stream().mapToDouble(s -> StrokeFont.width(s, LABEL_HEIGHT)).max().orElse(0);
        int left = OUTER_GAP + (int) Math.ceil(labelWidth) + LABEL_GAP;
        drawAxes(g, xAxis, yAxis, left);
        g.setColor(TITLE);
        StrokeFont.draw(g, yTitle, left, TOP - OUTER_GAP, TITLE_HEIGHT);
        StrokeFont.draw(g, xTitle, WIDTH - RIGHT - StrokeFont.width(xTitle, TITLE_HEIGHT), HEIGHT - OUTER_GAP + 4,
                TITLE_HEIGHT);
        drawCurve(g, shownX, shownY, xAxis, yAxis, left);
        g.dispose();
        return picture;
    }

    private static Axis yAxis(double min, double max) {
        return min > 0 && max / min >= LOGARITHMIC_FROM_RATIO
                ? Axis.logarithmic(min, max, 8)
                : Axis.rounded(min, max, 6);
    }

    private static void drawAxes(Graphics2D g, Axis xAxis, Axis yAxis, int left) {
        g.setStroke(new BasicStroke(1));
        for (int i = 0; i < xAxis.ticks().size(); i++) {
            double along = crisp(across(xAxis, xAxis.ticks().get(i), left));
            String label = xAxis.labels().get(i);
            drawLine(g, along, TOP, along, HEIGHT - BOTTOM);
            g.setColor(LABEL);
            StrokeFont.draw(g, label, along - StrokeFont.width(label, LABEL_HEIGHT) / 2,
                    HEIGHT - BOTTOM + LABEL_GAP + LABEL_HEIGHT, LABEL_HEIGHT);
        }
        for (int i = 0; i < yAxis.ticks().size(); i++) {
            double along = crisp(down(yAxis, yAxis.ticks().get(i)));
            String label = yAxis.labels().get(i);
            drawLine(g, left, along, WIDTH - RIGHT, along);
            g.setColor(LABEL);
            StrokeFont.draw(g, label, left - LABEL_GAP - StrokeFont.width(label, LABEL_HEIGHT),
                    along + LABEL_HEIGHT / 2, LABEL_HEIGHT);
        }
    }

    private static void drawCurve(Graphics2D g, double[] x, double[] y, Axis xAxis, Axis yAxis, int left) {
        g.setColor(CURVE);
        if (x.length == 1) {
            g.fill(new Ellipse2D.Double(across(xAxis, x[0], left) - DOT_RADIUS, down(yAxis, y[0]) - DOT_RADIUS,
                    2 * DOT_RADIUS, 2 * DOT_RADIUS));
            return;
        }
        Path2D curve = new Path2D.Double();
        for (int row = 0; row < x.length; row++) {
            double along = across(xAxis, x[row], left);
            if (row == 0) {
                curve.moveTo(along, down(yAxis, y[row]));
            } else {
                curve.lineTo(along, down(yAxis, y[row]));
            }
        }
        g.setStroke(new BasicStroke(1.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        g.draw(curve);
    }

    private static void drawLine(Graphics2D g, double x0, double y0, double x1, double y1) {
        g.setColor(GRID);
        g.draw(new Line2D.Double(x0, y0, x1, y1));
    }

    private static double across(Axis axis, double value, int left) {
        return left + axis.at(value) * (WIDTH - RIGHT - left);
    }

    private static double down(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - BOTTOM - TOP);
    }

    /** The middle of the pixel, where a line one pixel wide fills exactly one row of pixels. */
    private static double crisp(double pixels) {
        return Math.floor(pixels) + 0.5;
    }

    private static double least(double[] values) {
        return Arrays.stream(values).min().orElse(0);
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).max().orElse(1);
    }

    private static Color colour(double share) {
        return new Color(Palette.blend(Palette.PAPER, Palette.INK, share));
    }
}
