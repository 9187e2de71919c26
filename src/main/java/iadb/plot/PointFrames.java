package iadb.plot;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferInt;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.List;
import java.util.function.Consumer;

/**
 * Pictures of points that move through the unit square, x to the right, y upward. A point keeps the hue of its start, so that a
 * viewer sees where the map moves each part of the first density. All pictures share one palette of 16 greys and 20 hues × 12
 * levels of coverage, which PNG and GIF store without loss; axes are drawn once and copied, discs are stamped. Where discs
 * overlap, the higher coverage is kept, then the later disc.
 */
public final class PointFrames {
    /** The pictures' default side in pixels. */
    public static final int DEFAULT_SIDE = 640;

    private static final int MIN_SIDE = 160;
    private static final int GREYS = 16;
    private static final int LEVELS = Discs.LEVELS;
    private static final double MARGIN = 0.02; // a point is drawn up to this far outside the square, in units of its side
    private static final double PLOT_SHARE = 560 / 640.0;
    private static final double LEFT_SHARE = 52 / 640.0;
    private static final double TOP_SHARE = 44 / 640.0;
    private static final double LABEL_SHARE = 10 / 640.0;
    private static final double LABEL_GAP_SHARE = 15 / 640.0;
    private static final double CAPTION_SHARE = 13 / 640.0;
    private static final Axis UNIT_AXIS = new Axis(0, 1, false, List.of(0.0, 0.25, 0.5, 0.75, 1.0), List.of("0", "0.25", "0.5", "0.75", "1"));
    private static final int MAX_TICKS = 6;
    private static final Color FRAME_GREY = new Color(48, 48, 48);
    private static final Color LABEL_GREY = new Color(120, 120, 120);
    private static final Color CAPTION_GREY = new Color(220, 220, 220);

    private static final IndexColorModel COLOURS;
    /** [256]: the coverage of each palette entry, 0 to LEVELS. */
    private static final byte[] LEVEL_OF = new byte[GREYS + LEVELS * Palette.HUES];

