package iadb.plot;

/** How large the dots of a picture of points are. */
public final class DotSize {
    /** Side of the picture that the sizes are given for. */
    public static final int REFERENCE_SIDE = 640;

    private DotSize() {
    }

    /** 2.2 units in 640 at 2,048 points, 0.7 from 100,000 on, in between a power of N; 3.2 for a few. */
    public static double radius(long points, double side) {
        double radius = 2.2 * Math.pow(2048.0 / Math.max(1, points), 0.2945);
        return Math.max(0.7, Math.min(3.2, radius) * side / REFERENCE_SIDE);
    }
}
