package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lwjgl.opengl.GL33C.GL_ARRAY_BUFFER;
import static org.lwjgl.opengl.GL33C.glBindBuffer;
import static org.lwjgl.opengl.GL33C.glGetBufferSubData;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.train.TrainingSettings;
import iadb.view.Action.Switch;
import iadb.view.RealtimeConfig.Shown;
import iadb.view.interop.Interop;
import iadb.view.scene.Camera;
import iadb.view.scene.Flow;
import iadb.view.surface.EglSurface;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Two trainings side by side, off screen. */
class TilesTest {
    private static final TrainingSettings TRAINING = TrainingSettings.tutorial().withData(500).withBatch(32).withSeed(1);
    private static final int POINTS = 300;
    private static final int SHORTER = 2000; // iterations
    private static final int LONGER = 1_000_000;

    private final Density p0 = NamedDensities.find("gaussian").orElseThrow();
    private final Density p1 = NamedDensities.find("ring").orElseThrow();
    private final ViewState state = new ViewState(POINTS);
    private final FrameBudget budget = new FrameBudget(true);

    private interface Trial {
        void with(Tiles tiles);
    }

    @SuppressWarnings("try") // "context" is only closed
    private void run(Trial trial) {
        List<Shown> maps = List.of(new Shown(TRAINING.withIterations(SHORTER), Optional.empty(), Optional.empty(), 16),
                new Shown(TRAINING.withIterations(LONGER), Optional.empty(), Optional.empty(), 8));
        RealtimeConfig config = new RealtimeConfig(p0, p1, maps, POINTS, 7, false, "", 64, 64, false, true, false, Optional.empty(),
                Optional.empty(), Optional.empty(), Path.of("unused"));
        try (EglSurface surface = EglSurface.open(64, 64)) {
            Interop interop = Interop.open(surface, List.of(Device.select("auto")), false);
            try (Context context = interop.context();
                    Tiles tiles = new Tiles(config, interop, state, new Camera(), 1, message -> { throw new AssertionError(message); })) {
                tiles.draw(p0);
                tiles.forEach(tile -> {
                    tile.prepare(p0, p1, () -> true);
                    tile.begin();
                });
                trial.with(tiles);
            }
        }
    }

    private static int done(Tiles tiles, int tile) { return tiles.get(tile).training().done(); }

    private static float[] starts(Tiles tiles, int tile) { return tiles.get(tile).animation().points().positionsAt(0); }

    @Test
    void trainingsTakeTurnsAndTheLastPlaysAlone() {
        run(tiles -> {
            int[] before = {0, 0};
            int last = 0;
            while (tiles.get(0).training().running() && tiles.get(1).training().running()) {
                tiles.advance(p1, 0.01, budget);
                int trained = done(tiles, 0) > before[0] ? 0 : 1;
                assertTrue(done(tiles, trained) > before[trained], "one of them is trained in each frame");
                assertEquals(before[1 - trained], done(tiles, 1 - trained), "the other is not");
                assertTrue(trained != last, "they take turns");
                last = trained;
                before = new int[] {done(tiles, 0), done(tiles, 1)};
            }
            assertEquals(SHORTER, done(tiles, 0));
            for (int frame = 0; frame < 5; frame++) {
                tiles.advance(p1, 0.01, budget);
                assertEquals(1, tiles.playback().progress(), "while one is trained, all show where their points arrive");
            }
            assertTrue(done(tiles, 1) > before[1]);
        });
    }

    private static boolean blends(Tiles tiles) {
        return IntStream.range(0, tiles.count()).mapToObj(tile -> tiles.get(tile).animation().points().blend())
                .anyMatch(blend -> blend > 0 && blend < 1);
    }

    /** The positions that OpenGL draws at an end of the blend, [N, 2]. */
    private static float[] drawn(Flow flow) {
        float[] values = new float[2 * flow.points()];
        glBindBuffer(GL_ARRAY_BUFFER, flow.blend() == 0 ? flow.fromBuffer() : flow.toBuffer());
        glGetBufferSubData(GL_ARRAY_BUFFER, 0, values);
        return values;
    }

    @Test
    void stoppedTrainingsContinueAndFinishedOnesDoNot() {
        run(tiles -> {
            while (tiles.get(0).training().running()) {
                tiles.advance(p1, 0.01, budget);
            }
            tiles.trainOrStop(p0, p1);
            assertTrue(tiles.trainings().stream().noneMatch(LiveTraining::active), "all stop");
            tiles.trainOrStop(p0, p1);
            assertFalse(tiles.get(0).training().active(), "it has nothing left to do");
            assertTrue(tiles.get(1).training().running());
            tiles.restartTraining(p0, p1);
            assertTrue(tiles.trainings().stream().allMatch(LiveTraining::running));
        });
    }

    @Test
    void duringAPauseAllShowTheProgressThatIsChosen() {
        run(tiles -> {
            while (tiles.get(0).training().running() || tiles.get(0).animation().previewing()
                    || tiles.get(1).animation().points().completePass() == 0) {
                tiles.advance(p1, 0.01, budget);
            }
            state.set(Switch.PAUSE, true);
            tiles.playback().moveTo(0);
            do { // a preview may have ended at this moment: then its points move to their starts first
                tiles.advance(p1, 0.01, budget);
            } while (blends(tiles));
            for (Tile tile : tiles) {
                assertArrayEquals(starts(tiles, 0), drawn(tile.animation().points()), 1e-6f);
            }
        });
    }

    @Test
    void allShowTheSamePointsAtTheSameProgress() {
        run(tiles -> {
            assertArrayEquals(starts(tiles, 0), starts(tiles, 1));
            tiles.advance(p1, 0, budget);
            tiles.forEach(tile -> tile.training().stop());
            while (tiles.get(0).animation().previewing() || tiles.playback().progress() == 1) {
                tiles.advance(p1, 0.1, budget);
            }
            double progress = tiles.playback().progress();
            for (Tile tile : tiles) {
                double frame = progress * tile.animation().steps();
                float[] shown = tile.animation().points().positionsShown(progress);
                float[] before = tile.animation().points().positionsAt(Math.floor(frame) / tile.animation().steps());
                float[] after = tile.animation().points().positionsAt(Math.ceil(frame) / tile.animation().steps());
                for (int i = 0; i < shown.length; i++) {
                    double between = before[i] + (frame - Math.floor(frame)) * (after[i] - before[i]);
                    assertEquals(between, shown[i], 1e-6, "coordinate " + i); // a few roundings of numbers below 2
                }
            }
            state.points = 2 * POINTS;
            tiles.choosePoint(0, 0.5, 0.5, 1);
            tiles.draw(p0);
            assertEquals(ViewState.NONE, state.chosenPoint);
            assertEquals(2 * POINTS, starts(tiles, 1).length / 2);
            assertArrayEquals(starts(tiles, 0), starts(tiles, 1));
            tiles.get(1).animation().setSteps(4);
            tiles.advance(p1, 0, budget);
            assertEquals(4, tiles.get(1).animation().steps());
            assertArrayEquals(starts(tiles, 0), starts(tiles, 1), "the same points, for another number of steps");
        });
    }
}
