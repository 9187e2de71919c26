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
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Charts of numbers, 900 pixels wide: one curve, several curves with a legend, and horizontal bars. */
public final class Chart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 600;
    private static final int TOP = 60;
    private static final int BOTTOM = 526; // of the plot's area
    private static final int RIGHT = 860;
    private static final int LABEL_GAP = 12;
    private static final int OUTER_GAP = 24;
    private static final int BAR_HEIGHT = 18;
    private static final int BAR_DISTANCE = 28;
    private static final double LABEL_HEIGHT = 11;
    private static final double LEGEND_LINE = 1.8 * LABEL_HEIGHT;
    private static final double TITLE_HEIGHT = 12.5;
    private static final double DOT_RADIUS = 3.5;
    private static final int MAX_DOTS = 64;
    private static final float[] DASHES = {2, 6};
    private static final int[] HUES = {11, 2, 15, 6, 18, 9, 0, 13}; // neighbours far apart
    private static final double LOGARITHMIC_FROM_RATIO = 20;

    /**
     * A curve.
     *
     * @param name    in the legend
     * @param x       [N], ascending
     * @param y       [N]; a row where x or y is NaN, infinite or beyond ±1e300 is skipped
     * @param isLimit whether it is a reference level: drawn dashed in the ink of labels, without dots
     */
    public record Series(String name, double[] x, double[] y, boolean isLimit) {
        public Series {
            if (x.length != y.length) {
                throw new IllegalArgumentException(x.length + " values of x, but " + y.length + " of y");
            }
        }

        /** The curve of two properties of each item. */
        public static <T> Series of(String name, List<T> items, ToDoubleFunction<T> x, ToDoubleFunction<T> y) {
            return new Series(name, items.stream().mapToDouble(x).toArray(), items.stream().mapToDouble(y).toArray(), false);
        }

        private Series shown() {
            int[] rows = IntStream.range(0, x.length)
                    .filter(row -> Math.abs(x[row]) <= Axis.LARGEST && Math.abs(y[row]) <= Axis.LARGEST).toArray();
            return new Series(name, Arrays.stream(rows).mapToDouble(row -> x[row]).toArray(),
                    Arrays.stream(rows).mapToDouble(row -> y[row]).toArray(), isLimit);
        }
    }

    /**
     * A bar.
     *
     * @param name  to the left of the bar
     * @param value its length, at least 0
     * @param text  to the right of the bar, such as the value with its unit
     */
    public record Bar(String name, double value, String text) { }

    /** The area between the axes, from {@code left} to RIGHT and from TOP to BOTTOM. */
    private record Area(Axis xAxis, Axis yAxis, int left) {
        double x(double value) { return left + xAxis.at(value) * (RIGHT - left); }

        double y(double value) { return BOTTOM - yAxis.at(value) * (BOTTOM - TOP); }
    }

    private Chart() { }

    /**
     * Draws a curve. Its y axis is logarithmic if all values are above 0 and the largest is at least 20 times the least, so
     * that both a steep start and a long tail can be seen.
     *
     * @param x      [N], ascending, such as iterations
     * @param y      [N]; a row where x or y is NaN, infinite or beyond ±1e300 is skipped
     * @param xTitle below the x axis
     * @param yTitle above the y axis
     * @return 900 × 600 pixels; only the axes if there is no row
     * @throws IllegalArgumentException if x and y differ in length
     */
    public static BufferedImage curve(double[] x, double[] y, String xTitle, String yTitle) {
        Series curve = new Series("", x, y, false).shown();
        double min = least(curve.y());
        double max = largest(curve.y());
        Axis xAxis = Axis.tight(least(curve.x()), largest(curve.x()), 8);
        Axis yAxis = min > 0 && max / min >= LOGARITHMIC_FROM_RATIO ? Axis.logarithmic(min, max, 8) : Axis.rounded(min, max, 6);
        return render(List.of(curve), xAxis, yAxis, xTitle, yTitle);
    }

    /**
     * Draws several curves, each in its own colour with a dot at each value, and a legend in the given order. The x axis is
     * logarithmic.
     *
     * @param curves       with x above 0
     * @param logarithmicY whether the y axis is logarithmic too, which requires y above 0; otherwise it starts at 0
     * @return 900 × 600 pixels
     */
    public static BufferedImage curves(List<Series> curves, boolean logarithmicY, String xTitle, String yTitle) {
        List<Series> shown = curves.stream().map(Series::shown).toList();
        double[] x = shown.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).toArray();
        double[] y = shown.stream().flatMapToDouble(curve -> Arrays.stream(curve.y())).toArray();
        Axis xAxis = Axis.logarithmic(least(x), largest(x), 8);
        Axis yAxis = logarithmicY ? Axis.logarithmic(least(y), largest(y), 8)
                : Axis.rounded(Math.min(0, least(y)), largest(y), 6);
        return render(shown, xAxis, yAxis, xTitle, yTitle);
    }

    /**
     * Draws bars from top to bottom, each between its name and its text.
     *
     * @param least the value of a bar over the whole width, unless the largest value is greater
     * @return 900 pixels wide; the height depends on the number of bars
     */
    public static BufferedImage bars(String title, double least, List<Bar> bars) {
        double left = OUTER_GAP + widest(bars.stream().map(Bar::name)) + LABEL_GAP;
        double room = WIDTH - OUTER_GAP - widest(bars.stream().map(Bar::text)) - LABEL_GAP - left;
        double longest = bars.stream().mapToDouble(Bar::value).reduce(least, Math::max);
        return draw(WIDTH, TOP + bars.size() * BAR_DISTANCE + OUTER_GAP, g -> {
            g.setColor(Palette.TITLE);
            StrokeFont.draw(g, title, OUTER_GAP, StrokeFont.LEFT, TOP - OUTER_GAP, TITLE_HEIGHT);
            double top = TOP;
            for (Bar bar : bars) {
                double baseline = top + (BAR_HEIGHT + LABEL_HEIGHT) / 2;
                double length = longest > 0 ? room * bar.value() / longest : 0;
                g.setColor(Palette.LABEL);
                StrokeFont.draw(g, bar.name(), left - LABEL_GAP, StrokeFont.RIGHT, baseline, LABEL_HEIGHT);
                StrokeFont.draw(g, bar.text(), left + length + LABEL_GAP, StrokeFont.LEFT, baseline, LABEL_HEIGHT);
                g.setColor(new Color(Palette.hueColour(HUES[0])));
                g.fill(new Rectangle2D.Double(left, top, Math.max(1, length), BAR_HEIGHT));
                top += BAR_DISTANCE;
            }
        });
    }

    /** Draws with antialiasing on the paper colour. */
    static BufferedImage draw(int width, int height, Consumer<Graphics2D> drawing) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = picture.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        g.setColor(new Color(Palette.PAPER));
        g.fillRect(0, 0, width, height);
        drawing.accept(g);
        g.dispose();
        return picture;
    }

    private static BufferedImage render(List<Series> curves, Axis xAxis, Axis yAxis, String xTitle, String yTitle) {
        Area area = new Area(xAxis, yAxis, OUTER_GAP + (int) Math.ceil(widest(yAxis.labels().stream())) + LABEL_GAP);
        return draw(WIDTH, HEIGHT, g -> {
            drawAxes(g, area);
            g.setColor(Palette.TITLE);
            StrokeFont.draw(g, yTitle, area.left(), StrokeFont.LEFT, TOP - OUTER_GAP, TITLE_HEIGHT);
            StrokeFont.draw(g, xTitle, RIGHT, StrokeFont.RIGHT, HEIGHT - OUTER_GAP + 4, TITLE_HEIGHT);
            drawLegend(g, curves); // under the curves, so that it hides the grid but no value
            for (int i = 0; i < curves.size(); i++) {
                g.setColor(colour(curves, i));
                drawCurve(g, curves.get(i), area);
            }
        });
    }

    private static void drawAxes(Graphics2D g, Area area) {
        g.setStroke(new BasicStroke(1));
        for (int i = 0; i < area.xAxis().ticks().size(); i++) {
            double x = crisp(area.x(area.xAxis().ticks().get(i)));
            g.setColor(Palette.GRID);
            g.draw(new Line2D.Double(x, TOP, x, BOTTOM));
            g.setColor(Palette.LABEL);
            StrokeFont.draw(g, area.xAxis().labels().get(i), x, StrokeFont.CENTRE, BOTTOM + LABEL_GAP + LABEL_HEIGHT,
                    LABEL_HEIGHT);
        }
        for (int i = 0; i < area.yAxis().ticks().size(); i++) {
            double y = crisp(area.y(area.yAxis().ticks().get(i)));
            g.setColor(Palette.GRID);
            g.draw(new Line2D.Double(area.left(), y, RIGHT, y));
            g.setColor(Palette.LABEL);
            StrokeFont.draw(g, area.yAxis().labels().get(i), area.left() - LABEL_GAP, StrokeFont.RIGHT, y + LABEL_HEIGHT / 2,
                    LABEL_HEIGHT);
        }
    }

    /** Writes the names in their curves' colours, downward from the upper right corner, on the paper colour. */
    private static void drawLegend(Graphics2D g, List<Series> curves) {
        double width = widest(curves.stream().map(Series::name));
        long lines = curves.stream().filter(curve -> !curve.name().isEmpty()).count();
        if (lines > 0) {
            g.setColor(new Color(Palette.PAPER));
            g.fill(new Rectangle2D.Double(RIGHT - 1.5 * LABEL_GAP - width, TOP + 1, width + 1.5 * LABEL_GAP - 1,
                    lines * LEGEND_LINE + OUTER_GAP / 2.0));
        }
        double y = TOP + OUTER_GAP;
        for (int i = 0; i < curves.size(); i++) {
            if (!curves.get(i).name().isEmpty()) {
                g.setColor(colour(curves, i));
                StrokeFont.draw(g, curves.get(i).name(), RIGHT - LABEL_GAP, StrokeFont.RIGHT, y, LABEL_HEIGHT);
                y += LEGEND_LINE;
            }
        }
    }

    private static Color colour(List<Series> curves, int i) {
        return curves.get(i).isLimit() ? Palette.LABEL : new Color(Palette.hueColour(HUES[i % HUES.length]));
    }

    private static void drawCurve(Graphics2D g, Series curve, Area area) {
        int rows = curve.x().length;
        boolean hasDots = !curve.isLimit() && (rows == 1 || !curve.name().isEmpty() && rows <= MAX_DOTS);
        Path2D path = new Path2D.Double();
        for (int row = 0; row < rows; row++) {
            double x = area.x(curve.x()[row]);
            double y = area.y(curve.y()[row]);
            if (hasDots) {
                g.fill(new Ellipse2D.Double(x - DOT_RADIUS, y - DOT_RADIUS, 2 * DOT_RADIUS, 2 * DOT_RADIUS));
            }
            if (row == 0) {
                path.moveTo(x, y);
            } else {
                path.lineTo(x, y);
            }
        }
        if (rows > 1) {
            float[] dashes = curve.isLimit() ? DASHES : null;
            g.setStroke(new BasicStroke(1.6f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes, 0));
            g.draw(path);
        }
    }

    /** The middle of a pixel, where a line one pixel wide fills exactly one row of pixels. */
    private static double crisp(double pixels) { return Math.floor(pixels) + 0.5; }

    private static double widest(Stream<String> texts) {
        return texts.mapToDouble(text -> StrokeFont.width(text, LABEL_HEIGHT)).max().orElse(0);
    }

    private static double least(double[] values) { return Arrays.stream(values).min().orElse(0); }

    private static double largest(double[] values) { return Arrays.stream(values).max().orElse(1); }
}
