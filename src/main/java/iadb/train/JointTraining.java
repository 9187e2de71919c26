package iadb.train;

import iadb.cl.Context;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.Resources;
import iadb.density.Density;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Checkpoint;
import iadb.model.Model;
import iadb.model.Network;
import iadb.plan.JointPlan;
import iadb.plan.PlanChoice;
import iadb.plan.Throughput;
import iadb.plan.Tuning;
import iadb.train.TrainingSession.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Trainings that run at once on a device, in the places of a {@link JointPlan}. Their networks, batches and numbers of points are
 * the same; all else may differ. Each gives the bits of a {@link TrainingRun}. Data that several of them draw from are on the device
 * once.
 *
 * @param <J> what identifies a training
 */
final class JointTraining<J> implements AutoCloseable {
    private static final long LAUNCH_NANOS = 50_000_000; // with the margin of Throughput 40 ms
    private static final int FIRST_STEPS = 8;
    private static final Duration PAIRING_BUDGET = Duration.ofMillis(100);
    private static final Duration PAIRING_WAIT = Duration.ofMillis(20);
    private static final int MAX_PAIRINGS = 2; // at once; each uses several threads

    private final Context context;
    private final PlanChoice choice; // of such a training alone
    private final Resources resources = new Resources();
    private final DataPool data;
    private final JointPlan plan;
    private final List<Place> places; // null: free
    private final Throughput throughput = new Throughput(FIRST_STEPS, LAUNCH_NANOS); // in steps of as many places as compute units
    private boolean launched; // so that the device holds all places

    /** A training under way. */
    private final class Place {
        private final J job;
        private final TrainingSettings settings;
        private final Density p0;
        private final Density p1;
        private final LossHistory history;
        private final long startNanos = System.nanoTime();
        private final List<DataPool.DataSet> sets = new ArrayList<>(); // of p0 and of p1, or one of pairs; of this round
        private Pairing pairing; // null: not begun, or not needed
        private Network roundStart;
        private long rowsSeed; // of the round
        private int round;
        private int step; // of the round
        private boolean trains; // false while its data are being made

        Place(J job, TrainingSettings settings, Density p0, Density p1) {
            this.job = job;
            this.settings = settings;
            this.p0 = p0;
            this.p1 = p1;
            history = new LossHistory(settings.totalIterations());
            rowsSeed = settings.seed();
            roundStart = settings.initialNetwork();
        }

        /** What determines its pairs, if this round's data are pairs to be made. */
        private Optional<Object> pairKey() {
            return round > 0 ? Optional.of(this) : Optional.of(settings.coupling()).filter(coupling -> coupling == Coupling.OT)
                    .map(coupling -> List.of(p0, p1, settings.seed()));
        }

        private void release() {
            if (pairing != null) {
                pairing.close();
                pairing = null;
            }
            sets.forEach(DataPool.DataSet::release);
            sets.clear();
        }
    }

    /**
     * A training that has ended.
     *
     * @param steps   done
     * @param result  null if it failed
     * @param failure why it failed; null with a result
     */
    record Ended<J>(J job, int steps, TrainingQueue.Result result, RuntimeException failure) { }

