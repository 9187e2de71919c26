package iadb.view;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.train.TrainingSettings;
import iadb.train.TrainingSession;
import iadb.train.TrainingSession.Progress;
import iadb.view.scene.Flow;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * The network of the window: the weights that are shown, and the training that moves them, slice by slice. A new density
 * in the middle of it keeps the weights; a training that diverges leaves those of at most some seconds before, and the next
 * one begins anew.
 */
final class Learning implements AutoCloseable {
    private static final double RATE_SMOOTHING = 0.05;
    private static final long LEAST_SLICE_NANOS = 1_000_000;

    private final Context context;
    private final TrainingSettings config;
    private final Consumer<float[]> losses;
    private final Runnable restarted;
    private final DeviceBuffer given; // the weights where no training is under way
    private Network start;
    private TrainingSession session; // null: the weights of start are shown as they are
    private LossCurve curve = new LossCurve();
    private int doneBefore; // iterations of sessions that ended
    private int done;
    private int goal;
    private boolean running;
    private int divergedAt; // the iteration; 0: it did not
    private double iterationsPerSecond = Double.NaN;

    /**
     * @param network   where the weights start; shown as it is until {@link #train}
     * @param losses    takes the losses as they come
     * @param restarted is told that the losses to come are those of fresh weights
     */
    Learning(Context context, TrainingSettings config, Network network, Consumer<float[]> losses, Runnable restarted) {
        this.context = context;
        this.config = config;
        this.losses = losses;
        this.restarted = restarted;
        start = network;
        given = context.buffer(network.parameters());
    }

    /**
     * Trains for the iterations of one training, from the weights as they are; from fresh ones after a divergence. A rate that
     * falls begins to fall anew.
     */
    void train(Density p0, Density p1) {
        if (session != null && config.cosine()) {
            take(session.drain());
            if (!diverged()) {
                start = session.checkpoint().weights();
                doneBefore = done;
                endSession();
            }
        }
        if (diverged()) {
            restart(p0, p1);
            return;
        }
        if (session == null) {
            session = new TrainingSession(context, config, Checkpoint.start(start, config.ema() > 0), p0, p1);
        }
        goal = (int) Math.min(Integer.MAX_VALUE, (long) done + config.iterations());
        running = true;
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        endSession();
        start = Network.initial(config.shape(), config.seed());
        curve = new LossCurve();
        doneBefore = 0;
        done = 0;
        divergedAt = 0;
        iterationsPerSecond = Double.NaN;
        restarted.run();
        train(p0, p1);
    }

    /** Trains on with other data and the weights as they are. */
    void follow(TrainingSession.Which which, Density density, Density p0, Density p1) {
        if (session != null && !config.cosine()) {
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
        running = session != null && done < goal;
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
            Duration slice = Duration.ofNanos(Math.min(left, Flow.LONGEST_LAUNCH.toNanos()));
            take(session.advance(goal - doneBefore - session.stepsEnqueued(), slice));
            left = begin + budget.toNanos() - System.nanoTime();
        }
        if (!running) {
            return; // it diverged, and went back
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
        int before = done;
        done = doneBefore + progress.stepsDone();
        curve.add(progress.losses());
        losses.accept(progress.losses());
        if (!progress.finite()) {
            divergedAt = before + progress.losses().length + 1;
            running = false;
            goBack(session.lastSafe());
        }
    }

    private void goBack(Checkpoint safe) {
        start = safe.result();
        done = doneBefore + safe.step();
        given.write(start.parameters());
        endSession();
    }

    boolean running() {
        return running;
    }

    /** Whether the loss became infinite or NaN: the training has stopped. */
    boolean diverged() {
        return divergedAt > 0;
    }

    /** The iteration whose loss was not finite; 0: there was none. */
    int divergedAt() {
        return divergedAt;
    }

    /** Whether the weights are those of a training. */
    boolean hasTrained() {
        return done > 0;
    }

    /** Iterations that made the weights. */
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

    /** The weights to map with, [shape.bufferFloats()]; until the next call of another method. */
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
        }
    }

    @Override
    public void close() {
        endSession();
        given.close();
    }
}
