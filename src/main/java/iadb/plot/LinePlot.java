package iadb.plot;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The plot of a curve, such as the loss over the iterations, or of several with a legend. A single curve's y axis is
 * logarithmic where all values are above 0 and the largest is 20 times the least or more, so that neither a steep start nor
 * a long tail is flattened.
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
    private static final double LEGEND_LINE = 1.8 * LABEL_HEIGHT;
    private static final double TITLE_HEIGHT = 12.5;
    private static final double DOT_RADIUS = 3.5;

    private static final Color GRID = colour(0.025);
    private static final Color LABEL = colour(0.45);
    private static final Color TITLE = colour(0.85);
    /** Hues far apart, the single curve's first. */
    private static final int[] CURVE_HUES = {11, 2, 15, 6, 18, 9, 0, 13};
    private static final int MOST_DOTS = 64;
    private static final float[] DASHES = {2, 6};

    /**
     * A curve of a plot.
     *
     * @param name   in the legend
     * @param x      [N], ascending
     * @param y      [N]; a row where x or y is NaN, infinite or beyond ±1e300 is skipped
     * @param isLimit whether it is a level that the others are held against: drawn in ink, dashed, without dots
     */
    public record Series(String name, double[] x, double[] y, boolean isLimit) {
        public Series {
            if (x.length != y.length) {
                throw new IllegalArgumentException(x.length + " values of x, but " + y.length + " of y");
            }
        }

        private Series shown() {
            int[] rows = IntStream.range(0, x.length)
                    .filter(row -> Math.abs(x[row]) <= Axis.LARGEST && Math.abs(y[row]) <= Axis.LARGEST).toArray();
            return new Series(name, Arrays.stream(rows).mapToDouble(row -> x[row]).toArray(),
                    Arrays.stream(rows).mapToDouble(row -> y[row]).toArray(), isLimit);
        }
    }

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
        Series curve = new Series("", x, y, false).shown();
        Axis xAxis = Axis.tight(least(curve.x()), largest(curve.x()), 8);
        return render(List.of(curve), xAxis, yAxis(least(curve.y()), largest(curve.y())), xTitle, yTitle);
    }

    /**
     * Draws several curves in colours of their own, a dot at each value, with a legend in the order given. The x axis is
     * logarithmic.
     *
     * @param curves       with x above 0
     * @param logarithmicY whether lengths along the y axis are ratios too, y being above 0; else it starts at 0
     * @return 900 × 600 pixels
     */
    public static BufferedImage render(List<Series> curves, boolean logarithmicY, String xTitle, String yTitle) {
        List<Series> shown = curves.stream().map(Series::shown).toList();
        double[] x = shown.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).toArray();
        double[] y = shown.stream().flatMapToDouble(curve -> Arrays.stream(curve.y())).toArray();
        Axis xAxis = Axis.logarithmic(least(x), largest(x), 8);
        Axis yAxis = logarithmicY ? Axis.logarithmic(least(y), largest(y), 8) : Axis.rounded(Math.min(0, least(y)), largest(y), 6);
        return render(shown, xAxis, yAxis, xTitle, yTitle);
    }

    private static BufferedImage render(List<Series> curves, Axis xAxis, Axis yAxis, String xTitle, String yTitle) {
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
        drawLegend(g, curves); // under the curves: it hides the grid, but no value
        for (int i = 0; i < curves.size(); i++) {
            Color colour = curves.get(i).isLimit() ? LABEL : new Color(Palette.hueColour(CURVE_HUES[i % CURVE_HUES.length]));
            drawCurve(g, curves.get(i), colour, xAxis, yAxis, left);
        }
        g.dispose();
        return picture;
    }

    /** The names in their curves' colours, from the right upper corner down, on a ground of their own. */
    private static void drawLegend(Graphics2D g, List<Series> curves) {
        double down = TOP + OUTER_GAP;
        double width = curves.stream().mapToDouble(curve -> StrokeFont.width(curve.name(), LABEL_HEIGHT)).max().orElse(0);
        long lines = curves.stream().filter(curve -> !curve.name().isEmpty()).count();
        if (lines > 0) {
            g.setColor(new Color(Palette.PAPER));
            g.fill(new Rectangle2D.Double(WIDTH - RIGHT - 1.5 * LABEL_GAP - width, TOP + 1, width + 1.5 * LABEL_GAP - 1,
                    lines * LEGEND_LINE + OUTER_GAP / 2.0));
        }
        for (int i = 0; i < curves.size(); i++) {
            Series curve = curves.get(i);
            if (!curve.name().isEmpty()) {
                g.setColor(curve.isLimit() ? LABEL : new Color(Palette.hueColour(CURVE_HUES[i % CURVE_HUES.length])));
                StrokeFont.draw(g, curve.name(), WIDTH - RIGHT - LABEL_GAP - StrokeFont.width(curve.name(), LABEL_HEIGHT), down,
                        LABEL_HEIGHT);
                down += LEGEND_LINE;
            }
        }
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

    private static void drawCurve(Graphics2D g, Series curve, Color colour, Axis xAxis, Axis yAxis, int left) {
        g.setColor(colour);
        double[] x = curve.x();
        double[] y = curve.y();
        boolean hasDots = !curve.isLimit() && (x.length == 1 || !curve.name().isEmpty() && x.length <= MOST_DOTS);
        Path2D path = new Path2D.Double();
        for (int row = 0; row < x.length; row++) {
            double along = across(xAxis, x[row], left);
            if (hasDots) {
                g.fill(new Ellipse2D.Double(along - DOT_RADIUS, down(yAxis, y[row]) - DOT_RADIUS, 2 * DOT_RADIUS, 2 * DOT_RADIUS));
            }
            if (row == 0) {
                path.moveTo(along, down(yAxis, y[row]));
            } else {
                path.lineTo(along, down(yAxis, y[row]));
            }
        }
        if (x.length > 1) {
            float[] dashes = curve.isLimit() ? DASHES : null;
            g.setStroke(new BasicStroke(1.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes, 0));
            g.draw(path);
        }
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
