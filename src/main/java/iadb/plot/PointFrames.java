package iadb.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferInt;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * Pictures of a cloud of points on its way through the unit square, x to the right, y upward. A point keeps the hue
 * of the place where it started, so that a viewer sees where the map takes each part of the first density. Pictures
 * are indexed by one fixed palette, 16 greys and 20 hues × 12 levels of coverage, which PNG and GIF keep as it is;
 * axes are drawn once and copied, discs are stamped. Where discs overlap, the higher coverage wins, then the later.
 */
public final class PointFrames {
    /** The pictures' side in pixels where nothing else is asked for. */
    public static final int DEFAULT_SIDE = 640;

    private static final int LEAST_SIDE = 160;
    private static final int GREYS = 16;
    private static final int LEVELS = DiscStamps.LEVELS;
    /** How far outside the square a point is still drawn, in units of the square. */
    private static final double MARGIN = 0.02;

    private static final double PLOT_SHARE = 560 / 640.0;
    private static final double LEFT_SHARE = 52 / 640.0;
    private static final double TOP_SHARE = 44 / 640.0;
    private static final double LABEL_SHARE = 10 / 640.0;
    private static final double LABEL_GAP_SHARE = 15 / 640.0;
    private static final double CAPTION_SHARE = 13 / 640.0;

    private static final Color FRAME_GREY = new Color(48, 48, 48);
    private static final Color LABEL_GREY = new Color(120, 120, 120);
    private static final Color CAPTION_GREY = new Color(220, 220, 220);

    private static final IndexColorModel COLOURS = colours();
    /** [256]: how much of a pixel an entry of the palette covers, 0 to LEVELS. */
    private static final byte[] LEVEL_OF = levels();

    private final int side;
    private final int plot;
    private final int left;
    private final int top;
    private final DiscStamps stamps;
    /** [N]: each point's first palette entry, that of level 1 of its hue. */
    private final byte[] firstEntry;
    /** [side × side]: the picture without points and caption. */
    private final byte[] blank;

    /**
     * Prepares the pictures of N points.
     *
     * @param side  the pictures' width and height in pixels, 160 at least
     * @param start [N, 2]: where each point started, which gives its hue; not kept
     */
    public PointFrames(int side, float[] start) {
        if (side < LEAST_SIDE || start.length % 2 != 0) {
            throw new IllegalArgumentException("a picture of points needs a side of " + LEAST_SIDE
                    + " pixels and two coordinates a point, not " + side + " and " + start.length + " numbers");
        }
        this.side = side;
        plot = (int) Math.round(PLOT_SHARE * side);
        left = (int) Math.round(LEFT_SHARE * side);
        top = (int) Math.round(TOP_SHARE * side);
        stamps = new DiscStamps(DotSize.radius(start.length / 2, side));
        firstEntry = new byte[start.length / 2];
        for (int n = 0; n < firstEntry.length; n++) {
            firstEntry[n] = (byte) (GREYS + LEVELS * Palette.hueAt(start[2 * n], start[2 * n + 1]));
        }
        blank = new byte[side * side];
        drawGreys(blank, side, this::drawAxes);
    }

    /**
     * Draws the points where they are now; may be called from several threads at once.
     *
     * @param points  [N, 2]: points further than 0.02 outside the square, and NaN, are left out
     * @param caption a line above the square
     * @return a new picture, side × side, 8-bit indexed
     */
    public BufferedImage render(float[] points, String caption) {
        if (points.length != 2 * firstEntry.length) {
            throw new IllegalArgumentException(
                    "expected " + firstEntry.length + " points, two numbers each, got " + points.length + " numbers");
        }
        byte[] pixels = blank.clone();
        drawGreys(pixels, top, g -> {
            g.setColor(CAPTION_GREY);
            StrokeFont.draw(g, caption, left, top - LABEL_GAP_SHARE * side, CAPTION_SHARE * side);
        });
        for (int n = 0; n < firstEntry.length; n++) {
            float x = points[2 * n];
            float y = points[2 * n + 1];
            if (isShown(x) && isShown(y)) {
                stamp(pixels, left + x * (double) plot, top + (1 - y) * (double) plot, firstEntry[n] & 255);
            }
        }
        DataBufferByte data = new DataBufferByte(pixels, pixels.length);
        return new BufferedImage(COLOURS,
                Raster.createInterleavedRaster(data, side, side, side, 1, new int[] {0}, null), false, null);
    }

