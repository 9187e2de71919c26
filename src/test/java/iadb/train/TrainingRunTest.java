package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.model.Checkpoint;
import iadb.plan.PlanChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** One training and its observer: checkpoints when they are due, a stop when the observer asks, a return to finite weights. */
class TrainingRunTest {
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    private static final TrainingSettings SETTINGS = TrainingSettings.tutorial().withIterations(100).withData(500).withBatch(32)
            .withPlan(Optional.of(PlanChoice.Kind.FUSED));

    /** The checkpoints of a run whose observer continues as {@code shouldContinue} says. */
    private static List<Checkpoint.Contents> train(TrainingRun run, int every, Predicate<TrainingSession.Progress> shouldContinue) {
        List<Checkpoint.Contents> checkpoints = new ArrayList<>();
        run.train(every, new TrainingRun.Observer() {
            @Override
            public boolean progressed(TrainingSession.Progress progress) {
                return shouldContinue.test(progress);
            }

            @Override
            public void checkpoint(Checkpoint.Contents checkpoint) {
                checkpoints.add(checkpoint);
            }
        });
        return checkpoints;
    }

    private static List<Integer> steps(List<Checkpoint.Contents> checkpoints) {
        return checkpoints.stream().map(contents -> contents.checkpoint().step()).toList();
    }

    @Test
    void checkpointsAreDueEveryNStepsAndAtTheEndAndGiveTheSameBits() {
        try (Context context = Context.open(Device.select("auto")); TrainingRun run = new TrainingRun(context, SETTINGS, GAUSSIAN, RING)) {
            List<Checkpoint.Contents> checkpoints = train(run, 40, progress -> true);
            assertEquals(List.of(40, 80, 100), steps(checkpoints));
            assertEquals(100, run.history().steps());
            Checkpoint.Contents first = checkpoints.get(0);
            assertEquals(40, Provenance.checkpointEvery(first, "file"));
            TrainingSettings settings = Provenance.resumed(first, Optional.empty(), Optional.empty(), "file");
            try (TrainingRun resumed = TrainingRun.resume(context, settings, GAUSSIAN, RING, first, "file", share -> true)) {
                assertEquals(List.of(), steps(train(resumed, 0, progress -> true)));
                assertArrayEquals(run.model().network().parameters(), resumed.model().network().parameters());
                assertArrayEquals(run.history().curve(), resumed.history().curve());
                assertEquals(run.model().provenance(), resumed.model().provenance());
            }
        }
    }

    @Test
    void anObserverStopsATrainingWithACheckpointThere() {
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, SETTINGS.withIterations(100_000_000), GAUSSIAN, RING)) {
            List<Checkpoint.Contents> checkpoints = train(run, 50_000_000, progress -> progress.stepsDone() == 0);
            assertEquals(List.of(run.session().stepsEnqueued()), steps(checkpoints));
            assertTrue(run.session().stepsEnqueued() > 0 && run.session().stepsEnqueued() < 50_000_000);
        }
        try (Context context = Context.open(Device.select("auto")); TrainingRun run = new TrainingRun(context, SETTINGS, GAUSSIAN, RING)) {
            assertEquals(List.of(), steps(train(run, 40, progress -> false)));
            assertEquals(0, run.session().stepsEnqueued(), "stopped before the first step");
        }
    }

    @Test
    void aTotalThatCannotBeIsRefused() {
        try (Context context = Context.open(Device.select("auto"));
                TrainingRun run = new TrainingRun(context, SETTINGS.withLearningRate(1e-3f, true), GAUSSIAN, RING)) {
            Checkpoint.Contents end = train(run, 100, progress -> true).get(0);
            assertThrows(InvalidInputException.class, () -> Provenance.resumed(end, Optional.of(99), Optional.empty(), "file"),
                    "it is at 100 already");
            assertThrows(InvalidInputException.class, () -> Provenance.resumed(end, Optional.of(200), Optional.empty(), "file"),
                    "the rate is 0");
        }
    }
}
