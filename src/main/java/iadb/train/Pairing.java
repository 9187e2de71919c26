package iadb.train;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.draw.PointSource;
import iadb.model.Network;
import iadb.random.RandomPurpose;
import iadb.sample.Integration;
import iadb.sample.MapSession;
import iadb.sample.PushForward.Watch;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import iadb.train.TrainingSession.Side;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * Makes the pairs that a training blends: those of optimal transport on another thread, which works on arrays only, and those of a
 * reflow round (Liu, Gong, Liu, ICLR 2023, algorithm 1) in short launches on the caller's thread. Only the caller's thread uses the device.
 */
public final class Pairing implements AutoCloseable {
    /** The steps that map the pairs: from gaussian to spiral, 3e-5 (root mean square) from 512 steps; 16 steps are 1e-4 away. */
    static final Integration MAP_STEPS = Integration.of(Solver.RK4, Integration.Schedule.LINEAR, 32, false);

    private static final Duration BETWEEN_CALLS = Duration.ofMillis(100);
    private static final long SEED_STRIDE = 0x9E3779B97F4A7C15L; // between the keys of rounds

    private final TrainingSettings settings; // of the round's session
    private final int round;
    private final Resources resources = new Resources(); // what the making of the pairs needs
    private Background<TransportPairs> transport; // null in a reflow round
    private volatile boolean closed;
    private volatile double share; // of the work of transport that is done
    private DeviceBuffer moving; // [N, 2]; null with transport
    private MapSession map;
    private float[] x0; // [N, 2]
    private float[] x1; // [N, 2], partners of x0; null until they are made

    private Pairing(TrainingSettings settings, int round) {
        this.settings = settings;
        this.round = round;
    }

    /** Begins to pair the data of two densities by optimal transport, for round 0. */
    public static Pairing byTransport(Context context, TrainingSettings settings, Density p0, Density p1) {
        Pairing pairing = new Pairing(settings, 0);
        float[] a = points(context, settings, Side.P0, p0);
        float[] b = points(context, settings, Side.P1, p1);
        pairing.transport = Background.start("pair", () -> TransportPairs.of(a, b, share -> {
            pairing.share = share;
            return !pairing.closed;
        }));
        return pairing;
    }

    /**
     * Begins to map fresh points of p0.
     *
     * @param settings of the training
     * @param round    the reflow round that will train on the pairs, 1 or more
     */
    public static Pairing byMap(Context context, TrainingSettings settings, int round, Density p0, Network network) {
        Pairing pairing = new Pairing(settings.withSeed(settings.seed() + round * SEED_STRIDE).withCoupling(Coupling.PAIRED), round);
        try {
            pairing.beginMap(context, p0, network);
        } catch (RuntimeException e) {
            pairing.close();
            throw e;
        }
        return pairing;
    }

    private void beginMap(Context context, Density p0, Network network) {
        int count = settings.data();
        try (PointSource source = new PointSource(context, p0)) {
            moving = resources.add(source.draw(settings.seed(), RandomPurpose.REFLOW_POINTS, 0, count));
        }
        x0 = moving.read(new float[2 * count]);
        DeviceBuffer parameters = resources.add(context.buffer(network.parameters()));
        Sampler sampler = resources.add(new Sampler(context, network.shape()));
        map = resources.add(sampler.session(parameters, moving, count, MAP_STEPS));
    }

    private static float[] points(Context context, TrainingSettings settings, Side side, Density density) {
        if (density instanceof PointDensity points) {
            return points.points();
        }
        try (PointSource source = new PointSource(context, density)) {
            return source.drawToHost(settings.seed(), TrainingSession.purpose(side), 0, settings.data());
        }
    }

    /**
     * Continues to make the pairs; returns at once while another thread does.
     *
     * @param budget the time for mapping points
     * @return whether the pairs are made
     */
    public boolean advance(Duration budget) {
        if (x1 == null && transport != null && transport.isDone()) {
            x0 = transport.get().x0();
            x1 = transport.get().x1();
        } else if (x1 == null && map != null) {
            map.advance(MAP_STEPS.T(), budget);
            if (map.isDone()) {
                x1 = moving.read(new float[x0.length]);
                resources.close();
            }
        }
        return x1 != null;
    }

    /**
     * Waits until the pairs are made.
     *
     * @param watch called about ten times a second with the share of the work that is done
     * @return this
     * @throws CancellationException if {@code watch} returns false
     */
    public Pairing await(Watch watch) {
        while (!advance(BETWEEN_CALLS)) {
            if (!watch.shouldContinue(transport == null ? (double) map.step() / MAP_STEPS.T() : share)) {
                throw new CancellationException("the pairing was cancelled");
            }
            pause(BETWEEN_CALLS);
        }
        return this;
    }

    /** Waits for at most this time while another thread makes the pairs. */
    void pause(Duration most) {
        if (transport != null) {
            transport.await(most.toNanos());
        }
    }

    /** The same pairs, which are made, for a session of other settings with the same data and seed. */
    public Pairing with(TrainingSettings other) {
        Pairing same = new Pairing(other, round);
        same.transport = transport;
        same.x0 = x0;
        same.x1 = x1;
        return same;
    }

    /** The settings of a session that trains on the pairs. */
    TrainingSettings settings() { return settings; }

    /** The reflow round that trains on the pairs; 0: the one before the first. */
    public int round() { return round; }

    /** The points of p0, [N, 2]. */
    float[] x0() { return x0; }

    /** Their partners, [N, 2]; null before {@link #advance} has returned true. */
    float[] x1() { return x1; }

    /** The pairs if they were made by optimal transport. */
    Optional<TransportPairs> transport() { return Optional.ofNullable(transport).map(Background::get); }

    /** Frees the device's memory, and ends the work of the other thread soon, without waiting for it. */
    @Override
    public void close() {
        closed = true;
        resources.close();
    }
}
