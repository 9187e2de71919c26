package iadb.sample;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.plan.TrainingBench;
import iadb.plan.Tuning;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The map against its definition, with every tuning, on every OpenCL device. */
class MapSessionTest {
    record Trial(Device device, Tuning tuning) {
    }

    static Stream<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        for (Device full : Device.all()) {
            for (Device device : List.of(full, full.limitedTo(64, 16 << 10))) {
                TrainingBench.tunings(device).forEach(tuning -> trials.add(new Trial(device, tuning)));
            }
        }
        return trials.stream();
    }

    @ParameterizedTest
    @MethodSource("trials")
    void zeroWeightsAndABiasMoveEveryPointByTheBias(Trial trial) {
        NetworkShape shape = NetworkShape.TUTORIAL;
        float[] parameters = new float[shape.bufferFloats()];
        parameters[shape.biasOffset(shape.depth())] = 0.25f;
        parameters[shape.biasOffset(shape.depth()) + 1] = -0.5f;
        for (int count : new int[] {1, 63, 131}) {
            float[] start = lattice(count);
            float[] expected = new float[2 * count];
            for (int i = 0; i < count; i++) { // multiples of 2^-12 and of 2^-7 / 4: no sum is rounded
                expected[2 * i] = start[2 * i] + 0.25f;
                expected[2 * i + 1] = start[2 * i + 1] - 0.5f;
            }
            assertArrayEquals(expected, map(trial, new Network(shape, parameters), start, 128, 128));
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void eulerStepsAreThoseOfTheReference(Trial trial) {
        for (NetworkShape shape : List.of(NetworkShape.TUTORIAL, new NetworkShape(16, 1), new NetworkShape(80, 3),
                new NetworkShape(256, 2))) {
            int T = 7;
            Network network = Network.initial(shape, 5);
            ReferenceNetwork reference = new ReferenceNetwork(network);
            float[] start = lattice(37);
            float[] mapped = map(trial, network, start, T, T);
            for (int i = 0; i < 37; i++) {
                double x = start[2 * i];
                double y = start[2 * i + 1];
                for (int t = 0; t < T; t++) {
                    double[] d = reference.velocity(x, y, (double) t / T);
                    x += d[0] / T;
                    y += d[1] / T;
                }
                // Sums of up to 256 products, some sqrt(256) u = 1e-6 a layer, over T steps of 1/T: 4 layers give 4e-6.
                assertEquals(x, mapped[2 * i], 4e-6);
                assertEquals(y, mapped[2 * i + 1], 4e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void slicesChangeNoBit(Trial trial) {
        Network network = Network.initial(NetworkShape.TUTORIAL, 6);
        float[] start = lattice(5003);
        assertArrayEquals(map(trial, network, start, 16, 16), map(trial, network, start, 16, 1));
    }

    private static float[] lattice(int count) {
        Random random = new Random(count);
        float[] points = new float[2 * count];
        for (int i = 0; i < points.length; i++) {
            points[i] = random.nextInt(4096) / 4096f;
        }
        return points;
    }

    /** The points after T steps, taken {@code slice} at a time. */
    private static float[] map(Trial trial, Network network, float[] start, int T, int slice) {
        int count = start.length / 2;
        try (Context context = Context.open(trial.device());
                DeviceBuffer parameters = context.buffer(network.parameters());
                DeviceBuffer points = context.buffer(start);
                Sampler sampler = new Sampler(context, network.shape(), trial.tuning());
                MapSession session = sampler.session(parameters, points, count, T)) {
            while (session.step() < T) {
                session.advance(slice);
            }
            return points.read(new float[start.length]);
        }
    }
}
