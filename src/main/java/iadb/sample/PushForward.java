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
 * Applies a trained map, or its inverse, to points on the host, with the push-forward of a base density by the map's T steps.
 * Moves one chunk of points at a time, and uses smaller chunks when the device is out of memory.
 *
 * <p>With J_t the tangent of step t, log q(x_T) = log p(x_0) - Σ_t log|det J_t|. Where steps fold the plane a point has
 * several preimages; the value is then that of the branch that was followed.
 */
public final class PushForward implements AutoCloseable {
    /** Points of a chunk: some megabytes, and enough work for any device. */
    public static final int CHUNK_POINTS = 1 << 18;

    private static final int MIN_CHUNK_POINTS = 1 << 10; // a device without memory for these has none for a network
    private static final Logger LOG = LoggerFactory.getLogger(PushForward.class);
    private static final Duration BETWEEN_REPORTS = Duration.ofMillis(100);

    private final Context context;
    private final Sampler sampler;
    private final Integration integration;
    private final Optional<Density> base;
    private final Watch watch;
    private final Resources resources = new Resources();
    private final DeviceBuffer parameters;
    private final Resources chunkResources = new Resources(); // points and logDet
    private DeviceBuffer points; // [capacity, 2]
    private DeviceBuffer logDet; // [capacity]
    private int capacity;
    private int maxPoints = CHUNK_POINTS; // fewer after the device was out of memory

    /** Receives the progress of a call several times a second. */
    @FunctionalInterface
    public interface Watch {
        /**
         * @param share finished share of the call's work, 0 to 1
         * @return false to end the call with a {@link CancellationException}
         */
        boolean shouldContinue(double share);
    }

    /** Receives the points after each step. */
    @FunctionalInterface
    public interface StepListener<E extends Exception> {
        /**
         * @param step       0 (the starts) to T
         * @param first      index of this chunk's first point
         * @param points     [n, 2]
         * @param logDensity [n]; null if it was not requested
         */
        void step(int step, int first, float[] points, float[] logDensity) throws E;
    }

    /**
     * Points and the density of what a map produces.
     *
     * @param points     [n, 2]
     * @param logDensity [n], natural logarithm of the density per unit of the square's area: at each mapped point, or at the
     *                   point that was inverted. Negative infinity where the base density is 0, NaN where a step could not be
     *                   inverted
     */
    public record PointsWithDensity(float[] points, float[] logDensity) { }

    private enum Direction { FORWARD, FORWARD_WITH_DENSITY, INVERSE }

    /**
     * @param base density of the starts; empty if no density will be requested
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

    private PushForward(PushForward other, Integration integration) {
        context = other.context;
        base = other.base;
        this.integration = integration;
        watch = other.watch;
        sampler = other.sampler; // closed by the other, as are the parameters
        parameters = other.parameters;
    }

    /** The same map by other steps; owned by the caller, who must close it before this one. */
    public PushForward with(Integration other) { return new PushForward(this, other); }

    /** Its steps. */
    public Integration integration() { return integration; }

    /** Maps points [n, 2], which it does not modify; returns [n, 2]. */
    public float[] map(float[] starts) { return move(starts, Direction.FORWARD).points(); }

    /**
     * Maps points [n, 2], which it does not modify, and computes the density at their ends.
     *
     * @throws IllegalStateException without a base
     */
    public PointsWithDensity mapWithDensity(float[] starts) {
        Density p = requireBase();
        PointsWithDensity moved = move(starts, Direction.FORWARD_WITH_DENSITY);
        addBase(p, starts, moved.logDensity());
        return moved;
    }

    /** Inverts the map at points [n, 2], which it does not modify; returns [n, 2], NaN where a step could not be inverted. */
    public float[] inverse(float[] ends) { return move(ends, Direction.INVERSE).points(); }

    /**
     * Inverts the map at points [n, 2], which it does not modify, and computes the density at {@code ends}.
     *
     * @throws IllegalStateException without a base
     */
    public PointsWithDensity inverseWithDensity(float[] ends) {
        Density p = requireBase();
        PointsWithDensity moved = move(ends, Direction.INVERSE);
        addBase(p, moved.points(), moved.logDensity());
        return moved;
    }

