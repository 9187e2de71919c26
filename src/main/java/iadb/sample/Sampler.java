package iadb.sample;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.cl.Kernel;
import iadb.cl.Program;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import iadb.plan.TuningChoice;
import iadb.plan.TuningTable;
import iadb.plan.TuningTable.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The map's kernels for networks of one shape: there, there with the density, and back. Makes any number of
 * {@link MapSession}s; outlives them. Kernels are built when they are first asked for; those of few points and of many may differ
 * in their tuning, not in their bits.
 */
public final class Sampler implements AutoCloseable {
    /** What inverting a step costs beside making it: Newton's trials, most often two, and the guess before them. */
    private static final int INVERSION_COST = 7;
    private static final int TANGENT_COST = 3;

    private static final int MANY_POINTS_PER_UNIT = 512; // fill a device that tunings are timed on

    private final Context context;
    private final NetworkShape shape;
    private final Function<Purpose, TuningChoice> forMap;
    private final Tuning forDensity;
    private final Resources resources = new Resources();
    private final Map<Purpose, Tuning> measured = new EnumMap<>(Purpose.class); // of the map
    private final Map<Tuning, Built> maps = new HashMap<>();
    private Built density; // null until it is asked for

    /** A program with what it was built of, and its kernels that were checked. */
    private record Built(List<Source> sources, Program program, Tuning tuning, Set<String> checked) {
    }

    /** @throws DeviceLimitException when the device cannot hold two layers of the network */
    public Sampler(Context context, NetworkShape shape) {
        this(context, shape, purpose -> TuningChoice.of(context.device(), purpose, shape, 0, Sampler::sources),
                TuningTable.find(context.device(), Purpose.DENSITY));
    }

