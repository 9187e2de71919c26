package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.draw.PointSource;
import iadb.file.NpyReader;
import iadb.file.NpyWriter;
import iadb.metric.SlicedWasserstein;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This program and others at the same training on the same data, as {@code compare.json} holds it. They take turns, so that a
 * disturbance meets both, and each ratio is of two neighbours in time.
 *
 * @param machine       where and when
 * @param settings      how much was measured
 * @param own           this program's microseconds a step, over all its turns
 * @param ownQuality    of this program's map over the training
 * @param exactDistance the distance of exact samples, below which there is nothing to learn
 * @param peers         the other programs
 */
public record Comparison(Map<String, Object> machine, Settings settings, Spread own, List<Quality> ownQuality, double exactDistance,
        List<Entry> peers) {
    public static final String FILE = "compare.json";

    private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);
    private static final int FIRST_CHECKPOINT = 64;
    private static final int MAX_BLOCK_STEPS = 1024;
    private static final int MIN_BLOCKS = 8;
    private static final long SEED = 0;

    /**
     * The quality of a map during training.
     *
     * @param iteration of the training
     * @param seconds   of training up to there
     * @param distance  sliced Wasserstein-1 of its points to fresh points of p1
     */
    record Quality(int iteration, double seconds, double distance) {
    }

    /**
     * Another program.
     *
     * @param name           for people
     * @param reason         why it could not run; null when it did, and all that follows is null when it did not
     * @param framework      and its version
     * @param device         it ran on
     * @param threads        it used
     * @param microseconds   a step
     * @param ratio          of its time to this program's, each turn's own
     * @param compileSeconds before its first step
     * @param quality        of its map over the training
     */
    record Entry(String name, String reason, String framework, String device, Integer threads, Spread microseconds, Spread ratio,
            Double compileSeconds, List<Quality> quality) {
    }

    /** Runs all of them; the other programs are in the folder {@code scripts}. */
    public static Comparison measure(Device device, Settings settings, Path scripts) throws IOException {
        Path folder = Files.createTempDirectory("iadb-compare");
        try (Context context = Context.open(device)) {
            return new Turns(context, settings, scripts, folder).all();
        } finally {
            ChildProcess.deleteFolder(folder);
        }
    }

    /** The trainings of all programs, whose files lie in {@code folder}. */
    private record Turns(Context context, Settings settings, Path scripts, Path folder) {
        Comparison all() throws IOException {
            writeData();
            int points = settings.judgedPoints();
            float[] reference;
            try (PointSource source = new PointSource(context, TrainingStep.P1)) {
                reference = source.drawToHost(SEED, RandomPurpose.REFERENCE_POINTS, 0, 2 * points);
            }
            float[] exact = Arrays.copyOf(reference, 2 * points);
            ToDoubleFunction<float[]> judge = mapped -> SlicedWasserstein.distance(mapped, exact);
            ownMicroseconds(); // warms up
            List<Double> ownTimes = new ArrayList<>();
            List<Entry> entries = new ArrayList<>();
            for (Peer peer : Peer.all(context.device())) {
                LOG.info("{}", peer.name());
                try {
                    entries.add(entry(peer, ownTimes, judge));
                } catch (Peer.AbsentException e) {
                    LOG.info("{}: {}", peer.name(), e.getMessage());
                    entries.add(new Entry(peer.name(), e.getMessage(), null, null, null, null, null, null, null));
                }
            }
            if (ownTimes.isEmpty()) {
                ownTimes.add(ownMicroseconds());
            }
            List<List<Quality>> quality = new ArrayList<>();
            for (int seed = 0; seed < settings.qualitySeeds(); seed++) {
                quality.add(ownQuality(seed, judge));
            }
            return new Comparison(ResultFile.machine(context.device()), settings, spread(ownTimes), medians(quality),
                    judge.applyAsDouble(Arrays.copyOfRange(reference, 2 * points, 4 * points)), entries);
        }

        /** What every peer reads: {@code p0.npy}, {@code p1.npy}, the data sets; {@code start.npy}, the points to map. */
        private void writeData() throws IOException {
            try (TrainingSession session = session(SEED); PointSource source = new PointSource(context, TrainingStep.P0)) {
                int count = TrainingSettings.tutorial().data();
                float[] data = new float[2 * count];
                NpyWriter.writeArray(folder.resolve("p0.npy"), session.data0().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("p1.npy"), session.data1().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("start.npy"), source.drawToHost(SEED, RandomPurpose.START_POINTS, 0, settings.judgedPoints()),
                        settings.judgedPoints(), 2);
            }
        }

        private Entry entry(Peer peer, List<Double> ownTimes, ToDoubleFunction<float[]> judge)
                throws Peer.AbsentException, IOException {
            List<Double> times = new ArrayList<>();
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < settings.peerRounds(); round++) {
                double before = ownMicroseconds();
                Peer.Report report = peer.run(scripts, folder, settings, 0, List.of(settings.peerIterations()));
                double after = ownMicroseconds();
                ownTimes.addAll(List.of(before, after));
                times.add(report.microsecondsPerStep());
                ratios.add(report.microsecondsPerStep() / ((before + after) / 2));
            }
            List<List<Quality>> trainings = new ArrayList<>();
            Peer.Report last = null;
            for (int seed = 0; seed < settings.qualitySeeds(); seed++) {
                last = peer.run(scripts, folder, settings, seed, checkpoints(settings.qualityIterations()));
                List<Quality> quality = new ArrayList<>();
                for (Peer.Checkpoint checkpoint : last.checkpoints()) {
                    double distance = judge.applyAsDouble(NpyReader.readArray(folder.resolve(checkpoint.points())));
                    quality.add(new Quality(checkpoint.iteration(), checkpoint.seconds(), distance));
                }
                trainings.add(quality);
            }
            return new Entry(peer.name(), null, last.framework(), last.device(), last.threads(), spread(times), spread(ratios),
                    last.compileSeconds(), medians(trainings));
        }

        /** The median of blocks of a training without a map. */
        private double ownMicroseconds() {
            try (TrainingSession session = session(SEED)) {
                int block = Math.max(1, Math.min(MAX_BLOCK_STEPS, settings.peerIterations() / MIN_BLOCKS));
                return Spread.of(settings.peerIterations() / block, () -> TrainingStep.seconds(session, block) / block * 1e6).median();
            }
        }

        private List<Quality> ownQuality(int seed, ToDoubleFunction<float[]> judge) {
            List<Quality> all = new ArrayList<>();
            int count = settings.judgedPoints();
            try (TrainingSession session = session(seed); Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                    PointSource source = new PointSource(context, TrainingStep.P0)) {
                double seconds = 0;
                for (int checkpoint : checkpoints(settings.iterations())) {
                    seconds += TrainingStep.seconds(session, checkpoint - session.stepsEnqueued());
                    try (DeviceBuffer points = source.draw(SEED, RandomPurpose.START_POINTS, 0, count);
                            MapSession map = sampler.session(session.parameters(), points, count, settings.mapSteps())) {
                        map.advance(settings.mapSteps());
                        all.add(new Quality(checkpoint, seconds, judge.applyAsDouble(points.read(new float[2 * count]))));
                    }
                }
            }
            return all;
        }

        private TrainingSession session(long seed) {
            return new TrainingSession(context, TrainingSettings.tutorial().withBatch(settings.batch()).withSeed(seed),
                    TrainingStep.P0, TrainingStep.P1);
        }
    }

    /** Several trainings with the same checkpoints as one: the medians at each. */
    private static List<Quality> medians(List<List<Quality>> trainings) {
        return IntStream.range(0, trainings.get(0).size()).mapToObj(i -> new Quality(trainings.get(0).get(i).iteration(),
                spread(trainings.stream().map(training -> training.get(i).seconds()).toList()).median(),
                spread(trainings.stream().map(training -> training.get(i).distance()).toList()).median())).toList();
    }

    private static List<Integer> checkpoints(int iterations) {
        return IntStream.iterate(FIRST_CHECKPOINT, i -> i <= iterations, i -> 2 * i).boxed().toList();
    }

    private static Spread spread(List<Double> values) {
        return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
    }

    /** The ratios for a terminal. */
    public String text() {
        Table table = new Table("training", "us a step", "middle half", "times as long", "distance at the end", "after s");
        Quality last = ownQuality.get(ownQuality.size() - 1);
        table.row("this program", Table.number(own.median()), Table.range(own), "1", Table.number(last.distance()),
                Table.number(last.seconds()));
        StringBuilder absent = new StringBuilder();
        for (Entry peer : peers) {
            if (peer.reason() != null) {
                absent.append(peer.name()).append(" did not run: ").append(peer.reason()).append('\n');
            } else {
                Quality end = peer.quality().get(peer.quality().size() - 1);
                table.row(peer.name(), Table.number(peer.microseconds().median()), Table.range(peer.microseconds()),
                        Table.number(peer.ratio().median()), Table.number(end.distance()), Table.number(end.seconds()));
            }
        }
        return table + "exact samples: distance " + Table.number(exactDistance) + "\n" + absent;
    }
}
