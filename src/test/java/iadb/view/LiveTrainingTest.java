package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.density.PointRows;
import iadb.draw.PointSource;
import iadb.metric.TotalVariation;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plot.Box;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingRun;
import iadb.train.TrainingSession;
import iadb.train.TrainingSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The window's training: continued with another density or coupling, with a cosine schedule, with averaged weights, and by reflow. */
class LiveTrainingTest {
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    private static final Density MOONS = NamedDensities.find("moons").orElseThrow();
    private static final Duration FRAME = Duration.ofMillis(50);

    private static final TrainingSettings SETTINGS = TrainingSettings.tutorial().withData(500).withBatch(32).withSeed(1);

    private static LiveTraining training(Context context, TrainingSettings settings) {
        return new LiveTraining(context, settings, Network.initial(settings.shape(), 1), new AtomicReference<>());
    }

    private static void finish(LiveTraining training) {
        while (training.active()) {
            training.advance(FRAME);
        }
    }

    private static void couple(LiveTraining training, Coupling coupling, Density p0, Density p1) {
        assertTrue(training.train(training.settings().withCoupling(coupling), p0, p1), "the network stays");
    }

    private static void awaitPairs(LiveTraining training) {
        while (training.isPairing()) {
            training.advance(FRAME);
        }
    }

