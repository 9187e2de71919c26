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
import iadb.train.Preset;
import iadb.train.Provenance;
import iadb.train.TrainingSession;
import iadb.train.TrainingSession.Progress;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import iadb.view.scene.Flow;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * The weights that the window shows and the training that changes them, frame by frame. Another density or coupling keeps the weights,
 * and begins at round 0. While pairs by optimal transport are made, the training continues on the data that it has; while those of a
 * reflow round are mapped, it waits. A training that diverges restores the weights of its last safe state, at most a few seconds old;
 * the next training starts from fresh weights.
 */
final class LiveTraining implements AutoCloseable {
    /** Of {@link #follow}: as good after 2,500 iterations as a slower average, and after 200 nearer to the new density. */
    private static final double FOLLOWING_EMA = 0.95;
    private static final int MAX_FOLLOWING_DATA = 1 << 15; // its pairs are made soonest; fewer take no less time
    private static final double RATE_SMOOTHING = 0.05;

    private final Context context;
    private TrainingSettings settings; // that the user chose
    private int features; // F of the encoding that the user can choose
    private double deviation; // its σ
    private DeviceBuffer parameters; // [shape.bufferFloats()], the weights without a session
    private Network network; // the same on the host
    private TrainingSession session; // null if there is none
    private Round current; // that of the session; null before the first
    private final PairMaking pairs;
    private final BlendedPairs shownPairs = new BlendedPairs();
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
    private boolean following; // new densities
    private int divergedAt; // iteration; 0: the training did not diverge
    private double iterationsPerSecond = Double.NaN;

    /** A session whose kernels are built, to {@link #begin}; until then its owner closes it. */
    static final class Prepared implements AutoCloseable {
        private final Round round;
        private final TrainingSession session;

        private Prepared(Round round, TrainingSession session) {
            this.round = round;
            this.session = session;
        }

        @Override
        public void close() { session.close(); }
    }

    /**
     * @param settings    of each training
     * @param network     shown first; {@link #train} starts from its weights
     * @param transported keeps the pairs that transport has made last, also for other trainings
     */
    LiveTraining(Context context, TrainingSettings settings, Network network, AtomicReference<Round> transported) {
        this.context = context;
        this.settings = settings;
        this.network = network;
        pairs = new PairMaking(context, transported);
        features = isEncoded() ? settings.shape().features() : NetworkShape.DEFAULT_FEATURES;
        deviation = settings.encodingDeviation();
        history = new LossHistory(settings.totalIterations());
        parameters = context.buffer(network.parameters());
    }

    /** Whether training can pair the rows of the densities: samples of files of the same length are of the same rows. */
    static boolean canPair(Density p0, Density p1) {
        return p0 instanceof PointDensity a && p1 instanceof PointDensity b && a.count() == b.count() && a.total() == b.total();
    }

    /**
     * Adds another training, from the current weights, and from Adam's state if the learning rate is constant and stays; after a
     * divergence from fresh weights. A cosine schedule restarts. Rows that cannot be paired are coupled independently.
     */
    void train(Density p0, Density p1) {
        requirePairs(p0, p1);
        following = false;
        if (diverged()) {
            restart(p0, p1);
        } else if (session != null && current.isOf(settings, p0, p1)) {
            pairs.drop();
            if (settings.cosine()) {
                start(current);
            } else {
                begin();
            }
        } else if (settings.coupling() != Coupling.OT) {
            pairs.drop();
            start(new Round(settings, p0, p1, null));
        } else {
            Optional<Round> known = pairs.known(settings, p0, p1);
            if (known.isPresent()) {
                pairs.drop();
                start(known.get());
            } else {
                pairs.transport(settings, p0, p1);
                beginsWhenReady = true;
            }
        }
    }

    /** Couples independently if rows are to be paired and cannot be. */
    private void requirePairs(Density p0, Density p1) {
        if (settings.coupling() == Coupling.PAIRED && !canPair(p0, p1)) {
            settings = settings.withCoupling(Coupling.INDEPENDENT);
        }
    }

