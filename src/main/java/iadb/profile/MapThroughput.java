package iadb.profile;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.DeviceLimitException;
import iadb.draw.PointSource;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import java.util.ArrayList;
import java.util.List;

/**
 * How fast the map moves points.
 *
 * @param points              moved at once
 * @param steps               of the T, in one go: fewer than T where T would take long
 * @param milliseconds        by the host's clock
 * @param pointStepsPerSecond points × steps a second
 * @param gflops              billions of operations a second
 * @param shareOfPeak         of the measured peak
 */
record MapThroughput(int points, int steps, Spread milliseconds, Spread pointStepsPerSecond, double gflops,
        double shareOfPeak) {
    /** Measurements of so many points that one of them takes longer than a block should. */
    private static final int LEAST_BLOCKS = 3;

    /** One entry for each number of points that the device can hold. */
    static List<MapThroughput> measure(Context context, NetworkShape shape, Settings settings, Peak peak) {
        List<MapThroughput> all = new ArrayList<>();
        try (Sampler sampler = new Sampler(context, shape);
                DeviceBuffer parameters = context.buffer(Network.initial(shape, 0).parameters());
                PointSource source = new PointSource(context, TrainingBlocks.P0)) {
            for (int points : settings.mapPoints()) {
                try (DeviceBuffer moving = source.draw(0, RandomPurpose.START_POINTS, 0, points)) {
                    int T = settings.mapSteps();
                    int tried = 1;
                    double once = seconds(sampler, parameters, moving, points, T, tried);
                    while (tried < T && once < settings.blockSeconds() / 2) {
                        tried = Math.min(T, 2 * tried);
                        once = seconds(sampler, parameters, moving, points, T, tried);
                    }
                    int steps = tried;
                    int blocks = (int) Math.max(LEAST_BLOCKS, Math.min(1, settings.blockSeconds() / once) * settings.blocks());
                    Spread seconds = Spread.of(blocks, () -> seconds(sampler, parameters, moving, points, T, steps));
                    Spread pointSteps = seconds.into((double) points * steps);
                    double gflops = 1e-9 * shape.forwardFlops() * pointSteps.median();
                    all.add(new MapThroughput(points, steps, seconds.times(1e3), pointSteps, gflops, gflops / peak.gflops()));
                } catch (DeviceLimitException e) {
                    break;
                }
            }
        }
        return all;
    }

    private static double seconds(Sampler sampler, DeviceBuffer parameters, DeviceBuffer moving, int points, int T, int steps) {
        try (MapSession session = sampler.session(parameters, moving, points, T)) {
            long start = System.nanoTime();
            session.advance(steps);
            return (System.nanoTime() - start) * 1e-9;
        }
    }

    MapThroughput against(Peak peak) {
        return new MapThroughput(points, steps, milliseconds, pointStepsPerSecond, gflops, gflops / peak.gflops());
    }
}
