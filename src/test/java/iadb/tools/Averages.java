package iadb.tools;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.metric.SlicedWasserstein;
import iadb.model.Network;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.TrainingQueue;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the average of the weights does for the map: a training keeps it beside the live weights, which it does not change,
 * so that one training gives both maps.
 *
 * @param machine     where and when
 * @param decay       of the average
 * @param iterations  of each training
 * @param points      mapped, and of each set of exact samples
 * @param moonsToRing by seed: the pair that is tried with several
 * @param pairs       of different named densities, with seed 0
 */
record Averages(Map<String, Object> machine, double decay, int iterations, int points, List<Outcome> moonsToRing, List<Outcome> pairs) {
    static final String FILE = "averages.json";

    private static final Logger LOG = LoggerFactory.getLogger(Averages.class);
    private static final double DECAY = 0.999;
    private static final int SEEDS = 5;
    private static final int EXACT_SETS = 8;
    private static final int STEPS = 128;

    /**
     * Sliced Wasserstein-1 distances to exact samples of p1.
     *
     * @param last    of the map by the last weights
     * @param average of the map by their average
     * @param exact   of as many exact samples, mean over sets
     */
    record Outcome(String p0, String p1, int seed, double last, double average, double exact) {
        /** The average's distance above that of exact samples, over the last weights' one. */
        double ratio() {
            return (average - exact) / (last - exact);
        }
    }

    /** How much is measured; {@code pairedDensities} named densities make the pairs. */
    record Extent(int iterations, int points, int pairedDensities) {
    }

    static Averages measure(Device device, Extent extent) {
        List<String> names = NamedDensities.names().subList(0, extent.pairedDensities());
        List<Job> moons = IntStream.range(0, SEEDS).mapToObj(seed -> new Job("moons", "ring", seed, extent)).toList();
        List<Job> pairs = names.stream().flatMap(p1 -> names.stream().filter(p0 -> !p0.equals(p1)).map(p0 -> new Job(p0, p1, 0, extent))).toList();
        Map<Job, Outcome> outcomes = new HashMap<>();
        try (Context context = Context.open(device)) {
            TrainingQueue.run(Stream.concat(moons.stream(), pairs.stream()).distinct().toList(), List.of(context), Optional.empty(),
                    new TrainingQueue.Observer<>() {
                        @Override
                        public boolean progressed(long steps) { return true; }

                        @Override
                        public void trained(Job job, TrainingQueue.Result result, Context of) { outcomes.put(job, outcome(of, job, result)); }

                        @Override
                        public void failed(Job job, RuntimeException why) { throw why; }

                        @Override
                        public void lost(Device lost, OpenClException why) { throw why; }
                    });
        }
        return new Averages(ResultFile.machine(device), DECAY, extent.iterations(), extent.points(), moons.stream().map(outcomes::get).toList(),
                pairs.stream().map(outcomes::get).toList());
    }

    private record Job(String p0, String p1, int seed, Extent extent) implements TrainingQueue.Job {
        @Override
        public TrainingSettings settings() {
            return TrainingSettings.tutorial().withIterations(extent.iterations()).withEma(DECAY).withSeed(seed);
        }

        @Override
        public List<Density> densities() { return List.of(NamedDensities.find(p0).orElseThrow(), NamedDensities.find(p1).orElseThrow()); }
    }

    /** Measures the device of the first argument for the folder of the second; {@code quick} as a third takes one pair only. */
    public static void main(String[] arguments) throws IOException {
        Device device = Device.select(arguments[0]);
        Averages measured = measure(device, arguments.length > 2 ? new Extent(16_384, 16_384, 0) : new Extent(65_536, 65_536, 15));
        Path file = Files.createDirectories(Path.of(arguments[1], ResultFile.folderName(device))).resolve(FILE);
        ResultFile.write(file, measured);
        System.out.println(measured.text() + "written: " + file);
    }

    private static Outcome outcome(Context context, Job job, TrainingQueue.Result trained) {
        int count = job.extent.points();
        try (Sampler sampler = new Sampler(context, trained.lastWeights().shape());
                PointSource source0 = new PointSource(context, job.densities().get(0));
                PointSource source1 = new PointSource(context, job.densities().get(1))) {
            float[] starts = source0.drawToHost(job.seed, RandomPurpose.START_POINTS, 0, count);
            float[] reference = source1.drawToHost(0, RandomPurpose.REFERENCE_POINTS, 0, count);
            double exact = 0;
            for (int set = 1; set <= EXACT_SETS; set++) {
                exact += SlicedWasserstein.distance(source1.drawToHost(set, RandomPurpose.REFERENCE_POINTS, 0, count), reference) / EXACT_SETS;
            }
            Outcome outcome = new Outcome(job.p0, job.p1, job.seed, distance(context, sampler, trained.lastWeights(), starts, reference),
                    distance(context, sampler, trained.model().network(), starts, reference), exact);
            LOG.info(String.format(Locale.ROOT, "%s to %s, seed %d: last %.5f, average %.5f, exact %.5f", job.p0, job.p1, job.seed,
                    outcome.last(), outcome.average(), exact));
            return outcome;
        }
    }

    private static double distance(Context context, Sampler sampler, Network network, float[] starts, float[] reference) {
        int count = starts.length / 2;
        try (DeviceBuffer parameters = context.buffer(network.parameters());
                DeviceBuffer points = context.buffer(starts);
                MapSession session = sampler.session(parameters, points, count, STEPS)) {
            session.advance(STEPS);
            return SlicedWasserstein.distance(points.read(new float[2 * count]), reference);
        }
    }

    /** The median average's distance above exact samples', over the median last weights' one, of moons to ring. */
    double medianRatio() {
        double exact = moonsToRing.get(0).exact();
        return (median(moonsToRing.stream().mapToDouble(Outcome::average).toArray()) - exact)
                / (median(moonsToRing.stream().mapToDouble(Outcome::last).toArray()) - exact);
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }

    /** The pair that gains least, in distance; empty where none was tried. */
    Optional<Outcome> leastGain() {
        return pairs.stream().max(Comparator.comparingDouble(one -> one.average() - one.last()));
    }

    /** Pairs whose average is farther from p1 than the last weights. */
    long worse() {
        return pairs.stream().filter(one -> one.average() > one.last()).count();
    }

    /** It as tables for a terminal. */
    String text() {
        Table table = new Table("sliced Wasserstein-1", "seed", "last weights", "average", "exact samples", "above exact, ratio");
        moonsToRing.forEach(one -> row(table, one));
        pairs.stream().sorted(Comparator.comparingDouble(Outcome::ratio).reversed()).forEach(one -> row(table, one));
        return table + String.format(Locale.ROOT, "%nmoons to ring, medians over %d seeds: %.3f%n", moonsToRing.size(), medianRatio())
                + leastGain().map(one -> String.format(Locale.ROOT, "of %d pairs %d got worse; %s to %s gained least: %.3f%n", pairs.size(),
                worse(), one.p0(), one.p1(), one.ratio())).orElse("");
    }

    private static void row(Table table, Outcome one) {
        table.row(one.p0() + " to " + one.p1(), Integer.toString(one.seed()), String.format(Locale.ROOT, "%.5f", one.last()),
                String.format(Locale.ROOT, "%.5f", one.average()), String.format(Locale.ROOT, "%.5f", one.exact()),
                String.format(Locale.ROOT, "%.3f", one.ratio()));
    }
}
