package iadb;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.draw.PointSource;
import iadb.metric.EnergyDistance;
import iadb.metric.SlicedWasserstein;
import iadb.random.RandomPurpose;
import iadb.sample.PushForward;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The distance of points from a density, and that of the same number of exact samples, which is the noise floor.
 *
 * @param points        of the points
 * @param exact         of exact samples
 * @param count         N, points compared
 * @param pairedPoints  points of each set in the energy distance: all, or the first {@value #MAX_PAIRED}
 * @param densityPoints exact samples at which the map's density was computed; 0 if there is no map
 * @param notInverted   number of these samples at which a step of the map has no inverse
 * @param withoutMass   number of these samples at which the map's density is 0
 */
public record Evaluation(Figures points, Figures exact, int count, int pairedPoints, int densityPoints, int notInverted,
        int withoutMass) {
    /** The most points in the energy distance, which takes all pairs and therefore quadratic time. */
    public static final int MAX_PAIRED = 1 << 16;

    /**
     * The distances of one set of points from fresh exact samples.
     *
     * @param slicedWasserstein1 in units of the square's side
     * @param energyDistance     2 E|X-Y| - E|X-X'| - E|Y-Y'|, in units of the square's side
     * @param offSupport         share of points off the density's support ({@link Density#shareOffSupport})
     * @param meanLogDensity     mean of the log-density of the map, or of the density, over the exact samples at which the map has
     *                           an inverse and a density; NaN if there is no such sample or no map
     */
    public record Figures(double slicedWasserstein1, double energyDistance, double offSupport, double meanLogDensity) {
    }

    /**
     * Compares points with a density.
     *
     * @param context        the device to work on
     * @param density        to compare with
     * @param points         [N, 2], N at least 1
     * @param map            the map that made them, with its base density; empty if unknown
     * @param seed           of the exact samples
     * @param shouldContinue called many times a second while distances are computed, by several threads
     * @return the distances
     * @throws CancellationException if {@code shouldContinue} returned false
     */
    public static Evaluation of(Context context, Density density, float[] points, Optional<PushForward> map, long seed,
            BooleanSupplier shouldContinue) {
        int count = points.length / 2;
        float[] reference;
        float[] other;
        try (PointSource source = new PointSource(context, density)) {
            reference = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, 0, count);
            other = source.drawToHost(seed, RandomPurpose.REFERENCE_POINTS, count, count);
        }
        int paired = Math.min(count, MAX_PAIRED);
        float[] logDensity = map.map(m -> m.inverseWithDensity(first(reference, paired)).logDensity()).orElse(new float[0]);
        double energy;
        double exactEnergy;
        try (EnergyDistance distance = new EnergyDistance(context)) {
            float[] some = first(reference, paired);
            energy = distance.distance(first(points, paired), some, shouldContinue);
            exactEnergy = distance.distance(first(other, paired), some, shouldContinue);
        }
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
                exactSum += density.logDensityAt(reference[2 * n], reference[2 * n + 1]);
            }
        }
        return new Evaluation(
                new Figures(SlicedWasserstein.distance(points, reference, shouldContinue), energy, density.shareOffSupport(points),
                        sum / (logDensity.length - notInverted - withoutMass)), // 0 / 0 is NaN
                new Figures(SlicedWasserstein.distance(other, reference, shouldContinue), exactEnergy, density.shareOffSupport(other),
                        exactSum / (logDensity.length - notInverted - withoutMass)),
                count, paired, logDensity.length, notInverted, withoutMass);
    }

    private static float[] first(float[] points, int count) {
        return points.length == 2 * count ? points : Arrays.copyOf(points, 2 * count);
    }
}
