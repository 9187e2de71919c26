package iadb.view;

import iadb.cl.Context;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.train.Coupling;
import iadb.train.LossHistory;
import iadb.train.Pairing;
import iadb.train.Provenance;
import iadb.train.TrainingSession;
import iadb.train.TrainingSession.Progress;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import iadb.view.scene.Flow;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The weights that the window shows and the training that changes them, frame by frame. Another density or coupling keeps the weights, and
 * begins at round 0. While pairs by optimal transport are made, the training continues on the data that it has; while those of a reflow
 * round are mapped, it waits. A training that diverges restores the weights of its last safe state, at most a few seconds old; the next
 * training starts from fresh weights.
 */
final class LiveTraining implements AutoCloseable {
    private static final double RATE_SMOOTHING = 0.05;
    private static final int PAIRS_SHOWN = 300;
    private static final long MAPPING_NANOS = 40_000_000; // of a frame

    private final Context context;
    private TrainingSettings settings;
    private final NetworkShape encoded; // the network's shape with the encoding that the user can choose
    private DeviceBuffer parameters; // [shape.bufferFloats()], the weights when there is no session
    private Network network; // the same on the host
    private TrainingSession session; // null if there is none
    private Round current; // that of the session; null before the first
    private Round next; // whose pairs are being made; null: none
    private Round transported; // the last whose pairs optimal transport has made; null: none
    private TrainingSession pairsOf; // whose pairs were taken last; null: none, or other data since
    private LossHistory history;
    private LossCurve curve = new LossCurve();
    private int doneBefore; // iterations before step 0 of the session
    private int done;
    private int roundEnd; // iteration at which the current round ends
    private int lastRound; // the reflow round after which the training ends
    private int rounds; // reflow rounds behind the weights
    private int startStep; // of the session
    private int startRounds; // reflow rounds behind the weights at that step
    private boolean running;
    private boolean beginsWhenReady; // the pairs that transport makes
    private int divergedAt; // iteration; 0: the training did not diverge
    private double iterationsPerSecond = Double.NaN;

    /**
     * What a session trains on.
     *
     * @param pairs null: independent draws, or the densities' own rows
     */
    private record Round(TrainingSettings settings, Density p0, Density p1, Pairing pairs) {
        /** The reflow round; 0: the one before the first. */
        int number() { return pairs == null ? 0 : pairs.round(); }

        boolean isOf(TrainingSettings wanted, Density from, Density to) { return settings.equals(wanted) && p0 == from && p1 == to; }
    }

    /**
     * @param settings of each training
     * @param network  shown first; {@link #train} starts from its weights
     */
    LiveTraining(Context context, TrainingSettings settings, Network network) {
        this.context = context;
        this.settings = settings;
        this.network = network;
        NetworkShape shape = settings.shape();
        encoded = shape.features() > 0 ? shape : new NetworkShape(shape.width(), shape.depth(), NetworkShape.DEFAULT_FEATURES);
        history = new LossHistory(settings.totalIterations());
        parameters = context.buffer(network.parameters());
    }

    /** Whether training can pair the rows of the densities: samples of files of the same length are of the same rows. */
    static boolean canPair(Density p0, Density p1) {
        return p0 instanceof PointDensity a && p1 instanceof PointDensity b && a.count() == b.count() && a.total() == b.total();
    }

    /**
     * Adds another training, from the current weights, and if the learning rate is constant from Adam's state; after a divergence from
     * fresh weights. A cosine schedule restarts. Rows that cannot be paired are coupled independently.
     */
    void train(Density p0, Density p1) {
        if (settings.coupling() == Coupling.PAIRED && !canPair(p0, p1)) {
            settings = settings.withCoupling(Coupling.INDEPENDENT);
        }
        if (diverged()) {
            restart(p0, p1);
        } else if (session != null && current.isOf(settings, p0, p1)) {
            drop();
            if (settings.cosine()) {
                start(current);
            } else {
                begin();
            }
        } else if (settings.coupling() != Coupling.OT) {
            drop();
            start(new Round(settings, p0, p1, null));
        } else if (transported != null && transported.isOf(settings, p0, p1)) {
            drop();
            start(transported);
        } else {
            beginsWhenReady = true;
            if (next == null || next.number() > 0 || !next.isOf(settings, p0, p1)) {
                drop();
                next = new Round(settings, p0, p1, Pairing.byTransport(context, settings, p0, p1));
            }
        }
    }

