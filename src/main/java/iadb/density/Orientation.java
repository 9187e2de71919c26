// A phone stores the sensor's rows as they come and notes how it was held: every viewer turns the picture by that note, so a
// density that did not would lie on its side.
package iadb.density;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How a stored picture must be turned or mirrored to be upright (Exif 3.0, section 4.6.5, tag Orientation). */
enum Orientation {
    /** In the order of Exif's values, 1 to 8. */
    UPRIGHT, MIRRORED, UPSIDE_DOWN, FLIPPED, TRANSPOSED, TURN_RIGHT, TRANSVERSED, TURN_LEFT;

    private static final int TAG = 0x0112;
    private static final int SHORT = 3;
    private static final int ENTRY_BYTES = 12;
    private static final Orientation[] BY_VALUE = values(); // from 1

    /** The one that Exif data name in their first directory; upright if they are damaged or name none. */
    static Orientation ofExif(byte[] bytes) {
        ByteBuffer tiff = ByteBuffer.wrap(bytes);
        if (tiff.limit() < 8 || tiff.getShort(0) != 0x4949 && tiff.getShort(0) != 0x4D4D) {
            return UPRIGHT;
        }
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = Integer.toUnsignedLong(tiff.getInt(4));
        if (directory > tiff.limit() - 2) {
            return UPRIGHT;
        }
        int entry = (int) directory + 2;
        for (int left = Short.toUnsignedInt(tiff.getShort((int) directory)); left > 0; left--) {
            if (entry + ENTRY_BYTES > tiff.limit()) {
                return UPRIGHT;
            }
            if (Short.toUnsignedInt(tiff.getShort(entry)) == TAG) {
                int value = Short.toUnsignedInt(tiff.getShort(entry + 8));
                boolean known = tiff.getShort(entry + 2) == SHORT && value >= 1 && value <= BY_VALUE.length;
                return known ? BY_VALUE[value - 1] : UPRIGHT;
            }
            entry += ENTRY_BYTES;
        }
        return UPRIGHT;
    }

    /** The stored picture, turned upright. */
    Picture upright(Picture stored) {
        if (this == UPRIGHT) {
            return stored;
        }
        boolean swapped = compareTo(TRANSPOSED) >= 0;
        boolean fromBelow = this == UPSIDE_DOWN || this == FLIPPED || this == TURN_RIGHT || this == TRANSVERSED;
        boolean fromRight = this == MIRRORED || this == UPSIDE_DOWN || this == TRANSVERSED || this == TURN_LEFT;
        int width = swapped ? stored.height() : stored.width();
        int height = swapped ? stored.width() : stored.height();
        short[] weights = new short[width * height];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int row = swapped ? j : i;
                int column = swapped ? i : j;
                int from = (fromBelow ? stored.height() - 1 - row : row) * stored.width()
                        + (fromRight ? stored.width() - 1 - column : column);
                weights[i * width + j] = stored.weights()[from];
            }
        }
        return new Picture(width, height, weights);
    }
}
