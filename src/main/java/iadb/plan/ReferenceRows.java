package iadb.plan;

import iadb.random.Philox;
import iadb.random.RandomPurpose;

/** The rows of a training batch on the host, as {@code cl/blend.cl} defines them: what a kernel's gradient is checked on. */
public final class ReferenceRows {
    private ReferenceRows() {
    }

    /**
     * The batch of {@code step}: [batch][5] x, y, α, target x, target y.
     *
     * @param points0 [n0, 2], the data of p0
     * @param points1 [n1, 2], the data of p1
     */
    public static float[][] of(float[] points0, float[] points1, int batch, long seed, int step) {
        float[][] rows = new float[batch][];
        for (int r = 0; r < batch; r++) {
            int[] draw = Philox.draw(seed, RandomPurpose.TRAINING_ROWS, r, step);
            int i = 2 * index(draw[0], points0.length / 2);
            int j = 2 * index(draw[1], points1.length / 2);
            float alpha = Philox.unitInterval(draw[2]);
            rows[r] = new float[] {Math.fma(alpha, points1[j], (1 - alpha) * points0[i]),
                Math.fma(alpha, points1[j + 1], (1 - alpha) * points0[i + 1]), alpha,
                points1[j] - points0[i], points1[j + 1] - points0[i + 1]};
        }
        return rows;
    }

    private static int index(int bits, int count) {
        return (int) (Integer.toUnsignedLong(bits) * count >>> 32);
    }
}
