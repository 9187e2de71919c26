package iadb;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.draw.PointSource;
import iadb.metric.Assignment;
import iadb.metric.EnergyDistance;
import iadb.metric.SlicedWasserstein;
import iadb.metric.TotalVariation;
import iadb.metric.Trajectories;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * The distance of points from a density, and that of the same number of exact samples, which is the noise floor. Lengths are in the
 * units of the plane in which the density lies: those of its box, or sides of the unit square for pictures.
 *
 * @param points        of the points
 * @param exact         of exact samples
 * @param count         N, points compared
 * @param pairedPoints  points of each set in the energy distance and in {@code bySteps}: all, or the first {@value #MAX_PAIRED}
 * @param exactPoints   points of each set in the exact assignments, and trajectories that were measured: the first ones
 * @param densityPoints exact samples at which the map's density was computed; 0 if there is no map
 * @param notInverted   number of these samples at which a step of the map has no inverse
 * @param withoutMass   number of these samples at which the map's density is 0
 * @param bySteps       figures of the map's first points with 1, 2, 4, 8 and 128 steps and with its own number; empty without a map
 * @param exactBySteps  the same figures of as many exact samples
 */
public record Evaluation(Figures points, Figures exact, int count, int pairedPoints, int exactPoints, int densityPoints, int notInverted,
        int withoutMass, SortedMap<Integer, StepFigures> bySteps, StepFigures exactBySteps) {
    /** The most points in the energy distance, which takes all pairs and therefore quadratic time. */
    public static final int MAX_PAIRED = 1 << 16;

    /** The most points of an exact assignment, whose time is quadratic or worse. */
    public static final int MAX_EXACT = 1 << 14;

    /** Points of an exact assignment unless given: some tenths of a second each. */
    public static final int DEFAULT_EXACT = 2048;

    /** Euler steps of equal length by which trajectories are measured, whatever the map's own steps. */
    public static final int PATH_STEPS = 100;

    private static final List<Integer> COMPARED_STEPS = List.of(1, 2, 4, 8, 128);

    /**
     * The distances of one set of points from fresh exact samples, and for a map its density and trajectories. Figures of a map are NaN
     * for a set of points that no map made.
     *
     * @param slicedWasserstein1   a length
     * @param energyDistance       2 E|X-Y| - E|X-X'| - E|Y-Y'|, a length
     * @param offSupport           share of points off the density's support ({@link Density#shareOffSupport})
     * @param wasserstein2         of the first points, by exact assignment; a length
     * @param wasserstein2Gap      duality gap of that assignment, (W2² - lower bound) / W2²
     * @param totalVariation       on a grid of 64 x 64 cells over the square, 0 to 1
     * @param meanLogDensity       mean of the log-density of the map, or of the density, per unit of the plane's area, over the exact
     *                             samples at which the map has an inverse and a density; NaN if it has them at none. For points this
     *                             and {@code kl} are figures of their kernel estimate: the samples have noise of its bandwidth
     * @param kl                   KL divergence of the map's density from the density: mean log-density of the density less that of the
     *                             map, at the same samples; 0 for exact samples
     * @param pathLengthRatio      mean over points of the length of the trajectory divided by the distance of its ends; 1 for exact
     *                             samples, which straight lines could reach
     * @param straightness         S = E ∫|(x1 - x0) - v|² dt with x1 the end of the trajectory of x0; a length squared; 0 for exact
     *                             samples
     * @param normalizedPathEnergy |∫E|v|² dt - W2²| / W2² with W2 between the map's starts and exact samples (Tong et al. 2023); for exact
     *                             samples that of straight, optimal trajectories to other exact samples
     */
    public record Figures(double slicedWasserstein1, double energyDistance, double offSupport, double wasserstein2, double wasserstein2Gap,
            double totalVariation, double meanLogDensity, double kl, double pathLengthRatio, double straightness,
            double normalizedPathEnergy) {
        private Figures inPlane(Box box) {
            double square = box.side() * box.side();
            return new Figures(slicedWasserstein1 * box.side(), energyDistance * box.side(), offSupport, wasserstein2 * box.side(),
                    wasserstein2Gap, totalVariation, meanLogDensity + box.logDensityOffset(), kl, pathLengthRatio, straightness * square,
                    normalizedPathEnergy);
        }
    }

    /**
     * The figures that show how many steps a map needs.
     *
     * @param slicedWasserstein1 a length
     * @param wasserstein2       by exact assignment; a length
     * @param totalVariation     on a grid of 64 x 64 cells over the square, 0 to 1
     * @param offSupport         share of points off the density's support
     */
    public record StepFigures(double slicedWasserstein1, double wasserstein2, double totalVariation, double offSupport) {
        private StepFigures inPlane(Box box) {
            return new StepFigures(slicedWasserstein1 * box.side(), wasserstein2 * box.side(), totalVariation, offSupport);
        }
    }

    /**
     * How points were made.
     *
     * @param map      the map, with its base density
     * @param schedule of its steps
     * @param starts   [N, 2], the points that it mapped; in the unit square
     */
    public record Origin(PushForward map, Schedule schedule, float[] starts) { }

    /**
     * Compares points with a density.
     *
     * @param context        the device to work on
     * @param density        to compare with
     * @param box            of the plane in whose units the figures are
     * @param points         [N, 2], N at least 1; in the unit square
     * @param origin         how they were made; empty if unknown
     * @param exact          points of an exact assignment, at most {@value #MAX_EXACT}; no more than N are used
     * @param seed           of the exact samples
     * @param shouldContinue called many times a second while distances are computed, by several threads
     * @return the distances
     * @throws CancellationException if {@code shouldContinue} returned false
     */
    public static Evaluation of(Context context, Density density, Box box, float[] points, Optional<Origin> origin, int exact, long seed,
            BooleanSupplier shouldContinue) {
        return new Comparison(context, density, points, origin, Math.min(exact, points.length / 2), seed, shouldContinue).evaluation(box);
    }

    /** The work of one evaluation, in the units of the unit square. */
    private static final class Comparison {
        private final Context context;
        private final Density density;
        private final float[] points;
        private final Optional<Origin> origin;
        private final int exact;
        private final BooleanSupplier shouldContinue;
        private final int count;
        private final int paired;
        private final float[] reference; // [N, 2], exact samples
        private final float[] other; // [N, 2], further exact samples
        private final float[] ofDensity; // [paired, 2], samples of the density that has a value, for points the kernel estimate
        private final TotalVariation variation;

        Comparison(Context context, Density density, float[] points, Optional<Origin> origin, int exact, long seed,
                BooleanSupplier shouldContinue) {
            this.context = context;
            this.density = density;
            this.points = points;
            this.origin = origin;
            this.exact = exact;
            this.shouldContinue = shouldContinue;
            count = points.length / 2;
            paired = Math.min(count, MAX_PAIRED);
            variation = new TotalVariation(density);
            try (PointSource source = new PointSource(context, density)) {
                reference = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, 0, count);
                other = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, count, count);
            }
            Density valued = density instanceof PointDensity rows ? rows.ofEstimate() : density;
            if (valued == density || origin.isEmpty()) {
                ofDensity = first(reference, paired);
                return;
            }
            try (PointSource source = new PointSource(context, valued)) {
                ofDensity = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, 0, paired);
            }
        }

        Evaluation evaluation(Box box) {
            float[] logDensity = origin.map(made -> made.map().inverseWithDensity(ofDensity).logDensity())
                    .orElse(new float[0]);
            SortedMap<Integer, float[]> mapped = mappedBySteps();
            Optional<Trajectories> trajectories = origin.map(this::trajectories);
            double energy;
            double exactEnergy;
            try (EnergyDistance distance = new EnergyDistance(context)) {
                float[] some = first(reference, paired);
                energy = distance.distance(first(points, paired), some, shouldContinue);
                exactEnergy = distance.distance(first(other, paired), some, shouldContinue);
            }
            double[] exactLogDensity = IntStream.range(0, logDensity.length).parallel()
                    .mapToDouble(n -> density.logDensityAt(ofDensity[2 * n], ofDensity[2 * n + 1])).toArray();
            double sum = 0;
            double exactSum = 0;
            int notInverted = 0;
            int withoutMass = 0;
            for (int n = 0; n < logDensity.length; n++) {
                if (Float.isNaN(logDensity[n])) {
                    notInverted++;
                } else if (Float.isInfinite(logDensity[n])) {
                    withoutMass++;
                } else {
                    sum += logDensity[n];
                    exactSum += exactLogDensity[n];
                }
            }
            int known = logDensity.length - notInverted - withoutMass; // 0 / 0 is NaN

            Assignments assignments = assignments(mapped);
            double ofStarts = assignments.fromStarts().map(Assignment::meanSquare).orElse(Double.NaN);
            double toOther = assignments.startsToOther().map(Assignment::meanSquare).orElse(Double.NaN);
            Figures ofPoints = new Figures(sliced(points), energy, density.shareOffSupport(points), assignments.points().distance(),
                    assignments.points().gap(), variation.distance(points), sum / known, (exactSum - sum) / known,
                    trajectories.map(Trajectories::lengthRatio).orElse(Double.NaN),
                    trajectories.map(Trajectories::straightness).orElse(Double.NaN),
                    trajectories.map(paths -> excess(paths.energy(), ofStarts)).orElse(Double.NaN));
            boolean hasMap = origin.isPresent();
            Figures ofExact = new Figures(sliced(other), exactEnergy, density.shareOffSupport(other), assignments.other().distance(),
                    assignments.other().gap(), variation.distance(other), exactSum / known, known > 0 ? 0 : Double.NaN,
                    hasMap ? 1 : Double.NaN, hasMap ? 0 : Double.NaN, excess(toOther, ofStarts));

            SortedMap<Integer, StepFigures> bySteps = new TreeMap<>();
            mapped.forEach((steps, some) -> bySteps.put(steps,
                    stepFigures(some, assignments.bySteps().getOrDefault(steps, assignments.points()), ofPoints).inPlane(box)));
            return new Evaluation(ofPoints.inPlane(box), ofExact.inPlane(box), count, paired, exact, logDensity.length, notInverted,
                    withoutMass, bySteps, stepFigures(first(other, paired), assignments.other(), ofExact).inPlane(box));
        }

        private static double excess(double energy, double square) { return Math.abs(energy - square) / square; }

        private double sliced(float[] some) {
            return SlicedWasserstein.distance(some, some.length == reference.length ? reference : first(reference, paired), shouldContinue);
        }

        /** @param whole the figures of all points, which are taken over if these are all of them */
        private StepFigures stepFigures(float[] some, Assignment assignment, Figures whole) {
            boolean all = some == points || some == other;
            return new StepFigures(all ? whole.slicedWasserstein1() : sliced(some), assignment.distance(),
                    all ? whole.totalVariation() : variation.distance(some), all ? whole.offSupport() : density.shareOffSupport(some));
        }

        /** The first points, [paired, 2], by number of steps. */
        private SortedMap<Integer, float[]> mappedBySteps() {
            SortedMap<Integer, float[]> mapped = new TreeMap<>();
            origin.ifPresent(made -> {
                Integration own = made.map().integration();
                TreeSet<Integer> wanted = new TreeSet<>(COMPARED_STEPS);
                wanted.add(own.T());
                for (int steps : wanted) {
                    if (steps == own.T()) {
                        mapped.put(steps, first(points, paired));
                        continue;
                    }
                    try (PushForward map = made.map().with(Integration.of(own.solver(), made.schedule(), steps, false))) {
                        mapped.put(steps, map.map(first(made.starts(), paired)));
                    }
                }
            });
            return mapped;
        }

        private Trajectories trajectories(Origin made) {
            float[] starts = first(made.starts(), exact);
            Trajectories trajectories = new Trajectories(starts, PATH_STEPS);
            try (PushForward map = made.map().with(Integration.of(Solver.EULER, Schedule.LINEAR, PATH_STEPS, false))) {
                map.follow(starts, false, (step, first, moved, logDensity) -> trajectories.move(first, moved));
            }
            return trajectories;
        }

        /**
         * The assignments of several sets to the first exact samples.
         *
         * @param bySteps       for other numbers of steps than the map's own
         * @param fromStarts    empty without a map
         * @param startsToOther from the starts to the other exact samples; empty without a map
         */
        private record Assignments(Assignment points, Assignment other, SortedMap<Integer, Assignment> bySteps,
                Optional<Assignment> fromStarts, Optional<Assignment> startsToOther) { }

        private Assignments assignments(SortedMap<Integer, float[]> mapped) {
            float[] to = first(reference, exact);
            float[] further = first(other, exact);
            List<float[][]> pairs = new ArrayList<>(List.of(new float[][] {first(points, exact), to}, new float[][] {further, to}));
            origin.ifPresent(made -> {
                float[] from = first(made.starts(), exact);
                pairs.addAll(List.of(new float[][] {from, to}, new float[][] {from, further}));
            });
            List<Integer> steps = mapped.keySet().stream()
                    .filter(T -> T != origin.orElseThrow().map().integration().T()).toList();
            steps.forEach(T -> pairs.add(new float[][] {first(mapped.get(T), exact), to}));
            List<Assignment> all = pairs.parallelStream().map(pair -> Assignment.of(pair[0], pair[1], shouldContinue)).toList();
            SortedMap<Integer, Assignment> bySteps = new TreeMap<>();
            for (int k = 0; k < steps.size(); k++) {
                bySteps.put(steps.get(k), all.get(4 + k));
            }
            return new Assignments(all.get(0), all.get(1), bySteps, origin.map(made -> all.get(2)), origin.map(made -> all.get(3)));
        }
    }

    private static float[] first(float[] points, int count) {
        return points.length == 2 * count ? points : Arrays.copyOf(points, 2 * count);
    }
}
