package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.draw.Sequence;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.model.ModelFile;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.PointsWithDensity;
import iadb.sample.PushForward;
import iadb.sample.Schedule;
import iadb.sample.Solver;
import iadb.train.DivergedException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A learned map from one density to another, ready for use: it moves points there and back, and knows the density of what
 * it makes. Points are floats x0, y0, x1, y1, … in the unit square, y upward; any number of them, on Java's heap or in a
 * {@link FloatBuffer} of any kind.
 *
 * <p>A map holds an OpenCL device until it is closed. It may be used from several threads: a call waits for the one before
 * it, since the device does one thing at a time. Threads that shall not wait open maps of their own ({@link #withSteps}
 * makes one from another). After {@link #close}, what needs the device is an {@link IllegalStateException}.
 */
public final class LearnedMap implements AutoCloseable {
    /** Points that {@link #sample} makes at once, at most; {@link #map} takes as many as an array holds. */
    public static final int MAX_POINTS = 1 << 28;

    /** Steps of the map, at most. */
    public static final int MAX_STEPS = 1_000_000;

    /** 128 steps of Euler of the same length. */
    static final Integration TUTORIAL = Integration.of(Solver.EULER, Schedule.LINEAR, 128, false);

    private final Object lock = new Object();
    private final Model model;
    private final Device device;
    private final Resources resources = new Resources(); // guarded by lock, with all below
    private final Context context;
    private final PushForward pushForward;
    private boolean closed;

    LearnedMap(Model model, Device device, Integration way) {
        this.model = model;
        this.device = device;
        try {
            context = resources.add(Context.open(device));
            pushForward = resources.add(new PushForward(context, model.network(), model.p0(), way, share -> true));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /**
     * A map from a file that this program wrote, or PyTorch with the same tensors, on the first GPU or else the first device.
     *
     * @param file a safetensors file
     * @return the map, owned by the caller; 128 steps of Euler
     * @throws InvalidInputException when the file is missing or no such model
     */
    public static LearnedMap load(Path file) {
        return load(file, "auto");
    }

    /**
     * The map of a file on a device of the caller's choice.
     *
     * @param file   a safetensors file
     * @param device {@code auto}, an index, or part of a name
     * @return the map, owned by the caller; 128 steps of Euler
     */
    public static LearnedMap load(Path file, String device) {
        return of(ModelFile.read(file), device);
    }

    /**
     * The map of a model, such as the one that a {@link DivergedException} carries.
     *
     * @param model  the network and its densities
     * @param device {@code auto}, an index, or part of a name
     * @return the map, owned by the caller; 128 steps of Euler
     */
    public static LearnedMap of(Model model, String device) {
        return new LearnedMap(model, Device.select(device), TUTORIAL);
    }

    /**
     * Writes the map to a file that {@link #load} reads.
     *
     * @param file replaced only when the new one is whole
     * @throws IOException when it cannot be written
     */
    public void save(Path file) throws IOException {
        ModelFile.write(file, model);
    }

    /**
     * The same map by other steps, with the device for itself; owned by the caller, and independent of this one.
     *
     * @param solver   how a step is made
     * @param schedule how the steps share the way
     * @param steps    T, 1 to 1,000,000
     * @return the other map
     */
    public LearnedMap withSteps(Solver solver, Schedule schedule, int steps) {
        if (steps < 1 || steps > MAX_STEPS) {
            throw new InvalidInputException("%s steps are not from 1 to %s".formatted(steps, MAX_STEPS));
        }
        return new LearnedMap(model, device, Integration.of(solver, schedule, steps, false));
    }

    /**
     * The density that the map starts from.
     *
     * @return empty when its file did not hold it
     */
    public Optional<Density> p0() {
        return model.p0();
    }

    /**
     * The density that it was taught to arrive at.
     *
     * @return empty when its file did not hold it
     */
    public Optional<Density> p1() {
        return model.p1();
    }

    /**
     * Where points go.
     *
     * @param starts [n, 2]; not modified
     * @return [n, 2]
     */
    public float[] map(float[] starts) {
        synchronized (lock) {
            requireOpen();
            return pushForward.map(starts);
        }
    }

    /**
     * Where points go: takes what remains of one buffer and puts as many floats into another.
     *
     * @param starts [n, 2] from its position to its limit, where its position is left
     * @param ends   with room for as many, another object than {@code starts}; its position moves behind them
     */
    public void map(FloatBuffer starts, FloatBuffer ends) {
        requireRoom(starts, ends, starts.remaining());
        forChunks(starts, chunk -> ends.put(map(chunk)));
    }

    /**
     * Where points go, and the density there.
     *
     * @param starts [n, 2]; not modified
     * @return [n, 2] and [n]
     */
    public PointsWithDensity mapWithDensity(float[] starts) {
        synchronized (lock) {
            requireDensity();
            return pushForward.mapWithDensity(starts);
        }
    }

    /**
     * Where points come from.
     *
     * @param ends [n, 2]; not modified
     * @return [n, 2]; NaN where a step does not invert
     */
    public float[] inverse(float[] ends) {
        synchronized (lock) {
            requireOpen();
            return pushForward.inverse(ends);
        }
    }

    /**
     * Where points come from: as {@link #map(FloatBuffer, FloatBuffer)} in the other direction.
     *
     * @param ends   [n, 2] from its position to its limit
     * @param starts with room for as many, another object than {@code ends}
     */
    public void inverse(FloatBuffer ends, FloatBuffer starts) {
        requireRoom(ends, starts, ends.remaining());
        forChunks(ends, chunk -> starts.put(inverse(chunk)));
    }

    /**
     * The natural logarithm of the density, per unit of the square's area, of what the map makes, at points of one's choice.
     *
     * @param at [n, 2]; not modified
     * @return [n]; negative infinity where nothing arrives, NaN where a step does not invert
     */
    public float[] logDensity(float[] at) {
        synchronized (lock) {
            requireDensity();
            return pushForward.inverseWithDensity(at).logDensity();
        }
    }

    /**
     * As above between buffers.
     *
     * @param at         [n, 2] from its position to its limit
     * @param logDensity with room for n, another object than {@code at}
     */
    public void logDensity(FloatBuffer at, FloatBuffer logDensity) {
        requireRoom(at, logDensity, at.remaining() / 2);
        forChunks(at, chunk -> logDensity.put(logDensity(chunk)));
    }

    /**
     * Fresh points of p0, mapped.
     *
     * @param count 1 to {@value #MAX_POINTS}
     * @param seed  the same seed gives the same points
     * @return [count, 2]
     */
    public float[] sample(int count, long seed) {
        return sample(count, seed, Sequence.RANDOM);
    }

    /**
     * As above, made of random points or of Sobol's.
     *
     * @param count    1 to {@value #MAX_POINTS}
     * @param seed     the same seed gives the same points
     * @param sequence which points
     * @return [count, 2]
     */
    public float[] sample(int count, long seed, Sequence sequence) {
        requireCount(count);
        synchronized (lock) {
            requireDensity();
            try (PointSource source = new PointSource(context, model.p0().orElseThrow(), sequence)) {
                return pushForward.map(source.drawToHost(seed, RandomPurpose.START_POINTS, 0, count));
            }
        }
    }

    /**
     * How near what the map makes is to p1.
     *
     * @param count fresh points to judge by, such as 65,536; at most {@value #MAX_POINTS}
     * @param seed  of the points, and of the exact samples that they are held against
     * @return the figures
     * @throws InvalidInputException when the map does not know p0 or p1
     */
    public Evaluation evaluate(int count, long seed) {
        requireCount(count);
        synchronized (lock) {
            requireDensity();
            Density p1 = model.p1().orElseThrow(() -> new InvalidInputException("the map does not know its p1"));
            return Evaluation.of(context, p1, sample(count, seed), Optional.of(pushForward), seed, () -> true);
        }
    }

    @FunctionalInterface
    private interface ChunkWork {
        void on(float[] chunk);
    }

    private static void forChunks(FloatBuffer from, ChunkWork work) {
        if (from.remaining() % 2 != 0) {
            throw new IllegalArgumentException(from.remaining() + " coordinates: points are [n, 2]");
        }
        while (from.hasRemaining()) {
            float[] chunk = new float[Math.min(from.remaining(), 2 * PushForward.CHUNK_POINTS)];
            from.get(chunk);
            work.on(chunk);
        }
    }

    private static void requireRoom(FloatBuffer from, FloatBuffer to, int floats) {
        if (from == to) {
            throw new IllegalArgumentException("points are read and written by the same object; duplicate() makes another");
        }
        if (to.remaining() < floats) {
            throw new IllegalArgumentException("room for " + to.remaining() + " floats where " + floats + " come");
        }
    }

    private static void requireCount(int count) {
        if (count < 1 || count > MAX_POINTS) {
            throw new InvalidInputException("%s points are not from 1 to %s".formatted(count, MAX_POINTS));
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the map is closed");
        }
    }

    private void requireDensity() {
        requireOpen();
        if (model.p0().isEmpty()) {
            throw new InvalidInputException("the map does not know the density that it starts from: its file did not hold it");
        }
    }

    /** Gives the device back; waits for a call that another thread is in. */
    @Override
    public void close() {
        synchronized (lock) {
            if (!closed) {
                closed = true;
                resources.close();
            }
        }
    }
}
