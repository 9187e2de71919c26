package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.plan.Batch;
import iadb.plan.Plan;
import iadb.plan.PlanChoice;
import iadb.plan.Rates;
import iadb.plan.ReferenceRows;
import iadb.plan.TrainingState;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Schedule;
import iadb.sample.Solver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * The search behind {@code tools/tune}: times a device's kernels over valid tunings, one parameter after the other until
 * none gets better, refuses those that leave the reference, and writes the best into {@code cl/tuning.properties}.
 */
public final class Tune implements AutoCloseable {
    private static final NetworkShape SHAPE = NetworkShape.TUTORIAL;
    private static final int ROWS = 256;
    private static final int DATA_POINTS = 65_536;
    private static final int MAP_POINTS = 1 << 15;
    private static final int MAP_STEPS = 8;
    private static final int BLOCKS = 9;
    private static final long BLOCK_NANOS = 40_000_000;
    private static final double LEAST_GAIN = 0.98; // a tuning must be faster by 2 %, twice: less is noise
    private static final double TOLERANCE = 1e-5;  // relative, 2-norm: that of the tests of the gradient

    private final Device device;
    private final Context context;
    private final Resources resources = new Resources();
    private final Network network = Network.initial(SHAPE, 1);
    private final Batch batch;
    private final double[] expectedGradient;

