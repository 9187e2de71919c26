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

/** The charts of a result. */
public final class Charts {
    private Charts() {
    }

    /** Writes {@code kernels.png}, {@code map.png}, {@code width.png}, {@code batch.png} and {@code run.png} into a folder. */
    public static void write(Path folder, Profile profile) throws IOException {
        Png.write(folder.resolve("kernels.png"), Chart.bars("share of the measured peak", 1, shares(profile)));
        if (profile.map().size() > 1) {
            Png.write(folder.resolve("map.png"), Chart.curves(map(profile), false, "points", "million point-steps a second"));
        }
        writeSteps(folder.resolve("width.png"), profile.widths(), TrainingStep::width, step -> step.microseconds().median(), true,
                "width", "microseconds a step of " + profile.settings().batch() + " rows");
        writeSteps(folder.resolve("batch.png"), profile.batches(), TrainingStep::batch,
                step -> step.microseconds().median() / step.batch(), false, "batch", "microseconds a row");
        List<Chart.Bar> phases = new ArrayList<>();
        profile.run().seconds().forEach((phase, seconds) ->
                phases.add(new Chart.Bar(phase, seconds, String.format(Locale.ROOT, "%.2f s", seconds))));
        Png.write(folder.resolve("run.png"), Chart.bars(String.format(Locale.ROOT,
                "where a run of %,d iterations spends its time", profile.run().iterations()), 0, phases));
    }

    private static List<Chart.Bar> shares(Profile profile) {
        List<Chart.Bar> bars = new ArrayList<>();
        profile.plans().forEach(plan -> bars.add(share(plan.plan() + ", a whole step", plan.shareOfPeak())));
        profile.kernels().stream().filter(kernel -> kernel.shareOfPeak() != null)
                .forEach(kernel -> bars.add(share(kernel.kernel() + ", " + kernel.work().split(",")[0], kernel.shareOfPeak())));
        profile.map().forEach(map -> bars.add(share(String.format(Locale.ROOT, "map of %,d points", map.points()), map.shareOfPeak())));
        return bars;
    }

    private static Chart.Bar share(String name, double share) { return new Chart.Bar(name, share, Table.percent(share)); }

    private static List<Chart.Series> map(Profile profile) {
        double peak = 1e3 * profile.peak().gflops() / profile.settings().shape().forwardFlops();
        Chart.Series map = series("map", profile.map(), MapUses.Throughput::points, one -> one.pointStepsPerSecond().median() * 1e-6);
        return List.of(map, new Chart.Series("at the measured peak", new double[] {map.x()[0], map.x()[map.x().length - 1]},
                new double[] {peak, peak}, true));
    }

    private static void writeSteps(Path file, List<TrainingStep> all, ToDoubleFunction<TrainingStep> x, ToDoubleFunction<TrainingStep> y,
            boolean logarithmicY, String xTitle, String yTitle) throws IOException {
        Map<String, List<TrainingStep>> byPlan = new LinkedHashMap<>();
        all.forEach(one -> byPlan.computeIfAbsent(one.plan(), plan -> new ArrayList<>()).add(one));
        if (!all.isEmpty()) {
            Png.write(file, Chart.curves(byPlan.entrySet().stream().map(plan -> series(plan.getKey(), plan.getValue(), x, y)).toList(),
                    logarithmicY, xTitle, yTitle));
        }
    }

    /** Writes {@code quality.png}: the distance of each program's map to p1 over its seconds of training, on its best threads. */
    public static void write(Path folder, Comparison comparison) throws IOException {
        List<Chart.Series> curves = new ArrayList<>();
        curves.add(quality("iadb-cl", comparison.ownQuality()));
        Map<String, Comparison.Entry> fastest = new LinkedHashMap<>(); // by name without the threads
        comparison.peers().stream().filter(peer -> peer.reason() == null).forEach(peer -> fastest.merge(
                peer.name().split(",")[0], peer, (a, b) -> a.microseconds().median() <= b.microseconds().median() ? a : b));
        fastest.values().forEach(peer -> curves.add(quality(peer.name(), peer.quality())));
        double[] seconds = curves.stream().flatMapToDouble(curve -> Arrays.stream(curve.x())).sorted().toArray();
        double[] exact = {comparison.exactDistance(), comparison.exactDistance()};
        curves.add(new Chart.Series("exact samples", new double[] {seconds[0], seconds[seconds.length - 1]}, exact, true));
        Png.write(folder.resolve("quality.png"),
                Chart.curves(curves, true, "seconds of training", "sliced Wasserstein-1 distance"));
    }

    private static Chart.Series quality(String name, List<Comparison.Quality> all) {
        return series(name, all, Comparison.Quality::seconds, Comparison.Quality::distance);
    }

    private static <T> Chart.Series series(String name, List<T> all, ToDoubleFunction<T> x, ToDoubleFunction<T> y) {
        return new Chart.Series(name, all.stream().mapToDouble(x).toArray(), all.stream().mapToDouble(y).toArray(), false);
    }
}
