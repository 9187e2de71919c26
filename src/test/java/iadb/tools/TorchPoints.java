package iadb.tools;

/**
 * The points that part A of {@link Published} is tested with at its source, which draws them from fixed seeds of PyTorch's generator
 * on a CPU: a Mersenne Twister (Matsumoto, Nishimura 1998), of which a float takes the low 24 bits, and normal numbers come in blocks
 * of 16 by Box and Muller's transform. They agree within the last bits of a float, where logarithm and cosine are rounded otherwise.
 */
final class TorchPoints {
    private static final int N = 624;
    private static final int M = 397;
    private static final int BLOCK = 16;

    private final int[] state = new int[N];
    private int next = N;

    private TorchPoints(int seed) {
        state[0] = seed;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
    }

    /** N(0, I), [count, 2]. */
    static float[] normal(int count, int seed) { return new TorchPoints(seed).normals(2 * count); }

    /** {@link Dataset#GAUSSIANS_A}, [count, 2]. */
    static float[] gaussians(int count, int seed) {
        TorchPoints random = new TorchPoints(seed);
        int[] centre = new int[count];
        for (int n = 0; n < count; n++) {
            centre[n] = random.bits() & 7;
        }
        float[] points = random.normals(2 * count);
        for (int n = 0; n < count; n++) {
            points[2 * n] = (float) (4 * Math.cos(centre[n] * Math.PI / 4) + 0.25 * points[2 * n]);
            points[2 * n + 1] = (float) (4 * Math.sin(centre[n] * Math.PI / 4) + 0.25 * points[2 * n + 1]);
        }
        return points;
    }

    /** {@link Dataset#MOONS_A}, [count, 2], an even count. */
    static float[] moons(int count, int seed) {
        TorchPoints random = new TorchPoints(seed);
        double[] angle = new double[count];
        for (int n = 0; n < count; n++) {
            angle[n] = Math.PI * random.uniform();
        }
        float[] points = random.normals(2 * count);
        for (int n = 0; n < count; n++) {
            double x = 3 * Math.cos(angle[n]);
            double y = 3 * Math.sin(angle[n]);
            boolean upper = n < count / 2;
            points[2 * n] = (float) ((upper ? x : 1.5 - x) + 0.3 * points[2 * n]);
            points[2 * n + 1] = (float) ((upper ? y : 1.5 - y) + 0.3 * points[2 * n + 1]);
        }
        return points;
    }

    private int bits() {
        if (next == N) {
            for (int i = 0; i < N; i++) {
                int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
                state[i] = state[(i + M) % N] ^ y >>> 1 ^ (y & 1) * 0x9908b0df;
            }
            next = 0;
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private float uniform() { return (bits() & 0xffffff) * 0x1p-24f; }

    /** Normal numbers, a multiple of 16 of them. */
    private float[] normals(int count) {
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = uniform();
        }
        for (int block = 0; block < count; block += BLOCK) {
            for (int i = block; i < block + BLOCK / 2; i++) {
                double radius = Math.sqrt(-2 * Math.log(1 - numbers[i]));
                double angle = 2 * Math.PI * numbers[i + BLOCK / 2];
                numbers[i] = (float) (radius * Math.cos(angle));
                numbers[i + BLOCK / 2] = (float) (radius * Math.sin(angle));
            }
        }
        return numbers;
    }
}
