package iadb.view;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Readback;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.metric.SlicedWasserstein;
import iadb.random.RandomPurpose;
import iadb.view.scene.Flow;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The sliced Wasserstein-1 distance of the mapped points from fresh points of the density that they should have, measured at most
 * twice a second while they change. A frame only enqueues a copy of the points; another thread reads the copy, draws the fresh
 * points with a queue of its own, and computes the distance on one core.
 */
final class LiveDistance implements AutoCloseable {
    private static final int MAX_POINTS = 4096; // compared in about 20 ms
    private static final long BETWEEN_NANOS = 500_000_000;
    private static final int PAUSE = 10; // times as long as a measurement took, so that it slows no frames of a busy machine

    private final Context context;
    private final long seed;
    private final Resources resources = new Resources();
    private final Readback mapped; // [MAX_POINTS, 2]
    private final Context ofThread; // used by the other thread only
    private Background<Figure> measuring; // null: nothing is measured
    private Optional<Figure> latest = Optional.empty();
    private final AtomicReference<Fresh> fresh; // null before the first
    private Density target; // of the latest figure and of the one that is measured
    private Flow measured; // the points that were measured last, and which pass of theirs
    private int measuredPass;
    private long beganNanos = System.nanoTime() - BETWEEN_NANOS;
    private volatile long tookNanos; // the latest measurement
    private volatile boolean closing;

    /**
     * A distance in the unit square.
     *
     * @param distance of the mapped points from fresh ones
     * @param exact    of other fresh points from these, as many as were mapped: the noise floor
     */
    record Figure(double distance, double exact) { }

    /** Points [N, 2] of a density, and the distance of as many others from them. */
    record Fresh(Density of, float[] points, double exact) { }

    /**
     * @param seed  of the fresh points
     * @param fresh keeps them, also for the other tiles, so that all are compared with the same
     */
    LiveDistance(Context context, long seed, AtomicReference<Fresh> fresh) {
        this.context = context;
        this.seed = seed;
        this.fresh = fresh;
        mapped = resources.add(context.readback(2L * Float.BYTES * MAX_POINTS));
        ofThread = resources.add(context.sibling());
    }

    /** Takes a distance that is measured, and begins to measure the next if one is due; to be called in each frame. */
    void advance(Flow points, Density density) {
        if (measuring != null && measuring.isDone()) {
            Figure figure = measuring.get();
            measuring = null;
            latest = density == target && Double.isFinite(figure.distance()) ? Optional.of(figure) : Optional.empty();
        }
        if (density != target) {
            latest = Optional.empty();
        }
        boolean isNew = points != measured || points.completePass() != measuredPass || density != target;
        long pauseNanos = Math.max(BETWEEN_NANOS, PAUSE * tookNanos);
        if (measuring == null && isNew && points.completePass() > 0 && System.nanoTime() - beganNanos >= pauseNanos) {
            beganNanos = System.nanoTime();
            measured = points;
            measuredPass = points.completePass();
            target = density;
            int count = Math.min(MAX_POINTS, points.points());
            points.fetchEnds(mapped, count);
            context.flush();
            measuring = Background.start("distance", () -> measure(density, count));
        }
    }

    private Figure measure(Density density, int count) {
        float[] ends = mapped.await();
        Fresh known = fresh.get();
        Fresh reference = known != null && known.of() == density && known.points().length == ends.length ? known : draw(density, count);
        long startNanos = System.nanoTime(); // without the fresh points, which are drawn once
        double distance = SlicedWasserstein.distance(ends, reference.points(), this::shouldContinue);
        tookNanos = System.nanoTime() - startNanos;
        return new Figure(distance, reference.exact());
    }

    private Fresh draw(Density density, int count) {
        try (PointSource source = new PointSource(ofThread, density)) {
            float[] both = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, 0, 2 * count);
            float[] points = Arrays.copyOf(both, 2 * count);
            float[] others = Arrays.copyOfRange(both, 2 * count, 4 * count);
            Fresh drawn = new Fresh(density, points, SlicedWasserstein.distance(others, points, this::shouldContinue));
            fresh.set(drawn);
            return drawn;
        }
    }

    private boolean shouldContinue() { return !closing; }

    /** The latest distance from the current target; empty before the first. */
    Optional<Figure> latest() { return latest; }

    @Override
    public void close() {
        closing = true;
        if (measuring != null) {
            measuring.close();
        }
        resources.close();
    }
}
