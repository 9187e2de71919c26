package iadb.plot;

/**
 * Discs of one radius, antialiased beforehand: one stamp for each of 8 × 8 places of the centre within its pixel, so
 * that drawing a disc is a copy of a few bytes. Coverage is counted in {@link #LEVELS} levels.
 */
final class DiscStamps {
    /** Full coverage; 0 is none. */
    static final int LEVELS = 12;

    private static final int PLACES = 8;
    private static final int SAMPLES = 16;

    private final int reach;
    /** [PLACES × PLACES][width × width], width = 2 reach + 1: levels of coverage, rows from the top. */
    private final byte[][] stamps;

    /** @param radius in pixels */
    DiscStamps(double radius) {
        reach = (int) Math.ceil(radius + 0.5);
        stamps = new byte[PLACES * PLACES][];
        for (int place = 0; place < stamps.length; place++) {
            double x = (place % PLACES + 0.5) / PLACES;
            double y = (place / PLACES + 0.5) / PLACES;
            stamps[place] = stamp(x, y, radius);
        }
    }

    /** How many pixels a disc extends from the one with its centre, to each side. */
    int reach() {
        return reach;
    }

    /** The stamp, [(2 reach + 1)²] levels, for a disc centred at these pixel coordinates. */
    byte[] at(double x, double y) {
        int placeX = (int) ((x - Math.floor(x)) * PLACES);
        int placeY = (int) ((y - Math.floor(y)) * PLACES);
        return stamps[placeY * PLACES + placeX];
    }

    private byte[] stamp(double centreX, double centreY, double radius) {
        int width = 2 * reach + 1;
        byte[] levels = new byte[width * width];
        for (int i = 0; i < levels.length; i++) {
            int hits = 0;
            for (int sample = 0; sample < SAMPLES * SAMPLES; sample++) {
                double x = i % width - reach + (sample % SAMPLES + 0.5) / SAMPLES - centreX;
                double y = i / width - reach + (sample / SAMPLES + 0.5) / SAMPLES - centreY;
                hits += x * x + y * y <= radius * radius ? 1 : 0;
            }
            levels[i] = (byte) Math.round(hits * (double) LEVELS / (SAMPLES * SAMPLES));
        }
        return levels;
    }
}