    /**
     * Prepares free places.
     *
     * @param like   settings whose network, batch and number of points are those of all trainings
     * @param choice of such a training alone
     * @param tuning of {@link JointPlan#tuning}
     * @throws DeviceLimitException when the device cannot hold them
     */
    JointTraining(Context context, TrainingSettings like, PlanChoice choice, Tuning tuning, int count) {
        this.context = context;
        this.choice = choice;
        places = new ArrayList<>(Collections.nCopies(count, null));
        try {
            data = resources.add(new DataPool(context, 2 * count, like.data()));
            plan = resources.add(new JointPlan(context, like.shape(), tuning, like.batch(), data.points(), count));
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    boolean hasFree() { return places.contains(null); }

    /** The most trainings at once. */
    int places() { return places.size(); }

    boolean isBusy() { return places.stream().anyMatch(Objects::nonNull); }

    /**
     * Puts a training into a free place.
     *
     * @throws InvalidInputException if the densities are points of different boxes, cannot be paired as the settings say, or are more
     *     points than the settings allow
     */
    void add(J job, TrainingSettings settings, Density p0, Density p1) {
        Density.box(Optional.of(p0), Optional.of(p1));
        if (settings.coupling() == Coupling.PAIRED) {
            TrainingSession.requirePairs(p0, p1);
        }
        places.set(places.indexOf(null), new Place(job, settings, p0, p1));
    }

    /** Whether these densities have at most as many points as a place holds. */
    static boolean fits(TrainingSettings settings, Density p0, Density p1) {
        return List.of(p0, p1).stream().allMatch(p -> !(p instanceof PointDensity points) || points.count() <= settings.data());
    }

    /**
     * Makes some steps of all trainings, for up to {@value #LAUNCH_NANOS} ns, and what pairs they wait for.
     *
     * @param steps steps[0] is increased by the steps done
     * @return the trainings that ended
     * @throws OpenClException when the device fails, or cannot hold the places; if it has no memory for the data of one training only, that
     *                         one has ended
     */
    List<Ended<J>> advance(long[] steps) {
        List<Ended<J>> ended = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            if (places.get(i) != null && !places.get(i).trains) {
                prepare(i, ended);
            }
        }
        if (places.stream().anyMatch(place -> place != null && place.trains)) {
            launch(steps, ended);
        } else {
            places.stream().filter(place -> place != null && place.pairing != null).findFirst().ifPresent(place -> place.pairing.pause(PAIRING_WAIT));
        }
        return ended;
    }

    /** Begins or continues to make the data of a place; once they are made the training begins. */
    private void prepare(int index, List<Ended<J>> ended) {
        Place place = places.get(index);
        try {
            if (place.pairKey().isPresent()) {
                preparePairs(place, place.pairKey().get());
            } else {
                place.sets.add(independent(place, Side.P0, place.p0));
                place.sets.add(independent(place, Side.P1, place.p1));
            }
        } catch (InvalidInputException e) {
            end(index, null, e, ended);
            return;
        } catch (OpenClException e) {
            if (!launched || !(e instanceof DeviceLimitException || e.isOutOfMemory())) {
                throw e;
            }
            end(index, null, e, ended); // its memory is free now
            return;
        }
        if (!place.sets.isEmpty()) {
            begin(index);
        }
    }

    private DataPool.DataSet independent(Place place, Side side, Density density) {
        return density instanceof PointDensity rows ? data.find(density).orElseGet(() -> data.put(density, rows.points()))
                : data.drawn(density, side, place.settings);
    }

    /** Trainings with the same pairs share them, and only one of them makes them. */
    private void preparePairs(Place place, Object key) {
        if (place.pairing == null) {
            Optional<DataPool.DataSet> pairs = data.find(key);
            if (pairs.isPresent()) {
                place.sets.add(pairs.get());
                return;
            }
            List<Place> pairing = places.stream().filter(other -> other != null && other.pairing != null).toList();
            if (pairing.size() == MAX_PAIRINGS || pairing.stream().anyMatch(other -> other.pairKey().equals(place.pairKey()))) {
                return;
            }
            place.pairing = place.round > 0 ? Pairing.byMap(context, place.settings, place.round, place.p0, place.roundStart)
                    : Pairing.byTransport(context, place.settings, place.p0, place.p1);
        }
        if (place.pairing.advance(PAIRING_BUDGET)) {
            place.sets.add(data.put(key, place.pairing.x0(), place.pairing.x1()));
            place.rowsSeed = place.pairing.settings().seed();
            place.pairing.close();
            place.pairing = null;
        }
    }

    private void begin(int index) {
        Place place = places.get(index);
        DataPool.DataSet set0 = place.sets.get(0);
        DataPool.DataSet set1 = place.sets.get(place.sets.size() - 1);
        boolean paired = place.round > 0 || place.settings.coupling() != Coupling.INDEPENDENT;
        plan.begin(index, new JointPlan.Training(set0.first(), set0.count(), set1.firstPartner(), paired ? 0 : set1.count(), place.rowsSeed,
                place.settings.learningRate(), place.settings.cosineSteps(), place.settings.ema()),
                Checkpoint.start(place.roundStart, place.settings.ema() > 0));
        place.step = 0;
        place.trains = true;
    }

    private void launch(long[] steps, List<Ended<J>> ended) {
        int active = (int) places.stream().filter(place -> place != null && place.trains).count();
        double waves = Math.ceil((double) active / context.device().computeUnits());
        int most = (int) Math.max(1, Math.min(JointPlan.MAX_STEPS, throughput.work(LAUNCH_NANOS) / waves));
        int[] first = new int[places.size()];
        int[] count = new int[places.size()];
        int longest = 0;
        for (int i = 0; i < count.length; i++) {
            Place place = places.get(i);
            if (place != null && place.trains) {
                first[i] = place.step;
                count[i] = Math.min(most, place.settings.iterations() - place.step);
                longest = Math.max(longest, count[i]);
            }
        }
        long nanos = System.nanoTime();
        plan.enqueueSteps(first, count);
        float[] losses = plan.losses(longest);
        launched = true;
        throughput.learn(longest * waves, System.nanoTime() - nanos, LAUNCH_NANOS);
        for (int i = 0; i < count.length; i++) {
            if (count[i] > 0) {
                steps[0] += count[i];
                record(i, losses, count[i], ended);
            }
        }
    }

    /** Adds a place's losses [count][places] to its history; ends its round or its training if this was the last step. */
    private void record(int index, float[] losses, int count, List<Ended<J>> ended) {
        Place place = places.get(index);
        float[] own = new float[count];
        int finite = 0;
        while (finite < count && Float.isFinite(losses[finite * places.size() + index])) {
            own[finite] = losses[finite * places.size() + index];
            finite++;
        }
        place.history.add(Arrays.copyOf(own, finite));
        place.step += count;
        if (finite < count) {
            end(index, null, diverged(place, "the loss of iteration " + (place.history.steps() + 1)), ended);
        } else if (place.step == place.settings.iterations()) {
            Network result = plan.result(index, place.settings.ema() > 0);
            if (!result.isFinite()) {
                end(index, null, diverged(place, "a weight after iteration " + place.history.steps()), ended);
            } else if (place.round == place.settings.reflow()) {
                end(index, result, null, ended);
            } else {
                place.release();
                place.round++;
                place.roundStart = result;
                place.trains = false;
            }
        }
    }

    private DivergedException diverged(Place place, String what) {
        return new DivergedException(what, place.settings.learningRate(), Optional.empty(), place.history.steps() - 1);
    }

    private void end(int index, Network result, RuntimeException failure, List<Ended<J>> ended) {
        Place place = places.set(index, null);
        place.release();
        ended.add(new Ended<>(place.job, place.history.steps(), result == null ? null : result(index, place, result), failure));
    }

    private TrainingQueue.Result result(int index, Place place, Network network) {
        Model model = new Model(network, Optional.of(place.p0), Optional.of(place.p1), Provenance.ofModel(place.settings, place.p0, place.p1,
                place.settings.totalIterations(), place.settings.reflow(), Optional.of(choice)));
        return new TrainingQueue.Result(model, plan.result(index, false), place.history, (System.nanoTime() - place.startNanos) * 1e-9);
    }

    @Override
    public void close() {
        places.stream().filter(Objects::nonNull).forEach(Place::release);
        resources.close();
    }
}
