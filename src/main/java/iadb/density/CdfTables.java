// The cumulative weights of a density, as exact integers: a uniform integer below the total picks a pixel with exactly
// its share, by two binary searches (the inversion method, first over rows and then inside the row). Integers, because
// float sums over millions of pixels lose the dark ones.
package iadb.density;

import iadb.fault.InvalidInputException;
import java.util.Locale;
import java.util.Objects;

/** Tables for drawing pixels of a density by inversion. Immutable; the arrays are not copies and must not be modified. */
public final class CdfTables {
    /** Above this width a row of white pixels would sum past 2^32 - 1 = 65,537 x 65,535, the largest unsigned 32-bit value. */
    public static final int MAX_WIDTH = 65_537;

    private final int width;
    private final long[] rowEnd; // [h]
    private final int[] columnEnd; // [h][w], unsigned

    private CdfTables(int width, long[] rowEnd, int[] columnEnd) {
        this.width = width;
        this.rowEnd = rowEnd;
        this.columnEnd = columnEnd;
    }

    /**
     * Sums the weights of a density, in O(h w) time and 4 h w + 8 h bytes.
     *
     * @throws InvalidInputException if a row is longer than {@value #MAX_WIDTH} pixels
     */
    public static CdfTables of(Density density) {
        int width = density.width();
        int height = density.height();
        if (width > MAX_WIDTH) {
            throw new InvalidInputException(String.format(Locale.ROOT,
                    "%s is %,d pixels wide: points can be drawn from at most %,d", density.name(), width, MAX_WIDTH));
        }
        short[] weights = density.weights();
        long[] rowEnd = new long[height];
        int[] columnEnd = new int[weights.length];
        long total = 0;
        for (int i = 0; i < height; i++) {
            long inRow = 0;
            for (int p = i * width; p < (i + 1) * width; p++) {
                inRow += Short.toUnsignedInt(weights[p]);
                columnEnd[p] = (int) inRow;
            }
            total += inRow;
            rowEnd[i] = total;
        }
        return new CdfTables(width, rowEnd, columnEnd);
    }

    /** [h]: the weight of rows 0 .. i together, row 0 at the top of the image; never decreasing, the last is the total. */
    public long[] rowEnd() {
        return rowEnd;
    }

    /** [h][w] row-major, unsigned 32-bit: the weight of columns 0 .. j of row i together; never decreasing inside a row. */
    public int[] columnEnd() {
        return columnEnd;
    }

    /** The weight of all pixels. */
    public long total() {
        return rowEnd[rowEnd.length - 1];
    }

    /**
     * The pixel that owns the integer r: the first whose cumulative weight, in row-major order, exceeds r. Each pixel owns as
     * many integers as its weight, a black one none.
     *
     * @param r 0 .. total - 1
     * @return the pixel's index i w + j
     * @throws IndexOutOfBoundsException if r is outside that range
     */
    public int pixelAt(long r) {
        Objects.checkIndex(r, total());
        int row = 0;
        for (int last = rowEnd.length - 1; row < last; ) {
            int middle = (row + last) >>> 1;
            if (rowEnd[middle] > r) {
                last = middle;
            } else {
                row = middle + 1;
            }
        }
        long inRow = row == 0 ? r : r - rowEnd[row - 1];
        int first = row * width;
        int pixel = first;
        for (int last = first + width - 1; pixel < last; ) {
            int middle = (pixel + last) >>> 1;
            if (Integer.toUnsignedLong(columnEnd[middle]) > inRow) {
                last = middle;
            } else {
                pixel = middle + 1;
            }
        }
        return pixel;
    }
}
