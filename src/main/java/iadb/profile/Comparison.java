package iadb.profile;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.metric.SlicedWasserstein;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This program and others at the same training on the same data, as {@code compare.json} holds it. They take turns, so that
 * what disturbs the machine disturbs both, and a ratio is that of two neighbours in time.
 *
 * @param machine       where and when
 * @param settings      how much was measured
 * @param own           this program's microseconds a step, over all its turns
 * @param ownQuality    how good its map was when
 * @param exactDistance the distance of exact samples, below which there is nothing to learn
 * @param peers         the others
 */
record Comparison(Machine machine, Settings settings, Spread own, List<Quality> ownQuality, double exactDistance,
        List<Entry> peers) {
    static final String FILE = "compare.json";

    private static final Logger LOG = LoggerFactory.getLogger(Comparison.class);
    private static final int FIRST_CHECKPOINT = 64;

    /**
     * How good a map was when.
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
     * @param quality        how good its map was when
     */
    record Entry(String name, String reason, String framework, String device, Integer threads, Spread microseconds, Spread ratio,
            Double compileSeconds, List<Quality> quality) {
    }

    /** Several trainings with the same checkpoints as one: the medians at each. */
    private static List<Quality> medians(List<List<Quality>> trainings) {
        return IntStream.range(0, trainings.get(0).size()).mapToObj(i -> new Quality(trainings.get(0).get(i).iteration(),
                Spread.of(trainings.stream().mapToDouble(training -> training.get(i).seconds()).toArray()).median(),
                Spread.of(trainings.stream().mapToDouble(training -> training.get(i).distance()).toArray()).median())).toList();
    }

    /** The distance of mapped points [N, 2] to fresh points of p1. */
    interface Judge {
        double distance(float[] points);
    }

    /** Runs all of them; {@code root} is the repository. */
    static Comparison measure(Device device, Machine machine, Settings settings, Path root) throws IOException {
        Path folder = Files.createTempDirectory("iadb-compare");
        try (Context context = Context.open(device)) {
            OwnTraining own = new OwnTraining(context, settings);
            own.writeData(folder);
            int points = settings.judgedPoints();
            float[] reference = own.reference();
            float[] exact = Arrays.copyOf(reference, 2 * points);
            double exactDistance = SlicedWasserstein.distance(Arrays.copyOfRange(reference, 2 * points, 4 * points), exact);
            Judge judge = mapped -> SlicedWasserstein.distance(mapped, exact);
            List<Integer> checkpoints = checkpoints(settings.qualityIterations());
            own.microsecondsPerStep(settings.peerIterations());
            List<Double> ownTimes = new ArrayList<>();
            List<Entry> entries = new ArrayList<>();
            for (Peer peer : Peer.all(device)) {
                LOG.info("{}", peer.name());
                try {
                    entries.add(measure(peer, own, ownTimes, folder, root.resolve("tools/peers"), settings, checkpoints, judge));
                } catch (Peer.AbsentException e) {
                    LOG.info("{}: {}", peer.name(), e.getMessage());
                    entries.add(new Entry(peer.name(), e.getMessage(), null, null, null, null, null, null, null));
                }
            }
            if (ownTimes.isEmpty()) {
                ownTimes.add(own.microsecondsPerStep(settings.peerIterations()));
            }
            List<List<Quality>> ownQuality = new ArrayList<>();
            for (int seed = 0; seed < settings.qualitySeeds(); seed++) {
                ownQuality.add(own.quality(checkpoints(settings.iterations()), seed, judge));
            }
            return new Comparison(machine, settings, Spread.of(array(ownTimes)), medians(ownQuality), exactDistance, entries);
        } finally {
            RunPhases.delete(folder);
        }
    }

    private static Entry measure(Peer peer, OwnTraining own, List<Double> ownTimes, Path folder, Path scripts, Settings settings,
            List<Integer> checkpoints, Judge judge) throws Peer.AbsentException, IOException {
        List<Double> times = new ArrayList<>();
        List<Double> ratios = new ArrayList<>();
        for (int round = 0; round < settings.peerRounds(); round++) {
            double before = own.microsecondsPerStep(settings.peerIterations());
            Peer.Report report = peer.run(scripts, folder, settings, 0, List.of(settings.peerIterations()));
            double after = own.microsecondsPerStep(settings.peerIterations());
            ownTimes.addAll(List.of(before, after));
            times.add(report.microsecondsPerStep());
            ratios.add(report.microsecondsPerStep() / ((before + after) / 2));
        }
        List<List<Quality>> trainings = new ArrayList<>();
        Peer.Report last = null;
        for (int seed = 0; seed < settings.qualitySeeds(); seed++) {
            last = peer.run(scripts, folder, settings, seed, checkpoints);
            List<Quality> quality = new ArrayList<>();
            for (Peer.Checkpoint checkpoint : last.checkpoints()) {
                double distance = judge.distance(Peer.points(folder, checkpoint));
                quality.add(new Quality(checkpoint.iteration(), checkpoint.seconds(), distance));
            }
            trainings.add(quality);
        }
        return new Entry(peer.name(), null, last.framework(), last.device(), last.threads(), Spread.of(array(times)),
                Spread.of(array(ratios)), last.compileSeconds(), medians(trainings));
    }

    private static List<Integer> checkpoints(int iterations) {
        return IntStream.iterate(FIRST_CHECKPOINT, i -> i <= iterations, i -> 2 * i).boxed().toList();
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The ratios for a terminal. */
    String text() {
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
