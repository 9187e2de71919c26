package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.WrongResultException;
import iadb.cl.Resources;
import iadb.fault.InvalidInputException;
import iadb.file.AtomicFile;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.PlanSelfTest;
import iadb.plan.Tuning;
import iadb.plan.TuningChoice.Trial;
import iadb.plan.TuningTable;
import iadb.sample.Sampler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Searches for a device's tunings: times its kernels with valid tunings, changes one parameter at a time until none improves,
 * rejects tunings whose results differ from the reference, and writes the best to a file that {@link TuningTable} reads.
 */
public final class Tune implements AutoCloseable {
    private static final NetworkShape SHAPE = NetworkShape.TUTORIAL;
    private static final int ROWS = 256;
    private static final int DATA_POINTS = 65_536;
    private static final int MAP_POINTS = 1 << 15;
    private static final int BLOCKS = 9;
    private static final long BLOCK_NANOS = 40_000_000;
    private static final String MEASURED = "# measured, by iadb-cl tune";

    private final Device device;
    private final Consumer<String> report;
    private final Resources resources = new Resources();
    private final Context context;
    private final Batch batch;

    private Tune(Device device, Consumer<String> report) {
        this.device = device;
        this.report = report;
        context = resources.add(Context.open(device));
        Random random = new Random(1);
        float[] points = new float[2 * DATA_POINTS];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextFloat();
        }
        DeviceBuffer data = resources.add(context.buffer(points));
        batch = new Batch(data, data, ROWS, 1, 1e-3f);
    }

    /**
     * Writes the device's rows into the file, each as soon as it is found; they replace older rows.
     *
     * @param report receives lines about the search
     * @throws InvalidInputException if the file exists and has no tunings
     */
    public static void run(Device device, Path file, Consumer<String> report) throws IOException {
        if (Files.exists(file)) {
            TuningTable.read(file);
        }
        try (Tune tune = new Tune(device, report)) {
            report.accept(device.toString());
            tune.write(file, TuningTable.Purpose.TRAINING, tune::training);
            tune.write(file, TuningTable.Purpose.MAP, tuning -> tune.map(tuning, MAP_POINTS, false));
            if (device.type() != Device.Type.CPU) {
                tune.write(file, TuningTable.Purpose.MAP_FEW, tuning -> tune.map(tuning, Sampler.FEW_POINTS, false));
            }
            tune.write(file, TuningTable.Purpose.DENSITY, tuning -> tune.map(tuning, MAP_POINTS, true));
        }
    }

    /** A parameter of a tuning and the values to try. */
    private record Axis(String parameter, int... values) { }

    /** The tunings that a search from {@code start} tries first, with one parameter changed. Not all fit every network. */
    static List<Tuning> candidates(Tuning start) {
        return axes(start.groupSize() == 1).stream()
                .flatMap(axis -> Arrays.stream(axis.values()).mapToObj(value -> start.with(axis.parameter(), value)))
                .filter(tuning -> !tuning.equals(start)).toList();
    }

    private static List<Axis> axes(boolean oneItemGroups) {
        List<Axis> all = List.of(oneItemGroups ? new Axis("tile-rows", 16, 32, 64, 128) : new Axis("tile-rows", 4, 8, 16, 32),
                new Axis("item-rows", 2, 4, 8), new Axis("item-vectors", 1, 2, 4), new Axis("vector", 4, 8, 16),
                new Axis("group-size", 32, 64, 128, 256), new Axis("unroll", 1, 4, 8), new Axis("split", 1, 4, 8),
                new Axis("update-groups", 8, 16, 32, 64), new Axis("update-group-size", 32, 64, 128, 256));
        return oneItemGroups ? all.subList(0, 4) : all;
    }

    /** Coordinate descent from {@code start}; each candidate is timed against the best so far, in alternating blocks. */
    private Tuning search(String what, Tuning start, Function<Tuning, Optional<Trial>> open) {
        Tuning best = start;
        say("%s starts at %s", what, best);
        boolean better = true;
        while (better) {
            better = false;
            for (Axis axis : axes(device.type() == Device.Type.CPU)) {
                for (int value : axis.values()) {
                    Tuning candidate = best.with(axis.parameter(), value);
                    OptionalDouble share = candidate.equals(best) ? OptionalDouble.empty() : share(open, candidate, best);
                    if (share.isEmpty()) {
                        continue;
                    }
                    // a gain counts when a second measurement confirms it
                    boolean wins = share.getAsDouble() < Trial.MAX_SHARE
                            && share(open, candidate, best).orElseThrow() < Trial.MAX_SHARE;
                    say("  %-18s %4d: %.3f of the best time%s", axis.parameter(), value, share.getAsDouble(),
                            wins ? ", accepted" : "");
                    if (wins) {
                        best = candidate;
                        better = true;
                    }
                }
            }
        }
        say("%s: %s", what, best);
        return best;
    }

    private void say(String format, Object... values) { report.accept(String.format(Locale.ROOT, format, values)); }

    /** The candidate's time over that of the best; empty if the candidate does not run. */
    private static OptionalDouble share(Function<Tuning, Optional<Trial>> open, Tuning candidate, Tuning best) {
        try (Trial ofBest = open.apply(best).orElseThrow(); Trial ofCandidate = open.apply(candidate).orElse(null)) {
            return ofCandidate == null ? OptionalDouble.empty()
                    : ofCandidate.shareOf(ofBest, ofBest.repetitions(BLOCK_NANOS, () -> true), BLOCK_NANOS, BLOCKS, () -> true);
        }
    }

    /** Fused training steps; empty if the tuning does not fit, build, or compute correctly. */
    private Optional<Trial> training(Tuning tuning) {
        PlanChoice.Kind kind = PlanChoice.Kind.FUSED;
        PlanChoice choice = PlanSelector.candidates(Optional.of(kind), tuning, device, SHAPE, ROWS).get(0);
        return choice.kind() != kind ? Optional.empty() : trial(() -> {
            PlanSelfTest.require(context, SHAPE, choice);
            return Trial.ofTraining(context, SHAPE, batch, choice.tuning());
        });
    }

    /** Maps, plain or with their density; the first session is checked. */
    private Optional<Trial> map(Tuning tuning, int points, boolean withDensity) {
        return trial(() -> Sampler.trial(context, SHAPE, tuning, points, withDensity));
    }

    private Optional<Trial> trial(Supplier<Trial> open) {
        try {
            return Optional.of(open.get());
        } catch (WrongResultException e) {
            say("  %s", e.getMessage());
        } catch (OpenClException e) {
            // it does not build or run on this device
        }
        return Optional.empty();
    }

    private void write(Path file, TuningTable.Purpose purpose, Function<Tuning, Optional<Trial>> open) throws IOException {
        Tuning best = search(purpose.key(), TuningTable.find(device, purpose), open);
        String text = withRow(Files.exists(file) ? Files.readAllLines(file) : List.of(), TuningTable.key(device, purpose), best);
        AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** The lines of a file with a row added or replaced: measured rows are sorted and follow all others. */
    static String withRow(List<String> lines, String key, Tuning tuning) {
        List<String> others = lines.stream().filter(line -> !line.startsWith(key + "=")).toList();
        List<String> head = others.stream().takeWhile(line -> !line.startsWith("# measured")).toList();
        Stream<String> measured = Stream.concat(Stream.of(key + "=" + tuning), others.stream().skip(head.size())
                .filter(line -> !line.isBlank() && !line.startsWith("#"))).sorted();
        return Stream.of(head.stream(), Stream.of(MEASURED), measured).flatMap(all -> all).collect(Collectors.joining("\n", "", "\n"));
    }

    @Override
    public void close() { resources.close(); }
}
