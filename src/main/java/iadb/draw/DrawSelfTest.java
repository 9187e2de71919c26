package iadb.draw;

import iadb.cl.Context;
import iadb.cl.WrongAnswerException;
import iadb.density.Density;
import iadb.random.RandomPurpose;
import java.util.Locale;

/**
 * Some hundred points of a small density, held against {@link ReferenceDraw}: whether a device can be believed to draw.
 * {@link PointSource} asks for it once for each way to draw on a device and driver.
 */
final class DrawSelfTest {
    private static final short[] WEIGHTS = {1, 0, 3, 7, 2, 0, 0, 5, 1, 0, 4, 2, 0, 0, 6}; // 3 rows of 5
    private static final int POINTS = 300;
    private static final int FIRST = 123_456_789; // far in a stream, where more bits of the numbers count

    private DrawSelfTest() {
    }

    /** @throws WrongAnswerException if the points are not those of the host, to the bit */
    static boolean require(Context context, PointSource.Method method) {
        Density density = Density.of("check", 5, 3, WEIGHTS.clone());
        float[] expected = new ReferenceDraw(density, 1L << 40, RandomPurpose.START_POINTS).points(method, FIRST, POINTS);
        float[] points;
        try (PointSource source = new PointSource(context, density, method)) {
            points = source.drawToHost(1L << 40, RandomPurpose.START_POINTS, FIRST, POINTS);
        }
        int wrong = 0;
        for (int n = 0; n < POINTS; n++) {
            wrong += points[2 * n] == expected[2 * n] && points[2 * n + 1] == expected[2 * n + 1] ? 0 : 1;
        }
        if (wrong > 0) {
            throw new WrongAnswerException(context.device(), "drawing by %s puts %s of %s points elsewhere".formatted(
                    method.name().toLowerCase(Locale.ROOT), wrong, POINTS));
        }
        return true;
    }
}
