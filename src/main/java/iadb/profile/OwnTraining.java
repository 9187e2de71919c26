package iadb.profile;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.draw.PointSource;
import iadb.file.NpyWriter;
import iadb.model.NetworkShape;
import iadb.random.RandomPurpose;
import iadb.sample.MapSession;
import iadb.sample.Sampler;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * This program at the training that its peers do, of the tutorial's network: timed in blocks as theirs is, and the same
 * points mapped at checkpoints.
 */
final class OwnTraining {
    private static final Duration NO_LIMIT = Duration.ofDays(1);
    private static final int LONGEST_BLOCK = 1024;
    private static final int LEAST_BLOCKS = 8;
    private static final long SEED = 0;

    private final Context context;
    private final Settings settings;

    OwnTraining(Context context, Settings settings) {
        this.context = context;
        this.settings = settings;
    }

    /** Writes what every peer reads: {@code p0.npy}, {@code p1.npy}, the data sets; {@code start.npy}, the points to map. */
    void writeData(Path folder) throws IOException {
        try (TrainingSession session = session(SEED)) {
            float[] data = new float[2 * TrainingBlocks.DATA_POINTS];
            NpyWriter.writeArray(folder.resolve("p0.npy"), session.data0().read(data), TrainingBlocks.DATA_POINTS, 2);
            NpyWriter.writeArray(folder.resolve("p1.npy"), session.data1().read(data), TrainingBlocks.DATA_POINTS, 2);
        }
        try (PointSource source = new PointSource(context, TrainingBlocks.P0)) {
            NpyWriter.writeArray(folder.resolve("start.npy"), source.drawToHost(SEED, RandomPurpose.START_POINTS, 0,
                    settings.judgedPoints()), settings.judgedPoints(), 2);
        }
    }

    /** Fresh points of p1, two sets of {@code settings.judgedPoints()} after each other. */
    float[] reference() {
        try (PointSource source = new PointSource(context, TrainingBlocks.P1)) {
            return source.drawToHost(SEED, RandomPurpose.REFERENCE_POINTS, 0, 2 * settings.judgedPoints());
        }
    }

    /** Trains {@code iterations} steps, without a map; returns the median of its blocks in microseconds a step. */
    double microsecondsPerStep(int iterations) {
        try (TrainingSession session = session(SEED)) {
            int block = Math.max(1, Math.min(LONGEST_BLOCK, iterations / LEAST_BLOCKS));
            double[] times = new double[iterations / block];
            for (int i = 0; i < times.length; i++) {
                times[i] = seconds(session, block) / block * 1e6;
            }
            return Spread.of(times).median();
        }
    }

    /** Trains with {@code seed} to the last checkpoint and judges the map at each. */
    List<Comparison.Quality> quality(List<Integer> checkpoints, int seed, Comparison.Judge judge) {
        List<Comparison.Quality> all = new ArrayList<>();
        int count = settings.judgedPoints();
        try (TrainingSession session = session(seed); Sampler sampler = new Sampler(context, NetworkShape.TUTORIAL);
                PointSource source = new PointSource(context, TrainingBlocks.P0)) {
            double seconds = 0;
            for (int checkpoint : checkpoints) {
                seconds += seconds(session, checkpoint - session.stepsEnqueued());
                try (DeviceBuffer points = source.draw(SEED, RandomPurpose.START_POINTS, 0, count);
                        MapSession map = sampler.session(session.parameters(), points, count, settings.mapSteps())) {
                    map.advance(settings.mapSteps());
                    float[] mapped = points.read(new float[2 * count]);
                    all.add(new Comparison.Quality(checkpoint, seconds, judge.distance(mapped)));
                }
            }
        }
        return all;
    }

    private TrainingSession session(long seed) {
        TrainingSettings training = TrainingSettings.tutorial().withBatch(settings.batch()).withSeed(seed);
        return new TrainingSession(context, training, TrainingBlocks.P0, TrainingBlocks.P1);
    }

    private static double seconds(TrainingSession session, int steps) {
        long start = System.nanoTime();
        session.advance(steps, NO_LIMIT);
        session.drain();
        return (System.nanoTime() - start) * 1e-9;
    }
}
