package iadb.view;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.model.Network;
import iadb.train.Progress;
import iadb.train.TrainingConfig;
import iadb.train.TrainingSession;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The network of the window: the weights that are shown, and the training that moves them, slice by slice. A new density
 * in the middle of it keeps the weights.
 */
final class Learning implements AutoCloseable {
    private static final double RATE_SMOOTHING = 0.05;
    private static final long LEAST_SLICE_NANOS = 1_000_000;

    private final Context context;
    private final TrainingConfig config;
    private final int iterations; // of one training
    private final Consumer<float[]> losses;
    private final DeviceBuffer given; // weights without a training; null with one
    private Network start;
    private TrainingSession session; // null: the weights given are shown as they are
    private LossCurve curve = new LossCurve();
    private int doneBefore; // iterations of sessions that ended
    private int ended;  // sessions
    private int done;
    private int goal;
    private boolean running;
    private boolean diverged;
    private double iterationsPerSecond = Double.NaN;

    /**
     * @param network where the weights start; shown as it is until {@link #train}
     * @param losses  takes the losses as they come
     */
    Learning(Context context, TrainingConfig config, int iterations, Network network, Consumer<float[]> losses) {
        this.context = context;
        this.config = config;
        this.iterations = iterations;
        this.losses = losses;
        start = network;
        given = context.buffer(network.parameters());
    }

    /**
     * Trains for the iterations of one training, from the weights as they are; from fresh ones after a divergence. A rate that
     * falls begins to fall anew.
     */
    void train(Density p0, Density p1) {
        if (diverged) {
            restart(p0, p1);
            return;
        }
        if (session != null && config.rates().cosineSteps() > 0) {
            take(session.drain());
            start = session.checkpoint().weights();
            doneBefore = done;
            endSession();
        }
        if (session == null) {
            session = new TrainingSession(context, config, start, p0, p1);
        }
        goal = (int) Math.min(Integer.MAX_VALUE, (long) done + iterations);
        running = true;
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        endSession();
        start = Network.initial(config.shape(), config.seed());
        curve = new LossCurve();
        doneBefore = 0;
        done = 0;
        diverged = false;
        train(p0, p1);
    }

    /** Trains on with other data and the weights as they are. */
    void follow(TrainingSession.Which which, Density density, Density p0, Density p1) {
        if (session != null && !diverged && config.rates().cosineSteps() == 0) {
            session.replaceDensity(which, density); // else train begins a session with it
        }
        train(p0, p1);
    }

    /** Stops the training, which {@link #goOn} goes on with. */
    void stop() {
        running = false;
    }

    /** Goes on with a training that was stopped; false where there is none. */
    boolean goOn() {
        running = session != null && !diverged && done < goal;
        return running;
    }

    /** Trains for about {@code budget}; nothing when there is nothing to do. */
    void advance(Duration budget) {
        if (!running) {
            return;
        }
        long begin = System.nanoTime();
        int before = done;
        long left = budget.toNanos();
        while (left > LEAST_SLICE_NANOS && running && doneBefore + session.stepsEnqueued() < goal) {
            Duration slice = Duration.ofNanos(Math.min(left, FrameBudget.LONGEST_LAUNCH.toNanos()));
            take(session.advance(goal - doneBefore - session.stepsEnqueued(), slice));
            left = begin + budget.toNanos() - System.nanoTime();
        }
        double rate = (done - before) / ((System.nanoTime() - begin) * 1e-9);
        iterationsPerSecond = Double.isNaN(iterationsPerSecond) ? rate
                : iterationsPerSecond + RATE_SMOOTHING * (rate - iterationsPerSecond);
        if (doneBefore + session.stepsEnqueued() >= goal) {
            take(session.drain());
            running = false;
        }
    }

    private void take(Progress progress) {
        done = doneBefore + progress.stepsDone();
        curve.add(progress.losses());
        losses.accept(progress.losses());
        if (!progress.finite()) {
            diverged = true;
            running = false;
        }
    }

    boolean running() {
        return running;
    }

    /** Whether the loss became infinite or NaN: the training has stopped. */
    boolean diverged() {
        return diverged;
    }

    /** Whether there was any training. */
    boolean hasTrained() {
        return done > 0;
    }

    int done() {
        return done;
    }

    int goal() {
        return goal;
    }

    /** While it trains, by the time that training has; NaN before. */
    double iterationsPerSecond() {
        return iterationsPerSecond;
    }

    LossCurve curve() {
        return curve;
    }

    /** The weights to map with, [shape.bufferFloats()]; until {@link #endedSessions} grows. */
    DeviceBuffer parameters() {
        return session == null ? given : session.parameters();
    }

    /** A copy of the weights. */
    Network snapshot() {
        return session == null ? start : session.snapshot();
    }

    private void endSession() {
        if (session != null) {
            session.close();
            session = null;
            ended++;
        }
    }

    /** Sessions that ended, whose {@link #parameters} are gone: what moves points with them must begin again. */
    int endedSessions() {
        return ended;
    }

    @Override
    public void close() {
        endSession();
        given.close();
    }
}
