package iadb.train;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.draw.PointSource;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.JointPlan;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.Tuning;
import iadb.train.TrainingSession.Side;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains many maps on one or more devices, which take them from one queue, each at its own speed. On a device, maps of the same
 * network, batch and number of points train at once ({@link JointTraining}) if enough of them wait to keep it busy. Others train one
 * after the other ({@link TrainingRun}), each on the whole device. Both give the same bits.
 *
 * <p>A device that fails takes no further maps. Those that it was training go to the end of the queue and then train one after the
 * other: if a second device fails, the map that it was training is the cause. If a device runs out of memory, the map trains alone
 * there; if that fails, too, it is left to the other devices.
 *
 * @param <J> the maps to train
 */
public final class TrainingQueue<J extends TrainingQueue.Job> {
    private static final Logger LOG = LoggerFactory.getLogger(TrainingQueue.class);
    private static final int MIN_AT_ONCE = 2;
    private static final int UNITS_PER_MAP = 4; // with fewer maps than a quarter of a device's units, one after the other is faster

    /** A map to train. */
    public interface Job {
        /** How to train it. */
        TrainingSettings settings();

        /**
         * The densities p0 and p1; called when the training is about to begin. Trainings with the same objects and seed share their
         * data on the device.
         */
        List<Density> densities();
    }

    /**
     * What a training gives.
     *
     * @param lastWeights which the model has, too, unless it has their average
     * @param seconds     wall-clock seconds; other maps may train meanwhile
     */
    public record Result(Model model, Network lastWeights, LossHistory history, double seconds) { }

    /** Follows the trainings, on the devices' threads: with several devices, calls may overlap. */
    public interface Observer<J> {
        /**
         * Whether to continue; called several times a second for each device.
         *
         * @param steps iterations done since the last call; negative if work was lost and is done again
         */
        boolean progressed(long steps);

        /**
         * Called for a trained map. An exception fails the map, but one of the device is treated as if the training had thrown it.
         *
         * @param context of its device, which is the caller's during the call
         */
        void trained(J job, Result result, Context context);

        /** Called for a map that cannot be trained. An exception stops the others. */
        void failed(J job, RuntimeException why);

        /** Called when a device has failed while others continue. */
        void lost(Device device, OpenClException why);
    }

    private final Observer<J> observer;
    private final Optional<Integer> atOnce;
    private final SharedJobs<J, Worker> jobs;
    private RuntimeException fault; // of the observer; guarded by this

    private TrainingQueue(List<J> jobs, Optional<Integer> atOnce, Observer<J> observer) {
        this.jobs = new SharedJobs<>(jobs);
        this.atOnce = atOnce;
        this.observer = observer;
    }

    /**
     * Trains all maps, or until the observer stops it; then nothing is under way.
     *
     * @param devices contexts of different devices; several are used by a thread each
     * @param atOnce  the most maps that a device trains at once; empty: as many as keep it busy
     * @throws OpenClException if the last device fails before all maps are trained
     */
    public static <J extends Job> void run(List<J> jobs, List<Context> devices, Optional<Integer> atOnce, Observer<J> observer) {
        TrainingQueue<J> queue = new TrainingQueue<>(jobs, atOnce, observer);
        List<TrainingQueue<J>.Worker> all = new ArrayList<>();
        devices.forEach(context -> all.add(queue.new Worker(context)));
        all.forEach(queue.jobs::join);
        List<Background<Void>> others = all.stream().skip(1).map(worker -> Background.start("train on " + worker.device(), worker::run)).toList();
        try {
            all.get(0).run();
        } finally {
            others.forEach(Background::close); // waits
        }
        others.forEach(Background::get);
        queue.throwFault();
    }

    private synchronized void throwFault() {
        if (fault != null) {
            throw fault;
        }
    }

    /** Reports a map that is under way as failed. */
    private void fail(Worker worker, J job, RuntimeException why) {
        try {
            observer.failed(job, why);
        } catch (RuntimeException e) {
            synchronized (this) {
                fault = e;
            }
            jobs.stop();
        }
        jobs.ended(worker, job);
    }

