// Brightness is computed from the raster's numbers: BufferedImage.getRGB would convert the gamma of a grey image and reduce 16
// bits to 8.
package iadb.density;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A decoded picture: grey as stored, colour by luminance, alpha multiplied in.
 *
 * @param weights [height][width] row-major, unsigned 16-bit brightness, row 0 at the top
 */
record Picture(int width, int height, short[] weights) {
    /** The Exif orientation of a picture that is stored upright. */
    static final int UPRIGHT = 1;

    private static final int EXIF_ORIENTATION = 0x0112;
    private static final int EXIF_SHORT = 3;
    private static final int EXIF_ENTRY_BYTES = 12;

    /**
     * The brightness of a decoded image.
     *
     * @param invert whether grey becomes 65535 - grey before alpha multiplies
     * @throws IllegalArgumentException if the image has neither one nor three colour channels
     */
    static Picture of(BufferedImage image, boolean invert) {
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        short[] byIndex = model instanceof IndexColorModel palette ? weightsOf(palette, invert) : null;
        int alpha = byIndex == null ? model.getNumColorComponents() : 1;
        int blue = alpha - 1; // in a grey image, red, green and blue are one band
        int green = blue / 2;
        if (alpha != 1 && alpha != 3) {
            throw new IllegalArgumentException(alpha + " colour channels");
        }
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        int[] bits = model.getComponentSize();
        short[] weights = new short[width * height];
        int[] row = new int[width * bands];
        for (int i = 0; i < height; i++) {
            raster.getPixels(0, i, width, 1, row);
            for (int j = 0; j < width; j++) {
                int p = j * bands;
                weights[i * width + j] = byIndex != null ? byIndex[row[p]] : weight(
                        to16Bits(row[p], bits[0]), to16Bits(row[p + green], bits[green]), to16Bits(row[p + blue], bits[blue]),
                        alpha < bands ? to16Bits(row[p + alpha], bits[alpha]) : ImageDensity.WHITE, invert);
            }
        }
        return new Picture(width, height, weights);
    }

    private static short[] weightsOf(IndexColorModel palette, boolean invert) {
        short[] weights = new short[palette.getMapSize()];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = weight(257 * palette.getRed(k), 257 * palette.getGreen(k), 257 * palette.getBlue(k),
                    257 * palette.getAlpha(k), invert);
        }
        return weights;
    }

    /** Scales a value of {@code bits} bits to 0 .. 65535, rounded. */
    private static int to16Bits(int value, int bits) {
        int max = (1 << bits) - 1;
        return max == ImageDensity.WHITE ? value : (value * ImageDensity.WHITE + max / 2) / max;
    }

    /** ITU-R BT.709 luma (section 3.2) times alpha; the integer coefficients sum to 10,000, so that grey is kept exactly. */
    private static short weight(int red, int green, int blue, int alpha, boolean invert) {
        int grey = (2126 * red + 7152 * green + 722 * blue + 5000) / 10000;
        long brightness = invert ? ImageDensity.WHITE - grey : grey;
        return (short) ((brightness * alpha + ImageDensity.WHITE / 2) / ImageDensity.WHITE);
    }

    /** Whether every pixel is fully transparent. */
    static boolean isTransparent(BufferedImage image) {
        ColorModel model = image.getColorModel();
        Object pixel = null;
        for (int p = 0; model.hasAlpha() && p < image.getWidth() * image.getHeight(); p++) {
            pixel = image.getRaster().getDataElements(p % image.getWidth(), p / image.getWidth(), pixel);
            if (model.getAlpha(pixel) != 0) {
                return false;
            }
        }
        return model.hasAlpha();
    }

    /** Whether no pixel is brighter than black. */
    boolean isBlack() {
        for (short weight : weights) {
            if (weight != 0) {
                return false;
            }
        }
        return true;
    }

    /** The orientation, 1 .. 8, in the first directory of Exif data (Exif 3.0, section 4.6.5); 1 if damaged or missing. */
    static int orientation(byte[] exif) {
        ByteBuffer tiff = ByteBuffer.wrap(exif);
        if (tiff.limit() < 8 || tiff.getShort(0) != 0x4949 && tiff.getShort(0) != 0x4D4D) {
            return UPRIGHT;
        }
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = Integer.toUnsignedLong(tiff.getInt(4));
        if (directory > tiff.limit() - 2) {
            return UPRIGHT;
        }
        int entry = (int) directory + 2;
        int end = Math.min(entry + EXIF_ENTRY_BYTES * Short.toUnsignedInt(tiff.getShort((int) directory)), tiff.limit());
        for (; entry + EXIF_ENTRY_BYTES <= end; entry += EXIF_ENTRY_BYTES) {
            if (Short.toUnsignedInt(tiff.getShort(entry)) == EXIF_ORIENTATION) {
                int value = Short.toUnsignedInt(tiff.getShort(entry + 8));
                return tiff.getShort(entry + 2) == EXIF_SHORT && value >= 1 && value <= 8 ? value : UPRIGHT;
            }
        }
        return UPRIGHT;
    }

    /** This picture rotated or mirrored upright from an Exif orientation, 1 .. 8. */
    Picture upright(int orientation) {
        if (orientation == UPRIGHT) {
            return this;
        }
        boolean transposed = orientation >= 5;
        boolean bottomUp = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        boolean rightToLeft = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        Picture upright = new Picture(transposed ? height : width, transposed ? width : height, new short[weights.length]);
        for (int p = 0; p < weights.length; p++) {
            int i = p / upright.width;
            int j = p % upright.width;
            int row = transposed ? j : i;
            int column = transposed ? i : j;
            int from = (bottomUp ? height - 1 - row : row) * width + (rightToLeft ? width - 1 - column : column);
            upright.weights[p] = weights[from];
        }
        return upright;
    }
}