    /**
     * Maps points step by step. Calls the listener for all steps of a chunk of points, then for all steps of the next chunk.
     *
     * @param starts      [n, 2]; not modified
     * @param withDensity whether the listener receives the density after each step
     * @throws IllegalStateException if the density is requested without a base
     */
    public <E extends Exception> void follow(float[] starts, boolean withDensity, StepListener<E> listener) throws E {
        requirePoints(starts);
        Optional<Density> p = withDensity ? Optional.of(requireBase()) : Optional.empty();
        for (int first = 0; first < starts.length / 2; ) {
            float[] chunk = inChunk(starts, first, loaded -> context.finish());
            Direction direction = withDensity ? Direction.FORWARD_WITH_DENSITY : Direction.FORWARD;
            try (MapSession session = session(direction, chunk.length / 2, starts.length / 2)) {
                for (int step = 0; step <= integration.T(); step++) {
                    if (step > 0) {
                        report(first, chunk, session, starts);
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
        releaseScarceMemory();
    }

    /** The moved points, and Σ_t log|det J_t| [n], which is null for {@link Direction#FORWARD}. */
    private PointsWithDensity move(float[] all, Direction direction) {
        requirePoints(all);
        float[] moved = new float[all.length];
        float[] logDets = direction == Direction.FORWARD ? null : new float[all.length / 2];
        for (int first = 0; first < all.length / 2; ) {
            int from = first;
            float[] chunk = inChunk(all, first, loaded -> moveChunk(loaded, from, all, direction));
            int count = chunk.length / 2;
            System.arraycopy(points.read(chunk), 0, moved, 2 * first, chunk.length);
            if (logDets != null) {
                System.arraycopy(logDet.read(new float[count]), 0, logDets, first, count);
            }
            first += count;
        }
        releaseScarceMemory();
        return new PointsWithDensity(moved, logDets);
    }

    /** Frees the chunk after a call if the device was out of memory: other work needs some too. */
    private void releaseScarceMemory() {
        if (maxPoints < CHUNK_POINTS) {
            releaseChunk();
        }
    }

    private void releaseChunk() {
        capacity = 0;
        chunkResources.close();
    }

    private void moveChunk(float[] chunk, int first, float[] all, Direction direction) {
        try (MapSession session = session(direction, chunk.length / 2, all.length / 2)) {
            while (!session.isDone()) {
                report(first, chunk, session, all);
                session.advance(integration.T(), BETWEEN_REPORTS);
            }
        }
    }

    private MapSession session(Direction direction, int count, int all) {
        return switch (direction) {
            case FORWARD -> sampler.session(parameters, points, count, all, integration);
            case FORWARD_WITH_DENSITY -> sampler.sessionWithTangents(parameters, points, logDet, count, integration);
            case INVERSE -> sampler.inversion(parameters, points, logDet, count, integration);
        };
    }

    /** @throws CancellationException if the watch cancels the call */
    private void report(int first, float[] chunk, MapSession session, float[] all) {
        double done = first + chunk.length / 2.0 * session.step() / integration.T();
        if (!watch.shouldContinue(done / (all.length / 2.0))) {
            throw new CancellationException("moving points was cancelled");
        }
    }

    /** Turns Σ_t log|det J_t| [n] of points with these starts into log q; NaN if a start is NaN, since it was not inverted. */
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

    private Density requireBase() { return base.orElseThrow(() -> new IllegalStateException("the map has no base density")); }

    private static void requirePoints(float[] points) {
        if (points.length % 2 != 0) {
            throw new IllegalArgumentException(points.length + " coordinates: points are [n, 2]");
        }
    }

    /**
     * Writes the chunk from point {@code first} on to the device and works on it; retries with a smaller chunk when the device is
     * out of memory, which some drivers notice only at the first use of the memory.
     *
     * @return the chunk that succeeded
     */
    private float[] inChunk(float[] all, int first, Consumer<float[]> work) {
        while (true) {
            int count = Math.min(all.length / 2 - first, maxPoints);
            float[] chunk = Arrays.copyOfRange(all, 2 * first, 2 * (first + count));
            try {
                load(chunk);
                work.accept(chunk);
                return chunk;
            } catch (OpenClException e) {
                releaseChunk();
                if (!e.isOutOfMemory() || count <= MIN_CHUNK_POINTS) {
                    throw e;
                }
                maxPoints = count / 2;
                LOG.debug("{}: continuing with {} points at a time", e.getMessage(), maxPoints);
            }
        }
    }

    /** Writes a chunk to the device, with zeros for its log-determinants. */
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
