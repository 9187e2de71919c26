package iadb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Density;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Evaluations whose values are known: a map that translates a gaussian, in a plane of other units than the square's. */
class EvaluationTest {
    private static final Box BOX = new Box(-5, -5, 10);
    private static final double H = 0.5; // deviation of the gaussians
    private static final int N = 4096;

    /** A gaussian: two points that are 1e-4 apart, each with a kernel of deviation H. */
    private static Density gaussian(float x, float y) {
        return Densities.ofPoints(new float[] {x, y, x + 1e-4f, y}, BOX, H);
    }

    /** A map that moves a gaussian at (-2, 0) by 3 to the right; its target is one at (target, 0). */
    private static LearnedMap translation(float target) { return translation(gaussian(target, 0)); }

    private static LearnedMap translation(Density target) {
        NetworkShape shape = new NetworkShape(16, 1);
        float[] parameters = new float[shape.bufferFloats()];
        parameters[shape.biasOffset(shape.depth())] = 0.3f; // of the square's side
        Model model = new Model(new Network(shape, parameters), Optional.of(gaussian(-2, 0)), Optional.of(target),
                Map.of());
        return LearnedMap.of(model, "auto");
    }

    private static Evaluation translated(float target) {
        try (LearnedMap map = translation(target)) {
            return map.evaluate(N, 1, 1000);
        }
    }

    /**
     * The density of the map over the plane [-4, 6] x [-5, 5], around (1, 0), by the midpoint rule: its cells are a fifth of the
     * deviation wide, and beyond 10 deviations is nothing. Each log-density is a float with an error of some 1e-6.
     */
    @Test
    void theDensityIntegratesToOneOverTheUsersPlane() {
        int side = 100;
        float[] grid = new float[2 * side * side];
        for (int i = 0; i < side * side; i++) {
            grid[2 * i] = -4 + 10 * (i % side + 0.5f) / side;
            grid[2 * i + 1] = -5 + 10 * (i / side + 0.5f) / side;
        }
        try (LearnedMap map = translation(1)) {
            assertEquals(BOX, map.box());
            double sum = 0;
            for (float log : map.logDensity(grid)) {
                sum += Math.exp(log);
            }
            assertEquals(1, sum * 0.1 * 0.1, 1e-4);
        }
    }

    /** Floats of the square: 2^-24 of its side 10, a few times over 128 steps. */
    @Test
    void pointsKeepTheirUnitsThereAndBack() {
        float[] starts = {-2, 0, -1.5f, 0.25f, -7, 3}; // the last one outside the box
        try (LearnedMap map = translation(1)) {
            float[] ends = map.map(starts);
            float[] back = map.inverse(ends);
            for (int i = 0; i < starts.length; i++) {
                assertEquals(starts[i] + (i % 2 == 0 ? 3 : 0), ends[i], 1e-4);
                assertEquals(starts[i], back[i], 1e-4);
            }
        }
    }

    /**
     * A translation that ends at the target. The mean of 1,000 points is off by H sqrt(2 / 1000) = 0.022 in each set, in the plane, so
     * W2 between sets 3 apart is off by 0.032 at random, 1 % (three times that: 3 %, 6 % of its square). The map's points have the
     * distribution of the exact samples, so that their W2 differ by chance only: W2² holds the squared distance of the means, 0.001 at
     * random, four of which are 0.02 of a W2 of about 0.1.
     */
    @Test
    void aTranslationIsStraight() {
        Evaluation evaluation = translated(1);
        Evaluation.Figures points = evaluation.points();
        assertEquals(1, points.pathLengthRatio(), 1e-4, "100 steps of 0.003, each rounded by 2^-24");
        assertEquals(0, points.straightness(), 1e-8);
        assertEquals(0, points.normalizedPathEnergy(), 0.06);
        assertEquals(0, evaluation.exact().normalizedPathEnergy(), 0.12);
        assertEquals(0, points.kl(), 1e-2, "equal densities, and logarithms in float");
        assertEquals(evaluation.exact().wasserstein2(), points.wasserstein2(), 0.02);
        assertTrue(points.wasserstein2Gap() < 1e-9, evaluation.toString());
        assertEquals(Set.of(1, 2, 4, 8, 128), evaluation.bySteps().keySet());
        assertEquals(points.wasserstein2(), evaluation.bySteps().get(128).wasserstein2());
        // one step ends where 128 do, but for rounding: 1e-5 of the plane's units
        assertEquals(points.wasserstein2(), evaluation.bySteps().get(1).wasserstein2(), 1e-4);
        assertEquals(points.slicedWasserstein1(), evaluation.bySteps().get(2).slicedWasserstein1(), 1e-4);
    }

