package iadb.view;

import iadb.cl.DeviceBuffer;
import iadb.train.TrainingSession;
import java.util.Optional;
import java.util.SplittableRandom;

/** Some of the pairs of points that a training blends, read when its data have changed. */
final class BlendedPairs {
    private static final int COUNT = 300;

    private TrainingSession takenOf; // the last session; null: none, or its data have changed since

    /** Notes that the session's data have changed. */
    void forget() { takenOf = null; }

    /**
     * Pairs of a session, [N, 2, 2]: x0 from rows at regular intervals.
     *
     * @param independent whether x1 is random; else it is of the same row
     * @return empty if they are those of the last call
     */
    Optional<float[]> take(TrainingSession session, boolean independent, long seed) {
        if (takenOf == session) {
            return Optional.empty();
        }
        takenOf = session;
        float[] data0 = read(session.data0());
        float[] data1 = read(session.data1());
        int count = Math.min(COUNT, data0.length / 2);
        SplittableRandom random = new SplittableRandom(seed);
        float[] pairs = new float[4 * count];
        for (int n = 0; n < count; n++) {
            int row0 = (int) ((n + 0.5) * (data0.length / 2) / count);
            int row1 = independent ? random.nextInt(data1.length / 2) : row0;
            System.arraycopy(data0, 2 * row0, pairs, 4 * n, 2);
            System.arraycopy(data1, 2 * row1, pairs, 4 * n + 2, 2);
        }
        return Optional.of(pairs);
    }

    private static float[] read(DeviceBuffer data) { return data.read(new float[(int) (data.bytes() / Float.BYTES)]); }
}
