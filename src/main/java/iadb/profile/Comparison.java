package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.draw.PointSource;
import iadb.file.NpyReader;
import iadb.file.NpyWriter;
import iadb.file.Png;
import iadb.metric.SlicedWasserstein;
import iadb.model.NetworkShape;
import iadb.plot.Chart;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares this program with others in the same training on the same data; the content of {@code compare.json}. The programs run
 * alternately, so that a disturbance affects both, and each ratio is that of consecutive runs.
 *
 * @param machine       {@link ResultFile#machine}
 * @param settings      the amount of measuring
 * @param own           microseconds per step of this program, over all its runs
 * @param ownQuality    of this program's map during the training
 * @param exactDistance the distance of exact samples, the noise floor
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

    /** A map during training: its iteration, seconds of training, and sliced Wasserstein-1 distance to fresh points of p1. */
    record Quality(int iteration, double seconds, double distance) { }

    /**
     * Another program.
     *
     * @param reason       why it could not run; null if it ran, otherwise all later components are null
     * @param microseconds per step
     * @param ratio        its time over this program's, in each round
     */
    record Entry(String name, String reason, String framework, String device, Integer threads, Spread microseconds, Spread ratio,
            Double compileSeconds, List<Quality> quality) {
        private static Entry absent(Peer peer, String reason) {
            LOG.info("{}: {}", peer.name(), reason);
            return new Entry(peer.name(), reason, null, null, null, null, null, null, null);
        }
    }

    /** Runs all programs; the others are in the folder {@code scripts}. */
    public static Comparison measure(Device device, Settings settings, Path scripts) throws IOException {
        Path folder = Files.createTempDirectory("iadb-compare");
        try (Context context = Context.open(device)) {
            return new Turns(context, settings, scripts, folder).all();
        } finally {
            ChildProcess.deleteFolder(folder);
        }
    }

    /** The trainings of all programs, with their files in {@code folder}. */
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
                entries.add(entry(peer, ownTimes, judge));
            }
            if (ownTimes.isEmpty()) {
                ownTimes.add(ownMicroseconds());
            }
            List<List<Quality>> quality = IntStream.range(0, settings.qualitySeeds()).mapToObj(seed -> ownQuality(seed, judge)).toList();
            return new Comparison(ResultFile.machine(context.device()), settings, Spread.of(ownTimes), medians(quality),
                    judge.applyAsDouble(Arrays.copyOfRange(reference, 2 * points, 4 * points)), entries);
        }

        /** Writes the inputs of every peer: {@code p0.npy} and {@code p1.npy}, the data, and {@code start.npy}, the points to map. */
        private void writeData() throws IOException {
            try (TrainingSession session = session(SEED); PointSource source = new PointSource(context, TrainingStep.P0)) {
                int count = TrainingSettings.tutorial().data();
                float[] data = new float[2 * count];
                NpyWriter.writeArray(folder.resolve("p0.npy"), session.data0().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("p1.npy"), session.data1().read(data), count, 2);
                NpyWriter.writeArray(folder.resolve("start.npy"), source.drawToHost(SEED, RandomPurpose.START_POINTS, 0,
                        settings.judgedPoints()), settings.judgedPoints(), 2);
            }
        }

        private Entry entry(Peer peer, List<Double> ownTimes, ToDoubleFunction<float[]> judge) throws IOException {
            List<Double> times = new ArrayList<>();
            List<Double> ratios = new ArrayList<>();
            for (int round = 0; round < settings.peerRounds(); round++) {
                double before = ownMicroseconds();
                Peer.Report report = peer.run(scripts, folder, settings, 0, List.of(settings.peerIterations()));
                if (report.reason() != null) {
                    return Entry.absent(peer, report.reason());
                }
                double after = ownMicroseconds();
                ownTimes.addAll(List.of(before, after));
                times.add(report.microsecondsPerStep());
                ratios.add(report.microsecondsPerStep() / ((before + after) / 2));
            }
            List<List<Quality>> trainings = new ArrayList<>();
            Peer.Report last = null;
            for (int seed = 0; seed < settings.qualitySeeds(); seed++) {
                last = peer.run(scripts, folder, settings, seed, checkpoints(settings.qualityIterations()));
                if (last.reason() != null) {
                    return Entry.absent(peer, last.reason());
                }
                List<Quality> quality = new ArrayList<>();
                for (Peer.Checkpoint checkpoint : last.checkpoints()) {
                    double distance = judge.applyAsDouble(NpyReader.readArray(folder.resolve(checkpoint.points())));
                    quality.add(new Quality(checkpoint.iteration(), checkpoint.seconds(), distance));
                }
                trainings.add(quality);
            }
            return new Entry(peer.name(), null, last.framework(), last.device(), last.threads(), Spread.of(times), Spread.of(ratios),
                    last.compileSeconds(), medians(trainings));
        }

        /** Microseconds per step of this program: the median over blocks of a training. */
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

    /** Combines several trainings with the same checkpoints: the medians at each. */
    private static List<Quality> medians(List<List<Quality>> trainings) {
        return IntStream.range(0, trainings.get(0).size()).mapToObj(i -> new Quality(trainings.get(0).get(i).iteration(),
                Spread.of(trainings.stream().map(training -> training.get(i).seconds()).toList()).median(),
                Spread.of(trainings.stream().map(training -> training.get(i).distance()).toList()).median())).toList();
    }

    private static List<Integer> checkpoints(int iterations) {
        return IntStream.iterate(FIRST_CHECKPOINT, i -> i <= iterations, i -> 2 * i).boxed().toList();
    }

    /** Writes {@code quality.png}: each map's distance to p1 over seconds of training, at each peer's faster thread count. */
    public void writeChart(Path folder) throws IOException {
        List<Chart.Series> curves = new ArrayList<>();
        curves.add(quality("iadb-cl", ownQuality));
        Map<String, Comparison.Entry> fastest = new LinkedHashMap<>(); // by name without the threads
        peers.stream().filter(peer -> peer.reason() == null).forEach(peer -> fastest.merge(
                peer.name().split(",")[0], peer, (a, b) -> a.microseconds().median() <= b.microseconds().median() ? a : b));
        fastest.values().forEach(peer -> curves.add(quality(peer.name(), peer.quality())));
        double[] seconds = curves.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).sorted().toArray();
        double[] exact = {exactDistance, exactDistance};
        curves.add(new Chart.Series("exact samples", new double[] {seconds[0], seconds[seconds.length - 1]}, exact, true));
        Png.write(folder.resolve("quality.png"),
                Chart.curves(curves, true, "seconds of training", "sliced Wasserstein-1 distance"));
    }

    private static Chart.Series quality(String name, List<Comparison.Quality> all) {
        return Chart.Series.of(name, all, Comparison.Quality::seconds, Comparison.Quality::distance);
    }

    /** The comparison as text for a terminal. */
    public String text() {
        Table table = new Table("training", "us per step", "quartiles", "time ratio", "final distance", "after s");
        row(table, "this program", own, "1", ownQuality);
        StringBuilder absent = new StringBuilder();
        for (Entry peer : peers) {
            if (peer.reason() != null) {
                absent.append(peer.name()).append(" did not run: ").append(peer.reason()).append('\n');
            } else {
                row(table, peer.name(), peer.microseconds(), Table.number(peer.ratio().median()), peer.quality());
            }
        }
        return table + "exact samples: distance " + Table.number(exactDistance) + "\n" + absent;
    }

    private static void row(Table table, String name, Spread microseconds, String ratio, List<Quality> quality) {
        Quality end = quality.get(quality.size() - 1);
        table.row(name, Table.number(microseconds.median()), Table.range(microseconds), ratio, Table.number(end.distance()),
                Table.number(end.seconds()));
    }

    /**
     * Another program that does the same training: one of this repository's {@code tools/peers}.
     *
     * @param script  its file name
     * @param options its additional options
     * @param threads the number of threads it may use
     */
    private record Peer(String name, String script, List<String> options, int threads) {
        private static final Duration LIMIT = Duration.ofMinutes(20);
        private static final int CANNOT_RUN = 3;
        /** The Python with the system's packages, which the first Python on the path may lack. */
        private static final String SYSTEM_PYTHON = "/usr/bin/python3";

        /** The part read here of what a peer prints as JSON; {@code reason} is set here if it could not run. */
        private record Report(String reason, String framework, String device, int threads, double microsecondsPerStep,
                Double compileSeconds, List<Checkpoint> checkpoints) {
        }

        /** A step of a peer's training, and the file of the points [N, 2] that it mapped then. */
        private record Checkpoint(int iteration, double seconds, String points) { }

        /** All peers; PyTorch on a CPU runs with one thread and with as many as there are compute units. */
        static List<Peer> all(Device device) {
            List<Peer> all = new ArrayList<>();
            boolean isCpu = device.type() == Device.Type.CPU;
            for (int threads : isCpu && device.computeUnits() > 1 ? new int[] {1, device.computeUnits()} : new int[] {1}) {
                String suffix = isCpu ? ", %s thread%s".formatted(threads, threads > 1 ? "s" : "") : "";
                all.add(new Peer("PyTorch eager" + suffix, "pytorch.py", List.of("--mode", "eager"), threads));
                all.add(new Peer("PyTorch best" + suffix, "pytorch.py", List.of("--mode", "best"), threads));
            }
            int threads = isCpu ? device.computeUnits() : 1;
            all.add(new Peer("PyTorch compile", "pytorch.py", List.of("--mode", "compile"), threads));
            all.add(new Peer("PyTorch CUDA graphs", "pytorch.py", List.of("--mode", "graphs"), threads));
            all.add(new Peer("JAX scan", "jax_scan.py", List.of(), threads));
            all.add(new Peer("DJL (Java, PyTorch engine)", "djl/run", List.of(), threads));
            return all;
        }

        /** Runs it on the data in {@code folder}, where it writes its mapped points; the last checkpoint ends the training. */
        Report run(Path peers, Path folder, Settings settings, int seed, List<Integer> checkpoints) {
            Path file = peers.resolve(script);
            if (!Files.exists(file)) {
                return absent("there is no " + script + " in " + peers);
            }
            List<String> command = new ArrayList<>(List.of(file.toString(), "--p0", folder.resolve("p0.npy").toString(),
                    "--p1", folder.resolve("p1.npy").toString(), "--start", folder.resolve("start.npy").toString(),
                    "--iterations", checkpoints.get(checkpoints.size() - 1).toString(), "--batch", Integer.toString(settings.batch()),
                    "--lr", "0.001", "--seed", Integer.toString(seed), "--steps", Integer.toString(settings.mapSteps()),
                    "--checkpoints", String.join(",", checkpoints.stream().map(Object::toString).toList()),
                    "--threads", Integer.toString(threads), "--out", folder.toString()));
            command.addAll(options);
            ChildProcess child = ChildProcess.run(command, Map.of(), LIMIT);
            if (child.code() == CANNOT_RUN && script.endsWith(".py") && Files.isExecutable(Path.of(SYSTEM_PYTHON))) {
                child = ChildProcess.run(Stream.concat(Stream.of(SYSTEM_PYTHON), command.stream()).toList(), Map.of(), LIMIT);
            }
            if (child.code() != 0) {
                String reason = child.lastError().replaceFirst("^cannot run here: ", "");
                return absent(child.code() == CANNOT_RUN ? reason : "failed: " + reason);
            }
            return ResultFile.JSON.fromJson(child.out(), Report.class);
        }

        private static Report absent(String reason) { return new Report(reason, null, null, 0, 0, null, null); }
    }
}