    /**
     * Two gaussians of deviation H that are d = 1 apart: W2 = d, sliced W1 = 2 d / pi, KL = d²/(2 H²) = 2. The log-ratio has the
     * deviation d / H = 2, the mean of 4,096 of them 0.031, of which four are 0.125. The distance of the means of 1,000 points each is
     * off by 0.022, of which four are 0.09; the sampling error of W2 itself adds in squares. E = 9 and W2 = 4 between start and
     * target: path energy (9 - 16) / 16, with W2² off by 4 * 2 * 0.022 / 4 = 4.5 % at four deviations.
     */
    @Test
    void twoGaussiansHaveTheirKnownDistances() {
        Evaluation evaluation = translated(2);
        Evaluation.Figures points = evaluation.points();
        assertEquals(1, points.wasserstein2(), 0.1);
        assertEquals(2 / Math.PI, points.slicedWasserstein1(), 0.05);
        assertEquals(2, points.kl(), 0.125);
        assertEquals(0, evaluation.exact().kl());
        // the mean log-density of a gaussian is -ln(2 pi H²) - 1 per unit of the plane's area; its deviation is 1, of the mean 1/64
        assertEquals(-Math.log(2 * Math.PI * H * H) - 1, evaluation.exact().meanLogDensity(), 4 / 64.0);
        assertEquals(7 / 16.0, points.normalizedPathEnergy(), 0.045);
        // |mass differences| of two gaussians d apart: erf(d / (2 sqrt(2) H)) = erf(0.7071) = 0.6827, more by the noise of cells
        assertTrue(points.totalVariation() > 0.66 && points.totalVariation() < 0.85, evaluation.toString());
        assertEquals(1000, evaluation.exactPoints());
    }

    /**
     * The density of points is their kernel estimate f: the mean log-density over its samples is ∫ f ln f, by the midpoint rule on cells
     * that are narrower than its kernels. At the points themselves it would be higher, since each stands at the top of its own kernel.
     * The log-density's deviation is about 1, of the mean of 4,096 samples 1/64.
     */
    @Test
    void theMeanLogDensityOfPointsIsThatOfTheirEstimate() {
        Random random = new Random(5);
        float[] points = new float[2 * 300];
        for (int i = 0; i < points.length; i++) {
            points[i] = (float) (H * random.nextGaussian());
        }
        Density density = Densities.ofPoints(points, BOX, 0);
        double atPoints = 0;
        for (int n = 0; n < points.length; n += 2) {
            atPoints += density.logDensityAt((points[n] + 5) / 10, (points[n + 1] + 5) / 10) / 300;
        }
        double entropy = 0;
        int side = 256;
        for (int i = 0; i < side * side; i++) {
            double log = density.logDensityAt((i % side + 0.5) / side, (i / side + 0.5) / side);
            entropy -= Math.exp(log) * log / side / side;
        }
        try (LearnedMap map = translation(density)) {
            double mean = map.evaluate(N, 1, 100).exact().meanLogDensity() + 2 * Math.log(10); // per unit of the square's area
            assertEquals(-entropy, mean, 4 / 64.0);
            assertTrue(mean < atPoints - 4 / 64.0, mean + ", at the points " + atPoints);
        }
    }
}