    @Test
    void aNewDensityRestartsTheCosineSchedule() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(300).withLearningRate(1e-3f, true))) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertEquals(300, training.done());
            float[] first = training.snapshot().parameters();
            training.train(GAUSSIAN, MOONS);
            assertArrayEquals(first, training.snapshot().parameters(), "the weights stay");
            finish(training);
            assertEquals(600, training.done());
            float[] second = training.snapshot().parameters();
            double moved = 0;
            for (int i = 0; i < first.length; i++) {
                moved = Math.max(moved, Math.abs(second[i] - first[i]));
            }
            assertTrue(moved > 1e-2, "it learned at a rate above 0: " + moved);
        }
    }

    @Test
    void aConstantRateContinuesInTheSameSession() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(200))) {
            training.train(GAUSSIAN, RING);
            finish(training);
            training.train(GAUSSIAN, MOONS);
            finish(training);
            assertEquals(400, training.done());
        }
    }

    /** Points of a spiral; {@code turn} makes another of the same length. */
    private static PointDensity spiral(int count, double turn) {
        float[] points = new float[2 * count];
        for (int n = 0; n < count; n++) {
            points[2 * n] = (float) (0.5 + 0.4 * n / count * Math.cos(0.05 * n + turn));
            points[2 * n + 1] = (float) (0.5 + 0.4 * n / count * Math.sin(0.05 * n + turn));
        }
        return new PointDensity("spiral of " + count, Optional.empty(), points, Box.UNIT, 0);
    }

    @Test
    void otherNumbersOfRowsContinueFromTheSameState() {
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(200))) {
            training.train(GAUSSIAN, spiral(300, 0));
            finish(training);
            float[] before = training.snapshot().parameters();
            training.train(GAUSSIAN, spiral(701, 0));
            assertArrayEquals(before, training.snapshot().parameters(), "the weights stay");
            finish(training);
            assertEquals(400, training.done());
            assertEquals(400, training.history().steps());
            training.train(spiral(11, 0), GAUSSIAN);
            finish(training);
            assertEquals(600, training.done());
            assertFalse(training.diverged());
        }
    }

    @Test
    void anotherEncodingStartsFromFreshWeightsAndEveryTrainingContinuesWithIt() {
        TrainingSettings settings = SETTINGS.withIterations(200).withShape(new NetworkShape(16, 2)).withEma(0.9);
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, settings)) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertFalse(training.train(training.settings(true), GAUSSIAN, RING), "another network");
            assertTrue(training.isEncoded());
            NetworkShape encoded = new NetworkShape(16, 2, NetworkShape.DEFAULT_FEATURES);
            Network fresh = Network.initial(encoded, settings.seed());
            assertArrayEquals(fresh.parameters(), training.snapshot().parameters());
            assertArrayEquals(fresh.parameters(), training.parameters().read(new float[encoded.bufferFloats()]));
            assertFalse(training.hasTrained() || training.running() || training.ended());
            training.begin(training.prepare(GAUSSIAN, RING, () -> true));
            finish(training);
            assertEquals(200, training.done());
            training.train(GAUSSIAN, MOONS);
            finish(training);
            assertTrue(training.reflow(GAUSSIAN, MOONS));
            finish(training);
            assertEquals(600, training.done());
            Network last = training.snapshot();
            assertEquals(encoded, last.shape());
            assertArrayEquals(fresh.tensors().get(6).data(), last.tensors().get(6).data(), "the directions are not trained");
            assertTrue(training.model(GAUSSIAN, MOONS).provenance().get("configuration").contains("fourier:32:1.0"));
            training.restart(GAUSSIAN, RING);
            assertArrayEquals(fresh.parameters(), training.snapshot().parameters());
            assertFalse(training.train(training.settings(false), GAUSSIAN, RING));
            training.train(GAUSSIAN, RING);
            finish(training);
            assertEquals(new NetworkShape(16, 2), training.snapshot().shape());
        }
    }

    @Test
    void theEncodingThatTheUserGaveIsChosenAgain() {
        TrainingSettings settings = SETTINGS.withShape(new NetworkShape(16, 1)).withEncoding(8, 0.5);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, settings, settings.initialNetwork(), new AtomicReference<>())) {
            assertFalse(training.train(training.settings(false), GAUSSIAN, RING));
            assertFalse(training.train(training.settings(true), GAUSSIAN, RING));
            assertArrayEquals(settings.initialNetwork().parameters(), training.snapshot().parameters());
        }
    }

    @Test
    void anotherCouplingKeepsTheWeightsAndChangesThePairs() {
        PointDensity p0 = spiral(400, 0);
        PointDensity p1 = spiral(400, 1);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, SETTINGS.withIterations(200))) {
            assertTrue(training.newPairs().isEmpty());
            training.train(p0, p1);
            float[] independent = training.newPairs().orElseThrow();
            assertTrue(training.newPairs().isEmpty(), "they are the same until something changes");
            finish(training);
            float[] before = training.snapshot().parameters();
            couple(training, Coupling.PAIRED, p0, p1);
            assertArrayEquals(before, training.snapshot().parameters(), "the weights stay");
            float[] paired = training.newPairs().orElseThrow();
            finish(training);
            assertEquals(400, training.done());
            assertEquals(independent.length, paired.length);
            int belong = 0;
            for (int n = 0; n < paired.length; n += 4) {
                int row = rowOf(p0, paired, n);
                assertEquals(row, rowOf(p1, paired, n + 2), "x1 is of the same row");
                belong += rowOf(p0, independent, n) == rowOf(p1, independent, n + 2) ? 1 : 0;
            }
            assertTrue(belong < 10, belong + " of 300 random pairs are of the same row: 0.75 are expected");
            couple(training, Coupling.OT, p0, p1);
            awaitPairs(training);
            float[] transported = training.newPairs().orElseThrow();
            assertTrue(meanSquare(transported) < 0.5 * meanSquare(independent), "optimal transport pairs near points");
            couple(training, Coupling.PAIRED, p0, p1);
            training.train(p0, RING);
            assertEquals(Coupling.INDEPENDENT, training.coupling(), "a picture has no rows");
            double[] rows = spiral(400, 0).inPlane();
            PointDensity some = new PointDensity(new PointRows("some", Path.of("some.csv"), rows, 401), Box.UNIT, 0);
            assertFalse(LiveTraining.canPair(p0, some), "400 of a file of 401");
        }
    }

    private static double meanSquare(float[] pairs) {
        double sum = 0;
        for (int n = 0; n < pairs.length; n += 4) {
            sum += Math.pow(pairs[n + 2] - pairs[n], 2) + Math.pow(pairs[n + 3] - pairs[n + 1], 2);
        }
        return sum / (pairs.length / 4.0);
    }

    private static int rowOf(PointDensity density, float[] pairs, int at) {
        for (int row = 0; row < density.count(); row++) {
            if (density.points()[2 * row] == pairs[at] && density.points()[2 * row + 1] == pairs[at + 1]) {
                return row;
            }
        }
        throw new AssertionError("%s, %s: not a row of %s".formatted(pairs[at], pairs[at + 1], density));
    }

    @Test
    void trainingContinuesOnItsDataUntilThePairsAreMade() {
        int many = 60_000; // pairs that take much longer than a frame
        TrainingSettings settings = SETTINGS.withIterations(10_000_000).withData(many).withShape(new NetworkShape(16, 2));
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, settings)) {
            training.train(GAUSSIAN, RING);
            float[] independent = training.newPairs().orElseThrow();
            couple(training, Coupling.OT, GAUSSIAN, RING);
            assertTrue(training.isPairing() && training.running());
            int before = training.done();
            training.advance(FRAME);
            if (training.isPairing()) {
                assertTrue(training.done() > before, "it trains while pairs are made");
                assertTrue(training.newPairs().isEmpty(), "on the data that it had");
                assertFalse(training.model(GAUSSIAN, RING).provenance().get("configuration").contains("\"ot\""));
            }
            couple(training, Coupling.INDEPENDENT, GAUSSIAN, RING);
            assertFalse(training.isPairing(), "another choice discards them");
            training.advance(FRAME);
            assertTrue(training.newPairs().isEmpty());
            couple(training, Coupling.OT, GAUSSIAN, RING);
            training.train(GAUSSIAN, MOONS);
            awaitPairs(training);
            float[] pairs = training.newPairs().orElseThrow();
            assertTrue(meanSquare(pairs) < 0.5 * meanSquare(independent));
            for (int n = 0; n < pairs.length; n += 4) {
                assertTrue(MOONS.logDensityAt(pairs[n + 2], pairs[n + 3]) > Double.NEGATIVE_INFINITY, "of the later density");
            }
            assertTrue(training.model(GAUSSIAN, MOONS).provenance().get("configuration").contains("\"ot\""));
            training.restart(GAUSSIAN, MOONS);
            assertTrue(training.running() && !training.isPairing(), "the same pairs are not made twice");
            assertArrayEquals(pairs, training.newPairs().orElseThrow());
            assertFalse(training.train(training.settings(true), GAUSSIAN, MOONS));
            training.begin(training.prepare(GAUSSIAN, MOONS, () -> false));
            assertArrayEquals(pairs, training.newPairs().orElseThrow(), "nor for another network");
        }
    }

    private static TrainingSettings small(Preset preset) {
        return preset.settings().withData(500).withIterations(20).withBatch(32).withSeed(1);
    }

    @Test
    void aPresetTrainsFromTheCurrentWeightsIfTheNetworkIsOfItsShape() {
        NetworkShape plain = new NetworkShape(16, 2);
        NetworkShape encoded = new NetworkShape(16, 2, NetworkShape.DEFAULT_FEATURES);
        TrainingSettings tutorial = SETTINGS.withIterations(20).withShape(plain);
        TrainingSettings sharp = small(Preset.SHARP).withShape(encoded);
        TrainingSettings quick = small(Preset.QUICK).withShape(encoded);
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, tutorial)) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertFalse(training.train(sharp, GAUSSIAN, RING), "the tutorial's network has no encoding");
            training.begin(training.prepare(GAUSSIAN, RING, () -> true));
            finish(training);
            float[] before = training.snapshot().parameters();
            assertTrue(training.train(quick, GAUSSIAN, RING));
            assertArrayEquals(before, training.snapshot().parameters());
            finish(training);
            assertEquals(40, training.done());
            assertTrue(training.train(tutorial.withShape(encoded), GAUSSIAN, RING));
            finish(training);
            assertEquals(60, training.done(), "a constant rate after a cosine begins with new moments");
            assertFalse(training.train(quick.withEncoding(32, 2), GAUSSIAN, RING), "other directions");
        }
    }

    /** A face of an arc and two dots, as a user paints it. */
    private static Density face() {
        Painting painting = new Painting();
        for (double angle = -0.9 * Math.PI; angle < -0.1 * Math.PI; angle += 0.05) {
            painting.draw(0.5 + 0.32 * Math.cos(angle), 0.5 + 0.32 * Math.sin(angle), 0.03, angle == -0.9 * Math.PI, false);
        }
        painting.draw(0.35, 0.65, 0.05, true, false);
        painting.draw(0.65, 0.65, 0.05, true, false);
        return painting.density();
    }

    private static double variation(Context context, LiveTraining training, Density p0, Density p1) {
        Integration preview = Integration.of(Solver.EULER, Integration.Schedule.LINEAR, 16, false);
        try (PointSource source = new PointSource(context, p0);
                PushForward map = new PushForward(context, training.snapshot(), Optional.empty(), preview, share -> true)) {
            return new TotalVariation(p1).distance(map.map(source.drawToHost(1, RandomPurpose.START_POINTS, 0, 1 << 14)));
        }
    }

    private static void advanceTo(LiveTraining training, int iteration) {
        while (training.done() < iteration) {
            training.advance(Duration.ofMillis(2)); // a slice of a few steps
        }
    }

    @Test
    void aPaintedDensityCanBeRecognisedAfterHalfASecond() {
        int learned = 600;
        int unpaired = 100; // iterations until 32,768 points are paired, and
        int paired = 150; // after that in half a second of a window, of two busy cores that draw it, too
        Density face = face();
        TrainingSettings settings = TrainingSettings.tutorial();
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, settings)) {
            training.train(GAUSSIAN, RING);
            advanceTo(training, learned);
            assertTrue(variation(context, training, GAUSSIAN, face) > 0.7, "the map to the density before is no face");
            training.follow(GAUSSIAN, face);
            advanceTo(training, learned + unpaired);
            training.stop();
            awaitPairs(training);
            assertTrue(training.resume());
            int begin = training.done();
            advanceTo(training, begin + paired);
            double half = variation(context, training, GAUSSIAN, face); // some 0.22; with the settings' own rate 0.4; exact samples 0.06
            assertTrue(half < 0.3, "total variation " + half);
            assertTrue(training.isFollowing());
            assertEquals(settings, training.settings(), "a later training is the chosen one again");
        }
    }

    @Test
    void pairsThatAreMadeWhileItIsStoppedDoNotStartIt() {
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, SETTINGS.withIterations(50))) {
            couple(training, Coupling.OT, GAUSSIAN, RING);
            training.stop();
            assertFalse(training.active());
            awaitPairs(training);
            assertEquals(0, training.done());
            assertFalse(training.active() || training.ended());
            assertTrue(training.resume());
            finish(training);
            assertEquals(50, training.done());
        }
    }

    @Test
    void roundsOfReflowHaveTheBitsOfTheCommandLine() {
        TrainingSettings settings = SETTINGS.withIterations(60).withShape(new NetworkShape(16, 2)).withEma(0.9).withReflow(2)
                .withLearningRate(1e-3f, true).withPlan(Optional.of(PlanChoice.Kind.FUSED));
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = training(context, settings);
                TrainingRun run = new TrainingRun(context, settings, GAUSSIAN, RING)) {
            training.train(GAUSSIAN, RING);
            assertEquals(180, training.goal());
            finish(training);
            run.train(0, progress -> true);
            assertEquals(180, training.done());
            assertEquals(2, training.round());
            assertTrue(training.ended());
            assertArrayEquals(run.model().network().parameters(), training.snapshot().parameters());
            assertArrayEquals(run.history().curve(), training.history().curve());
            assertTrue(rounds(training).contains("\"reflow\":2,"), rounds(training));
        }
    }

    private static String rounds(LiveTraining training) {
        return training.model(GAUSSIAN, RING).provenance().get("configuration").replace(" ", "");
    }

    @Test
    void reflowEndsTheRoundAndAnotherDensityBeginsAtRound0() {
        TrainingSettings settings = SETTINGS.withIterations(100).withShape(new NetworkShape(16, 2));
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, settings)) {
            training.train(GAUSSIAN, RING);
            training.advance(Duration.ofNanos(1));
            assertTrue(training.reflow(GAUSSIAN, RING));
            Network before = training.snapshot();
            int first = training.done();
            assertTrue(training.isMapping() && training.running() && first < 100);
            training.stop();
            assertFalse(training.isPairing());
            assertTrue(training.resume());
            awaitRound(training, 1);
            assertEquals(first, training.done(), "no step is made while pairs are mapped");
            assertFalse(rounds(training).contains("reflow"), "no step was made in the round");
            float[] pairs = training.newPairs().orElseThrow();
            float[] x0 = new float[pairs.length / 2];
            float[] x1 = new float[pairs.length / 2];
            for (int i = 0; i < pairs.length; i++) {
                (i % 4 < 2 ? x0 : x1)[i / 4 * 2 + i % 2] = pairs[i];
            }
            try (PushForward map = new PushForward(context, before, Optional.empty(),
                    Integration.of(Solver.RK4, Integration.Schedule.LINEAR, 32, false), share -> true)) {
                assertArrayEquals(map.map(x0), x1, "the pairs are (x0, map(x0))");
            }
            finish(training);
            assertEquals(first + 100, training.done());
            assertTrue(rounds(training).contains("\"reflow\":1,"), rounds(training));
            training.train(GAUSSIAN, RING);
            assertEquals(1, training.round(), "more iterations on the same pairs");
            training.reflow(GAUSSIAN, RING);
            awaitRound(training, 2);
            float[] weights = training.snapshot().parameters();
            training.train(GAUSSIAN, MOONS);
            assertEquals(0, training.round());
            assertArrayEquals(weights, training.snapshot().parameters(), "the weights stay");
            finish(training);
            assertFalse(rounds(training).contains("reflow"), rounds(training));
        }
    }

    private static void awaitRound(LiveTraining training, int round) {
        while (training.round() < round) {
            training.advance(Duration.ofMillis(1));
        }
    }

    @Test
    void aNetworkThatWasNotTrainedHereCanBeReflowed() {
        TrainingSettings settings = SETTINGS.withIterations(20).withShape(new NetworkShape(16, 2));
        try (Context context = Context.open(Device.select("auto")); LiveTraining training = training(context, settings)) {
            training.reflow(GAUSSIAN, RING);
            finish(training);
            assertEquals(20, training.done());
            assertEquals(1, training.round());
        }
    }

    @Test
    void aDivergedTrainingRestoresTheEarlierWeights() {
        TrainingSettings settings = SETTINGS.withIterations(1000).withLearningRate(30, false);
        Network initial = Network.initial(settings.shape(), 1);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, settings, initial, new AtomicReference<>())) {
            training.train(GAUSSIAN, RING);
            finish(training);
            assertTrue(training.diverged());
            assertTrue(training.divergedAt() > 1 && training.divergedAt() < 10, "at " + training.divergedAt());
            assertEquals(0, training.done(), "in the first second the only safe state is the start");
            assertArrayEquals(initial.parameters(), training.snapshot().parameters());
            assertArrayEquals(initial.parameters(), training.parameters().read(new float[initial.parameters().length]));
            assertFalse(training.resume() || training.reflow(GAUSSIAN, RING));
            assertEquals(training.divergedAt() - 1, training.history().steps(), "all finite losses are kept");
            training.train(GAUSSIAN, RING);
            assertTrue(training.running() && !training.diverged(), "it starts again");
            assertEquals(0, training.history().steps());
        }
    }

    @Test
    void theAverageIsShown() {
        TrainingSettings settings = SETTINGS.withIterations(200).withEma(0.99);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining averaged = training(context, settings);
                TrainingSession session = new TrainingSession(context, settings, GAUSSIAN, RING)) {
            averaged.train(GAUSSIAN, RING);
            finish(averaged);
            session.advance(200, Duration.ofMinutes(1));
            session.drain();
            float[] average = session.checkpoint().average().orElseThrow().parameters();
            assertArrayEquals(average, averaged.snapshot().parameters());
            assertArrayEquals(average, averaged.parameters().read(new float[average.length]));
            assertFalse(Arrays.equals(average, session.checkpoint().weights().parameters()));
        }
    }
}