    /**
     * Trains the network for a new density as soon as possible: as the preset {@code quick} does, from the current weights. While the
     * points are paired, they are coupled independently. The chosen settings stay; a later {@link #train} uses them.
     */
    void follow(Density p0, Density p1) {
        requirePairs(p0, p1);
        if (diverged()) {
            restart(p0, p1);
            return;
        }
        TrainingSettings quick = Preset.QUICK.settings();
        TrainingSettings soon = settings.withIterations(quick.iterations()).withLearningRate(quick.learningRate(), quick.cosine())
                .withEma(FOLLOWING_EMA).withData(Math.min(settings.data(), MAX_FOLLOWING_DATA)).withReflow(0);
        boolean transports = settings.coupling() != Coupling.PAIRED;
        pairs.drop();
        start(new Round(transports ? soon.withCoupling(Coupling.INDEPENDENT) : soon, p0, p1, null));
        if (transports) {
            pairs.transport(soon.withCoupling(Coupling.OT), p0, p1);
            beginsWhenReady = true;
        }
        following = true;
    }

    /** Whether the latest training is that of {@link #follow}. */
    boolean isFollowing() { return following; }

    /**
     * Trains by other settings, from the current weights unless they are of another network.
     *
     * @return whether it does; if not, the network is another with fresh weights, which {@link #prepare} and {@link #begin} train
     * @throws DeviceLimitException when the device cannot hold it: the settings stay
     */
    boolean train(TrainingSettings other, Density p0, Density p1) {
        if (!isOfNetwork(other)) {
            replaceNetwork(other);
            return false;
        }
        TrainingSettings before = settings;
        settings = other;
        try {
            train(p0, p1);
        } catch (RuntimeException e) {
            settings = before;
            throw e;
        }
        return true;
    }

    private boolean isOfNetwork(TrainingSettings other) {
        return other.shape().equals(settings.shape())
                && (!isEncoded() || other.encodingDeviation() == settings.encodingDeviation());
    }

    private void replaceNetwork(TrainingSettings other) {
        DeviceBuffer fresh = context.buffer(other.initialNetwork().parameters());
        pairs.drop();
        settings = other;
        reset();
        parameters.close();
        parameters = fresh;
        if (isEncoded()) {
            features = other.shape().features();
            deviation = other.encodingDeviation();
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
            open(round, Checkpoint.start(network, round.settings().ema() > 0));
        } else if (fits(round)) {
            replaceDensities(round);
        } else {
            Checkpoint now = session.checkpoint();
            TrainingSettings before = current.settings();
            TrainingSettings after = round.settings();
            boolean continues = current.number() == 0 && !before.cosine() && !after.cosine()
                    && before.learningRate() == after.learningRate() && before.ema() == after.ema();
            open(round, continues ? now : Checkpoint.start(now.result(), after.ema() > 0));
        }
        begin();
    }

    /** Whether the session can train on another round's data without losing its state. */
    private boolean fits(Round round) {
        return !round.settings().cosine() && round.settings().equals(current.settings()) && round.isIndependent()
                && current.isIndependent() && rows(round.p0()) == rows(current.p0()) && rows(round.p1()) == rows(current.p1());
    }

    private void replaceDensities(Round round) {
        if (round.p0() != current.p0()) {
            session.replaceDensity(Side.P0, round.p0());
        }
        if (round.p1() != current.p1()) {
            session.replaceDensity(Side.P1, round.p1());
        }
        current = round;
        shownPairs.forget();
    }

    private int rows(Density density) { return density instanceof PointDensity points ? points.count() : settings.data(); }

    /** Replaces the session by one of a round whose data are ready; the old one stays if the device cannot hold the new one. */
    private void open(Round round, Checkpoint start) { replaceSession(round, session(round, start), start.step()); }

    private TrainingSession session(Round round, Checkpoint start) {
        return round.pairs() != null ? new TrainingSession(context, start, round.pairs())
                : new TrainingSession(context, round.settings(), start, round.p0(), round.p1(), share -> true);
    }

    private void replaceSession(Round round, TrainingSession opened, int step) {
        endSession();
        current = round;
        session = opened;
        shownPairs.forget();
        doneBefore = done - step;
        startStep = step;
        startRounds = rounds;
    }

    /**
     * Builds what a first training needs, for {@link #begin}; changes nothing here, so that another thread may call it while this
     * one only reads.
     *
     * @throws CancellationException if {@code shouldContinue} returns false while points are paired
     */
    Prepared prepare(Density p0, Density p1, BooleanSupplier shouldContinue) {
        Round round = settings.coupling() != Coupling.OT ? new Round(settings, p0, p1, null)
                : pairs.known(settings, p0, p1).orElseGet(() -> pairs.awaitTransport(settings, p0, p1, shouldContinue));
        return new Prepared(round, session(round, Checkpoint.start(network, settings.ema() > 0)));
    }