    /** Trains maps on a device. */
    private final class Worker {
        private final Context context;
        private final Map<TrainingSettings, Integer> mostAtOnce = new HashMap<>(); // of kinds of maps of which the device cannot train more
        private long steps; // of maps under way

        Worker(Context context) { this.context = context; }

        private String device() { return context.device().name(); }

        void run() {
            try {
                for (J job = jobs.take(this); job != null; job = jobs.take(this)) {
                    train(job);
                }
            } catch (OpenClException e) {
                List<J> again = jobs.giveUp(this);
                observer.progressed(-steps);
                again.forEach(job -> fail(this, job, e));
                if (jobs.hasWorkers()) {
                    observer.lost(context.device(), e);
                } else if (jobs.hasWaiting()) {
                    throw e;
                }
            } catch (RuntimeException | Error e) {
                jobs.stop();
                throw e;
            }
        }

        private boolean progressed(long more) {
            steps += more;
            if (!observer.progressed(more)) {
                jobs.stop();
            }
            return !jobs.isStopped();
        }

        /** Trains a map, together with others like it if enough of them wait. */
        private void train(J job) {
            TrainingSettings kind = kind(job);
            Predicate<J> alike = other -> kind(other).equals(kind) && !jobs.isSetAside(other);
            int wanted = 1 + jobs.share(alike);
            int least = atOnce.isPresent() ? MIN_AT_ONCE : Math.max(MIN_AT_ONCE, context.device().computeUnits() / UNITS_PER_MAP);
            int most = Math.min(Math.min(wanted, atOnce.orElse(wanted)), mostAtOnce.getOrDefault(kind, wanted));
            if (most < least || jobs.isSetAside(job)) {
                trainAlone(job);
                return;
            }
            Optional<JointTraining<J>> joint = open(kind, most);
            if (joint.isPresent()) {
                trainAtOnce(joint.get(), job, alike, kind);
            } else {
                trainAlone(job);
            }
        }

        /** @return empty if the device cannot train such maps at once */
        private Optional<JointTraining<J>> open(TrainingSettings kind, int most) {
            try {
                PlanChoice alone = new PlanSelector(context.device(), kind.shape(), kind.batch(), kind.plan(), kind.tuning()).known();
                Optional<Tuning> tuning = JointPlan.tuning(context, alone, kind.shape(), kind.batch());
                if (tuning.isEmpty()) {
                    limit(kind, 1, alone.kind() == PlanChoice.Kind.LAYERED ? "they train by the plan " + alone.kind()
                            : "a batch of " + kind.batch() + " is too large for one work-group");
                } else if (!JointPlan.passes(context, kind.shape(), alone, tuning.get())) {
                    limit(kind, 1, "its results would have other bits than those of a map alone");
                } else {
                    int places = Math.min(most, atOnce.orElse(JointPlan.placesOf(context.device(), tuning.get())));
                    return Optional.of(open(kind, alone, tuning.get(), places));
                }
            } catch (OpenClException e) {
                requireExcess(e);
                limit(kind, 1, e.getMessage());
            }
            return Optional.empty();
        }

        private void limit(TrainingSettings kind, int most, String why) {
            mostAtOnce.put(kind, most);
            if (most < MIN_AT_ONCE) {
                LOG.info("{} trains maps of {}, depth {} and batch {} one after the other: {}", device(), kind.shape().widthText(), kind.shape().depth(),
                        kind.batch(), why);
            } else {
                LOG.debug("{} trains at most {} such maps at once: {}", device(), most, why);
            }
        }

        /** Throws the exception unless it says that the device cannot hold so much; some drivers report this like a crash. */
        private void requireExcess(OpenClException e) {
            if (e instanceof DeviceLimitException) {
                return;
            }
            if (!e.isOutOfMemory()) {
                throw e;
            }
            try (PointSource source = new PointSource(context, ImageDensity.parse("gaussian", false))) {
                source.drawToHost(0, TrainingSession.purpose(Side.P0), 0, 1);
            } catch (OpenClException crashed) {
                throw e;
            }
        }

