package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.cl.WrongAnswerException;
import iadb.model.NetworkShape;
import iadb.plan.Batch;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.PlanSelfTest;
import iadb.plan.Rates;
import iadb.plan.Tuning;
import iadb.plan.TuningTable;
import iadb.plan.TuningTrial;
import iadb.sample.MapTrials;
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
import java.util.function.Supplier;

/**
 * The search behind {@code tools/tune}: times a device's kernels over valid tunings, one parameter after the other until
 * none gets better, refuses those that leave the reference, and writes the best into {@code cl/tuning.properties}.
 */
public final class Tune implements AutoCloseable {
    private static final NetworkShape SHAPE = NetworkShape.TUTORIAL;
    private static final int ROWS = 256;
    private static final int DATA_POINTS = 65_536;
    private static final int MAP_POINTS = 1 << 15;
    private static final int BLOCKS = 9;
    private static final long BLOCK_NANOS = 40_000_000;

    private final Device device;
    private final Context context;
    private final Resources resources = new Resources();
    private final Batch batch;

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
    }

    /** Tunes the device whose index or name is the first argument ({@code auto} without one); the second is the file. */
    public static void main(String[] arguments) throws IOException {
        Device device = Device.select(arguments.length > 0 ? arguments[0] : "auto");
        Path file = Path.of(arguments.length > 1 ? arguments[1] : "cl/tuning.properties");
        try (Tune tune = new Tune(device)) {
            System.out.println(device);
            tune.write(file, TuningTable.Purpose.TRAINING, tune::training);
            tune.write(file, TuningTable.Purpose.MAP, tuning -> tune.map(tuning, MAP_POINTS, false));
            if (device.type() != Device.Type.CPU) {
                tune.write(file, TuningTable.Purpose.MAP_FEW, tuning -> tune.map(tuning, MapTrials.FEW_POINTS, false));
            }
            tune.write(file, TuningTable.Purpose.DENSITY, tuning -> tune.map(tuning, MAP_POINTS, true));
        }
    }

    private void write(Path file, TuningTable.Purpose purpose, Function<Tuning, Optional<TuningTrial>> open) throws IOException {
        String what = purpose.name().toLowerCase(Locale.ROOT);
        write(file, TuningTable.key(device, purpose), search(what, axes(), TuningTable.find(device, purpose), open));
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

    /** Coordinate descent from {@code start}; each candidate is timed beside the best so far, block by block in turn. */
    private static Tuning search(String what, List<Axis> axes, Tuning start, Function<Tuning, Optional<TuningTrial>> open) {
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
                    OptionalDouble share = share(open, candidate, best);
                    if (share.isEmpty()) {
                        continue;
                    }
                    // A gain counts when a second measurement confirms it.
                    boolean wins = share.getAsDouble() < TuningTrial.LEAST_GAIN
                            && share(open, candidate, best).orElseThrow() < TuningTrial.LEAST_GAIN;
                    System.out.printf(Locale.ROOT, "  %-18s %4d: %.3f of the best%s%n", axis.word(), value,
                            share.getAsDouble(), wins ? ", taken" : "");
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

    /** The candidate's time as a share of the best's; empty where the candidate cannot be had. */
    private static OptionalDouble share(Function<Tuning, Optional<TuningTrial>> open, Tuning candidate, Tuning best) {
        try (TuningTrial ofBest = open.apply(best).orElseThrow(); TuningTrial ofCandidate = open.apply(candidate).orElse(null)) {
            return ofCandidate == null ? OptionalDouble.empty()
                    : ofCandidate.shareOf(ofBest, ofBest.repetitions(BLOCK_NANOS, () -> true), BLOCK_NANOS, BLOCKS, () -> true);
        }
    }

    /** Fused training steps; empty where the tuning does not fit, build, or compute rightly. */
    private Optional<TuningTrial> training(Tuning tuning) {
        PlanChoice.Kind kind = PlanChoice.Kind.FUSED;
        PlanChoice choice = PlanSelector.candidates(Optional.of(kind), tuning, device, SHAPE, ROWS).get(0);
        return choice.kind() != kind ? Optional.empty() : trial(() -> {
            PlanSelfTest.require(context, SHAPE, choice);
            return TuningTrial.ofTraining(context, SHAPE, batch, choice.tuning());
        });
    }

    /** Maps, plain or with their density, whose first session is checked. */
    private Optional<TuningTrial> map(Tuning tuning, int points, boolean withDensity) {
        return trial(() -> new MapTrials(context, SHAPE, points, withDensity).open(tuning));
    }

    private static Optional<TuningTrial> trial(Supplier<TuningTrial> open) {
        try {
            return Optional.of(open.get());
        } catch (WrongAnswerException e) {
            System.out.println("  " + e.getMessage());
        } catch (OpenClException e) {
            // it does not build, or run, on this device
        }
        return Optional.empty();
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
