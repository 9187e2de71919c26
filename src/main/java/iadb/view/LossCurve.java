package iadb.view;

/** The losses of a training as a curve of few values: each the mean of as many iterations, more as the training goes on. */
final class LossCurve {
    private static final int MOST_VALUES = 192;

    private final float[] means = new float[MOST_VALUES];
    private int count;
    private int iterationsAValue = 32;
    private double sum;
    private int summed;
    private double recent = Double.NaN;

    /** @param losses of further iterations */
    void add(float[] losses) {
        for (float loss : losses) {
            recent = Double.isNaN(recent) ? loss : recent + 0.01 * (loss - recent);
            sum += loss;
            if (++summed == iterationsAValue) {
                means[count++] = (float) (sum / summed);
                sum = 0;
                summed = 0;
                if (count == MOST_VALUES) {
                    halve();
                }
            }
        }
    }

    private void halve() {
        for (int i = 0; i < MOST_VALUES / 2; i++) {
            means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
        }
        count = MOST_VALUES / 2;
        iterationsAValue *= 2;
    }

    int count() {
        return count;
    }

    /** @param i below {@link #count} */
    float value(int i) {
        return means[i];
    }

    /** The running mean of the last losses; NaN before the first. */
    double recent() {
        return recent;
    }
}
