package iadb.draw;

import iadb.cl.Context;
import iadb.cl.WrongAnswerException;
import iadb.density.Density;
import iadb.random.Stream;
import java.util.Locale;

/**
 * Some thousand points of a small density, counted by pixel: whether a device can be believed to draw. {@link PointSource} asks
 * for it once for each way to draw on a device and driver.
 */
final class DrawCheck {
    private static final int WIDTH = 5;
    private static final int HEIGHT = 3;
    private static final short[] WEIGHTS = {1, 0, 3, 7, 2, 0, 0, 5, 1, 0, 4, 2, 0, 0, 6}; // their sum is 31
    private static final int POINTS = 4096;
    private static final double MOST_DEVIATIONS = 6; // of a count that is right: once in 10^8 seeds, and the seed is fixed

    private DrawCheck() {
    }

    /** @throws WrongAnswerException if the points are not those of the density */
    static boolean require(Context context, PointSource.Method method) {
        float[] points;
        try (PointSource source = new PointSource(context, Density.of("check", WIDTH, HEIGHT, WEIGHTS.clone()), method)) {
            points = source.drawToHost(0, Stream.START_POINTS, 0, POINTS);
        }
        int[] counts = new int[WEIGHTS.length];
        for (int n = 0; n < POINTS; n++) {
            int column = (int) Math.floor(points[2 * n] * WIDTH);
            int row = HEIGHT - 1 - (int) Math.floor(points[2 * n + 1] * HEIGHT); // y grows upwards, rows downwards
            if (column >= 0 && column < WIDTH && row >= 0 && row < HEIGHT) {
                counts[row * WIDTH + column]++;
            }
        }
        for (int pixel = 0; pixel < WEIGHTS.length; pixel++) {
            double share = WEIGHTS[pixel] / 31.0;
            double deviation = Math.sqrt(POINTS * share * (1 - share));
            if (!(Math.abs(counts[pixel] - POINTS * share) <= MOST_DEVIATIONS * deviation)) {
                throw new WrongAnswerException(context.device(), String.format(Locale.ROOT,
                        "drawing by %s puts %d of %d points where %.0f belong", method.name().toLowerCase(Locale.ROOT), counts[pixel], POINTS, POINTS * share));
            }
        }
        return true;
    }
}