    /** Discards the pairs that are being made. */
    private void drop() {
        if (next != null) {
            next.pairs().close();
            next = null;
        }
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

    /** Starts a training on data that are ready; after a divergence from fresh weights. */
    private void start(Round round) {
        if (session != null) {
            record(session.drain());
        }
        if (diverged()) {
            restart(round.p0(), round.p1());
            return;
        }
        if (session == null) {
            open(round, Checkpoint.start(network, settings.ema() > 0));
        } else if (fits(round)) {
            replaceDensities(round);
        } else {
            Checkpoint now = session.checkpoint();
            boolean continues = !settings.cosine() && current.number() == 0;
            open(round, continues ? now : Checkpoint.start(now.weights(), settings.ema() > 0));
        }
        begin();
    }

    /** Whether the session can train on another round's data without losing its state. */
    private boolean fits(Round round) {
        return !settings.cosine() && round.settings().equals(current.settings()) && settings.coupling() == Coupling.INDEPENDENT
                && current.pairs() == null && rows(round.p0()) == rows(current.p0()) && rows(round.p1()) == rows(current.p1());
    }

    private void replaceDensities(Round round) {
        if (round.p0() != current.p0()) {
            session.replaceDensity(Side.P0, round.p0());
        }
        if (round.p1() != current.p1()) {
            session.replaceDensity(Side.P1, round.p1());
        }
        current = round;
        pairsOf = null;
    }

    private int rows(Density density) { return density instanceof PointDensity points ? points.count() : settings.data(); }

    /** Replaces the session by one of a round whose data are ready; the old one stays if the device cannot hold the new one. */
    private void open(Round round, Checkpoint start) {
        TrainingSession opened = round.pairs() != null ? new TrainingSession(context, start, round.pairs())
                : new TrainingSession(context, round.settings(), start, round.p0(), round.p1(), share -> true);
        endSession();
        current = round;
        session = opened;
        pairsOf = null;
        doneBefore = done - start.step();
        startStep = start.step();
        startRounds = rounds;
    }

    /**
     * Builds what a first training needs, so that {@link #begin} starts it at once.
     *
     * @throws CancellationException if {@code shouldContinue} returns false while points are paired
     */
    void prepare(Density p0, Density p1, BooleanSupplier shouldContinue) {
        if (session != null) {
            return;
        }
        boolean isTransport = settings.coupling() == Coupling.OT;
        try (Pairing pairs = isTransport ? Pairing.byTransport(context, settings, p0, p1) : null) {
            Round round = new Round(settings, p0, p1, isTransport ? pairs.await(share -> shouldContinue.getAsBoolean()) : null);
            transported = isTransport ? round : null;
            open(round, Checkpoint.start(network, settings.ema() > 0));
        }
    }

    /** Starts the training of the session. */
    void begin() {
        lastRound = current.number() == 0 ? settings.reflow() : current.number();
        roundEnd = (int) Math.min(Integer.MAX_VALUE, (long) done + settings.iterations());
        running = true;
    }

    /**
     * Ends the current round, and begins a reflow round more from the current weights.
     *
     * @return false if the training has diverged
     */
    boolean reflow(Density p0, Density p1) {
        if (session != null) {
            record(session.drain());
        }
        if (!diverged() && !isMapping()) {
            lastRound = Math.max(lastRound, round() + 1);
            roundEnd = done;
            running = true;
            map(p0, p1);
        }
        return !diverged();
    }

    /** Begins to map the pairs of the next reflow round. */
    private void map(Density p0, Density p1) {
        drop();
        Network map = snapshot();
        if (map.isFinite()) {
            next = new Round(settings, p0, p1, Pairing.byMap(context, settings, round() + 1, p0, map));
        } else {
            diverge();
        }
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        reset();
        train(p0, p1);
    }

    /**
     * Replaces the network by another with fresh weights, with or without an encoding: that of the settings, or the default.
     * {@link #prepare} and {@link #begin} train it.
     *
     * @return false if it is encoded so already
     */
    boolean encode(boolean encodes) {
        if (encodes == isEncoded()) {
            return false;
        }
        TrainingSettings other = settings.withEncoding(encodes ? encoded.features() : 0, settings.encodingDeviation());
        DeviceBuffer fresh = context.buffer(other.initialNetwork().parameters());
        drop();
        settings = other;
        reset();
        parameters.close();
        parameters = fresh;
        return true;
    }

    /** Whether the network has an encoding. */
    boolean isEncoded() { return settings.shape().features() > 0; }

    /** Ends the training, and returns to fresh weights. */
    private void reset() {
        endSession();
        network = settings.initialNetwork();
        history = new LossHistory(settings.totalIterations());
        curve = new LossCurve();
        done = 0;
        rounds = 0;
        running = false;
        divergedAt = 0;
        iterationsPerSecond = Double.NaN;
    }

    /** Pauses the training until {@link #resume}. */
    void stop() {
        running = false;
        beginsWhenReady = false;
        if (isMapping()) {
            drop();
        }
    }

    /** Continues a stopped training; false if there is none. */
    boolean resume() {
        running = session != null && done < goal();
        beginsWhenReady = next != null;
        return running || beginsWhenReady;
    }

    /**
     * Trains for about {@code budget} if a training is running, or maps the pairs of a reflow round, and starts on pairs that are made.
     *
     * @throws DeviceLimitException when the device cannot hold the session of those pairs: the training continues without them
     */
    void advance(Duration budget) {
        if (next != null && advancePairs()) {
            takePairs();
        } else if (running && !isMapping()) {
            advanceTraining(budget);
        }
    }

    /** Continues to make pairs, mapped ones for longer than a frame trains: nothing else happens meanwhile. */
    private boolean advancePairs() {
        long endNanos = System.nanoTime() + MAPPING_NANOS;
        boolean made;
        do {
            made = next.pairs().advance(Flow.LONGEST_LAUNCH);
        } while (!made && isMapping() && System.nanoTime() < endNanos);
        return made;
    }

    private void takePairs() {
        Round ready = next;
        next = null;
        try {
            if (ready.number() > 0) {
                open(ready, Checkpoint.start(snapshot(), settings.ema() > 0));
                roundEnd = (int) Math.min(Integer.MAX_VALUE, (long) done + settings.iterations());
            } else {
                transported = ready;
                start(ready);
                running &= beginsWhenReady;
            }
        } catch (DeviceLimitException e) {
            settings = current == null ? settings : current.settings();
            if (ready.number() > 0) {
                running = false;
                lastRound = round();
            }
            throw e;
        }
    }

    private void advanceTraining(Duration budget) {
        long startNanos = System.nanoTime();
        int before = done;
        record(session.advance(roundEnd - doneBefore - session.stepsEnqueued(), budget, Flow.LONGEST_LAUNCH));
        if (running && doneBefore + session.stepsEnqueued() >= roundEnd) {
            record(session.drain());
            if (running && round() < lastRound) {
                map(current.p0(), current.p1());
            } else {
                running = false;
            }
        }
        double rate = Math.max(0, done - before) / ((System.nanoTime() - startNanos) * 1e-9);
        iterationsPerSecond = Double.isNaN(iterationsPerSecond) ? rate
                : iterationsPerSecond + RATE_SMOOTHING * (rate - iterationsPerSecond);
    }

    private void record(Progress progress) {
        history.add(progress.losses());
        curve.add(progress.losses());
        done = history.steps();
        rounds = progress.losses().length > 0 ? round() : rounds;
        if (!progress.finite()) {
            diverge();
        }
    }

    private void diverge() {
        divergedAt = done + 1;
        running = false;
        drop();
        Checkpoint safe = session.lastSafe();
        network = safe.result();
        done = doneBefore + safe.step();
        rounds = safe.step() > startStep ? round() : startRounds;
        parameters.write(network.parameters());
        endSession();
    }

    boolean running() { return running; }

    /** Whether a training is running, or begins as soon as its pairs are made. */
    boolean active() { return running || next != null && beginsWhenReady; }

    /** Whether the loss became infinite or NaN, which stopped the training. */
    boolean diverged() { return divergedAt > 0; }

    /** The iteration whose loss was not finite; 0 if none. */
    int divergedAt() { return divergedAt; }

    /** Whether the weights come from a training. */
    boolean hasTrained() { return done > 0; }

    /** Iterations behind the current weights. */
    int done() { return done; }

    /** The iteration at which the training ends. */
    int goal() {
        return (int) Math.min(Integer.MAX_VALUE, roundEnd + (lastRound - round()) * (long) settings.iterations());
    }

    /** Whether the training has nothing left to do, after an iteration or more. */
    boolean ended() { return diverged() || hasTrained() && !isPairing() && done >= goal(); }

    /** The current reflow round; 0 before the first. */
    int round() { return session == null ? 0 : current.number(); }

    /** The reflow round after which the training ends. */
    int lastRound() { return lastRound; }

    /** Whether pairs are being made. */
    boolean isPairing() { return next != null; }

    /** Whether these are the pairs of the next reflow round. */
    boolean isMapping() { return next != null && next.number() > 0; }

    /** The smoothed rate within the training's part of each frame; NaN before the first. */
    double iterationsPerSecond() { return iterationsPerSecond; }

    LossCurve curve() { return curve; }

    /** The losses since the training from fresh weights began. */
    LossHistory history() { return history; }

    /** The current weights, [shape.bufferFloats()]; valid until another method is called. */
    DeviceBuffer parameters() { return session == null ? parameters : session.parameters(); }

    TrainingSettings settings() { return settings; }

    /** Which x0 is blended with which x1. */
    Coupling coupling() { return settings.coupling(); }

    /** Whether there is a training whose pairs can be shown. */
    boolean hasPairs() { return session != null; }

    /**
     * Some pairs of points that training blends, [N, 2, 2]: x0 from rows at regular intervals, with a random x1 unless the data are pairs.
     * Empty if they are those of the last call, or without a training.
     */
    Optional<float[]> newPairs() {
        if (session == null || pairsOf == session) {
            return Optional.empty();
        }
        pairsOf = session;
        float[] data0 = read(pairsOf.data0());
        float[] data1 = read(pairsOf.data1());
        boolean independent = current.pairs() == null && current.settings().coupling() == Coupling.INDEPENDENT;
        int count = Math.min(PAIRS_SHOWN, data0.length / 2);
        SplittableRandom random = new SplittableRandom(settings.seed());
        float[] pairs = new float[4 * count];
        for (int n = 0; n < count; n++) {
            int row0 = (int) ((n + 0.5) * (data0.length / 2) / count);
            int row1 = independent ? random.nextInt(data1.length / 2) : row0;
            System.arraycopy(data0, 2 * row0, pairs, 4 * n, 2);
            System.arraycopy(data1, 2 * row1, pairs, 4 * n + 2, 2);
        }
        return Optional.of(pairs);
    }

    private static float[] read(DeviceBuffer data) { return data.read(new float[(int) (data.bytes() / Float.BYTES)]); }

    /** A copy of the weights. */
    Network snapshot() { return session == null ? network : session.snapshot(); }

    /** A copy of the weights, with the densities and the settings of the training. */
    Model model(Density p0, Density p1) {
        return new Model(snapshot(), Optional.of(p0), Optional.of(p1),
                Provenance.ofModel(current == null ? settings : current.settings(), p0, p1, done, rounds, Optional.empty()));
    }

    private void endSession() {
        if (session != null) {
            session.close();
            session = null;
        }
    }

    @Override
    public void close() {
        drop();
        endSession();
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
