package iadb.random;

/**
 * Philox4x32 on the host: the same numbers as {@code cl/philox.cl}, for initial weights and as the kernels' reference.
 *
 * <p>Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
 */
public final class Philox {
    private static final int ROUNDS = 7; // the fewest that pass BigCrush (table 2 of the paper)

    private static final long MULTIPLIER0 = 0xD2511F53L;
    private static final long MULTIPLIER1 = 0xCD9E8D57L;
    private static final int WEYL0 = 0x9E3779B9;
    private static final int WEYL1 = 0xBB67AE85;

    private Philox() { }

    /** Encrypts {@code counter} [4] in place. */
    public static void encrypt(int[] counter, long seed) {
        encrypt(counter, (int) seed, (int) (seed >>> 32), ROUNDS);
    }

    static void encrypt(int[] counter, int key0, int key1, int rounds) {
        for (int round = 0; round < rounds; round++) {
            long product0 = MULTIPLIER0 * Integer.toUnsignedLong(counter[0]);
            long product1 = MULTIPLIER1 * Integer.toUnsignedLong(counter[2]);
            counter[0] = (int) (product1 >>> 32) ^ counter[1] ^ key0;
            counter[1] = (int) product1;
            counter[2] = (int) (product0 >>> 32) ^ counter[3] ^ key1;
            counter[3] = (int) product0;
            key0 += WEYL0;
            key1 += WEYL1;
        }
    }

    /** Draw {@code index} for this purpose, at the given attempt: four words of 32 random bits. */
    public static int[] draw(long seed, RandomPurpose purpose, int index, int attempt) {
        int[] counter = {index, attempt, purpose.counterWord(), 0};
        encrypt(counter, seed);
        return counter;
    }

    /** The upper 24 bits as a multiple of 2^-24 in [0, 1). */
    public static float unitInterval(int bits) { return (bits >>> 8) * 0x1p-24f; }
}
