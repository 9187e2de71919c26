package iadb.plot;

/**
 * Antialiased discs of one radius, which show points. A stamp is computed in advance for each of 8 × 8 positions of the centre
 * in its pixel, so that drawing a disc copies a few bytes. Coverage has {@link #LEVELS} levels.
 */
public final class Discs {
    /** Full coverage; 0 is none. */
    static final int LEVELS = 12;

    private static final int REFERENCE_SIDE = 640;
    private static final int PLACES = 8; // along x and along y
    private static final int SAMPLES = 16; // of a pixel, along x and along y

    /** The number of pixels by which a stamp extends from the pixel of the centre, to each side. */
    final int reach;

    /** [PLACES × PLACES][(2 reach + 1)²]: levels of coverage, rows from the top. */
    private final byte[][] stamps = new byte[PLACES * PLACES][];

    /** @param radius in pixels */
    Discs(double radius) {
        reach = (int) Math.ceil(radius + 0.5);
        for (int place = 0; place < stamps.length; place++) {
            stamps[place] = stamp((place % PLACES + 0.5) / PLACES, (place / PLACES + 0.5) / PLACES, radius);
        }
    }

    /** The radius for a number of points in the unit of the side; at side 640, 3.2 for few, 2.2 for 2,048, 0.7 from 100,000 on. */
    public static double radius(long points, double side) {
        double radius = 2.2 * Math.pow(2048.0 / Math.max(1, points), 0.2945);
        return Math.max(0.7, Math.min(3.2, radius) * side / REFERENCE_SIDE);
    }

    /** The stamp, [(2 reach + 1)²] levels, of a disc centred at these pixel coordinates. */
    byte[] at(double x, double y) {
        return stamps[(int) ((y - Math.floor(y)) * PLACES) * PLACES + (int) ((x - Math.floor(x)) * PLACES)];
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
