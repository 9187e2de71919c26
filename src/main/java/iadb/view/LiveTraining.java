package iadb.view;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.train.Coupling;
import iadb.train.LossHistory;
import iadb.train.Provenance;
import iadb.train.TrainingRun;
import iadb.train.TrainingSession;
import iadb.train.TrainingSession.Progress;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import iadb.view.scene.Flow;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * The weights that the window shows and the training that changes them, frame by frame. Another density or coupling keeps the weights. A
 * training that diverges restores the weights of its last safe state, at most a few seconds old; the next training starts from
 * fresh weights.
 */
final class LiveTraining implements AutoCloseable {
    private static final double RATE_SMOOTHING = 0.05;
    private static final int PAIRS_SHOWN = 300;

    private final Context context;
    private TrainingSettings settings;
    private final DeviceBuffer parameters; // [shape.bufferFloats()], the weights while there is no run
    private Network network; // the same on the host
    private TrainingRun run; // null if there is none
    private TrainingSettings runSettings;
    private Density runP0;
    private Density runP1;
    private TrainingSession pairsOf; // whose pairs were taken last; null: none, or other data since
    private LossHistory history;
    private LossCurve curve = new LossCurve();
    private int doneBefore; // iterations of earlier runs
    private int done;
    private int goal;
    private boolean running;
    private int divergedAt; // iteration; 0: the training did not diverge
    private double iterationsPerSecond = Double.NaN;

    /**
     * @param settings of each training
     * @param network  shown first; {@link #train} starts from its weights
     */
    LiveTraining(Context context, TrainingSettings settings, Network network) {
        this.context = context;
        this.settings = settings.withReflow(0); // each training is one round
        this.network = network;
        history = new LossHistory(settings.iterations());
        parameters = context.buffer(network.parameters());
    }

    /** Whether training can pair the rows of the densities. */
    static boolean canPair(Density p0, Density p1) {
        return p0 instanceof PointDensity a && p1 instanceof PointDensity b && a.count() == b.count();
    }

    /**
     * Adds another training, from the current weights, and if the learning rate is constant from Adam's state; after a divergence from
     * fresh weights. A cosine schedule restarts. Rows that cannot be paired are coupled independently.
     */
    void train(Density p0, Density p1) {
        if (settings.coupling() == Coupling.PAIRED && !canPair(p0, p1)) {
            settings = settings.withCoupling(Coupling.INDEPENDENT);
        }
        if (run != null && (settings.cosine() || !settings.equals(runSettings) || p0 != runP0 || p1 != runP1)) {
            record(run.drain());
            if (!diverged()) {
                change(p0, p1);
            }
        }
        if (diverged()) {
            restart(p0, p1);
            return;
        }
        prepare(p0, p1);
        begin();
    }

    /** Trains with another coupling, from the current weights. */
    void couple(Coupling coupling, Density p0, Density p1) {
        TrainingSettings before = settings;
        settings = settings.withCoupling(coupling);
        try {
            train(p0, p1);
        } catch (RuntimeException e) {
            settings = before;
            throw e;
        }
    }

    /** Gives the run, none of whose steps are in flight, other densities or settings. */
    private void change(Density p0, Density p1) {
        boolean fits = rows(p0) == rows(runP0) && rows(p1) == rows(runP1);
        if (fits && settings.coupling() == Coupling.INDEPENDENT && settings.equals(runSettings) && !settings.cosine()) {
            if (p0 != runP0) {
                run.session().replaceDensity(Side.P0, p0);
            }
            if (p1 != runP1) {
                run.session().replaceDensity(Side.P1, p1);
            }
            runP0 = p0;
            runP1 = p1;
            pairsOf = null;
            return;
        }
        Checkpoint now = run.session().checkpoint();
        TrainingRun next = newRun(p0, p1, settings.cosine() ? Checkpoint.start(now.weights(), settings.ema() > 0) : now);
        doneBefore = settings.cosine() ? done : doneBefore;
        endRun();
        use(next, p0, p1);
    }

    private int rows(Density density) { return density instanceof PointDensity points ? points.count() : settings.data(); }

    private TrainingRun newRun(Density p0, Density p1, Checkpoint start) {
        return new TrainingRun(context, settings, p0, p1, start, history);
    }

    private void use(TrainingRun next, Density p0, Density p1) {
        run = next;
        runSettings = settings;
        runP0 = p0;
        runP1 = p1;
        pairsOf = null;
    }

    /** Builds what a first training needs, so that {@link #begin} starts it at once. */
    void prepare(Density p0, Density p1) {
        if (run == null) {
            use(newRun(p0, p1, Checkpoint.start(network, settings.ema() > 0)), p0, p1);
        }
    }

    /** Starts the prepared training. */
    void begin() {
        goal = (int) Math.min(Integer.MAX_VALUE, (long) done + settings.iterations());
        running = true;
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        endRun();
        network = Network.initial(settings.shape(), settings.seed());
        history = new LossHistory(settings.iterations());
        curve = new LossCurve();
        doneBefore = 0;
        done = 0;
        divergedAt = 0;
        iterationsPerSecond = Double.NaN;
        train(p0, p1);
    }

