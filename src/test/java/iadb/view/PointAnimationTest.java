package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lwjgl.opengl.GL33C.GL_ARRAY_BUFFER;
import static org.lwjgl.opengl.GL33C.glBindBuffer;
import static org.lwjgl.opengl.GL33C.glGetBufferSubData;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.KnownFields;
import iadb.train.TrainingSettings;
import iadb.view.Action.Switch;
import iadb.view.interop.Interop;
import iadb.view.scene.Flow;
import iadb.view.scene.LineDrawing;
import iadb.view.surface.EglSurface;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What is drawn during training, for a network with a known map. Runs off screen. */
class PointAnimationTest {
    private static final float[] SHIFT = {0.25f, -0.125f};
    // Adam moves a weight by about the learning rate per iteration: this rate leaves the map unchanged
    private static final TrainingSettings TRAINING = TrainingSettings.tutorial().withIterations(Integer.MAX_VALUE).withData(500)
            .withBatch(32).withLearningRate(1e-12f, false).withSeed(1);
    // 128 additions of SHIFT / 128 to values below 2: 128 roundings of 2^-24 each; plus 1e5 iterations of the rate,
    // times the width
    private static final float TOLERANCE = 3e-5f;
    private static final Duration BUDGET = Duration.ofMillis(1);

    private float[] starts; // [N, 2]

    private Context context;
    private ViewState state;
    private Playback playback;

    private interface Trial {
        void with(LiveTraining training, PointAnimation animation, ViewState state);
    }

    /** A frame of the window. */
    private void advance(PointAnimation animation, boolean trained, double seconds) {
        animation.compute(trained, BUDGET);
        playback.setPreviewing(animation.previewing());
        if (!animation.previewing() && !state.is(Switch.PAUSE)) {
            playback.advance(seconds, 1, animation.computedFraction(), true);
        }
        animation.move();
    }

    private void restart(PointAnimation animation) {
        animation.restart();
        playback.restart();
    }

    private void run(Trial trial) {
        NetworkShape shape = NetworkShape.TUTORIAL;
        Network network = KnownFields.constant(shape, SHIFT[0], SHIFT[1]);
        state = new ViewState(100);
        playback = new Playback();
        try (EglSurface surface = EglSurface.open(64, 64)) {
            Interop interop = Interop.open(surface, List.of(Device.select("auto")), false);
            try (Context context = interop.context();
                    LiveTraining training = new LiveTraining(context, TRAINING, network, new AtomicReference<>());
                    PointAnimation animation = new PointAnimation(interop, 128, training, state, playback)) {
                this.context = context;
                starts = PointSource.drawWithoutDevice(NamedDensities.find("gaussian").orElseThrow(), 1, RandomPurpose.START_POINTS, 0, 100)
                        .orElseThrow();
                animation.show(animation.allocate(starts));
                training.train(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow());
                trial.with(training, animation, state);
            }
        }
    }

    @Test
    void whileItTrainsTheGridBendsWithThePoints() {
        run((training, animation, state) -> {
            state.set(Switch.GRID, true);
            do {
                assertArrayEquals(starts, drawn(animation.points()), "the points and the grid move together");
                training.advance(BUDGET);
                animation.showOrHideGrid();
                advance(animation, true, 0);
            } while (drawn(animation.scene().grid())[0] == 0);
            assertTrue(training.running());
            assertArrayEquals(shifted(LineDrawing.gridStarts()), drawn(animation.scene().grid()), TOLERANCE);
            assertArrayEquals(shifted(starts), drawn(animation.points()), TOLERANCE);
        });
    }

    @Test
    void aGridShownDuringAPauseBendsToo() {
        run((training, animation, state) -> {
            while (animation.scene().grid() == null) {
                training.advance(BUDGET);
                advance(animation, true, 0);
                animation.showOrHideGrid();
                state.set(Switch.GRID, drawn(animation.points())[0] != starts[0]);
            }
            state.set(Switch.PAUSE, true);
            for (int frame = 0; frame < 10_000 && drawn(animation.scene().grid())[0] == 0; frame++) {
                advance(animation, true, 0);
            }
            assertArrayEquals(shifted(LineDrawing.gridStarts()), drawn(animation.scene().grid()), TOLERANCE);
        });
    }

    @Test
    void aPauseHoldsPlaybackAtItsPlace() {
        run((training, animation, state) -> {
            training.stop();
            restart(animation);
            while (playback.progress() < 0.3) {
                advance(animation, false, 0.1);
            }
            state.set(Switch.PAUSE, true);
            double progress = playback.progress();
            for (int frame = 0; frame < 200; frame++) {
                advance(animation, false, 0.1);
            }
            assertEquals(progress, playback.progress());
        });
    }

    @Test
    void playbackWaitsForTheGrid() {
        run((training, animation, state) -> {
            training.stop();
            restart(animation);
            while (playback.progress() < 0.3) {
                advance(animation, false, 0.01);
            }
            double before = playback.progress();
            state.set(Switch.GRID, true);
            animation.showOrHideGrid();
            while (animation.scene().grid().computedFraction() < before) {
                advance(animation, false, 0.1);
                double limit = Math.max(before, animation.scene().grid().computedFraction());
                assertTrue(playback.progress() <= limit, "the grid is drawn where the points are");
            }
            while (playback.progress() < 1) {
                advance(animation, false, 0.1);
            }
        });
    }

    @Test
    void theDistanceOfTheMappedPointsFromTheTargetIsMeasured() {
        Density target = NamedDensities.find("gaussian").orElseThrow();
        run((training, animation, state) -> {
            training.stop();
            try (LiveDistance distance = new LiveDistance(context, 1, new AtomicReference<>())) {
                distance.advance(animation.points(), target);
                restart(animation);
                while (distance.latest().isEmpty()) {
                    advance(animation, false, 0.1);
                    distance.advance(animation.points(), target);
                }
                LiveDistance.Figure figure = distance.latest().orElseThrow();
                double expected = Math.hypot(SHIFT[0], SHIFT[1]) * 2 / Math.PI; // of a translation, apart from the sampling noise
                assertTrue(figure.exact() > 0);
                assertEquals(expected, figure.distance(), 2 * figure.exact());
                distance.advance(animation.points(), NamedDensities.find("ring").orElseThrow());
                assertTrue(distance.latest().isEmpty(), "another target");
            }
        });
    }

    /** The positions that OpenGL draws at the end of the blend, [N, 2]. */
    private static float[] drawn(Flow flow) {
        float[] values = new float[2 * flow.points()];
        glBindBuffer(GL_ARRAY_BUFFER, flow.toBuffer());
        glGetBufferSubData(GL_ARRAY_BUFFER, 0, values);
        return values;
    }

    private static float[] shifted(float[] starts) {
        float[] shifted = starts.clone();
        for (int i = 0; i < shifted.length; i++) {
            shifted[i] += SHIFT[i % 2];
        }
        return shifted;
    }
}
