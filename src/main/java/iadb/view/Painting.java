package iadb.view;

import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.fault.InvalidInputException;
import java.util.Arrays;

/** A density that the user paints with a soft round brush on a square canvas. */
final class Painting {
    static final String NAME = "painted"; // name of the density
    static final int SIDE = 256;           // side of the canvas in pixels

    private static final int FULL = 255;

    private final byte[] levels = new byte[SIDE * SIDE];
    private double lastX;
    private double lastY;
    private boolean changed;

    /** Copies the density onto the canvas. */
    void copy(Density copied) {
        ImageDensity density = copied.image();
        for (int i = 0; i < levels.length; i++) {
            int pixel = (int) ((i / SIDE + 0.5) / SIDE * density.height()) * density.width()
                    + (int) ((i % SIDE + 0.5) / SIDE * density.width());
            levels[i] = (byte) (FULL * Short.toUnsignedInt(density.weights()[pixel]) / density.brightest());
        }
        changed = true;
    }

    void clear() {
        Arrays.fill(levels, (byte) 0);
        changed = true;
    }

    /**
     * Moves the brush in a straight line from its last position to (x, y) in the unit square.
     *
     * @param brush  radius in the unit square
     * @param starts whether a new stroke starts here
     * @param erases whether the brush darkens instead of brightening
     */
    void draw(double x, double y, double brush, boolean starts, boolean erases) {
        double fromX = starts ? x : lastX;
        double fromY = starts ? y : lastY;
        int stamps = 1 + (int) (Math.hypot(x - fromX, y - fromY) / (0.25 * brush));
        for (int i = 1; i <= stamps; i++) {
            double share = i / (double) stamps;
            stamp(fromX + share * (x - fromX), fromY + share * (y - fromY), brush, erases);
        }
        lastX = x;
        lastY = y;
        changed = true;
    }

    private void stamp(double x, double y, double brush, boolean erases) {
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
                    double painted = erases ? Math.min(level, FULL * (1 - coverage)) : Math.max(level, FULL * coverage);
                    levels[row * SIDE + column] = (byte) (int) painted;
                }
            }
        }
    }

    /** Whether the canvas has changed since the last call. */
    boolean takeChanged() {
        boolean taken = changed;
        changed = false;
        return taken;
    }

    /** [SIDE][SIDE], unsigned, the top row first; not a copy. */
    byte[] levels() { return levels; }

    /** @throws InvalidInputException when the canvas is empty */
    ImageDensity density() {
        short[] weights = new short[levels.length];
        for (int i = 0; i < levels.length; i++) {
            weights[i] = (short) ((levels[i] & 255) * 257); // 8 to 16 bits
        }
        return ImageDensity.of(NAME, SIDE, SIDE, weights);
    }
}
