package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.LearnedMap;
import iadb.Trainer;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plot.Box;
import iadb.sample.Integration;
import iadb.sample.PushForward;
import iadb.sample.Solver;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rounds of reflow: a case whose map is known, and checkpoints, stops and divergence in each round. */
class ReflowTest {
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    /** 40 steps in each of three rounds. */
    private static final TrainingSettings SETTINGS = TrainingSettings.tutorial().withIterations(40).withData(500).withBatch(32)
            .withShape(new NetworkShape(16, 2)).withLearningRate(1e-3f, true).withEma(0.9).withReflow(2)
            .withPlan(Optional.of(PlanChoice.Kind.FUSED));

    @TempDir
    private Path folder;

    /** Trains to the end; returns the checkpoints. */
    private static List<Checkpoint.Contents> train(TrainingRun run, int every) {
        List<Checkpoint.Contents> checkpoints = new ArrayList<>();
        run.train(every, new TrainingRun.Observer() {
            @Override
            public boolean progressed(TrainingSession.Progress progress) { return true; }

            @Override
            public void checkpoint(Checkpoint.Contents checkpoint) { checkpoints.add(checkpoint); }
        });
        return checkpoints;
    }

    private static List<Checkpoint.Contents> checkpoints(TrainingSettings settings, int every) {
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, settings, GAUSSIAN, RING)) {
            return train(run, every);
        }
    }

    private static PointDensity normal(double mean, double deviation, long seed) {
        Random random = new Random(seed);
        float[] points = new float[2 * 8192];
        for (int i = 0; i < points.length; i++) {
            points[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return new PointDensity("normal", Optional.empty(), points, Box.UNIT, 0);
    }

    private static float[] map(Context context, Network network, float[] starts, Solver solver, int steps) {
        try (PushForward map = new PushForward(context, network, Optional.empty(),
                Integration.of(solver, Integration.Schedule.LINEAR, steps, false), share -> true)) {
            return map.map(starts);
        }
    }

    /** The root of the mean squared distance between points [N, 2]. */
    private static double rms(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
        }
        return Math.sqrt(sum / (a.length / 2));
    }

    /**
     * N(m0, s0²) to N(m1, s1²): the exact field maps x to m1 + s1/s0 (x - m0), in one step only after reflow; before, one step
     * takes all points to m1, at a distance of √2 s1.
     */
    @Test
    void oneStepIsTheAffineMapBetweenTwoGaussians() {
        double s0 = 0.05;
        double s1 = 0.1;
        PointDensity p0 = normal(0.4, s0, 1);
        PointDensity p1 = normal(0.5, s1, 2);
        TrainingSettings settings = TrainingSettings.tutorial().withIterations(4000).withBatch(128).withData(8192)
                .withShape(new NetworkShape(32, 2)).withLearningRate(2e-3f, true).withEma(0.99).withReflow(1)
                .withPlan(Optional.of(PlanChoice.Kind.FUSED));
        float[] starts = normal(0.4, s0, 3).points();
        float[] affine = new float[starts.length];
        for (int i = 0; i < starts.length; i++) {
            affine[i] = (float) (0.5 + s1 / s0 * (starts[i] - 0.4));
        }
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, settings, p0, p1)) {
            List<Checkpoint.Contents> rounds = train(run, Integer.MAX_VALUE);
            Network before = rounds.get(0).checkpoint().result();
            Network after = rounds.get(1).checkpoint().result();
            float[] paired = map(context, before, starts, Solver.RK4, 32);
            float[] oneStep = map(context, after, starts, Solver.EULER, 1);
            float[] manySteps = map(context, after, starts, Solver.RK4, 32);
            double oneStepBefore = rms(map(context, before, starts, Solver.EULER, 1), affine);
            // On its pairs, the field differs from x1 - x0 by the root of the loss per row, averaged over α; at α = 0 or along a
            // trajectory by at most a small multiple of it.
            double noise = Math.sqrt(run.history().smoothed() / settings.batch());
            assertTrue(noise < 0.05 * s1, "loss per row " + noise);
            assertEquals(0, rms(oneStep, paired), 3 * noise);
            assertEquals(0, rms(oneStep, manySteps), 3 * noise);
            // The map of round 0 is that of two samples of N points and of a field learned from targets whose deviation given
            // x_α is at most √2 (s0 + s1): averaged over about 1/(1 - 0.99) batches, it is known to that over √(100 B).
            double sampled = 4 * (s0 + s1) / Math.sqrt(p0.count());
            double learned = 4 * Math.sqrt(2) * (s0 + s1) / Math.sqrt(100.0 * settings.batch());
            assertTrue(oneStepBefore > s1, "one step before reflow: " + oneStepBefore);
            assertEquals(0, rms(oneStep, affine), sampled + learned + 3 * noise);
        }
    }

    /** Checkpoints inside each round and at its end, through a file. */
    @ParameterizedTest
    @EnumSource
    void resumingInAnyRoundGivesTheSameBits(PlanChoice.Kind plan) throws IOException {
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun whole = new TrainingRun(context, SETTINGS.withPlan(Optional.of(plan))
                        .withEncoding(plan == PlanChoice.Kind.LAYERED ? 0 : 8, 1.5)
                        .withCoupling(plan == PlanChoice.Kind.FUSED ? Coupling.OT : Coupling.INDEPENDENT), GAUSSIAN, RING)) {
            List<Checkpoint.Contents> checkpoints = train(whole, 25);
            assertEquals(List.of(25, 40, 50, 75, 80, 100, 120), checkpoints.stream().map(c -> c.checkpoint().step()).toList());
            assertEquals(120, whole.history().steps());
            for (Checkpoint.Contents written : checkpoints) {
                Path file = folder.resolve("c.safetensors");
                Checkpoint.write(file, written);
                Checkpoint.Contents from = Checkpoint.read(file);
                TrainingSettings settings = Provenance.resumed(from, Optional.empty(), Optional.empty(), "file");
                try (TrainingRun resumed = TrainingRun.resume(context, settings, GAUSSIAN, RING, from, "file", share -> true)) {
                    train(resumed, 0);
                    assertEquals(120, resumed.steps());
                    assertArrayEquals(whole.model().network().parameters(), resumed.model().network().parameters());
                    assertArrayEquals(whole.history().curve(), resumed.history().curve());
                    assertEquals(whole.model().provenance(), resumed.model().provenance());
                }
            }
        }
    }

    @Test
    void addingARoundToACompleteTrainingGivesTheBitsOfThatManyRounds() {
        List<Checkpoint.Contents> two = checkpoints(SETTINGS, 1000);
        Checkpoint.Contents end = checkpoints(SETTINGS.withReflow(0), 1000).get(0);
        assertFalse(end.metadata().containsKey("reflow"));
        TrainingSettings more = Provenance.resumed(end, Optional.empty(), Optional.of(2), "file");
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = TrainingRun.resume(context, more, GAUSSIAN, RING, end, "file", share -> true)) {
            train(run, 0);
            assertArrayEquals(two.get(2).checkpoint().result().parameters(), run.model().network().parameters());
        }
    }

    @Test
    void theModelTellsItsRounds() {
        Map<Integer, String> expected = Map.of(0, "\"iterations\":40,", 1, "\"reflow\":1,", 2, "\"reflow\":2,");
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, SETTINGS, GAUSSIAN, RING)) {
            run.train(1000, new TrainingRun.Observer() {
                @Override
                public boolean progressed(TrainingSession.Progress progress) { return true; }

                @Override
                public void checkpoint(Checkpoint.Contents checkpoint) {
                    String configuration = run.model().provenance().get("configuration").replace(" ", "");
                    assertTrue(configuration.contains(expected.get(run.round())), configuration);
                    assertEquals(run.round() > 0, configuration.contains("reflow"));
                }
            });
            assertEquals(3, run.secondsByRound().size());
            assertEquals(120, run.stepsByPlan().values().stream().mapToInt(steps -> steps).sum());
        }
    }

    @Test
    void aStopWhilePairsAreMappedKeepsTheRoundBefore() {
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, SETTINGS, GAUSSIAN, RING)) {
            List<Checkpoint.Contents> checkpoints = new ArrayList<>();
            run.train(1000, new TrainingRun.Observer() {
                @Override
                public boolean progressed(TrainingSession.Progress progress) { return checkpoints.isEmpty(); }

                @Override
                public void checkpoint(Checkpoint.Contents checkpoint) { checkpoints.add(checkpoint); }
            });
            assertEquals(40, run.steps());
            assertEquals(0, run.round());
            assertArrayEquals(checkpoints.get(0).checkpoint().result().parameters(), run.model().network().parameters());
        }
    }

    /** The first moments of a checkpoint are so large that its next step makes the weights infinite. */
    @Test
    void aDivergenceInALaterRoundKeepsTheLastFiniteNetwork() {
        Checkpoint.Contents inside = checkpoints(SETTINGS, 25).get(2);
        assertEquals(50, inside.checkpoint().step());
        for (int step : new int[] {40, 50}) {
            Checkpoint c = inside.checkpoint();
            float[] huge = new float[c.moment1().length];
            Arrays.fill(huge, 1e38f);
            Checkpoint hostile = new Checkpoint(c.weights(), huge, new float[huge.length], c.average(), step);
            Checkpoint.Contents from = new Checkpoint.Contents(hostile, inside.p0(), inside.p1(),
                    Arrays.copyOf(inside.losses(), step), inside.metadata(), inside.roundStart());
            TrainingSettings settings = Provenance.resumed(from, Optional.empty(), Optional.empty(), "file");
            try (Context context = Context.open(Device.select("auto"));
                    TrainingRun run = TrainingRun.resume(context, settings, GAUSSIAN, RING, from, "file", share -> true)) {
                DivergedException e = assertThrows(DivergedException.class, () -> train(run, 0));
                assertEquals(step, e.lastFiniteIteration());
                assertArrayEquals((step == 40 ? inside.roundStart().orElseThrow() : hostile.result()).parameters(),
                        e.lastFinite().orElseThrow().network().parameters());
            }
        }
    }

    @Test
    void checkpointsWhoseRoundsCannotBeAreRefused() {
        List<Checkpoint.Contents> all = checkpoints(SETTINGS, 25);
        Checkpoint.Contents first = all.get(0);
        Checkpoint.Contents second = all.get(2);
        for (String round : new String[] {"3", "-1", "x", "1.5", "99999999999"}) {
            assertRefused(with(second, Map.of("reflow_round", round), second.roundStart(), 50),
                    "its reflow_round is missing or invalid");
        }
        assertRefused(with(second, Map.of("reflow", "0"), second.roundStart(), 50), "its reflow is missing or invalid");
        assertRefused(with(second, Map.of("reflow", "2147483647"), second.roundStart(), 50), "are more than 2147483647 in all");
        assertRefused(with(second, Map.of("reflow", "-1"), second.roundStart(), 50), "its reflow is missing or invalid");
        assertRefused(with(second, Map.of(), Optional.empty(), 50), "the weights at the start of its round are missing");
        assertRefused(with(first, Map.of(), second.roundStart(), 25), "are missing or unexpected");
        assertRefused(with(second, Map.of(), second.roundStart(), 39), "reflow round 1 does not begin before iteration 40");
        assertRefused(with(second, Map.of(), second.roundStart(), 81), "has done 41 iterations");
        assertThrows(InvalidInputException.class, () -> Provenance.resumed(second, Optional.of(41), Optional.empty(), "file"));
        assertThrows(InvalidInputException.class, () -> Provenance.resumed(second, Optional.empty(), Optional.of(0), "file"));
        assertEquals(1, Provenance.resumed(second, Optional.of(40), Optional.of(1), "file").reflow());
        assertEquals(5, Provenance.resumed(second, Optional.empty(), Optional.of(5), "file").reflow());
    }

    private static void assertRefused(Checkpoint.Contents from, String why) {
        String message = assertThrows(InvalidInputException.class,
                () -> Provenance.resumed(from, Optional.empty(), Optional.empty(), "file")).getMessage();
        assertTrue(message.contains(why) && !message.contains("\n"), message);
    }

    private static Checkpoint.Contents with(Checkpoint.Contents from, Map<String, String> facts, Optional<Network> roundStart,
            int step) {
        Map<String, String> metadata = new HashMap<>(from.metadata());
        metadata.putAll(facts);
        return new Checkpoint.Contents(from.checkpoint().withStep(step), from.p0(), from.p1(), from.losses(), metadata,
                roundStart);
    }

    @Test
    void theLibraryCountsTheStepsOfAllRounds() {
        List<Trainer.Progress> reports = new ArrayList<>();
        try (LearnedMap map = Trainer.train(GAUSSIAN, RING, SETTINGS, "auto", reports::add)) {
            assertEquals(2048, map.withSteps(Solver.EULER, Integration.Schedule.LINEAR, 1).sample(1024, 0).length);
        }
        assertEquals(120, reports.get(reports.size() - 1).done());
        assertTrue(reports.stream().allMatch(report -> report.total() == 120));
    }
}
