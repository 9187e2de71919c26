package iadb.metric;

import iadb.cl.Context;
import iadb.cl.WrongAnswerException;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.util.Locale;

/**
 * The energy distance of two small sets, held against the definition in double precision: whether a device can be believed.
 * {@link EnergyDistance} asks for it once on a device and driver.
 */
final class EnergySelfTest {
    private static final int FEW = 19;
    private static final int MANY = 2053; // more than a piece of cl/energy.cl

    /** In the unit of the coordinates, which are below 1: some 2e-7 is the rounding of sums over a piece. */
    private static final double MOST_OFF = 1e-5;

    private EnergySelfTest() {
    }

    /** @throws WrongAnswerException if it is not what the host computes */
    static boolean require(Context context, EnergyDistance energy) {
        float[] a = points(FEW, 0);
        float[] b = points(MANY, 1);
        double off = Math.abs(energy.distance(a, b) - (2 * mean(a, b) - mean(a, a) - mean(b, b)));
        if (!(off <= MOST_OFF)) {
            throw new WrongAnswerException(context.device(), String.format(Locale.ROOT, "an energy distance is off by %.1e", off));
        }
        return true;
    }

    private static float[] points(int count, int which) {
        float[] points = new float[2 * count];
        for (int c = 0; c < points.length; c++) {
            points[c] = Philox.unitInterval(Philox.draw(0, RandomPurpose.REFERENCE_POINTS, c, which)[0]);
        }
        return points;
    }

    /** E|X-Y|. */
    private static double mean(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i += 2) {
            for (int j = 0; j < b.length; j += 2) {
                double dx = (double) a[i] - b[j];
                double dy = (double) a[i + 1] - b[j + 1];
                sum += Math.sqrt(dx * dx + dy * dy);
            }
        }
        return sum / (a.length / 2.0 * (b.length / 2.0));
    }
}
