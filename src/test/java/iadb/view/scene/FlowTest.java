package iadb.view.scene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.lwjgl.opengl.GL33C.GL_ARRAY_BUFFER;
import static org.lwjgl.opengl.GL33C.glBindBuffer;
import static org.lwjgl.opengl.GL33C.glGetBufferSubData;

import iadb.UniformPoints;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.view.interop.Interop;
import iadb.view.surface.EglSurface;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lwjgl.system.MemoryUtil;

/** Compares the positions that OpenGL draws with those of the map, off screen. */
class FlowTest {
    private static final int POINTS = 1001;
    private static final int T = 12;
    private static final Network NETWORK = Network.initial(NetworkShape.TUTORIAL, 5);
    private static final Integration INTEGRATION = Integration.of(Solver.EULER, Schedule.LINEAR, T, false);

    private static EglSurface surface;
    private static Interop interop;
    private static Context context;

    @BeforeAll
    static void open() {
        surface = EglSurface.open(64, 64);
        interop = Interop.open(surface, List.of(Device.select("auto")), false);
        context = interop.context();
    }

    @AfterAll
    static void close() {
        context.close();
        surface.close();
    }

    private static float[] starts() {
        return UniformPoints.of(POINTS, 3);
    }

    /** Positions after each step, [T+1][N, 2]. */
    private static float[][] expected(Sampler sampler, DeviceBuffer parameters) {
        float[][] positions = new float[T + 1][];
        positions[0] = starts();
        try (DeviceBuffer moving = context.buffer(starts());
                MapSession session = sampler.session(parameters, moving, POINTS, INTEGRATION)) {
            for (int t = 1; t <= T; t++) {
                session.advance(1);
                positions[t] = moving.read(new float[2 * POINTS]);
            }
        }
        return positions;
    }

    private static float[] content(int buffer) {
        FloatBuffer memory = MemoryUtil.memAllocFloat(2 * POINTS);
        glBindBuffer(GL_ARRAY_BUFFER, buffer);
        glGetBufferSubData(GL_ARRAY_BUFFER, 0, memory);
        float[] values = new float[2 * POINTS];
        memory.get(values);
        MemoryUtil.memFree(memory);
        return values;
    }

    @Test
    void everyProgressIsShownBetweenTheNearestFramesOfTheMap() {
        try (Sampler sampler = new Sampler(context, NETWORK.shape());
                DeviceBuffer parameters = context.buffer(NETWORK.parameters());
                Flow flow = new Flow(interop, starts(), T)) {
            float[][] expected = expected(sampler, parameters);
            flow.begin(sampler, parameters, INTEGRATION);
            while (!flow.advance(Duration.ofMillis(5))) {
                assertTrue(flow.computedFraction() < 1);
            }
            for (double frame : new double[] {0, 0.5, 1, 1.25, 2.75, 12, 11.5, 10.25, 3, 2.9, 3.1, 7, 0}) {
                flow.show(frame / T);
                int before = Math.min((int) Math.floor(frame + 1e-9), T - 1);
                assertArrayEquals(expected[before], content(flow.fromBuffer()), "before " + frame);
                assertArrayEquals(expected[before + 1], content(flow.toBuffer()), "after " + frame);
                assertEquals(frame - before, flow.blend(), 1e-5);
            }
            float[] trajectory = flow.trajectoryOf(77);
            for (int t = 0; t <= T; t++) {
                assertEquals(expected[t][154], trajectory[2 * t]);
                assertEquals(expected[t][155], trajectory[2 * t + 1]);
            }
        }
    }

    @Test
    void theNextPassIsShownOnlyWhenItIsComplete() {
        try (Sampler sampler = new Sampler(context, NETWORK.shape());
                DeviceBuffer parameters = context.buffer(NETWORK.parameters());
                Flow flow = new Flow(interop, starts(), T)) {
            float[][] expected = expected(sampler, parameters);
            flow.beginNext(sampler, parameters, INTEGRATION);
            parameters.write(new float[NETWORK.parameters().length]); // later training must not change the pass
            assertArrayEquals(starts(), content(flow.toBuffer()));
            while (!flow.advanceNext(Duration.ofMillis(5))) {
                assertArrayEquals(starts(), content(flow.toBuffer()));
            }
            flow.showNext(1);
            assertEquals(0, flow.blend(), "the old pass is shown first, then blends into the new one");
            assertArrayEquals(starts(), content(flow.fromBuffer()));
            assertArrayEquals(expected[T], content(flow.toBuffer()));
        }
    }
}
