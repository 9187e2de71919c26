package iadb.view;

import iadb.density.Density;
import iadb.fault.InvalidInputException;
import java.util.Arrays;

/** A density that is painted by hand: strokes of a soft round brush on a square canvas. */
final class Painting {
    /** Of the density. */
    static final String NAME = "painted";
    /** Pixels of the canvas's side. */
    static final int SIDE = 256;
    static final float LEAST_BRUSH = 0.006f;
    static final float MOST_BRUSH = 0.2f;

    private static final int FULL = 255;

    private final byte[] levels = new byte[SIDE * SIDE]; // unsigned, the top row first
    private double lastX = Double.NaN;
    private double lastY = Double.NaN;
    private boolean changed;

    /** Starts from an image of the density. */
    void take(Density density) {
        for (int row = 0; row < SIDE; row++) {
            for (int column = 0; column < SIDE; column++) {
                int pixel = (int) ((row + 0.5) / SIDE * density.height()) * density.width()
                        + (int) ((column + 0.5) / SIDE * density.width());
                levels[row * SIDE + column] =
                        (byte) (FULL * Short.toUnsignedInt(density.weights()[pixel]) / density.brightest());
            }
        }
        changed = true;
    }

    void clear() {
        Arrays.fill(levels, (byte) 0);
        changed = true;
    }

    /** Starts a stroke: the next {@link #strokeTo} begins where it is. */
    void beginStroke() {
        lastX = Double.NaN;
    }

    /**
     * Draws on to a place of the unit square.
     *
     * @param brush radius in the unit square
     * @param erase dark instead of bright
     */
    void strokeTo(double x, double y, double brush, boolean erase) {
        double fromX = Double.isNaN(lastX) ? x : lastX;
        double fromY = Double.isNaN(lastX) ? y : lastY;
        int stamps = 1 + (int) (Math.hypot(x - fromX, y - fromY) / (0.25 * brush));
        for (int i = 1; i <= stamps; i++) {
            double share = i / (double) stamps;
            stamp(fromX + share * (x - fromX), fromY + share * (y - fromY), brush, erase);
        }
        lastX = x;
        lastY = y;
        changed = true;
    }

    private void stamp(double x, double y, double brush, boolean erase) {
        double radius = brush * SIDE;
        double centreColumn = x * SIDE - 0.5;
        double centreRow = (1 - y) * SIDE - 0.5;
        int lastRow = (int) Math.min(SIDE - 1, centreRow + radius + 1);
        int lastColumn = (int) Math.min(SIDE - 1, centreColumn + radius + 1);
        for (int row = (int) Math.max(0, centreRow - radius); row <= lastRow; row++) {
            for (int column = (int) Math.max(0, centreColumn - radius); column <= lastColumn; column++) {
                double coverage = Math.min(1, radius + 0.5 - Math.hypot(row - centreRow, column - centreColumn));
                if (coverage > 0) {
                    int level = levels[row * SIDE + column] & 255;
                    double painted = erase ? Math.min(level, FULL * (1 - coverage)) : Math.max(level, FULL * coverage);
                    levels[row * SIDE + column] = (byte) (int) painted;
                }
            }
        }
    }

    /** Whether the canvas has changed since the last call. */
    boolean takeChanged() {
        boolean was = changed;
        changed = false;
        return was;
    }

    /** [SIDE][SIDE], unsigned, the top row first; not a copy. */
    byte[] levels() {
        return levels;
    }

    /** @throws InvalidInputException when the canvas is empty */
    Density density() {
        short[] weights = new short[levels.length];
        for (int i = 0; i < levels.length; i++) {
            weights[i] = (short) ((levels[i] & 255) * 257); // 8 to 16 bits
        }
        return Density.of(NAME, SIDE, SIDE, weights);
    }
}
