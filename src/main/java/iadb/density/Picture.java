package iadb.density;

/**
 * A decoded picture.
 *
 * @param weights [height][width] row-major, unsigned 16-bit brightness, row 0 at the top
 */
record Picture(int width, int height, short[] weights) {
    /** Whether no pixel is brighter than black. */
    boolean isBlack() {
        for (short weight : weights) {
            if (weight != 0) {
                return false;
            }
        }
        return true;
    }
}
