package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.file.NpyReader;
import iadb.file.NpyWriter;
import iadb.file.Png;
import iadb.metric.SlicedWasserstein;
import iadb.metric.TotalVariation;
import iadb.plot.Chart;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.Preset;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares this program with others on the same data; the content of {@code compare.json}. The programs run alternately, so
 * that a disturbance affects all, and each ratio of speeds is that of consecutive runs.
 *
 * @param machine        {@link ResultFile#machine}
 * @param settings       the amount of measuring
 * @param p0             a density's name
 * @param p1             another's
 * @param own            microseconds per step of this program's tutorial, over all its runs
 * @param presets        this program's trainings
 * @param exactDistance  the sliced Wasserstein-1 distance of exact samples, the noise floor
 * @param exactVariation the total variation of exact samples
 * @param peers          the other programs
 */
public record Comparison(Map<String, Object> machine, Settings settings, String p0, String p1, Spread own, List<Training> presets,
        double exactDistance, double exactVariation, List<Entry> peers) {
    public static final String FILE = "compare.json";

    private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);
    private static final int MAX_PARTS = 32; // of a training, at whose ends there may be checkpoints
    private static final int MAX_BLOCK_STEPS = 1024;
    private static final int MIN_BLOCKS = 8;
    private static final long SEED = 0;

    /**
     * A map during training.
     *
     * @param seconds   of training; those of making pairs belong to it, those of building kernels do not
     * @param distance  sliced Wasserstein-1, between the mapped points and as many of p1
     * @param variation total variation of the mapped points on a grid of 64 x 64
     */
    record Quality(int iteration, double seconds, double distance, double variation) {
        private boolean isAsGoodAs(Quality other) { return distance <= other.distance && variation <= other.variation; }
    }

    /**
     * A training of this program.
     *
     * @param reachedSeconds {@link Entry#reachedSeconds}
     */
    record Training(String preset, int mapSteps, List<Quality> quality, Double reachedSeconds) {
    }

    /**
     * Another program.
     *
     * @param reason         why it could not run, in which case there are no results; null if it ran
     * @param mapSteps       T
     * @param microseconds   per step
     * @param ratio          its time over this program's in each round; null for trainings unlike the tutorial
     * @param quality        null for another number of threads than the fastest
     * @param reachedSeconds until the first checkpoint that is as good by both figures as this program's tutorial at its end;
     *                       if a tutorial has none, until its own end; null if there is none
     */
    record Entry(String name, String family, String reason, String framework, String device, Integer threads, int mapSteps,
            Spread microseconds, Spread ratio, Double compileSeconds, List<Quality> quality, Double reachedSeconds) {
        private static Entry of(Peer peer, Peer.Report report, Spread microseconds, Spread ratio, List<Quality> quality) {
            return new Entry(peer.name(), peer.family(), report.reason(), report.framework(), report.device(), report.threads(),
                    peer.steps(), microseconds, ratio, report.compileSeconds(), quality, null);
        }

        private Entry compared(Quality target) {
            Double reached = quality == null ? null : secondsUntil(target, quality);
            if (reached == null && quality != null && ratio != null) {
                reached = end(quality).seconds();
            }
            return new Entry(name, family, reason, framework, device, threads, mapSteps, microseconds, ratio, compileSeconds,
                    quality, reached);
        }
    }

    /** Compares on a pair of densities; the other programs are in the folder {@code scripts}. */
    public static Comparison measure(Device device, Settings settings, Path scripts, Density p0, Density p1) throws IOException {
        Path folder = Files.createTempDirectory("iadb-compare");
        try (Context context = Context.open(device)) {
            return new Turns(context, settings, scripts, folder, p0, p1).all();
        } finally {
            ChildProcess.deleteFolder(folder);
        }
    }

    /** The trainings of all programs, with their files in a folder. */
    private static final class Turns {
        private final Context context;
        private final Settings settings;
        private final Path scripts;
        private final Path folder;
        private final Density p0;
        private final Density p1;
        private final TotalVariation variation;
        private final float[] exact; // points of p1 [N, 2], with which mapped ones are compared
        private final float[] otherExact; // as many
        private final List<Double> ownTimes = new ArrayList<>();
        private final List<Map<Preset, List<Quality>>> ownQuality = new ArrayList<>(); // of each seed

        Turns(Context context, Settings settings, Path scripts, Path folder, Density p0, Density p1) {
            this.context = context;
            this.settings = settings;
            this.scripts = scripts;
            this.folder = folder;
            this.p0 = p0;
            this.p1 = p1;
            variation = new TotalVariation(p1);
            int floats = 2 * settings.judgedPoints();
            try (PointSource source = new PointSource(context, p1)) {
                float[] reference = source.drawToHost(SEED, RandomPurpose.REFERENCE_POINTS, 0, floats);
                exact = Arrays.copyOf(reference, floats);
                otherExact = Arrays.copyOfRange(reference, floats, 2 * floats);
            }
        }

        Comparison all() throws IOException {
            writeData();
            for (Preset preset : Preset.values()) {
                train(preset, training(preset, SEED), List.of(1)); // builds its kernels
            }
            ownMicroseconds(); // warms up
            Map<Peer, Entry> entries = new LinkedHashMap<>();
            for (Peer peer : Peer.ofTutorial(context.device())) {
                entries.put(peer, speed(peer));
            }
            if (ownTimes.isEmpty()) {
                ownTimes.add(ownMicroseconds());
            }
            List<Peer> learning = new ArrayList<>(fastest(entries));
            learning.addAll(Peer.ofPresets(learning.stream().filter(Peer::isBest).mapToInt(Peer::threads).findFirst().orElse(1)));
            for (int i = 0; i < learning.size(); i++) {
                while (ownQuality.size() * learning.size() <= i * settings.qualitySeeds()) {
                    trainOwn();
                }
                entries.put(learning.get(i), learned(learning.get(i), entries.get(learning.get(i))));
            }
            return comparison(entries.values());
        }

        /** Of each tutorial that ran, the one with the fastest number of threads. */
        private static Collection<Peer> fastest(Map<Peer, Entry> entries) {
            BinaryOperator<Peer> faster = BinaryOperator.minBy(Comparator.comparing(peer -> entries.get(peer).microseconds().median()));
            Map<String, Peer> fastest = new LinkedHashMap<>();
            entries.keySet().stream().filter(peer -> entries.get(peer).reason() == null)
                    .forEach(peer -> fastest.merge(peer.family(), peer, faster));
            return fastest.values();
        }

        /** Writes each peer's inputs: {@code p0.npy} and {@code p1.npy}, the data, and {@code start.npy}, the points to map. */
        private void writeData() throws IOException {
            try (TrainingSession session = session(training(Preset.TUTORIAL, SEED));
                    PointSource source = new PointSource(context, p0)) {
                int count = (int) (session.data0().bytes() / PointSource.POINT_BYTES);
                float[] data = new float[2 * count];
                NpyWriter.writeArray(folder.resolve("p0.npy"), session.data0().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("p1.npy"), session.data1().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("start.npy"), source.drawToHost(SEED, RandomPurpose.START_POINTS, 0,
                        settings.judgedPoints()), settings.judgedPoints(), 2);
            }
        }

        private Entry speed(Peer peer) {
            LOG.info("{}: speed", peer.name());
            List<Double> times = new ArrayList<>();
            List<Double> ratios = new ArrayList<>();
            Peer.Report report = null;
            for (int round = 0; round < settings.peerRounds(); round++) {
                double before = ownMicroseconds();
                report = peer.run(scripts, folder, training(peer.preset(), SEED), List.of(settings.peerIterations()));
                if (report.reason() != null) {
                    return absent(peer, report);
                }
                double after = ownMicroseconds();
                ownTimes.addAll(List.of(before, after));
                times.add(report.microsecondsPerStep());
                ratios.add(report.microsecondsPerStep() / ((before + after) / 2));
            }
            return Entry.of(peer, report, Spread.of(times), Spread.of(ratios), null);
        }

        private static Entry absent(Peer peer, Peer.Report report) {
            LOG.info("{}: {}", peer.name(), report.reason());
            return Entry.of(peer, report, null, null, null);
        }

        /** Trains a peer for its quality; {@code speed} is null unless it was measured before. */
        private Entry learned(Peer peer, Entry speed) throws IOException {
            LOG.info("{}", peer.name());
            List<List<Quality>> trainings = new ArrayList<>();
            List<Double> times = new ArrayList<>();
            Peer.Report last = null;
            double seconds = 0;
            while (trainings.size() < settings.qualitySeeds() && (trainings.isEmpty() || seconds < settings.qualitySeconds())) {
                TrainingSettings whole = training(peer.preset(), trainings.size());
                TrainingSettings training = whole.withIterations(Math.max(1, whole.iterations() / peer.part()));
                last = peer.run(scripts, folder, training, checkpoints(training.iterations()));
                if (last.reason() != null) {
                    return absent(peer, last);
                }
                List<Quality> quality = new ArrayList<>();
                for (Peer.Checkpoint checkpoint : last.checkpoints()) {
                    float[] points = NpyReader.readArray(folder.resolve(checkpoint.points()));
                    quality.add(judged(checkpoint.iteration(), checkpoint.seconds(), points));
                }
                trainings.add(quality);
                times.add(last.microsecondsPerStep());
                seconds += end(quality).seconds();
            }
            return speed == null ? Entry.of(peer, last, Spread.of(times), null, medians(trainings))
                    : Entry.of(peer, last, speed.microseconds(), speed.ratio(), medians(trainings));
        }

        /** Microseconds per step of this program: the median over blocks of a training. */
        private double ownMicroseconds() {
            try (TrainingSession session = session(training(Preset.TUTORIAL, SEED))) {
                int block = Math.max(1, Math.min(MAX_BLOCK_STEPS, settings.peerIterations() / MIN_BLOCKS));
                return 1e6 / block * Spread.of(settings.peerIterations() / block, () -> TrainingStep.seconds(session, block)).median();
            }
        }

        /** Trains by each preset with the next seed. */
        private void trainOwn() {
            Map<Preset, List<Quality>> trainings = new EnumMap<>(Preset.class);
            for (Preset preset : Preset.values()) {
                LOG.info("this program: {}", preset);
                TrainingSettings training = training(preset, ownQuality.size());
                trainings.put(preset, train(preset, training, checkpoints(training.iterations())));
            }
            ownQuality.add(trainings);
        }

        private List<Quality> train(Preset preset, TrainingSettings training, List<Integer> checkpoints) {
            List<Quality> all = new ArrayList<>();
            int count = settings.judgedPoints();
            long start = System.nanoTime();
            try (TrainingSession session = session(training); Sampler sampler = new Sampler(context, training.shape());
                    PointSource source = new PointSource(context, p0)) {
                double seconds = (System.nanoTime() - start) * 1e-9; // the data and their pairs
                for (int checkpoint : checkpoints) {
                    seconds += TrainingStep.seconds(session, checkpoint - session.stepsEnqueued());
                    try (DeviceBuffer points = source.draw(SEED, RandomPurpose.START_POINTS, 0, count);
                            MapSession map = sampler.session(session.parameters(), points, count, preset.steps())) {
                        map.advance(preset.steps());
                        all.add(judged(checkpoint, seconds, points.read(new float[2 * count])));
                    }
                }
            }
            return all;
        }

        private TrainingSession session(TrainingSettings training) { return new TrainingSession(context, training, p0, p1); }

        /** A preset's settings, with iterations in proportion to those of the tutorial here, and no more data than it can use. */
        private TrainingSettings training(Preset preset, long seed) {
            TrainingSettings whole = preset.settings();
            double share = (double) settings.iterations() / Preset.TUTORIAL.settings().iterations();
            return whole.withIterations((int) Math.max(1, share * whole.iterations())).withBatch(settings.batch()).withSeed(seed)
                    .withData((int) Math.min(whole.data(), (long) settings.iterations() * settings.batch()));
        }

        private Quality judged(int iteration, double seconds, float[] points) {
            return new Quality(iteration, seconds, SlicedWasserstein.distance(points, exact), variation.distance(points));
        }

        private Comparison comparison(Collection<Entry> entries) {
            Map<Preset, List<Quality>> quality = new EnumMap<>(Preset.class);
            for (Preset preset : Preset.values()) {
                quality.put(preset, medians(ownQuality.stream().map(trainings -> trainings.get(preset)).toList()));
            }
            Quality end = end(quality.get(Preset.TUTORIAL));
            List<Training> presets = quality.keySet().stream().map(preset -> new Training(preset.toString(), preset.steps(),
                    quality.get(preset), secondsUntil(end, quality.get(preset)))).toList();
            Quality noise = judged(0, 0, otherExact);
            return new Comparison(ResultFile.machine(context.device()), settings, p0.name(), p1.name(), Spread.of(ownTimes),
                    presets, noise.distance(), noise.variation(), entries.stream().map(entry -> entry.compared(end)).toList());
        }
    }

    /** Combines several trainings with the same checkpoints: the medians at each. */
    private static List<Quality> medians(List<List<Quality>> trainings) {
        return IntStream.range(0, trainings.get(0).size()).mapToObj(i -> {
            List<Quality> all = trainings.stream().map(training -> training.get(i)).toList();
            return new Quality(all.get(0).iteration(), median(all, Quality::seconds), median(all, Quality::distance),
                    median(all, Quality::variation));
        }).toList();
    }

    private static double median(List<Quality> all, ToDoubleFunction<Quality> value) {
        return Spread.of(all.stream().mapToDouble(value).toArray()).median();
    }

    private static Quality end(List<Quality> quality) { return quality.get(quality.size() - 1); }

    private static Double secondsUntil(Quality target, List<Quality> quality) {
        return quality.stream().filter(one -> one.isAsGoodAs(target)).map(Quality::seconds).findFirst().orElse(null);
    }

    /** The iterations after 1, 2, 4, ... of at most {@value #MAX_PARTS} equal parts, after three quarters of them, and at the end. */
    private static List<Integer> checkpoints(int iterations) {
        int parts = IntStream.rangeClosed(1, MAX_PARTS).filter(n -> iterations % n == 0).max().orElseThrow();
        return IntStream.concat(IntStream.iterate(1, n -> n < parts, n -> 2 * n), IntStream.of(Math.max(1, parts * 3 / 4), parts))
                .sorted().distinct().map(n -> n * (iterations / parts)).boxed().toList();
    }

    /** Writes {@code quality.png} and {@code variation.png}: both distances of each map to p1 over seconds of training. */
    public void writeCharts(Path folder) throws IOException {
        writeChart(folder.resolve("quality.png"), "sliced Wasserstein-1 distance", Quality::distance, exactDistance);
        writeChart(folder.resolve("variation.png"), "total variation", Quality::variation, exactVariation);
    }

    private void writeChart(Path file, String title, ToDoubleFunction<Quality> figure, double exact) throws IOException {
        List<Chart.Series> curves = new ArrayList<>();
        presets.forEach(training -> curves.add(curve("iadb-cl, " + training.preset(), training.quality(), figure)));
        Map<String, List<List<Quality>>> families = new LinkedHashMap<>();
        peers.stream().filter(peer -> peer.quality() != null)
                .forEach(peer -> families.computeIfAbsent(peer.family(), family -> new ArrayList<>()).add(peer.quality()));
        families.forEach((family, trainings) -> curves.add(curve(family, trainings.size() == 1 ? trainings.get(0)
                : improving(trainings, figure), figure)));
        double[] seconds = curves.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).sorted().toArray();
        double[] ends = {seconds[0], seconds[seconds.length - 1]};
        curves.add(new Chart.Series("exact samples", ends, new double[] {exact, exact}, true));
        Png.write(file, Chart.curves(curves, true, "seconds of training", title));
    }

    private static Chart.Series curve(String name, List<Quality> quality, ToDoubleFunction<Quality> figure) {
        return Chart.Series.of(name, quality, Quality::seconds, figure);
    }

    /** Of several trainings, one after the other in time, the checkpoints that are better than all before. */
    private static List<Quality> improving(List<List<Quality>> trainings, ToDoubleFunction<Quality> figure) {
        List<Quality> improving = new ArrayList<>();
        trainings.stream().flatMap(List::stream).sorted(Comparator.comparingDouble(Quality::seconds)).forEach(one -> {
            if (improving.isEmpty() || figure.applyAsDouble(one) < figure.applyAsDouble(end(improving))) {
                improving.add(one);
            }
        });
        return improving;
    }

    /** The comparison as text for a terminal. */
    public String text() {
        Table table = new Table(p0 + " to " + p1, "us per step", "time ratio", "map steps", "distance", "variation", "after s",
                "as good as the tutorial after s");
        for (Training training : presets) {
            Spread microseconds = training.preset().equals(Preset.TUTORIAL.toString()) ? own : null;
            row(table, "this program, " + training.preset(), microseconds, null, training.mapSteps(), training.quality(),
                    training.reachedSeconds());
        }
        StringBuilder absent = new StringBuilder();
        for (Entry peer : peers) {
            if (peer.reason() != null) {
                absent.append(peer.name()).append(" did not run: ").append(peer.reason()).append('\n');
            } else {
                row(table, peer.name(), peer.microseconds(), peer.ratio(), peer.mapSteps(), peer.quality(),
                        peer.reachedSeconds());
            }
        }
        table.row("exact samples", "", "", "", Table.number(exactDistance), Table.number(exactVariation), "", "");
        return table + "\n" + absent;
    }

    private static void row(Table table, String name, Spread microseconds, Spread ratio, int mapSteps, List<Quality> quality,
            Double reachedSeconds) {
        Optional<Quality> end = Optional.ofNullable(quality).map(Comparison::end);
        table.row(name, number(Optional.ofNullable(microseconds).map(Spread::median)),
                number(Optional.ofNullable(ratio).map(Spread::median)), Integer.toString(mapSteps), number(end.map(Quality::distance)),
                number(end.map(Quality::variation)), number(end.map(Quality::seconds)), Table.number(reachedSeconds));
    }

    private static String number(Optional<Double> value) { return Table.number(value.orElse(null)); }
}
