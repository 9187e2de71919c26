package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.model.Network;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trained map at work on points of the host: there, back, and the density of what it produces, the push-forward of a
 * base density by its T steps. Any number of points goes through in chunks, of which one lies on the device at a time; a
 * device that has no room for one gets smaller ones.
 *
 * <p>With J_t the tangent of step t, log q(x_T) = log p(x_0) - Σ_t log|det J_t|. Where steps fold the plane a point has
 * several preimages, and the value is that of the one branch that was taken.
 */
public final class PushForward implements AutoCloseable {
    /** Points of a chunk: some megabytes, and work enough for any device. */
    public static final int CHUNK_POINTS = 1 << 18;

    private static final int LEAST_CHUNK_POINTS = 1 << 10; // a device that does not hold these holds no network either
    private static final Logger LOG = LoggerFactory.getLogger(PushForward.class);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private final Context context;
    private final Sampler sampler;
    private final Integration integration;
    private final Optional<Density> base;
    private final Watch watch;
    private final Resources resources = new Resources();
    private final DeviceBuffer parameters;
    private final Resources chunkResources = new Resources(); // both below
    private DeviceBuffer points; // [capacity, 2]
    private DeviceBuffer logDet; // [capacity]
    private int capacity;
    private int mostPoints = CHUNK_POINTS; // less where the device did not hold them

    /** Is told several times a second how far a call is. */
    @FunctionalInterface
    public interface Watch {
        /**
         * @param share of the call's work that is done, 0 to 1
         * @return false: the call ends by a {@link CancellationException}
         */
        boolean goOn(double share);
    }

    /** Sees the points after each step. */
    @FunctionalInterface
    public interface StepListener<E extends Exception> {
        /**
         * @param step       0, the start, to T
         * @param first      number of the first of these points among all
         * @param points     [n, 2]
         * @param logDensity [n]; null where it was not asked for
         */
        void step(int step, int first, float[] points, float[] logDensity) throws E;
    }

    /** What a kernel is to do with the points of a chunk. */
    private enum Way { THERE, THERE_WITH_DENSITY, BACK }

