package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Kernel;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import iadb.plan.TuningChoice;
import iadb.plan.TuningChoice.Trial;
import iadb.plan.TuningTable;
import iadb.plan.TuningTable.Purpose;
import iadb.sample.Integration.Schedule;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The map's kernels for networks of one shape: the map, the map with its density, and the inverse. Opens {@link MapSession}s,
 * which must be closed before it. Builds and checks each kernel before its first use. The number of points may change a kernel's
 * tuning, but not its bits.
 */
public final class Sampler implements AutoCloseable {
    /** Points for which {@link Purpose#MAP_FEW} is tuned: as many as the tutorial maps by default. */
    public static final int FEW_POINTS = 2048;

    private static final int TANGENT_COST = 3; // in evaluations of the velocity
    private static final int INVERSION_COST = 7; // usually a guess and two Newton trials
    private static final int TRIAL_STEPS = 4; // of a repetition
    private static final int TRIAL_T = 4096; // of a session: opening one takes a negligible share of the time
    private static final int MANY_POINTS_PER_UNIT = 512; // enough to fill the device while tunings are timed

    private final Context context;
    private final NetworkShape shape;
    private final Function<Purpose, TuningChoice> forMap;
    private final Tuning forDensity;
    private final Resources resources = new Resources();
    private final Map<Purpose, Tuning> measured = new EnumMap<>(Purpose.class); // tunings of the map
    private final Map<Tuning, Built> maps = new HashMap<>();
    private Built density; // null before its first use

    /** A program, its sources and tuning, and the names of its checked kernels. */
    private record Built(List<Source> sources, Program program, Tuning tuning, Set<String> checked) { }

    /** @throws DeviceLimitException when the device cannot hold two layers of the network */
    public Sampler(Context context, NetworkShape shape) {
        this(context, shape, purpose -> TuningChoice.of(context.device(), purpose, shape, 0, Sampler::sources),
                TuningTable.find(context.device(), Purpose.DENSITY));
    }

    /** Uses these tunings instead of the device's own. */
    public Sampler(Context context, NetworkShape shape, Tuning forMap, Tuning forDensity) {
        this(context, shape, purpose -> TuningChoice.of(forMap), forDensity);
    }

    private Sampler(Context context, NetworkShape shape, Function<Purpose, TuningChoice> forMap, Tuning forDensity) {
        this.context = context;
        this.shape = shape;
        this.forMap = forMap;
        this.forDensity = forDensity;
        fitted(forMap.apply(Purpose.MAP).known(), Tuning.Footprint.TWO_LAYERS);
    }

    private Tuning fitted(Tuning base, Tuning.Footprint footprint) {
        return base.fit(shape, footprint, context.device())
                .orElseThrow(() -> new DeviceLimitException(String.format(Locale.ROOT,
                        "%s has %,d bytes of local memory, too few for %s",
                        context.device().name(), context.device().localBytes(), shape.widthText()), Limit.KERNEL));
    }

    private Built build(List<Source> sources, Tuning base, Tuning.Footprint footprint) {
        Tuning tuning = fitted(base, footprint);
        Program program = resources.add(context.build(sources, tuning.options(shape, context.device())));
        return new Built(sources, program, tuning, new HashSet<>());
    }

    /** Builds and checks the map's kernel for this number of points. Times no tuning, since the device may be busy. */
    public void prepare(int points) { map(forMap.apply(Purpose.ofMap(context.device(), points)).known()); }

    /**
     * Times the map's tunings unless they are known, and builds its kernels for any number of points. Requires an idle device.
     */
    public void prepareAll() {
        map(1);
        map(Integer.MAX_VALUE);
    }

    /** The map's program for this number of points. */
    private Built map(int points) {
        Purpose purpose = Purpose.ofMap(context.device(), points);
        Tuning tuning = measured.get(purpose);
        if (tuning == null) {
            Device device = context.device();
            int timed = purpose == Purpose.MAP_FEW ? FEW_POINTS : MANY_POINTS_PER_UNIT * device.computeUnits();
            tuning = forMap.apply(purpose).measured(context, one -> context.prebuild(sources(), one.options(shape, device)),
                    one -> trial(context, shape, one, timed, false));
            measured.put(purpose, tuning);
        }
        return map(tuning);
    }

    private Built map(Tuning tuning) {
        Built map = maps.computeIfAbsent(tuning, base -> build(sources(), base, Tuning.Footprint.TWO_LAYERS));
        requireCorrect(map, "move_points", MapSelfTest::requireMap);
        return map;
    }

    /** The map's program. */
    public static List<Source> sources() { return sources("map.cl"); }

    /** The program of the map with its density, and of the inverse. */
    static List<Source> densitySources() { return sources("density.cl"); }

    private static List<Source> sources(String last) {
        return Stream.of("arithmetic.cl", "network.cl", "solver.cl", last).map(Source::of).toList();
    }