    /** With other tunings than the device's own. */
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
                        "%s has %,d bytes of local memory, too few for width %d",
                        context.device().name(), context.device().localBytes(), shape.width())));
    }

    private Built build(List<Source> sources, Tuning base, Tuning.Footprint footprint) {
        Tuning tuning = fitted(base, footprint);
        return new Built(sources, resources.add(context.build(sources, tuning.options(shape, context.device()))), tuning,
                new HashSet<>());
    }

    /**
     * Builds the map's kernel, and has it checked and so compiled to its end, before it is first used. Measures no tuning: the
     * device may be at other work.
     *
     * @param points that will be mapped
     */
    public void prepare(int points) {
        map(forMap.apply(Purpose.ofMap(context.device(), points)).known());
    }

    /**
     * Measures the map's tunings where they are not known yet, and builds its kernels for any number of points. For when the device
     * is at no other work.
     */
    public void prepareAll() {
        map(1);
        map(Integer.MAX_VALUE);
    }

    /** The map's program for so many points. */
    private Built map(int points) {
        Purpose purpose = Purpose.ofMap(context.device(), points);
        Tuning tuning = measured.get(purpose);
        if (tuning == null) {
            int timed = purpose == Purpose.MAP_FEW ? MapTrials.FEW_POINTS : MANY_POINTS_PER_UNIT * context.device().computeUnits();
            tuning = forMap.apply(purpose).measured(context, one -> context.buildAhead(sources(), one.options(shape, context.device())),
                    new MapTrials(context, shape, timed, false)::open);
            measured.put(purpose, tuning);
        }
        return map(tuning);
    }

    private Built map(Tuning tuning) {
        Built map = maps.computeIfAbsent(tuning, base -> build(sources(), base, Tuning.Footprint.TWO_LAYERS));
        requireRight(map, "move_points", MapSelfTest::requireMap);
        return map;
    }

    /** The map's program. */
    public static List<Source> sources() {
        return sources("map.cl");
    }

    /** The program of the map with its density, and of the inverse. */
    static List<Source> densitySources() {
        return sources("density.cl");
    }

    private static List<Source> sources(String last) {
        return Arrays.stream(new String[] {"arithmetic.cl", "network.cl", "solver.cl", last}).map(Source::of).toList();
    }

    /** Points on their way from p0 to p1 as in the tutorial, by {@code T} steps of Euler of the same length. */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int T) {
        return session(parameters, points, count, Integration.of(Solver.EULER, Schedule.LINEAR, T, false));
    }

    /**
     * Points on their way along the field of {@code parameters}.
     *
     * @param parameters [shape.bufferFloats()], may be live weights of a training
     * @param points     [count, 2], moved in place; neither buffer is owned by the session
     * @param count      1 or more
     */
    public MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, Integration integration) {
        return session(parameters, points, count, count, integration);
    }

    /** The same for a part of {@code all} points, all of which are mapped by the kernel of so many. */
    MapSession session(DeviceBuffer parameters, DeviceBuffer points, int count, int all, Integration integration) {
        return session(map(all), "move_points", 1, parameters, points, Optional.empty(), count, integration);
    }

    /**
     * As above, with the tangent of each step: Σ_t log|det J_t| of the steps made is added to {@code logDet}.
     *
     * @param logDet [count], such as zeros; not owned by the session
     * @throws DeviceLimitException when the device cannot hold two layers of the network with their tangents
     */
    public MapSession sessionWithTangents(DeviceBuffer parameters, DeviceBuffer points, DeviceBuffer logDet, int count,
            Integration integration) {
        requireRight(density(), "move_with_tangents", MapSelfTest::requireTangents);
        return session(density(), "move_with_tangents", TANGENT_COST, parameters, points, Optional.of(logDet), count, integration);
    }

    /**
     * Points on their way back: the steps of {@code integration} are inverted, the last first, each to 1e-6 in both
     * coordinates. A point where that fails becomes NaN, and stays it.
     *
     * @param points [count, 2], from the map's ends to its starts
     * @param logDet [count]: Σ_t log|det J_t| at the points found is added; NaN where a step is not inverted
     * @throws DeviceLimitException as above
     */
    public MapSession inversion(DeviceBuffer parameters, DeviceBuffer points, DeviceBuffer logDet, int count,
            Integration integration) {
        requireRight(density(), "invert_points", MapSelfTest::requireInversion);
        return session(density(), "invert_points", INVERSION_COST, parameters, points, Optional.of(logDet), count,
                integration.backward());
    }

    /** Checks a kernel before it is first used; the check's own sessions are not checked. */
    private void requireRight(Built built, String kernelName, Consumer<MapSelfTest> check) {
        if (!built.checked().add(kernelName)) {
            return;
        }
        List<String> parts = new ArrayList<>(built.tuning().options(shape, context.device()));
        parts.add(kernelName);
        boolean passed = false;
        try {
            passed = context.checkOnce(built.sources(), parts, () -> {
                try (Sampler same = new Sampler(context, shape, built.tuning(), forDensity)) { // for any number of points
                    check.accept(new MapSelfTest(context, shape, same));
                }
                return true;
            });
        } finally {
            if (!passed) {
                built.checked().remove(kernelName);
            }
        }
    }

    private Built density() {
        if (density == null) {
            density = build(densitySources(), forDensity, Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS);
        }
        return density;
    }

    private MapSession session(Built built, String kernelName, int cost, DeviceBuffer parameters, DeviceBuffer points,
            Optional<DeviceBuffer> logDet, int count, Integration integration) {
        Resources own = new Resources();
        try {
            Kernel kernel = own.add(built.program().kernel(kernelName)).set("parameters", parameters).set("points", points)
                    .set("alphas", own.add(context.buffer(integration.alphas()))).set("solver", integration.solver().kernelIndex());
            logDet.ifPresent(buffer -> kernel.set("log_det", buffer));
            long flopsPerPointStep = cost * shape.forwardFlops() * integration.solver().evaluations();
            return new MapSession(context, kernel, own, built.tuning(), flopsPerPointStep, count, integration.T());
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    @Override
    public void close() {
        resources.close();
    }
}