    private Tune(Device device) {
        this.device = device;
        context = resources.add(Context.open(device));
        Random random = new Random(1);
        float[] points = new float[2 * DATA_POINTS];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat();
        }
        DeviceBuffer data = resources.add(context.buffer(points));
        batch = new Batch(data, DATA_POINTS, data, DATA_POINTS, ROWS, 1, Rates.constant(1e-3f));
        expectedGradient = new ReferenceNetwork(network).gradient(ReferenceRows.of(points, points, ROWS, 1, 0));
    }

    /** Tunes the device whose index or name is the first argument ({@code auto} without one); the second is the file. */
    public static void main(String[] arguments) throws IOException {
        System.setProperty("iadb.program", "true"); // log lines go to stderr
        Device device = Device.select(arguments.length > 0 ? arguments[0] : "auto");
        Path file = Path.of(arguments.length > 1 ? arguments[1] : "cl/tuning.properties");
        try (Tune tune = new Tune(device)) {
            System.out.println(device);
            write(file, TuningTable.key(device, TuningTable.Purpose.TRAINING),
                    search("training", tune.axes(), TuningTable.find(device, TuningTable.Purpose.TRAINING), tune::training));
            write(file, TuningTable.key(device, TuningTable.Purpose.MAP),
                    search("map", tune.axes(), TuningTable.find(device, TuningTable.Purpose.MAP), tuning -> tune.map(tuning, false)));
            write(file, TuningTable.key(device, TuningTable.Purpose.DENSITY), search("density", tune.axes(),
                    TuningTable.find(device, TuningTable.Purpose.DENSITY), tuning -> tune.map(tuning, true)));
        }
    }

    /** A word of a tuning and the values to try. */
    private record Axis(String word, int... values) {
    }

    /** The tunings that a search from {@code start} tries first: one word changed. Not all fit every network. */
    public static List<Tuning> candidates(Tuning start) {
        return axes(start.groupSize() == 1).stream()
                .flatMap(axis -> Arrays.stream(axis.values()).mapToObj(value -> start.with(axis.word(), value)))
                .filter(tuning -> !tuning.equals(start)).toList();
    }

    private List<Axis> axes() {
        return axes(device.type() == Device.Type.CPU);
    }

    private static List<Axis> axes(boolean oneItemGroups) {
        List<Axis> axes = new ArrayList<>();
        axes.add(oneItemGroups ? new Axis("tile-rows", 16, 32, 64, 128) : new Axis("tile-rows", 4, 8, 16, 32));
        axes.add(new Axis("item-rows", 2, 4, 8));
        axes.add(new Axis("item-vectors", 1, 2, 4));
        axes.add(new Axis("vector", 4, 8, 16));
        if (!oneItemGroups) {
            axes.add(new Axis("group-size", 32, 64, 128, 256));
            axes.add(new Axis("unroll", 1, 4, 8));
            axes.add(new Axis("split", 1, 4, 8));
            axes.add(new Axis("update-groups", 8, 16, 32, 64));
            axes.add(new Axis("update-group-size", 32, 64, 128, 256));
        }
        return axes;
    }

    /** One tuning's kernels, built and checked, ready to be timed. */
    private record Trial(Resources resources, IntConsumer work) implements AutoCloseable {
        /** Nanoseconds of {@code count} repetitions. */
        long nanos(int count) {
            long start = System.nanoTime();
            work.accept(count);
            return System.nanoTime() - start;
        }

        @Override
        public void close() {
            resources.close();
        }
    }

    /** Coordinate descent from {@code start}; each candidate is timed beside the best so far, block by block in turn. */
    private static Tuning search(String what, List<Axis> axes, Tuning start, Function<Tuning, Optional<Trial>> open) {
        Tuning best = start;
        System.out.printf(Locale.ROOT, "%s starts at %s%n", what, best);
        boolean better = true;
        while (better) {
            better = false;
            for (Axis axis : axes) {
                for (int value : axis.values()) {
                    Tuning candidate = best.with(axis.word(), value);
                    if (candidate.equals(best)) {
                        continue;
                    }
                    OptionalDouble ratio = ratio(open, candidate, best);
                    if (ratio.isEmpty()) {
                        continue;
                    }
                    // A gain counts when a second measurement confirms it.
                    boolean wins = ratio.getAsDouble() < LEAST_GAIN
                            && ratio(open, candidate, best).orElseThrow() < LEAST_GAIN;
                    System.out.printf(Locale.ROOT, "  %-18s %4d: %.3f of the best%s%n", axis.word(), value,
                            ratio.getAsDouble(), wins ? ", taken" : "");
                    if (wins) {
                        best = candidate;
                        better = true;
                    }
                }
            }
        }
        System.out.printf(Locale.ROOT, "%s: %s%n", what, best);
        return best;
    }

    /** Median over pairs of blocks of candidate's time / best's time; empty where the candidate cannot be had. */
    private static OptionalDouble ratio(Function<Tuning, Optional<Trial>> open, Tuning candidate, Tuning best) {
        try (Trial ofBest = open.apply(best).orElseThrow(); Trial ofCandidate = open.apply(candidate).orElse(null)) {
            if (ofCandidate == null) {
                return OptionalDouble.empty();
            }
            int count = 1;
            while (ofBest.nanos(count) < BLOCK_NANOS / 2) { // finds how often fills a block, and warms up
                count *= 2;
            }
            ofCandidate.nanos(count);
            double[] ratios = new double[BLOCKS];
            for (int i = 0; i < BLOCKS; i++) {
                ratios[i] = (double) ofCandidate.nanos(count) / ofBest.nanos(count);
            }
            Arrays.sort(ratios);
            return OptionalDouble.of(ratios[BLOCKS / 2]);
        }
    }

    /** Fused training steps; empty where the tuning does not fit, build, or compute rightly. */
    private Optional<Trial> training(Tuning tuning) {
        PlanChoice.Kind kind = PlanChoice.Kind.FUSED;
        PlanChoice choice = PlanChoice.of(Optional.of(kind), tuning, device, SHAPE, ROWS);
        if (choice.kind() != kind) {
            return Optional.empty();
        }
        Resources own = new Resources();
        try {
            TrainingState state = own.add(TrainingState.of(context, Checkpoint.start(network, false), 64));
            Plan plan = own.add(new Plan(context, SHAPE, choice, batch, state));
            plan.enqueueSteps(0, 1);
            if (!isRight(state.moment1().read(new float[SHAPE.bufferFloats()]))) {
                System.out.println("  computes wrongly: " + tuning);
                own.close();
                return Optional.empty();
            }
            int[] step = {1};
            return Optional.of(new Trial(own, count -> {
                plan.enqueueSteps(step[0], count);
                step[0] += count;
                context.finish();
            }));
        } catch (OpenClException e) {
            own.close();
            return Optional.empty();
        }
    }

    /** Adam's first moment after the first step is 0.1 times the gradient. */
    private boolean isRight(float[] moment) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < moment.length; i++) {
            difference += Math.pow(moment[i] - 0.1 * expectedGradient[i], 2);
            norm += Math.pow(0.1 * expectedGradient[i], 2);
        }
        return Math.sqrt(difference / norm) < TOLERANCE;
    }

    /** Maps of {@value #MAP_POINTS} points, plain or with their density; empty where the tuning does not run. */
    private Optional<Trial> map(Tuning tuning, boolean withDensity) {
        Resources own = new Resources();
        try {
            DeviceBuffer parameters = own.add(context.buffer(network.parameters()));
            DeviceBuffer points = own.add(context.zeros(2 * MAP_POINTS * Float.BYTES));
            DeviceBuffer logDet = own.add(context.zeros(MAP_POINTS * Float.BYTES));
            Sampler sampler = own.add(new Sampler(context, SHAPE, tuning, tuning));
            Integration way = Integration.of(Solver.EULER, Schedule.LINEAR, MAP_STEPS, false);
            Runnable work = () -> {
                try (MapSession session = withDensity ? sampler.sessionWithTangents(parameters, points, logDet, MAP_POINTS, way)
                        : sampler.session(parameters, points, MAP_POINTS, way)) {
                    session.advance(MAP_STEPS);
                }
            };
            work.run(); // the first time its answers are checked
            return Optional.of(new Trial(own, count -> {
                for (int i = 0; i < count; i++) {
                    work.run();
                }
                context.finish();
            }));
        } catch (OpenClException e) {
            own.close();
            return Optional.empty();
        }
    }

    /** Puts the line of {@code key} into the file, in the place of an older one. */
    private static void write(Path file, String key, Tuning tuning) throws IOException {
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        lines.removeIf(line -> line.startsWith(key + "="));
        List<String> head = lines.stream().takeWhile(line -> !line.startsWith("# measured")).toList();
        TreeSet<String> measured = new TreeSet<>(lines.stream().skip(head.size())
                .filter(line -> !line.isBlank() && !line.startsWith("#")).toList());
        measured.add(key + "=" + tuning);
        List<String> all = new ArrayList<>(head);
        all.add("# measured, by tools/tune");
        all.addAll(measured);
        Files.write(file, all);
    }

    @Override
    public void close() {
        resources.close();
    }
}