    static {
        int[] entries = new int[LEVEL_OF.length];
        for (int entry = 0; entry < entries.length; entry++) {
            int hue = (entry - GREYS) / LEVELS;
            int level = (entry - GREYS) % LEVELS + 1;
            boolean grey = entry < GREYS;
            entries[entry] = grey ? Palette.blend(Palette.PAPER, Palette.INK, entry / (GREYS - 1.0))
                    : Palette.blend(Palette.PAPER, Palette.hueColour(hue), level / (double) LEVELS);
            LEVEL_OF[entry] = (byte) (grey ? entry * LEVELS / (GREYS - 1) : level);
        }
        COLOURS = new IndexColorModel(8, entries.length, entries, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    private final int side;
    private final int plot;
    private final int left;
    private final int top;
    private final Discs discs;
    private final byte[] firstEntry; // [N]: the palette entry for level 1 of each point's hue
    private final byte[] blank; // [side × side]: the picture without points and caption

    /** Prepares pictures whose axes have the units of the unit square. */
    public PointFrames(int side, float[] start) { this(side, start, Box.UNIT); }

    /**
     * Prepares the pictures of N points.
     *
     * @param side  the pictures' width and height in pixels, at least 160
     * @param start [N, 2]: each point's start in the unit square, which gives its hue; read only here
     * @param box   whose units the axes show
     */
    public PointFrames(int side, float[] start, Box box) {
        if (side < MIN_SIDE || start.length % 2 != 0) {
            throw new IllegalArgumentException("a picture of points needs a side of " + MIN_SIDE
                    + " pixels and two coordinates a point, not " + side + " and " + start.length + " numbers");
        }
        this.side = side;
        plot = (int) Math.round(PLOT_SHARE * side);
        left = (int) Math.round(LEFT_SHARE * side);
        top = (int) Math.round(TOP_SHARE * side);
        discs = new Discs(Discs.radius(start.length / 2, side));
        firstEntry = new byte[start.length / 2];
        for (int n = 0; n < firstEntry.length; n++) {
            firstEntry[n] = (byte) (GREYS + LEVELS * Palette.hueAt(start[2 * n], start[2 * n + 1]));
        }
        blank = new byte[side * side];
        drawGreys(blank, side, g -> drawAxes(g, box));
    }

    /**
     * Draws the points at their current places; may be called from several threads at once.
     *
     * @param points  [N, 2]: points further than 0.02 outside the square, and NaN, are omitted
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
            StrokeFont.draw(g, caption, left, StrokeFont.LEFT, top - LABEL_GAP_SHARE * side, CAPTION_SHARE * side);
        });
        for (int n = 0; n < firstEntry.length; n++) {
            float x = points[2 * n];
            float y = points[2 * n + 1];
            if (isShown(x) && isShown(y)) {
                stamp(pixels, left + x * (double) plot, top + (1 - y) * (double) plot, firstEntry[n] & 255);
            }
        }
        DataBufferByte data = new DataBufferByte(pixels, pixels.length);
        WritableRaster raster = Raster.createInterleavedRaster(data, side, side, side, 1, new int[] {0}, null);
        return new BufferedImage(COLOURS, raster, false, null);
    }

    /** False for NaN. */
    private static boolean isShown(float coordinate) { return coordinate >= -MARGIN && coordinate <= 1 + MARGIN; }

    private void stamp(byte[] pixels, double x, double y, int entry) {
        byte[] levels = discs.at(x, y);
        int width = 2 * discs.reach + 1;
        int corner = ((int) y - discs.reach) * side + (int) x - discs.reach;
        for (int row = 0, i = 0; row < width; row++) {
            for (int p = corner + row * side, end = p + width; p < end; p++, i++) {
                int level = levels[i];
                if (level > 0 && level >= LEVEL_OF[pixels[p] & 255]) {
                    pixels[p] = (byte) (entry + level - 1);
                }
            }
        }
    }

    private void drawAxes(Graphics2D g, Box box) {
        double height = LABEL_SHARE * side;
        double gap = LABEL_GAP_SHARE * side;
        int tick = Math.max(2, side / 128);
        g.setColor(FRAME_GREY);
        g.drawRect(left, top, plot, plot);
        Axis x = box.isUnit() ? UNIT_AXIS : Axis.tight(box.x0(), box.x(1), MAX_TICKS);
        Axis y = box.isUnit() ? UNIT_AXIS : Axis.tight(box.y0(), box.y(1), MAX_TICKS);
        for (int i = 0; i < x.ticks().size(); i++) {
            int along = (int) Math.round(plot * x.at(x.ticks().get(i)));
            g.setColor(FRAME_GREY);
            g.drawLine(left + along, top + plot, left + along, top + plot - tick);
            g.setColor(LABEL_GREY);
            StrokeFont.draw(g, x.labels().get(i), left + along, StrokeFont.CENTRE, top + plot + gap + height, height);
        }
        for (int i = 0; i < y.ticks().size(); i++) {
            int along = (int) Math.round(plot * y.at(y.ticks().get(i)));
            g.setColor(FRAME_GREY);
            g.drawLine(left, top + plot - along, left + tick, top + plot - along);
            g.setColor(LABEL_GREY);
            StrokeFont.draw(g, y.labels().get(i), left - gap, StrokeFont.RIGHT, top + plot - along + height / 2, height);
        }
    }

    /** Draws light on black in the topmost rows, and writes every pixel that is not black as a grey of the palette. */
    private void drawGreys(byte[] pixels, int rows, Consumer<Graphics2D> drawing) {
        BufferedImage light = new BufferedImage(side, rows, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = light.createGraphics();
        drawing.accept(g);
        g.dispose();
        int[] rgb = ((DataBufferInt) light.getRaster().getDataBuffer()).getData();
        for (int p = 0; p < rgb.length; p++) {
            int grey = ((rgb[p] & 255) * (GREYS - 1) + 127) / 255;
            if (grey > 0) {
                pixels[p] = (byte) grey;
            }
        }
    }
}