    /** Maps points from p0 to p1 as the tutorial does, by {@code T} Euler steps of equal length. */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int T) {
        return session(parameters, points, count, Integration.of(Solver.EULER, Schedule.LINEAR, T, false));
    }

    /**
     * Moves points along the velocity field of {@code parameters}.
     *
     * @param parameters [shape.bufferFloats()], may be the current weights of a training; the caller's
     * @param points     [count, 2], moved in place; the caller's
     * @param count      1 or more
     */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, Integration integration) {
        return session(parameters, points, count, count, integration);
    }

    /** Moves {@code count} of {@code all} points with the kernel that is fastest for all. */
    MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int all, Integration integration) {
        return session(map(all), "move_points", 1, parameters, points, null, count, integration);
    }

    /**
     * Moves points along the velocity field, with the tangent J_t of each step.
     *
     * @param logDet [count]; Σ_t log|det J_t| is added to it; the caller's
     * @throws DeviceLimitException when the device cannot hold two layers of the network with their tangents
     */
    public MapSession sessionWithTangents(DeviceBuffer parameters, DeviceBuffer points, DeviceBuffer logDet, int count,
            Integration integration) {
        requireCorrect(density(), "move_with_tangents", MapSelfTest::requireTangents);
        return session(density(), "move_with_tangents", TANGENT_COST, parameters, points, logDet, count, integration);
    }

    /**
     * Inverts the steps of {@code integration}, the last step first, each to 1e-6 in both coordinates. A point where a step
     * cannot be inverted becomes NaN and stays NaN.
     *
     * @param points [count, 2], moved in place from the map's ends to its starts
     * @param logDet [count]; Σ_t log|det J_t| of the inverted steps is added to it, or NaN
     * @throws DeviceLimitException when the device cannot hold two layers of the network with their tangents
     */
    public MapSession inversion(DeviceBuffer parameters, DeviceBuffer points, DeviceBuffer logDet, int count,
            Integration integration) {
        requireCorrect(density(), "invert_points", MapSelfTest::requireInversion);
        return session(density(), "invert_points", INVERSION_COST, parameters, points, logDet, count, integration.backward());
    }

    /** Checks a kernel before its first use. */
    private void requireCorrect(Built built, String kernelName, Consumer<MapSelfTest> check) {
        if (built.checked().contains(kernelName)) {
            return;
        }
        List<String> options = new ArrayList<>(built.tuning().options(shape, context.device()));
        options.add(kernelName);
        context.checkOnce(built.sources(), options, () -> {
            try (Sampler same = new Sampler(context, shape, built.tuning(), forDensity)) { // one tuning for any number of points
                check.accept(new MapSelfTest(context, shape, same));
            }
            return true;
        });
        built.checked().add(kernelName);
    }

    private Built density() {
        if (density == null) {
            density = build(densitySources(), forDensity, Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS);
        }
        return density;
    }

    /** @param logDet null for a kernel without tangents */
    private MapSession session(Built built, String kernelName, int cost, DeviceBuffer parameters, DeviceBuffer points,
            DeviceBuffer logDet, int count, Integration integration) {
        Resources own = new Resources();
        try {
            Kernel kernel = own.add(built.program().kernel(kernelName)).set("parameters", parameters).set("points", points)
                    .set("alphas", own.add(context.buffer(integration.alphas())))
                    .set("solver", integration.solver().kernelIndex());
            if (logDet != null) {
                kernel.set("log_det", logDet);
            }
            long flopsPerPointStep = cost * shape.forwardFlops() * integration.solver().evaluations();
            return new MapSession(context, kernel, own, built.tuning(), flopsPerPointStep, count, integration.T());
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /**
     * A trial of a tuning by Euler steps of the map, whose answer is the points after the first {@value #TRIAL_STEPS}.
     *
     * @param points      n
     * @param withTangents whether the density is computed too
     */
    public static Trial trial(Context context, NetworkShape shape, Tuning tuning, int points, boolean withTangents) {
        Resources own = new Resources();
        try {
            DeviceBuffer parameters = own.add(context.buffer(Network.initial(shape, 0).parameters()));
            DeviceBuffer moving = own.add(context.buffer(grid(points)));
            DeviceBuffer logDet = own.add(context.zeros(points * Float.BYTES));
            Sampler sampler = own.add(new Sampler(context, shape, tuning, tuning));
            Integration integration = Integration.of(Solver.EULER, Schedule.LINEAR, TRIAL_T, false);
            Supplier<MapSession> open = () -> withTangents
                    ? sampler.sessionWithTangents(parameters, moving, logDet, points, integration)
                    : sampler.session(parameters, moving, points, integration);
            Resources current = own.add(new Resources()); // the current session
            MapSession[] session = {current.add(open.get())};
            session[0].advance(TRIAL_STEPS);
            return new Trial(own, count -> {
                for (long left = (long) count * TRIAL_STEPS; left > 0;) {
                    if (session[0].isDone()) {
                        current.close();
                        session[0] = current.add(open.get());
                    }
                    int before = session[0].step();
                    session[0].advance((int) Math.min(left, TRIAL_T));
                    left -= session[0].step() - before;
                }
            }, moving.read(new float[2 * points]));
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /** Points of a grid in the unit square, [points, 2]. */
    private static float[] grid(int points) {
        int side = (int) Math.ceil(Math.sqrt(points));
        float[] grid = new float[2 * points];
        for (int i = 0; i < points; i++) {
            grid[2 * i] = (i % side + 0.5f) / side;
            grid[2 * i + 1] = (i / side + 0.5f) / side;
        }
        return grid;
    }

    @Override
    public void close() { resources.close(); }
}
