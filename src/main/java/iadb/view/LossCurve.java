package iadb.view;

/** The losses of a training as at most 192 means, each of the same number of iterations; the number doubles as needed. */
final class LossCurve {
    private static final int MAX_VALUES = 192;

    private final float[] means = new float[MAX_VALUES];
    private int count;
    private int iterationsPerValue = 32;
    private double sum;
    private int summed;

    /** Adds the losses of further iterations. */
    void add(float[] losses) {
        for (float loss : losses) {
            sum += loss;
            if (++summed == iterationsPerValue) {
                means[count++] = (float) (sum / summed);
                sum = 0;
                summed = 0;
            }
            if (count == MAX_VALUES) {
                for (int i = 0; i < MAX_VALUES / 2; i++) {
                    means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
                }
                count = MAX_VALUES / 2;
                iterationsPerValue *= 2;
            }
        }
    }

    int count() { return count; }

    /** @param i below {@link #count} */
    float value(int i) { return means[i]; }
}