        /** Settings that are equal for maps that can train at once. */
        private TrainingSettings kind(J job) {
            TrainingSettings settings = job.settings();
            return settings.withIterations(1).withSeed(0).withLearningRate(1, false).withEma(0).withReflow(0)
                    .withCoupling(Coupling.INDEPENDENT).withEncoding(settings.shape().features(), 1);
        }

        private void trainAlone(J job) {
            long startNanos = System.nanoTime();
            long before = steps;
            try {
                List<Density> pair = job.densities();
                try (TrainingRun run = new TrainingRun(context, job.settings(), pair.get(0), pair.get(1), share -> progressed(0))) {
                    run.train(0, progress -> progressed(progress.stepsDone() - (steps - before)));
                    if (jobs.isStopped() && run.steps() < job.settings().totalIterations()) {
                        return;
                    }
                    observer.trained(job, new Result(run.model(), run.session().lastWeights(), run.history(), (System.nanoTime() - startNanos) * 1e-9),
                            context);
                }
                jobs.ended(this, job);
            } catch (OpenClException e) {
                requireExcess(e);
                observer.progressed(before - steps);
                if (!jobs.refuse(this, job)) {
                    fail(this, job, e);
                }
            } catch (RuntimeException e) {
                if (!(e instanceof CancellationException && jobs.isStopped())) {
                    fail(this, job, e);
                }
            }
            steps = before;
        }

        /** @param opened closed when no such map waits or is under way */
        private void trainAtOnce(JointTraining<J> opened, J first, Predicate<J> alike, TrainingSettings kind) {
            try (JointTraining<J> joint = opened) {
                J next = first;
                do {
                    while (next != null) {
                        add(joint, next);
                        next = joint.hasFree() ? jobs.takeWaiting(this, alike) : null;
                    }
                    long[] more = {0};
                    joint.advance(more).forEach(this::report);
                    if (!progressed(more[0])) {
                        return;
                    }
                    next = joint.hasFree() ? jobs.takeWaiting(this, alike) : null;
                } while (next != null || joint.isBusy());
            } catch (OpenClException e) { // of a launch: the buffers of a driver that allocates late do not fit
                requireExcess(e);
                limit(kind, opened.places() / 2, e.getMessage());
                observer.progressed(-steps);
                steps = 0;
                jobs.putBack(this);
            }
        }

        /** @throws OpenClException if the device cannot hold two places */
        private JointTraining<J> open(TrainingSettings kind, PlanChoice alone, Tuning tuning, int most) {
            for (int count = most; ; count /= 2) {
                try {
                    return new JointTraining<>(context, kind, alone, tuning, count);
                } catch (OpenClException e) {
                    requireExcess(e);
                    if (count / 2 < MIN_AT_ONCE) {
                        throw e;
                    }
                    LOG.debug("{} has no room for {} maps at once: {}", device(), count, e.getMessage());
                }
            }
        }

        private void add(JointTraining<J> joint, J job) {
            try {
                List<Density> pair = job.densities();
                if (JointTraining.fits(job.settings(), pair.get(0), pair.get(1))) {
                    joint.add(job, job.settings(), pair.get(0), pair.get(1));
                    return;
                }
            } catch (OpenClException e) {
                throw e;
            } catch (RuntimeException e) {
                fail(this, job, e);
                return;
            }
            jobs.setAside(this, job);
        }

        private void report(JointTraining.Ended<J> end) {
            RuntimeException failure = end.failure();
            if (failure == null) {
                try {
                    observer.trained(end.job(), end.result(), context);
                } catch (RuntimeException e) {
                    failure = e;
                }
            }
            if (failure instanceof OpenClException e) { // of its pairs or its evaluation, which may fit if no others train
                requireExcess(e);
                observer.progressed(-end.steps());
                jobs.setAside(this, end.job());
            } else if (failure != null) {
                fail(this, end.job(), failure);
            } else {
                jobs.ended(this, end.job());
            }
            steps -= end.steps();
        }
    }
}
