package iadb;

import java.util.Random;

/** Points that are uniform in the unit square. */
public final class UniformPoints {
    private UniformPoints() { }

    /** [count, 2]; the same points for the same seed. */
    public static float[] of(int count, long seed) {
        Random random = new Random(seed);
        float[] points = new float[2 * count];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat();
        }
        return points;
    }
}