    /**
     * @param base        density of the points that the map starts from; empty where no density will be asked for
     * @param integration the map's steps
     */
    public PushForward(Context context, Network network, Optional<Density> base, Integration integration, Watch watch) {
        this.context = context;
        this.base = base;
        this.integration = integration;
        this.watch = watch;
        try {
            sampler = resources.add(new Sampler(context, network.shape()));
            parameters = resources.add(context.buffer(network.parameters()));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /**
     * Where points go.
     *
     * @param starts [n, 2]; not modified
     * @return [n, 2]
     */
    public float[] map(float[] starts) {
        return moved(starts, Way.THERE, null);
    }

    /**
     * Where points go, and the density there.
     *
     * @param starts [n, 2]; not modified
     * @throws IllegalStateException when no base was given
     */
    public PointsWithDensity mapWithDensity(float[] starts) {
        Density p = requireBase();
        float[] logDensity = new float[starts.length / 2];
        float[] ends = moved(starts, Way.THERE_WITH_DENSITY, logDensity);
        addBase(p, starts, logDensity);
        return new PointsWithDensity(ends, logDensity);
    }

    /**
     * Where points come from.
     *
     * @param ends [n, 2]; not modified
     * @return [n, 2]; NaN where a step could not be inverted
     */
    public float[] inverse(float[] ends) {
        return moved(ends, Way.BACK, new float[ends.length / 2]);
    }

    /**
     * Where points come from, and the density at themselves.
     *
     * @param ends [n, 2]; not modified
     * @throws IllegalStateException when no base was given
     */
    public PointsWithDensity inverseWithDensity(float[] ends) {
        Density p = requireBase();
        float[] logDensity = new float[ends.length / 2];
        float[] starts = moved(ends, Way.BACK, logDensity);
        addBase(p, starts, logDensity);
        return new PointsWithDensity(starts, logDensity);
    }

    /**
     * The way of points, step by step; the listener is called for all steps of a chunk of points, then for the next chunk.
     *
     * @param starts      [n, 2]; not modified
     * @param withDensity whether the density of what the steps so far produce is wanted
     * @throws IllegalStateException when it is, and no base was given
     */
    public <E extends Exception> void follow(float[] starts, boolean withDensity, StepListener<E> listener) throws E {
        requirePoints(starts);
        Optional<Density> p = withDensity ? Optional.of(requireBase()) : Optional.empty();
        for (int first = 0; first < starts.length / 2; ) {
            float[] chunk = inChunk(starts, first, loaded -> context.finish());
            Way way = withDensity ? Way.THERE_WITH_DENSITY : Way.THERE;
            try (MapSession session = session(way, chunk.length / 2, starts.length / 2)) {
                for (int step = 0; step <= integration.T(); step++) {
                    if (step > 0) {
                        tell(first, chunk, session, starts);
                        session.advance(1);
                    }
                    float[] logDensity = p.map(density -> {
                        float[] values = logDet.read(new float[chunk.length / 2]);
                        addBase(density, chunk, values);
                        return values;
                    }).orElse(null);
                    listener.step(step, first, points.read(new float[chunk.length]), logDensity);
                }
            }
            first += chunk.length / 2;
        }
        leaveRoom();
    }

    /** Moves all points, chunk by chunk, and puts Σ log|det J| into {@code logDets} [n] unless it is null. */
    private float[] moved(float[] all, Way way, float[] logDets) {
        requirePoints(all);
        float[] moved = new float[all.length];
        for (int first = 0; first < all.length / 2; ) {
            int from = first;
            float[] chunk = inChunk(all, first, loaded -> moveChunk(loaded, from, all, way));
            int count = chunk.length / 2;
            System.arraycopy(points.read(chunk), 0, moved, 2 * first, chunk.length);
            if (logDets != null) {
                System.arraycopy(logDet.read(new float[count]), 0, logDets, first, count);
            }
            first += count;
        }
        leaveRoom();
        return moved;
    }

    /** Keeps no chunk between calls on a device that was short of memory: others need some as well. */
    private void leaveRoom() {
        if (mostPoints < CHUNK_POINTS) {
            releaseChunk();
        }
    }

    private void releaseChunk() {
        capacity = 0;
        chunkResources.close();
    }

    private void moveChunk(float[] chunk, int first, float[] all, Way way) {
        try (MapSession session = session(way, chunk.length / 2, all.length / 2)) {
            while (!session.isDone()) {
                tell(first, chunk, session, all);
                session.advance(integration.T(), BETWEEN_LOOKS);
            }
        }
    }

    private MapSession session(Way way, int count, int all) {
        return switch (way) {
            case THERE -> sampler.session(parameters, points, count, all, integration);
            case THERE_WITH_DENSITY -> sampler.sessionWithTangents(parameters, points, logDet, count, integration);
            case BACK -> sampler.inversion(parameters, points, logDet, count, integration);
        };
    }

    private void tell(int first, float[] chunk, MapSession session, float[] all) {
        double done = first + chunk.length / 2.0 * session.step() / integration.T();
        if (!watch.goOn(done / (all.length / 2.0))) {
            throw new CancellationException("moving points was cancelled");
        }
    }

    /** Turns Σ log|det J| [n] of points that started at {@code starts} into log q; NaN where the start is, not inverted. */
    private static void addBase(Density p, float[] starts, float[] values) {
        for (int n = 0; n < values.length; n++) {
            if (Float.isNaN(starts[2 * n])) {
                values[n] = Float.NaN;
                continue;
            }
            double logP = p.logDensityAt(starts[2 * n], starts[2 * n + 1]);
            values[n] = logP == Double.NEGATIVE_INFINITY ? Float.NEGATIVE_INFINITY : (float) (logP - values[n]);
        }
    }

    private Density requireBase() {
        return base.orElseThrow(() -> new IllegalStateException("no base density was given"));
    }

    private static void requirePoints(float[] points) {
        if (points.length % 2 != 0) {
            throw new IllegalArgumentException(points.length + " coordinates: points are [n, 2]");
        }
    }

    /**
     * Puts the next chunk on the device and works on it; where memory is scarce again with a smaller one. Some drivers find out
     * only when memory is first used.
     *
     * @return the chunk that it came to
     */
    private float[] inChunk(float[] all, int first, Consumer<float[]> work) {
        while (true) {
            int count = Math.min(all.length / 2 - first, mostPoints);
            float[] chunk = Arrays.copyOfRange(all, 2 * first, 2 * (first + count));
            try {
                load(chunk);
                work.accept(chunk);
                return chunk;
            } catch (OpenClException e) {
                releaseChunk();
                if (!e.isOutOfMemory() || count <= LEAST_CHUNK_POINTS) {
                    throw e;
                }
                mostPoints = count / 2;
                LOG.debug("{}: going on with {} points at a time", e.getMessage(), mostPoints);
            }
        }
    }

    /** Puts a chunk on the device, with zeros for its log-determinants. */
    private void load(float[] chunk) {
        int count = chunk.length / 2;
        if (count > capacity) {
            releaseChunk();
            points = chunkResources.add(context.buffer((long) chunk.length * Float.BYTES));
            logDet = chunkResources.add(context.buffer((long) count * Float.BYTES));
            capacity = count;
        }
        points.write(chunk);
        logDet.write(new float[count]);
    }

    @Override
    public void close() {
        releaseChunk();
        resources.close();
    }
}