    /** Pauses the training until {@link #resume}. */
    void stop() { running = false; }

    /** Continues a stopped training; false if there is none. */
    boolean resume() {
        running = run != null && done < goal;
        return running;
    }

    /** Trains for about {@code budget} if a training is running. */
    void advance(Duration budget) {
        if (!running) {
            return;
        }
        long startNanos = System.nanoTime();
        int before = done;
        record(run.advance(goal - doneBefore - run.session().stepsEnqueued(), budget, Flow.LONGEST_LAUNCH));
        if (running && doneBefore + run.session().stepsEnqueued() >= goal) {
            record(run.drain());
            running = false;
        }
        double rate = Math.max(0, done - before) / ((System.nanoTime() - startNanos) * 1e-9);
        iterationsPerSecond = Double.isNaN(iterationsPerSecond) ? rate
                : iterationsPerSecond + RATE_SMOOTHING * (rate - iterationsPerSecond);
    }

    private void record(Progress progress) {
        curve.add(progress.losses());
        done = history.steps();
        if (!progress.finite()) {
            divergedAt = done + 1;
            running = false;
            Checkpoint safe = run.session().lastSafe();
            network = safe.result();
            done = doneBefore + safe.step();
            parameters.write(network.parameters());
            endRun();
        }
    }

    boolean running() { return running; }

    /** Whether the loss became infinite or NaN, which stopped the training. */
    boolean diverged() { return divergedAt > 0; }

    /** The iteration whose loss was not finite; 0 if none. */
    int divergedAt() { return divergedAt; }

    /** Whether the weights come from a training. */
    boolean hasTrained() { return done > 0; }

    /** Iterations behind the current weights. */
    int done() { return done; }

    /** The iteration at which the training ends. */
    int goal() { return goal; }

    /** The smoothed rate within the training's part of each frame; NaN before the first. */
    double iterationsPerSecond() { return iterationsPerSecond; }

    LossCurve curve() { return curve; }

    /** The losses since the training from fresh weights began. */
    LossHistory history() { return history; }

    /** The current weights, [shape.bufferFloats()]; valid until another method is called. */
    DeviceBuffer parameters() { return run == null ? parameters : run.session().parameters(); }

    TrainingSettings settings() { return settings; }

    /** Which x0 is blended with which x1. */
    Coupling coupling() { return settings.coupling(); }

    /** Whether there is a training whose pairs can be shown. */
    boolean hasPairs() { return run != null; }

    /**
     * Some pairs of points that training blends, [N, 2, 2]: x0 from rows at regular intervals, with a random x1 unless the data are pairs.
     * Empty if they are those of the last call, or without a training.
     */
    Optional<float[]> newPairs() {
        if (run == null || pairsOf == run.session()) {
            return Optional.empty();
        }
        pairsOf = run.session();
        float[] data0 = read(pairsOf.data0());
        float[] data1 = read(pairsOf.data1());
        int count = Math.min(PAIRS_SHOWN, data0.length / 2);
        SplittableRandom random = new SplittableRandom(settings.seed());
        float[] pairs = new float[4 * count];
        for (int n = 0; n < count; n++) {
            int row0 = (int) ((n + 0.5) * (data0.length / 2) / count);
            int row1 = settings.coupling() != Coupling.INDEPENDENT ? row0 : random.nextInt(data1.length / 2);
            System.arraycopy(data0, 2 * row0, pairs, 4 * n, 2);
            System.arraycopy(data1, 2 * row1, pairs, 4 * n + 2, 2);
        }
        return Optional.of(pairs);
    }

    private static float[] read(DeviceBuffer data) { return data.read(new float[(int) (data.bytes() / Float.BYTES)]); }

    /** A copy of the weights. */
    Network snapshot() { return run == null ? network : run.session().snapshot(); }

    /** A copy of the weights, with the densities and the settings of the training. */
    Model model(Density p0, Density p1) {
        return new Model(snapshot(), Optional.of(p0), Optional.of(p1),
                Provenance.ofModel(settings, p0, p1, done, Optional.empty()));
    }

    private void endRun() {
        if (run != null) {
            run.close();
            run = null;
        }
    }

    @Override
    public void close() {
        endRun();
        parameters.close();
    }

    /** The losses of a training as at most 192 means, each of the same number of iterations; the number doubles as needed. */
    static final class LossCurve {
        private static final int MAX_VALUES = 192;

        private final float[] means = new float[MAX_VALUES];
        private int count;
        private int iterationsPerValue = 32;
        private double sum;
        private int summed;

        /** Adds the losses of further iterations. */
        void add(float[] losses) {
            for (float loss : losses) {
                sum += loss;
                if (++summed == iterationsPerValue) {
                    means[count++] = (float) (sum / summed);
                    sum = 0;
                    summed = 0;
                }
                if (count == MAX_VALUES) {
                    for (int i = 0; i < MAX_VALUES / 2; i++) {
                        means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
                    }
                    count = MAX_VALUES / 2;
                    iterationsPerValue *= 2;
                }
            }
        }

        int count() { return count; }

        /** @param i below {@link #count} */
        float value(int i) { return means[i]; }
    }
}
