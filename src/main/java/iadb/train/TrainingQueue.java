package iadb.train;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.JointPlan;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.Tuning;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains many maps on one or more devices, which take them from one queue, each at its own speed. On a device, maps of the same
 * network, batch and number of points train at once ({@link JointTraining}) if there are enough of them to keep it busy, and others
 * one after the other ({@link TrainingRun}), each on the whole device. Both give the same bits.
 *
 * <p>A device that fails takes no further maps, and those that it was training go back into the queue. A map that a device has no
 * memory for is left to the others.
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
     * @param seconds     from its beginning to its end, in which others may have trained, too
     */
    public record Result(Model model, Network lastWeights, LossHistory history, double seconds) { }

    /** Follows the trainings, on the devices' threads: with several devices, calls may overlap. */
    public interface Observer<J> {
        /**
         * Whether to continue; called several times a second for each device.
         *
         * @param steps iterations done since the last call; negative if the work of a failed device was lost
         */
        boolean progressed(long steps);

        /**
         * Called for a trained map.
         *
         * @param context of its device, which is the caller's during the call
         */
        void trained(J job, Result result, Context context);

        /** Called for a map that cannot be trained. */
        void failed(J job, RuntimeException why);

        /** Called when a device has failed while others continue. */
        void lost(Device device, OpenClException why);
    }

    private final Observer<J> observer;
    private final Optional<Integer> atOnce;
    private final Deque<J> waiting; // guarded by this, as all below
    private final Set<Worker> workers = new HashSet<>(); // of the devices that have not failed
    private final Map<J, Set<Worker>> refusals = new HashMap<>(); // for lack of memory
    private int underWay;
    private boolean stopped;

    private TrainingQueue(List<J> jobs, Optional<Integer> atOnce, Observer<J> observer) {
        waiting = new ArrayDeque<>(jobs);
        this.atOnce = atOnce;
        this.observer = observer;
    }

    /**
     * Trains all maps, or until the observer stops it; then nothing is under way.
     *
     * @param devices contexts of different devices; several are used by a thread each
     * @param atOnce  the most maps that a device trains at once; empty: as many as keep it busy
     * @throws OpenClException if the last device fails
     */
    public static <J extends Job> void run(List<J> jobs, List<Context> devices, Optional<Integer> atOnce, Observer<J> observer) {
        TrainingQueue<J> queue = new TrainingQueue<>(jobs, atOnce, observer);
        List<TrainingQueue<J>.Worker> all = new ArrayList<>();
        devices.forEach(context -> all.add(queue.new Worker(context)));
        queue.workers.addAll(all);
        List<Background<Void>> others = all.stream().skip(1).map(worker -> Background.start("train on " + worker.device(), worker::run)).toList();
        try {
            all.get(0).run();
        } finally {
            others.forEach(Background::close); // waits
        }
        others.forEach(Background::get);
    }

    private synchronized void stop() {
        stopped = true;
        notifyAll();
    }

    private synchronized boolean isStopped() { return stopped; }

    /** Takes the first waiting map that a worker accepts; waits while another device may return one; null: no more. */
    private synchronized J take(Worker worker) {
        while (!stopped) {
            J job = takeWaiting(worker, any -> true);
            if (job != null || underWay == 0 && waiting.isEmpty()) {
                return job;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                stopped = true;
            }
        }
        return null;
    }

    private synchronized J takeWaiting(Worker worker, Predicate<J> wanted) {
        Optional<J> found = stopped ? Optional.empty()
                : waiting.stream().filter(job -> !refusals.getOrDefault(job, Set.of()).contains(worker)).filter(wanted).findFirst();
        found.ifPresent(job -> {
            waiting.remove(job);
            underWay++;
            worker.own.add(job);
        });
        return found.orElse(null);
    }

    /** A device's share of the waiting maps, rounded up. */
    private synchronized int share(Predicate<J> wanted) {
        int count = (int) waiting.stream().filter(wanted).count();
        return (count + workers.size() - 1) / workers.size();
    }

    private synchronized void ended(Worker worker, J job) {
        worker.own.remove(job);
        underWay--;
        notifyAll();
    }

    /** Returns maps to the queue's head. */
    private synchronized void putBack(Worker worker, List<J> jobs) {
        jobs.forEach(job -> {
            waiting.addFirst(job);
            ended(worker, job);
        });
    }

    /** Leaves a map to the other devices; returns false if they all have refused it, too. */
    private synchronized boolean refuse(Worker worker, J job) {
        Set<Worker> by = refusals.computeIfAbsent(job, any -> new HashSet<>());
        by.add(worker);
        if (by.containsAll(workers)) {
            return false;
        }
        waiting.addLast(job);
        ended(worker, job);
        return true;
    }

    /** Returns the maps of a failed device; those that all other devices have refused are given to one of them, which reports why. */
    private synchronized boolean giveUp(Worker worker) {
        workers.remove(worker);
        refusals.values().stream().filter(by -> by.containsAll(workers)).forEach(Set::clear);
        putBack(worker, List.copyOf(worker.own));
        return !workers.isEmpty();
    }

    /** Trains maps on a device. */
    private final class Worker {
        private final Context context;
        private final List<J> own = new ArrayList<>(); // under way; guarded by the queue
        private final Set<TrainingSettings> oneByOne = new HashSet<>(); // kinds of maps that the device cannot train at once
        private long steps; // of maps under way

        Worker(Context context) { this.context = context; }

        private String device() { return context.device().name(); }

        void run() {
            try {
                for (J job = take(this); job != null; job = take(this)) {
                    train(job);
                }
            } catch (OpenClException e) {
                boolean continues = giveUp(this);
                observer.progressed(-steps);
                if (!continues) {
                    throw e;
                }
                observer.lost(context.device(), e);
            } catch (RuntimeException | Error e) {
                stop();
                throw e;
            }
        }

        private boolean progressed(long more) {
            steps += more;
            if (!observer.progressed(more)) {
                stop();
            }
            return !isStopped();
        }

        /** Trains a map, with others like it if there are enough. */
        private void train(J job) {
            TrainingSettings kind = kind(job);
            Predicate<J> alike = other -> kind(other).equals(kind);
            int wanted = 1 + share(alike);
            int least = atOnce.isPresent() ? MIN_AT_ONCE : Math.max(MIN_AT_ONCE, context.device().computeUnits() / UNITS_PER_MAP);
            if (wanted < least || atOnce.orElse(wanted) < MIN_AT_ONCE || oneByOne.contains(kind)) {
                trainAlone(job);
                return;
            }
            Optional<JointTraining<J>> joint = Optional.empty();
            try {
                PlanChoice alone = new PlanSelector(context.device(), kind.shape(), kind.batch(), kind.plan(), kind.tuning()).known();
                Optional<Tuning> tuning = JointPlan.tuning(context, alone, kind.shape(), kind.batch());
                if (tuning.isPresent() && JointPlan.passes(context, kind.shape(), alone, tuning.get())) {
                    int most = Math.min(wanted, atOnce.orElse(JointPlan.placesOf(context.device(), tuning.get())));
                    joint = Optional.of(open(kind, alone, tuning.get(), most));
                }
            } catch (DeviceLimitException e) {
                LOG.debug("{} trains no such maps at once: {}", device(), e.getMessage());
            }
            if (joint.isPresent()) {
                trainAtOnce(joint.get(), job, alike, kind);
            } else {
                oneByOne.add(kind);
                trainAlone(job);
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
                    if (isStopped()) {
                        return;
                    }
                    observer.trained(job, new Result(run.model(), run.session().lastWeights(), run.history(), (System.nanoTime() - startNanos) * 1e-9),
                            context);
                }
            } catch (DeviceLimitException e) {
                observer.progressed(before - steps);
                steps = before;
                if (refuse(this, job)) {
                    return;
                }
                observer.failed(job, e);
            } catch (OpenClException e) {
                throw e;
            } catch (RuntimeException e) {
                if (isStopped()) {
                    return;
                }
                observer.failed(job, e);
            }
            steps = before;
            ended(this, job);
        }

        /** @param opened closed when no such map waits or is under way */
        private void trainAtOnce(JointTraining<J> opened, J first, Predicate<J> alike, TrainingSettings kind) {
            try (JointTraining<J> joint = opened) {
                J next = first;
                do {
                    while (next != null) {
                        add(joint, next);
                        next = joint.hasFree() ? takeWaiting(this, alike) : null;
                    }
                    long[] more = {0};
                    List<JointTraining.Ended<J>> finished = joint.advance(more);
                    if (!progressed(more[0])) {
                        return;
                    }
                    finished.forEach(this::report);
                    next = joint.hasFree() ? takeWaiting(this, alike) : null;
                } while (next != null || joint.isBusy());
            } catch (DeviceLimitException e) { // for the pairs or the evaluation of a map, which may fit if no others train
                LOG.debug("{} trains no further maps at once: {}", device(), e.getMessage());
                oneByOne.add(kind);
                observer.progressed(-steps);
                steps = 0;
                putBack(this, List.copyOf(own));
            }
        }

        /** @throws DeviceLimitException if the device cannot hold two places */
        private JointTraining<J> open(TrainingSettings kind, PlanChoice alone, Tuning tuning, int most) {
            for (int count = most; ; count /= 2) {
                try {
                    return new JointTraining<>(context, kind, alone, tuning, count);
                } catch (DeviceLimitException e) {
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
                observer.failed(job, e);
                ended(this, job);
                return;
            }
            trainAlone(job);
        }

        private void report(JointTraining.Ended<J> end) {
            if (end.failure() == null) {
                observer.trained(end.job(), end.result(), context);
            } else {
                observer.failed(end.job(), end.failure());
            }
            steps -= end.steps();
            ended(this, end.job());
        }
    }
}
