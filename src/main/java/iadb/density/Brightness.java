// One 16-bit brightness for each pixel of a decoded picture, from its stored numbers. It reads the raster and never asks
// Java for colours: BufferedImage.getRGB sends a grey image through a gamma conversion and cuts 16 bits to 8.
package iadb.density;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Turns decoded pixels into weights: grey as it is, colour by luminance, alpha multiplies. */
final class Brightness {
    private static final int WHITE = Density.WHITE;

    private final boolean invert;

    private Brightness(boolean invert) {
        this.invert = invert;
    }

    /**
     * The brightness of every pixel.
     *
     * @param invert whether the grey value is taken as 65535 - grey, before alpha multiplies
     * @return [h][w] row-major, unsigned 16-bit, row 0 at the top
     * @throws IllegalArgumentException if the picture is neither grey nor of three colours
     */
    static short[] of(BufferedImage image, boolean invert) {
        Brightness brightness = new Brightness(invert);
        return image.getColorModel() instanceof IndexColorModel palette
                ? brightness.ofPalette(image.getRaster(), palette)
                : brightness.ofComponents(image.getRaster(), image.getColorModel());
    }

    /** Whether every pixel is fully transparent. */
    static boolean isTransparent(BufferedImage image) {
        ColorModel model = image.getColorModel();
        if (!model.hasAlpha()) {
            return false;
        }
        Raster raster = image.getRaster();
        Object pixel = null;
        for (int i = 0; i < image.getHeight(); i++) {
            for (int j = 0; j < image.getWidth(); j++) {
                pixel = raster.getDataElements(j, i, pixel);
                if (model.getAlpha(pixel) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private short[] ofPalette(Raster raster, IndexColorModel palette) {
        short[] byIndex = new short[palette.getMapSize()];
        for (int k = 0; k < byIndex.length; k++) {
            int grey = luminance(257 * palette.getRed(k), 257 * palette.getGreen(k), 257 * palette.getBlue(k));
            byIndex[k] = weight(grey, 257 * palette.getAlpha(k));
        }
        int width = raster.getWidth();
        int height = raster.getHeight();
        short[] weights = new short[width * height];
        int[] row = new int[width];
        for (int i = 0; i < height; i++) {
            raster.getSamples(0, i, width, 1, 0, row);
            for (int j = 0; j < width; j++) {
                weights[i * width + j] = byIndex[row[j]];
            }
        }
        return weights;
    }

    private short[] ofComponents(Raster raster, ColorModel model) {
        int colours = model.getNumColorComponents();
        if (colours != 1 && colours != 3) {
            throw new IllegalArgumentException(colours + " colour channels");
        }
        int bands = raster.getNumBands();
        int[] max = new int[bands];
        for (int band = 0; band < bands; band++) {
            max[band] = (1 << model.getComponentSize(band)) - 1;
        }
        int width = raster.getWidth();
        int height = raster.getHeight();
        short[] weights = new short[width * height];
        int[] row = new int[width * bands];
        for (int i = 0; i < height; i++) {
            raster.getPixels(0, i, width, 1, row);
            for (int j = 0; j < width; j++) {
                int p = j * bands;
                int red = to16Bits(row[p], max[0]);
                int grey = colours == 1
                        ? red
                        : luminance(red, to16Bits(row[p + 1], max[1]), to16Bits(row[p + 2], max[2]));
                int alpha = bands > colours ? to16Bits(row[p + colours], max[colours]) : WHITE;
                weights[i * width + j] = weight(grey, alpha);
            }
        }
        return weights;
    }

    /** A value of 0 .. max stretched to 0 .. 65535, rounded: v 257 for 8 bits, v itself for 16. */
    private static int to16Bits(int value, int max) {
        return max == WHITE ? value : (value * WHITE + max / 2) / max;
    }

    /** The luma of ITU-R BT.709 (section 3.2), its weights in ten-thousandths, so that a grey stays exactly the grey it was. */
    private static int luminance(int red, int green, int blue) {
        return (2126 * red + 7152 * green + 722 * blue + 5000) / 10000;
    }

    private short weight(int grey, int alpha) {
        long seen = invert ? WHITE - grey : grey;
        return (short) ((seen * alpha + WHITE / 2) / WHITE);
    }
}
