package iadb.sample;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A network that learned the map from a Gaussian to a ring for a second or two, for tests that use a trained map. */
public final class TrainedNetwork {
    public static final Density P0 = NamedDensities.find("gaussian").orElseThrow();
    public static final Density P1 = NamedDensities.find("ring").orElseThrow();

    private static final int STEPS = 8192;
    private static final TrainingSettings ENCODED = TrainingSettings.tutorial().withIterations(3000).withBatch(128)
            .withLearningRate(1e-3f, true).withEma(0.99).withShape(new NetworkShape(32, 3)).withEncoding(16, 1);
    private static Network network;
    private static Network encoded;

    private TrainedNetwork() {
    }

    /** Trained once, on the first device. */
    public static synchronized Network get() {
        if (network == null) {
            network = trained(TrainingSettings.tutorial(), STEPS);
        }
        return network;
    }

    /** The same map by a smaller network with an encoding. */
    public static synchronized Network encoded() {
        if (encoded == null) {
            encoded = trained(ENCODED, ENCODED.iterations());
        }
        return encoded;
    }

    private static Network trained(TrainingSettings settings, int steps) {
        try (Context context = Context.open(Device.all().get(0));
                TrainingSession session = new TrainingSession(context, settings, P0, P1)) {
            session.advance(steps, Duration.ofMinutes(5));
            session.drain();
            return session.snapshot();
        }
    }

    /** Points of p0, [count, 2]. */
    public static float[] starts(int count) {
        try (Context context = Context.open(Device.all().get(0)); PointSource source = new PointSource(context, P0)) {
            return source.drawToHost(0, RandomPurpose.START_POINTS, 0, count);
        }
    }

    /** Writes a model of the network and both densities. */
    public static void write(Path file) throws IOException {
        Model.write(file, new Model(get(), Optional.of(P0), Optional.of(P1), Map.of()));
    }

    /** The centres of side x side cells of a square from (low, low), [side², 2]. */
    static float[] grid(int side, double low, double width) {
        float[] grid = new float[2 * side * side];
        for (int i = 0; i < side * side; i++) {
            grid[2 * i] = (float) (low + width * (i % side + 0.5) / side);
            grid[2 * i + 1] = (float) (low + width * (i / side + 0.5) / side);
        }
        return grid;
    }
}
