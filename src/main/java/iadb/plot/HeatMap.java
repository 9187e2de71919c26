package iadb.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Pictures of values over the unit square, side by side, each with a title above and its scale below: dark is low, light
 * is high. The scale goes from the paper colour through one hue to the ink colour, evenly in linear light.
 */
public final class HeatMap {
    private static final int SLOT = 384; // the longer side of a panel
    private static final int MARGIN = 24;
    private static final int TOP = 44;
    private static final int SCALE_GAP = 14;
    private static final int SCALE_HEIGHT = 8;
    private static final int FOOT = 58;
    private static final double TITLE_HEIGHT = 12.5;
    private static final double LABEL_HEIGHT = 10;
    private static final double MIDDLE = 0.6; // the share of the scale at which the hue is pure
    private static final int HUE = Palette.hueColour(11);
    private static final double NEARLY_ALL = 0.99;
    private static final Color NOT_A_NUMBER = new Color(0x3A2026);

    private HeatMap() { }

    /**
     * A picture of values.
     *
     * @param title  above it
     * @param width  columns
     * @param height rows
     * @param values [height][width], row 0 at the top; NaN is shown in a separate colour
     * @param low    the value at the dark end
     * @param high   the value at the light end, above {@code low}
     * @param aspect width over height as shown
     */
    public record Panel(String title, int width, int height, double[] values, double low, double high, double aspect) {
        public Panel {
            if (values.length != width * height) {
                throw new IllegalArgumentException(values.length + " values for " + width + " x " + height);
            }
        }

        private int shownWidth() { return (int) Math.max(1, Math.round(SLOT * Math.min(1, aspect))); }

        private int shownHeight() { return (int) Math.max(1, Math.round(SLOT * Math.min(1, 1 / aspect))); }
    }

    /** The 99th percentile of the values above 0, for the light end of a scale; 1 if no value is above 0. */
    public static double nearlyHighest(double[] values) {
        double[] positive = Arrays.stream(values).filter(v -> v > 0).sorted().toArray();
        return positive.length == 0 ? 1 : positive[(int) (NEARLY_ALL * (positive.length - 1))];
    }

    /** Draws panels from left to right. */
    public static BufferedImage render(List<Panel> panels) {
        int height = TOP + panels.stream().mapToInt(Panel::shownHeight).max().orElse(0) + FOOT;
        return Chart.draw(MARGIN + panels.size() * (SLOT + MARGIN), height, g -> {
            for (int i = 0; i < panels.size(); i++) {
                draw(g, panels.get(i), MARGIN + i * (SLOT + MARGIN) + (SLOT - panels.get(i).shownWidth()) / 2);
            }
        });
    }

    private static void draw(Graphics2D g, Panel panel, int left) {
        int width = panel.shownWidth();
        int height = panel.shownHeight();
        String title = panel.title(); // truncated to the panel's width
        while (title.length() > 1 && StrokeFont.width(title, TITLE_HEIGHT) > width) {
            title = title.substring(0, title.length() - 1);
        }
        g.setColor(Palette.TITLE);
        StrokeFont.draw(g, title, left, StrokeFont.LEFT, TOP - SCALE_GAP, TITLE_HEIGHT);
        g.setColor(Palette.ink(0.1));
        g.fillRect(left - 1, TOP - 1, width + 2, height + 2);
        BufferedImage values = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < width * height; p++) {
            int row = p / width * panel.height() / height;
            double value = panel.values()[row * panel.width() + p % width * panel.width() / width];
            values.setRGB(p % width, p / width, colour((value - panel.low()) / (panel.high() - panel.low())));
        }
        g.drawImage(values, left, TOP, null);
        int top = TOP + height + SCALE_GAP;
        for (int x = 0; x < width; x++) {
            g.setColor(new Color(colour(x / (width - 1.0))));
            g.fillRect(left + x, top, 1, SCALE_HEIGHT);
        }
        g.setColor(Palette.LABEL);
        double baseline = top + SCALE_HEIGHT + SCALE_GAP + LABEL_HEIGHT / 2;
        StrokeFont.draw(g, label(panel.low()), left, StrokeFont.LEFT, baseline, LABEL_HEIGHT);
        StrokeFont.draw(g, label(panel.high()), left + width, StrokeFont.RIGHT, baseline, LABEL_HEIGHT);
        if (Arrays.stream(panel.values()).anyMatch(Double::isNaN)) {
            String words = "not inverted";
            double from = left + (width - StrokeFont.width(words, LABEL_HEIGHT)) / 2;
            StrokeFont.draw(g, words, from, StrokeFont.LEFT, baseline, LABEL_HEIGHT);
            g.setColor(NOT_A_NUMBER);
            g.fillRect((int) from - 2 * SCALE_HEIGHT, (int) baseline - SCALE_HEIGHT, SCALE_HEIGHT, SCALE_HEIGHT);
        }
    }

    private static String label(double value) {
        double size = Math.abs(value);
        return size > 0 && (size < 0.1 || size >= 1e5) ? String.format(Locale.ROOT, "%.3g", value)
                : String.format(Locale.ROOT, size < 10 ? "%.1f" : "%.0f", value);
    }

    /** The colour, 0xRRGGBB, of a place on the scale, 0 to 1. */
    private static int colour(double place) {
        if (Double.isNaN(place)) {
            return NOT_A_NUMBER.getRGB();
        }
        double at = Math.max(0, Math.min(1, place));
        return at < MIDDLE ? Palette.blend(Palette.PAPER, HUE, at / MIDDLE)
                : Palette.blend(HUE, Palette.INK, (at - MIDDLE) / (1 - MIDDLE));
    }
}
