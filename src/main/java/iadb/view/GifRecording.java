package iadb.view;

import iadb.file.FrameWriter;
import iadb.file.GifWriter;
import iadb.plot.Palette;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Path;

/** Records the window as GIF: scales its pictures to the format's size, and reduces their colours to a fixed palette. */
final class GifRecording implements FrameWriter {
    private static final int LAST_HUNDREDTHS = 8;
    private static final int SHADES = 5;        // per hue
    private static final int GREYS = 28;
    private static final int COLOURS = Palette.HUES * SHADES + GREYS; // a small number keeps the file small
    private static final int BITS = 5; // per channel in the table of nearest colours

    private final GifWriter gif;
    private final IndexColorModel colours = colours();
    private final byte[] nearest = nearest(colours);

    /** @throws IOException if the target cannot be written */
    GifRecording(Path target) throws IOException { gif = new GifWriter(target, LAST_HUNDREDTHS); }

    @Override
    public int ticksPerSecond() { return gif.ticksPerSecond(); }

    @Override
    public void add(BufferedImage picture, int previousTicks) throws IOException {
        double scale = Math.min(1, GifWriter.MAX_SIDE / (double) Math.max(picture.getWidth(), picture.getHeight()));
        int width = (int) Math.max(1, Math.round(picture.getWidth() * scale));
        int height = (int) Math.max(1, Math.round(picture.getHeight() * scale));
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(picture, 0, 0, width, height, null);
        graphics.dispose();
        gif.add(indexed(small), previousTicks);
    }

    private BufferedImage indexed(BufferedImage picture) {
        int width = picture.getWidth();
        BufferedImage indexed = new BufferedImage(width, picture.getHeight(), BufferedImage.TYPE_BYTE_INDEXED, colours);
        int[] row = new int[width];
        byte[] indices = new byte[width];
        int drop = 8 - BITS;
        for (int y = 0; y < picture.getHeight(); y++) {
            picture.getRaster().getDataElements(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                indices[x] = nearest[(row[x] >> 16 + drop & 31) << 2 * BITS | (row[x] >> 8 + drop & 31) << BITS
                        | row[x] >> drop & 31];
            }
            indexed.getRaster().setDataElements(0, y, width, 1, indices);
        }
        return indexed;
    }

    /** Shades of the palette's hues on its paper, and greys from the paper to white. */
    private static IndexColorModel colours() {
        int[] rgb = new int[COLOURS];
        for (int i = 0; i < COLOURS; i++) {
            int grey = i - Palette.HUES * SHADES;
            double even = grey < 0 ? (i % SHADES + 1.0) / SHADES : grey / (GREYS - 1.0);
            rgb[i] = Palette.blend(Palette.PAPER, grey < 0 ? Palette.hueColour(i / SHADES) : 0xFFFFFF, even * even);
        }
        return new IndexColorModel(8, COLOURS, rgb, 0, false, -1, DataBuffer.TYPE_BYTE);
    }

    /** The index of the nearest palette colour for each [red][green][blue] of 5 bits, weighted roughly by visual sensitivity. */
    private static byte[] nearest(IndexColorModel colours) {
        byte[] nearest = new byte[1 << 3 * BITS];
        for (int cell = 0; cell < nearest.length; cell++) {
            int nearestDistance = Integer.MAX_VALUE;
            for (int i = 0; i < COLOURS; i++) {
                int dRed = (cell >> 2 * BITS) * 255 / 31 - colours.getRed(i);
                int dGreen = (cell >> BITS & 31) * 255 / 31 - colours.getGreen(i);
                int dBlue = (cell & 31) * 255 / 31 - colours.getBlue(i);
                int distance = 2 * dRed * dRed + 4 * dGreen * dGreen + 3 * dBlue * dBlue;
                if (distance < nearestDistance) {
                    nearestDistance = distance;
                    nearest[cell] = (byte) i;
                }
            }
        }
        return nearest;
    }

    @Override
    public void finish() throws IOException { gif.finish(); }

    @Override
    public void close() { gif.close(); }
}