    /** False for NaN, too. */
    private static boolean isShown(float coordinate) {
        return coordinate >= -MARGIN && coordinate <= 1 + MARGIN;
    }

    private void stamp(byte[] pixels, double x, double y, int entry) {
        byte[] levels = stamps.at(x, y);
        int reach = stamps.reach();
        int width = 2 * reach + 1;
        int corner = ((int) y - reach) * side + (int) x - reach;
        for (int row = 0, i = 0; row < width; row++) {
            for (int p = corner + row * side, end = p + width; p < end; p++, i++) {
                int level = levels[i];
                if (level > 0 && level >= LEVEL_OF[pixels[p] & 255]) {
                    pixels[p] = (byte) (entry + level - 1);
                }
            }
        }
    }

    private void drawAxes(Graphics2D g) {
        double height = LABEL_SHARE * side;
        double gap = LABEL_GAP_SHARE * side;
        int tick = Math.max(2, side / 128);
        g.setColor(FRAME_GREY);
        g.drawRect(left, top, plot, plot);
        String[] labels = {"0", "0.25", "0.5", "0.75", "1"};
        for (int i = 0; i < labels.length; i++) {
            int along = Math.round(plot * i / (float) (labels.length - 1));
            double width = StrokeFont.width(labels[i], height);
            g.setColor(FRAME_GREY);
            g.drawLine(left + along, top + plot, left + along, top + plot - tick);
            g.drawLine(left, top + plot - along, left + tick, top + plot - along);
            g.setColor(LABEL_GREY);
            StrokeFont.draw(g, labels[i], left + along - width / 2, top + plot + gap + height, height);
            StrokeFont.draw(g, labels[i], left - gap - width, top + plot - along + height / 2, height);
        }
    }

    @FunctionalInterface
    private interface Drawing {
        void drawOn(Graphics2D g);
    }

    /** Draws with light on black on the topmost rows, and turns what was hit into the palette's greys. */
    private void drawGreys(byte[] pixels, int rows, Drawing drawing) {
        BufferedImage light = new BufferedImage(side, rows, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = light.createGraphics();
        drawing.drawOn(g);
        g.dispose();
        int[] rgb = ((DataBufferInt) light.getRaster().getDataBuffer()).getData();
        for (int p = 0; p < rgb.length; p++) {
            int grey = ((rgb[p] & 255) * (GREYS - 1) + 127) / 255;
            if (grey > 0) {
                pixels[p] = (byte) grey;
            }
        }
    }

    private static IndexColorModel colours() {
        int[] entries = new int[GREYS + LEVELS * Palette.HUES];
        for (int grey = 0; grey < GREYS; grey++) {
            entries[grey] = Palette.blend(Palette.PAPER, Palette.INK, grey / (GREYS - 1.0));
        }
        for (int i = 0; i < LEVELS * Palette.HUES; i++) {
            double coverage = (i % LEVELS + 1) / (double) LEVELS;
            entries[GREYS + i] = Palette.blend(Palette.PAPER, Palette.hueColour(i / LEVELS), coverage);
        }
        return new IndexColorModel(8, entries.length, entries, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    private static byte[] levels() {
        byte[] levels = new byte[GREYS + LEVELS * Palette.HUES];
        for (int entry = 0; entry < levels.length; entry++) {
            levels[entry] = (byte) (entry < GREYS ? entry * LEVELS / (GREYS - 1) : (entry - GREYS) % LEVELS + 1);
        }
        return levels;
    }
}
