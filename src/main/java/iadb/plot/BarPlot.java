package iadb.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Horizontal bars from 0, each with its name before it and its value behind it: shares, or times of phases. */
public final class BarPlot {
    private static final int WIDTH = 900;
    private static final int MARGIN = 24;
    private static final int GAP = 12;
    private static final int BAR_HEIGHT = 18;
    private static final int BAR_DISTANCE = 28;
    private static final int TOP = 60;
    private static final double LABEL_HEIGHT = 11;
    private static final double TITLE_HEIGHT = 12.5;

    /**
     * A bar.
     *
     * @param name  before it
     * @param value its length, at least 0
     * @param text  behind it, such as the value with its unit
     */
    public record Bar(String name, double value, String text) {
    }

    private BarPlot() {
    }

    /**
     * Draws bars from top to bottom.
     *
     * @param title above them
     * @param least the length of the whole width, where no bar is longer
     * @return 900 pixels wide, as high as the bars need
     */
    public static BufferedImage render(String title, double least, List<Bar> bars) {
        BufferedImage picture = new BufferedImage(WIDTH, TOP + bars.size() * BAR_DISTANCE + MARGIN, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = picture.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        g.setColor(new Color(Palette.PAPER));
        g.fillRect(0, 0, WIDTH, picture.getHeight());
        double names = bars.stream().mapToDouble(bar -> StrokeFont.width(bar.name(), LABEL_HEIGHT)).max().orElse(0);
        double texts = bars.stream().mapToDouble(bar -> StrokeFont.width(bar.text(), LABEL_HEIGHT)).max().orElse(0);
        double left = MARGIN + names + GAP;
        double room = WIDTH - MARGIN - texts - GAP - left;
        double longest = bars.stream().mapToDouble(Bar::value).reduce(least, Math::max);
        g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.85)));
        StrokeFont.draw(g, title, MARGIN, TOP - 2 * GAP, TITLE_HEIGHT);
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            double top = TOP + i * BAR_DISTANCE;
            double baseline = top + (BAR_HEIGHT + LABEL_HEIGHT) / 2;
            double length = longest > 0 ? room * bar.value() / longest : 0;
            g.setColor(new Color(Palette.blend(Palette.PAPER, Palette.INK, 0.45)));
            StrokeFont.draw(g, bar.name(), left - GAP - StrokeFont.width(bar.name(), LABEL_HEIGHT), baseline, LABEL_HEIGHT);
            StrokeFont.draw(g, bar.text(), left + length + GAP, baseline, LABEL_HEIGHT);
            g.setColor(new Color(Palette.hueColour(11)));
            g.fill(new Rectangle2D.Double(left, top, Math.max(1, length), BAR_HEIGHT));
        }
        g.dispose();
        return picture;
    }
}
