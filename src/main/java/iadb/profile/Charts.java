package iadb.profile;

import iadb.file.Png;
import iadb.plot.Chart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The pictures of a result. */
final class Charts {
    private Charts() {
    }

    /** Writes {@code kernels.png}, {@code map.png}, {@code width.png}, {@code batch.png} and {@code run.png} into a folder. */
    static void write(Path folder, Result result) throws IOException {
        Png.write(folder.resolve("kernels.png"), Chart.bars("share of the measured peak", 1, shares(result)));
        if (result.map().size() > 1) {
            Png.write(folder.resolve("map.png"), Chart.curves(map(result), false, "points", "million point-steps a second"));
        }
        writeGrowth(folder.resolve("width.png"), result.widths(), Growth::width, plan -> plan.microseconds().median(), true,
                "width", "microseconds a step of " + result.settings().batch() + " rows");
        writeGrowth(folder.resolve("batch.png"), result.batches(), Growth::batch,
                plan -> plan.microseconds().median() / plan.batch(), false, "batch", "microseconds a row");
        if (result.run() != null) {
            Png.write(folder.resolve("run.png"), Chart.bars(String.format(Locale.ROOT,
                    "where a run of %,d iterations spends its time", result.run().iterations()), 0, phases(result.run())));
        }
    }

    private static List<Chart.Bar> shares(Result result) {
        List<Chart.Bar> bars = new ArrayList<>();
        for (Growth plan : result.plans()) {
            bars.add(share(plan.plan() + ", a whole step", plan.shareOfPeak()));
        }
        for (KernelTimes kernel : result.kernels()) {
            if (kernel.shareOfPeak() != null) {
                bars.add(share(kernel.kernel() + ", " + kernel.work().split(",")[0], kernel.shareOfPeak()));
            }
        }
        for (MapThroughput map : result.map()) {
            bars.add(share(String.format(Locale.ROOT, "map of %,d points", map.points()), map.shareOfPeak()));
        }
        return bars;
    }

    private static Chart.Bar share(String name, double share) {
        return new Chart.Bar(name, share, String.format(Locale.ROOT, "%.0f %%", 100 * share));
    }

    private static List<Chart.Series> map(Result result) {
        double[] points = result.map().stream().mapToDouble(MapThroughput::points).toArray();
        double peak = 1e3 * result.peak().gflops() / result.settings().shape().forwardFlops();
        return List.of(new Chart.Series("map", points,
                        result.map().stream().mapToDouble(map -> map.pointStepsPerSecond().median() * 1e-6).toArray(), false),
                new Chart.Series("at the measured peak", new double[] {points[0], points[points.length - 1]},
                        new double[] {peak, peak}, true));
    }

    private static void writeGrowth(Path file, List<Growth> all, ToDoubleFunction<Growth> x, ToDoubleFunction<Growth> y,
            boolean logarithmicY, String xTitle, String yTitle) throws IOException {
        Map<String, List<Growth>> byPlan = new LinkedHashMap<>();
        all.forEach(one -> byPlan.computeIfAbsent(one.plan(), plan -> new ArrayList<>()).add(one));
        List<Chart.Series> curves = new ArrayList<>();
        byPlan.forEach((plan, some) -> curves.add(new Chart.Series(plan, some.stream().mapToDouble(x).toArray(),
                some.stream().mapToDouble(y).toArray(), false)));
        if (!curves.isEmpty()) {
            Png.write(file, Chart.curves(curves, logarithmicY, xTitle, yTitle));
        }
    }

    private static List<Chart.Bar> phases(RunPhases run) {
        List<Chart.Bar> bars = new ArrayList<>();
        run.seconds().forEach((phase, seconds) ->
                bars.add(new Chart.Bar(phase, seconds, String.format(Locale.ROOT, "%.2f s", seconds))));
        return bars;
    }

    /** Writes {@code quality.png}: how near each program's map is to p1, over its seconds of training, on its best threads. */
    static void write(Path folder, Comparison comparison) throws IOException {
        List<Chart.Series> curves = new ArrayList<>();
        curves.add(quality("iadb-cl", comparison.ownQuality()));
        Map<String, Comparison.Entry> fastest = new LinkedHashMap<>(); // by name without the threads
        comparison.peers().stream().filter(peer -> peer.reason() == null).forEach(peer -> fastest.merge(
                peer.name().split(",")[0], peer,
                (a, b) -> a.microseconds().median() <= b.microseconds().median() ? a : b));
        fastest.values().forEach(peer -> curves.add(quality(peer.name(), peer.quality())));
        double[] seconds = curves.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).sorted().toArray();
        double[] exact = {comparison.exactDistance(), comparison.exactDistance()};
        curves.add(new Chart.Series("exact samples", new double[] {seconds[0], seconds[seconds.length - 1]}, exact, true));
        Png.write(folder.resolve("quality.png"),
                Chart.curves(curves, true, "seconds of training", "sliced Wasserstein-1 distance"));
    }

    private static Chart.Series quality(String name, List<Comparison.Quality> all) {
        return new Chart.Series(name, all.stream().mapToDouble(Comparison.Quality::seconds).toArray(),
                all.stream().mapToDouble(Comparison.Quality::distance).toArray(), false);
    }
}
