package iadb.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Pictures of values over the unit square, side by side, each with a title above and its scale below: dark is low, light
 * is high. The scale runs from the picture's paper over one hue to its ink, even in linear light.
 */
public final class HeatMap {
    private static final int PANEL_SIDE = 384; // the longer one
    private static final int MARGIN = 24;
    private static final int TITLE = 44;
    private static final int SCALE_GAP = 14;
    private static final int SCALE_HEIGHT = 8;
    private static final int FOOT = 58;
    private static final double TITLE_HEIGHT = 12.5;
    private static final double LABEL_HEIGHT = 10;
    private static final double MIDDLE = 0.6; // of the scale, where the hue is pure
    private static final int HUE = 11;
    private static final double NEARLY_ALL = 0.99;
    private static final int ABSENT = 0x3A2026; // a value that is not a number

    private HeatMap() {
    }

    /**
     * A picture of values.
     *
     * @param title  above it
     * @param width  columns
     * @param height rows
     * @param values [height][width], row 0 at the top; NaN is shown in a colour of its own
     * @param low    the value at the dark end
     * @param high   the value at the light end, above {@code low}
     * @param aspect width over height as it is shown
     */
    public record Panel(String title, int width, int height, double[] values, double low, double high, double aspect) {
        public Panel {
            if (values.length != width * height) {
                throw new IllegalArgumentException(values.length + " values for " + width + " x " + height);
            }
        }

        private int shownWidth() {
            return (int) Math.max(1, Math.round(PANEL_SIDE * Math.min(1, aspect)));
        }

        private int shownHeight() {
            return (int) Math.max(1, Math.round(PANEL_SIDE * Math.min(1, 1 / aspect)));
        }
    }

    /** What nearly all values above 0 stay below, for the light end of a scale; 1 where none is above 0. */
    public static double nearlyHighest(double[] values) {
        double[] positive = Arrays.stream(values).filter(v -> v > 0).sorted().toArray();
        return positive.length == 0 ? 1 : positive[(int) (NEARLY_ALL * (positive.length - 1))];
    }

    /** Draws panels from left to right. */
    public static BufferedImage render(List<Panel> panels) {
        int slot = PANEL_SIDE;
        int height = TITLE + panels.stream().mapToInt(Panel::shownHeight).max().orElse(0) + FOOT;
        BufferedImage picture = new BufferedImage(MARGIN + panels.size() * (slot + MARGIN), height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = picture.createGraphics();
        g.setColor(new Color(Palette.PAPER));
        g.fillRect(0, 0, picture.getWidth(), height);
        for (int i = 0; i < panels.size(); i++) {
            int left = MARGIN + i * (slot + MARGIN) + (slot - panels.get(i).shownWidth()) / 2;
            draw(g, picture, panels.get(i), left);
        }
        g.dispose();
        return picture;
    }

    private static void draw(Graphics2D g, BufferedImage picture, Panel panel, int left) {
        int width = panel.shownWidth();
        int height = panel.shownHeight();
        g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.85)));
        StrokeFont.draw(g, fitted(panel.title(), width), left, TITLE - SCALE_GAP, TITLE_HEIGHT);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double value = panel.values()[y * panel.height() / height * panel.width() + x * panel.width() / width];
                picture.setRGB(left + x, TITLE + y, colour((value - panel.low()) / (panel.high() - panel.low())));
            }
        }
        g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.1)));
        g.drawRect(left - 1, TITLE - 1, width + 1, height + 1);
        int top = TITLE + height + SCALE_GAP;
        for (int x = 0; x < width; x++) {
            int colour = colour(x / (width - 1.0));
            for (int y = 0; y < SCALE_HEIGHT; y++) {
                picture.setRGB(left + x, top + y, colour);
            }
        }
        g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.45)));
        String high = label(panel.high());
        double baseline = top + SCALE_HEIGHT + SCALE_GAP + LABEL_HEIGHT / 2;
        StrokeFont.draw(g, label(panel.low()), left, baseline, LABEL_HEIGHT);
        if (Arrays.stream(panel.values()).anyMatch(Double::isNaN)) {
            String words = "not inverted";
            double from = left + (width - StrokeFont.width(words, LABEL_HEIGHT)) / 2;
            StrokeFont.draw(g, words, from, baseline, LABEL_HEIGHT);
            g.setColor(new Color(ABSENT));
            g.fillRect((int) from - 2 * SCALE_HEIGHT, (int) baseline - SCALE_HEIGHT, SCALE_HEIGHT, SCALE_HEIGHT);
        }
        g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.45)));
        StrokeFont.draw(g, high, left + width - StrokeFont.width(high, LABEL_HEIGHT), baseline, LABEL_HEIGHT);
    }

    /** A title, cut off where it would be wider than its picture. */
    private static String fitted(String title, int width) {
        String shown = title;
        while (shown.length() > 1 && StrokeFont.width(shown, TITLE_HEIGHT) > width) {
            shown = shown.substring(0, shown.length() - 1);
        }
        return shown;
    }

    private static String label(double value) {
        return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.1f" : "%.0f", value);
    }

    /** The colour, 0xRRGGBB, of a place on the scale, 0 to 1. */
    private static int colour(double place) {
        if (Double.isNaN(place)) {
            return ABSENT;
        }
        double at = Math.max(0, Math.min(1, place));
        return at < MIDDLE ? Palette.blend(Palette.PAPER, Palette.hueColour(HUE), at / MIDDLE)
                : Palette.blend(Palette.hueColour(HUE), Palette.INK, (at - MIDDLE) / (1 - MIDDLE));
    }
}