    /** Starts the training of a session, which this object now owns. */
    void begin(Prepared prepared) {
        replaceSession(prepared.round, prepared.session, 0);
        begin();
    }

    /** Starts the training of the session. */
    private void begin() {
        lastRound = current.number() == 0 ? current.settings().reflow() : current.number();
        roundEnd = (int) Math.min(Integer.MAX_VALUE, (long) done + current.settings().iterations());
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
            following = false;
            lastRound = Math.max(lastRound, round() + 1);
            roundEnd = done;
            running = true;
            map(p0, p1);
        }
        return !diverged();
    }

    /** Begins to map the pairs of the next reflow round. */
    private void map(Density p0, Density p1) {
        pairs.drop();
        Network map = snapshot();
        if (map.isFinite()) {
            pairs.map(settings, round() + 1, p0, p1, map);
        } else {
            diverge();
        }
    }

    /** Trains from fresh weights. */
    void restart(Density p0, Density p1) {
        reset();
        train(p0, p1);
    }

    /** The settings with or without an encoding: the one that the network had last, or the default. */
    TrainingSettings settings(boolean encodes) {
        return settings.withEncoding(encodes ? features : 0, encodes ? deviation : Network.DEFAULT_DEVIATION);
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
        following = false;
        divergedAt = 0;
        iterationsPerSecond = Double.NaN;
    }

    /** Pauses the training until {@link #resume}. */
    void stop() {
        running = false;
        beginsWhenReady = false;
        if (isMapping()) {
            pairs.drop();
        }
    }

    /** Continues a stopped training; false if there is none. */
    boolean resume() {
        running = session != null && done < goal();
        beginsWhenReady = isPairing();
        return running || beginsWhenReady;
    }

    /**
     * Trains for about {@code budget} if a training is running, or maps the pairs of a reflow round; starts on pairs that are made.
     *
     * @throws DeviceLimitException when the device cannot hold the session of those pairs: the training continues without them
     */
    void advance(Duration budget) {
        Optional<Round> paired = isPairing() ? pairs.advance() : Optional.empty();
        if (paired.isPresent()) {
            startOnPairs(paired.get());
        } else if (running && !isMapping()) {
            advanceTraining(budget);
        }
    }

    private void startOnPairs(Round ready) {
        try {
            if (ready.number() > 0) {
                open(ready, Checkpoint.start(snapshot(), settings.ema() > 0));
                roundEnd = (int) Math.min(Integer.MAX_VALUE, (long) done + settings.iterations());
            } else {
                start(ready);
                running &= beginsWhenReady;
            }
        } catch (DeviceLimitException e) {
            settings = current == null ? settings : settings.withCoupling(current.settings().coupling());
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
        pairs.drop();
        Checkpoint safe = session.lastSafe();
        network = safe.result();
        done = doneBefore + safe.step();
        rounds = safe.step() > startStep ? round() : startRounds;
        parameters.write(network.parameters());
        endSession();
    }

    boolean running() { return running; }

    /** Whether a training is running, or begins as soon as its pairs are made. */
    boolean active() { return running || isPairing() && beginsWhenReady; }

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
    boolean isPairing() { return pairs.isRunning(); }

    /** Whether these are the pairs of the next reflow round. */
    boolean isMapping() { return pairs.isMapping(); }

    /** The smoothed rate within the training's part of each frame; NaN before the first. */
    double iterationsPerSecond() { return iterationsPerSecond; }

    LossCurve curve() { return curve; }

    /** The losses since the training from fresh weights began. */
    LossHistory history() { return history; }

    /** The current weights, [shape.bufferFloats()]; valid until another method is called. */
    DeviceBuffer parameters() { return session == null ? parameters : session.parameters(); }

    /** The settings that the user chose. */
    TrainingSettings settings() { return settings; }

    /** The learning rate of the latest training. */
    float learningRate() { return current == null ? settings.learningRate() : current.settings().learningRate(); }

    /** Which x0 is blended with which x1. */
    Coupling coupling() { return settings.coupling(); }

    /** Whether there is a training whose pairs can be shown. */
    boolean hasPairs() { return session != null; }

    /** Some pairs of points that training blends, [N, 2, 2]; empty if they are those of the last call, or without a training. */
    Optional<float[]> newPairs() {
        return session == null ? Optional.empty() : shownPairs.take(session, current.isIndependent(), settings.seed());
    }

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
        pairs.close();
        endSession();
        parameters.close();
    }
}
