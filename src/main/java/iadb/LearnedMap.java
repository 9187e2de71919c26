package iadb;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.draw.PointSource.Sequence;
import iadb.draw.PointSource;
import iadb.export.Export;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import iadb.sample.Integration.Schedule;
import iadb.sample.Integration;
import iadb.sample.PushForward.PointsWithDensity;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.DivergedException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A learned map from one density to another: it maps points in both directions, and gives the density of its result. Points are
 * floats x0, y0, x1, y1, … in the unit square, y upward, or for densities of points in the units of their {@link #box}; any number of
 * them, in an array or in a {@link FloatBuffer} of any kind.
 *
 * <p>A map holds an OpenCL device until it is closed. It may be used by several threads: a call waits until the previous one has
 * ended. Threads that must not wait each need their own map ({@link #withSteps} creates one). After {@link #close}, methods that
 * need the device throw an {@link IllegalStateException}.
 */
public final class LearnedMap implements AutoCloseable {
    /** The most points of one call of {@link #sample}; {@link #map} takes as many as an array holds. */
    public static final int MAX_POINTS = 1 << 28;

    /** The points of a seed, 2^32: the indices of {@link #sample(long, int, long)} are below it. */
    public static final long SEED_POINTS = 1L << 32;

    /** The most steps of the map. */
    public static final int MAX_STEPS = 1_000_000;

    private final Object lock = new Object();
    private final Model model;
    private final Box box; // in whose units points are
    private final Schedule schedule;
    private final Resources resources = new Resources(); // guarded by lock, as all below
    private final Context context;
    private final PushForward pushForward;
    private boolean closed;

    /** @param context closed with this map */
    private LearnedMap(Model model, Context context, Solver solver, Schedule schedule, int steps) {
        this.model = model;
        this.context = resources.add(context);
        this.schedule = schedule;
        try {
            box = model.box();
            pushForward = resources.add(new PushForward(context, model.network(), model.p0(),
                    Integration.of(solver, schedule, steps, false), share -> true));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /**
     * The map of a model, such as the one that a {@link DivergedException} carries.
     *
     * @param model  the network and its densities
     * @param device {@code auto}, an index, or part of a name
     * @return the map, owned by the caller; 128 Euler steps
     */
    public static LearnedMap of(Model model, String device) {
        return new LearnedMap(model, Context.open(Device.select(device)), Solver.EULER, Schedule.LINEAR, 128);
    }

    /**
     * The map of a model on a device that is already open, where it shares built programs with other maps and trainings.
     *
     * @param model   the network and its densities
     * @param context not closed with the map; may be closed before it
     * @return the map, owned by the caller; 128 Euler steps
     */
    public static LearnedMap of(Model model, Context context) {
        return new LearnedMap(model, context.sibling(), Solver.EULER, Schedule.LINEAR, 128);
    }

    /**
     * The map of a file that this program wrote, or PyTorch with the same tensors, on the first GPU or else the first device; for
     * another device, use {@link #of} with {@link Model#read}.
     *
     * @param file a safetensors file
     * @return the map, owned by the caller; 128 Euler steps
     * @throws InvalidInputException when the file is missing or holds no such model
     */
    public static LearnedMap load(Path file) {
        return of(Model.read(file), "auto");
    }

    /**
     * Writes the map to a file that {@link #load} reads.
     *
     * @param file replaced only when the new one is complete
     * @throws IOException when it cannot be written
     */
    public void save(Path file) throws IOException {
        Model.write(file, model);
    }

    /**
     * Writes the map with its steps to a file that works without this library; its ending chooses what it is: see {@link Export.Form}.
     * An ONNX file computes the map itself; for its velocity or log-density, see {@link Export}.
     *
     * @param file replaced only when the new one is complete
     * @throws InvalidInputException if no form has this ending, or a weight is not finite
     * @throws IOException           when it cannot be written
     */
    public void export(Path file) throws IOException {
        Integration integration = pushForward.integration();
        new Export(model, integration.solver(), schedule, integration.T()).write(file, Export.Function.MAP);
    }

    /**
     * The same map with other steps; owned by the caller, and independent of this one.
     *
     * @param solver   how a step is computed
     * @param schedule the lengths of the steps
     * @param steps    T, 1 to {@value #MAX_STEPS}
     * @return the other map
     */
    public LearnedMap withSteps(Solver solver, Schedule schedule, int steps) {
        InvalidInputException.requireRange("steps", steps, MAX_STEPS);
        synchronized (lock) {
            requireOpen();
            return new LearnedMap(model, context.sibling(), solver, schedule, steps);
        }
    }

    /** {@return the square of the plane in which the map's densities lie; the unit square for pictures} */
    public Box box() { return box; }

    /** {@return the start density of the map; empty if its file does not contain it} */
    public Optional<Density> p0() { return model.p0(); }

    /** {@return the target density of the map; empty if its file does not contain it} */
    public Optional<Density> p1() { return model.p1(); }

    /**
     * Maps points.
     *
     * @param starts [n, 2]; not modified
     * @return [n, 2]
     */
    public float[] map(float[] starts) {
        synchronized (lock) {
            requireOpen();
            return box.toPlane(pushForward.map(box.toUnit(starts)));
        }
    }

    /**
     * Maps the remaining points of one buffer into another.
     *
     * @param starts [n, 2] from its position to its limit, where its position is left
     * @param ends   with room for [n, 2], another object than {@code starts}; its position moves behind them
     */
    public void map(FloatBuffer starts, FloatBuffer ends) {
        forChunks(starts, ends, starts.remaining(), chunk -> ends.put(map(chunk)));
    }

    /**
     * Maps points, and gives the density at the mapped points.
     *
     * @param starts [n, 2]; not modified
     * @return [n, 2] and [n]
     */
    public PointsWithDensity mapWithDensity(float[] starts) {
        synchronized (lock) {
            requireDensity();
            PointsWithDensity moved = pushForward.mapWithDensity(box.toUnit(starts));
            return new PointsWithDensity(box.toPlane(moved.points()), box.logDensityToPlane(moved.logDensity()));
        }
    }

    /**
     * The points that the map moves to given points.
     *
     * @param ends [n, 2]; not modified
     * @return [n, 2]; NaN where a step has no inverse
     */
    public float[] inverse(float[] ends) {
        synchronized (lock) {
            requireOpen();
            return box.toPlane(pushForward.inverse(box.toUnit(ends)));
        }
    }

    /**
     * Inverts the remaining points of one buffer into another.
     *
     * @param ends   [n, 2] from its position to its limit, where its position is left
     * @param starts with room for [n, 2], another object than {@code ends}; its position moves behind them
     */
    public void inverse(FloatBuffer ends, FloatBuffer starts) {
        forChunks(ends, starts, ends.remaining(), chunk -> starts.put(inverse(chunk)));
    }

    /**
     * The natural logarithm of the density of the mapped points, per unit of area in the points' units, at given points.
     *
     * @param at [n, 2]; not modified
     * @return [n]; negative infinity where the density is 0, NaN where a step has no inverse
     */
    public float[] logDensity(float[] at) {
        synchronized (lock) {
            requireDensity();
            return box.logDensityToPlane(pushForward.inverseWithDensity(box.toUnit(at)).logDensity());
        }
    }

    /**
     * Puts the log-density at the remaining points of one buffer into another.
     *
     * @param at         [n, 2] from its position to its limit, where its position is left
     * @param logDensity with room for [n], another object than {@code at}; its position moves behind them
     */
    public void logDensity(FloatBuffer at, FloatBuffer logDensity) {
        forChunks(at, logDensity, at.remaining() / 2, chunk -> logDensity.put(logDensity(chunk)));
    }

    /**
     * Maps fresh, independent points of p0.
     *
     * @param count 1 to {@value #MAX_POINTS}
     * @param seed  the same seed gives the same points
     * @return [count, 2]
     */
    public float[] sample(int count, long seed) {
        return sample(count, seed, Sequence.RANDOM);
    }

    /**
     * Maps fresh points of p0, independent ones or those of a Sobol sequence.
     *
     * @param count    1 to {@value #MAX_POINTS}
     * @param seed     the same seed gives the same points
     * @param sequence which points
     * @return [count, 2]
     */
    public float[] sample(int count, long seed, Sequence sequence) {
        InvalidInputException.requireRange("points", count, MAX_POINTS);
        synchronized (lock) {
            requireDensity();
            return box.toPlane(pushForward.map(starts(0, count, seed, sequence)));
        }
    }

    /**
     * Maps some of the independent points of a seed. A point is a function of the seed and its index, so that several calls, devices
     * or machines can share the points out: {@code sample(count, seed)} has the points from index 0 on.
     *
     * @param first index of the first point, 0 or more
     * @param count 1 to {@value #MAX_POINTS}; {@code first + count} is at most {@value #SEED_POINTS}
     * @param seed  the same seed gives the same points
     * @return [count, 2]
     */
    public float[] sample(long first, int count, long seed) {
        InvalidInputException.requireRange("points", count, MAX_POINTS);
        if (first < 0 || first + count > SEED_POINTS) {
            throw new InvalidInputException("points from %s to %s are not all among the %s points of a seed".formatted(first, first + count,
                    SEED_POINTS));
        }
        synchronized (lock) {
            requireDensity();
            return box.toPlane(pushForward.map(starts((int) first, count, seed, Sequence.RANDOM)));
        }
    }

    /** @param first index of the first point, as 32 unsigned bits */
    private float[] starts(int first, int count, long seed, Sequence sequence) {
        try (PointSource source = new PointSource(context, model.p0().orElseThrow(), sequence)) {
            return source.drawToHost(seed, RandomPurpose.START_POINTS, first, count);
        }
    }

    /**
     * Compares mapped points with p1; exact assignments and trajectories are those of the first {@value Evaluation#DEFAULT_EXACT}.
     *
     * @param count fresh points to map, such as 65,536; at most {@value #MAX_POINTS}
     * @param seed  of these points, and of the exact samples of p1
     * @return the distances, in the units of {@link #box}
     * @throws InvalidInputException if the map has no p0 or no p1
     */
    public Evaluation evaluate(int count, long seed) { return evaluate(count, seed, Evaluation.DEFAULT_EXACT); }

    /**
     * Compares mapped points with p1.
     *
     * @param count fresh points to map, such as 65,536; at most {@value #MAX_POINTS}
     * @param seed  of these points, and of the exact samples of p1
     * @param exact points of an exact assignment, and trajectories that are measured; 1 to {@value Evaluation#MAX_EXACT}, no more than
     *              {@code count} are used
     * @return the distances, in the units of {@link #box}
     * @throws InvalidInputException if the map has no p0 or no p1
     */
    public Evaluation evaluate(int count, long seed, int exact) {
        InvalidInputException.requireRange("points", count, MAX_POINTS);
        InvalidInputException.requireRange("exact", exact, Evaluation.MAX_EXACT);
        synchronized (lock) {
            requireDensity();
            Density p1 = model.p1().orElseThrow(() -> new InvalidInputException("the map has no p1: its file does not contain it"));
            float[] starts = starts(0, count, seed, Sequence.RANDOM);
            return Evaluation.of(context, p1, box, pushForward.map(starts),
                    Optional.of(new Evaluation.Origin(pushForward, schedule, starts)), exact, seed, () -> true);
        }
    }

    private static void forChunks(FloatBuffer from, FloatBuffer to, int results, Consumer<float[]> work) {
        if (from == to) {
            throw new IllegalArgumentException("the same buffer is read and written; duplicate() creates another");
        }
        if (to.remaining() < results) {
            throw new IllegalArgumentException("room for " + to.remaining() + " floats, but " + results + " are needed");
        }
        if (from.remaining() % 2 != 0) {
            throw new IllegalArgumentException(from.remaining() + " coordinates: points are [n, 2]");
        }
        while (from.hasRemaining()) {
            float[] chunk = new float[Math.min(from.remaining(), 2 * PushForward.CHUNK_POINTS)];
            from.get(chunk);
            work.accept(chunk);
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
            throw new InvalidInputException("the map has no p0: its file does not contain it");
        }
    }

    /** Releases the device, after the call of another thread has ended. */
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
