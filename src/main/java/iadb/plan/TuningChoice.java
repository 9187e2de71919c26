package iadb.plan;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.cl.UserCache;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import iadb.plan.TuningTable.Purpose;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chooses the tuning that kernels are built with: the device's own row of {@link TuningTable}; without one, on a GPU, the fastest
 * of a few candidates, and otherwise the default of the device's kind. All candidates give the same bits.
 *
 * <p>A process times the candidates once for each device, driver, program, network and batch: for a second before training, for
 * half a second before mapping few points and again before mapping many. These times include building the candidates' kernels one
 * after the other, but not the default's, which are needed anyway. The user's cache keeps the results. When time ends during a
 * candidate's build, the fastest so far is taken, and the next run times that candidate first, since its kernels are built by
 * then; it is passed over if time ends again. Without a cache, or when results are trusted as under a simulator, nothing is timed
 * and the default is taken.
 *
 * <p>A build that is under way when time ends continues in the background. With a driver that runs nothing during a build, the
 * work waits for it. Closing the context also waits for it, since a process that ends while a driver compiles would crash.
 */
public final class TuningChoice {
    private static final Logger LOG = LoggerFactory.getLogger(TuningChoice.class);
    private static final long TRAINING_NANOS = 1_000_000_000;
    private static final long MAP_NANOS = 500_000_000; // for few points, and for many
    private static final int BLOCKS = 7;
    private static final long BLOCK_NANOS = 8_000_000;
    private static final double PASSED_OVER = Double.POSITIVE_INFINITY; // instead of a share
    private static final double UNFINISHED = Double.NaN; // instead of a share: time ended once
    /** Keys of the choices that this process measured. Also the lock: simultaneous measurements would slow each other. */
    private static final Set<String> MEASURED = new HashSet<>();

    private final List<Tuning> candidates; // fitted to network and device, the default first
    private final Purpose purpose;
    private final UserCache cache;
    private final String key;

    /** How candidates are built, opened and timed. */
    record Trials(Function<Tuning, Background<Void>> build, Function<Tuning, Trial> open, LongSupplier clock) { }

    /** @param facts everything that times depend on except the candidates; called only when there are several */
    TuningChoice(List<Tuning> candidates, Purpose purpose, UserCache cache, Supplier<List<String>> facts) {
        this.candidates = candidates;
        this.purpose = purpose;
        this.cache = cache;
        List<String> parts = new ArrayList<>();
        if (candidates.size() > 1) {
            parts.addAll(facts.get());
            candidates.forEach(candidate -> parts.add(candidate.toString()));
        }
        key = UserCache.key(parts);
    }

    /** A choice with only this tuning. */
    public static TuningChoice of(Tuning tuning) { return new TuningChoice(List.of(tuning), null, null, List::of); }

    /**
     * The choice for a network on a device.
     *
     * @param rows    B of {@link Purpose#TRAINING}; otherwise part of the cache key only
     * @param sources of the program that is tuned
     */
    public static TuningChoice of(Device device, Purpose purpose, NetworkShape shape, int rows,
            Supplier<List<Source>> sources) {
        return new TuningChoice(TuningTable.candidates(device, purpose, shape, rows), purpose, UserCache.of("tunings"),
                () -> facts(device.identity(), purpose, shape, rows, sources.get()));
    }

    static List<String> facts(List<String> device, Purpose purpose, NetworkShape shape, int rows, List<Source> sources) {
        List<String> facts = new ArrayList<>(device);
        facts.addAll(List.of(purpose.key(), shape.toString(), Integer.toString(rows)));
        sources.forEach(source -> facts.addAll(List.of(source.name(), source.text())));
        return facts;
    }

    /** The fastest known candidate, or the default; times nothing. */
    public Tuning known() { return candidates.size() == 1 ? candidates.get(0) : fastest(load()); }

    /**
     * The fastest candidate. Times those without a result first, unless this process did so before.
     *
     * @param build starts to build a tuning's kernels on another thread
     * @param open  opens a trial of a tuning; an {@link OpenClException} passes the tuning over
     */
    public Tuning measured(Context context, Function<Tuning, Background<Void>> build, Function<Tuning, Trial> open) {
        if (candidates.size() == 1 || Context.trustsResults() || !cache.takesEntries()) {
            return known();
        }
        return measuredOnce(new Trials(build, open, System::nanoTime), purpose == Purpose.TRAINING ? TRAINING_NANOS
                : MAP_NANOS, context::reportMeasuring);
    }

    /** {@link #measured(Trials, long, Runnable)} for the first call of this process, {@link #known} for later ones. */
    Tuning measuredOnce(Trials trials, long limitNanos, Runnable onStart) {
        synchronized (MEASURED) {
            return MEASURED.add(key) ? measured(trials, limitNanos, onStart) : known();
        }
    }

    /** @param onStart runs before anything is timed */
    Tuning measured(Trials trials, long limitNanos, Runnable onStart) {
        Map<Tuning, Double> shares = load();
        List<Tuning> open = candidates.stream().skip(1)
                .filter(candidate -> shares.getOrDefault(candidate, UNFINISHED).isNaN()).toList();
        if (!open.isEmpty()) {
            try {
                measure(open, shares, trials, limitNanos, onStart);
            } catch (OpenClException e) { // by the default, and so again at its first use
                LOG.debug("tunings of {} are not measured: {}", purpose.key(), e.getMessage());
                return fastest(shares);
            }
            if (!shares.isEmpty()) {
                cache.store(key, text(shares).getBytes(StandardCharsets.UTF_8));
            }
        }
        Tuning fastest = fastest(shares);
        LOG.debug("tuning of {}{}: {}", purpose.key(), open.isEmpty() ? ", measured before" : "", fastest);
        return fastest;
    }

    /** Times the candidates of {@code open} while time is left, and puts their shares into {@code shares}. */
    private void measure(List<Tuning> open, Map<Tuning, Double> shares, Trials trials, long limitNanos, Runnable onStart) {
        Tuning base = candidates.get(0);
        try (Trial ofBase = trials.open.apply(base)) {
            onStart.run();
            long end = trials.clock.getAsLong() + limitNanos;
            LongSupplier nanosLeft = () -> end - trials.clock.getAsLong();
            int count = ofBase.repetitions(BLOCK_NANOS, () -> nanosLeft.getAsLong() > 0);
            if (LOG.isDebugEnabled()) {
                LOG.debug(String.format(Locale.ROOT, "%s: %.1f us by %s", purpose.key(), ofBase.nanos(count) * 1e-3 / count,
                        base));
            }
            for (int i = 0; i < open.size() && nanosLeft.getAsLong() > 0; i++) {
                Tuning candidate = open.get(i);
                OptionalDouble share = share(candidate, ofBase, count, trials, nanosLeft);
                LOG.debug("{}: {} by {}", purpose.key(), share.isEmpty() ? "not enough time to measure"
                        : String.format(Locale.ROOT, "%.3f of that", share.getAsDouble()), candidate);
                shares.put(candidate, share.orElse(shares.containsKey(candidate) ? PASSED_OVER : UNFINISHED));
            }
        }
    }

    /** A candidate's time as a share of the default's; empty if time ended too early. */
    private OptionalDouble share(Tuning candidate, Trial ofBase, int count, Trials trials, LongSupplier nanosLeft) {
        try {
            // never while a candidate is timed: some drivers run nothing during a build
            Background<Void> build = trials.build.apply(candidate);
            if (!build.await(nanosLeft.getAsLong())) {
                return OptionalDouble.empty();
            }
            build.get();
            if (nanosLeft.getAsLong() <= 0) {
                return OptionalDouble.empty();
            }
            try (Trial trial = trials.open.apply(candidate)) {
                if (trial.hasSameBits(ofBase)) {
                    return trial.shareOf(ofBase, count, BLOCK_NANOS, BLOCKS, () -> nanosLeft.getAsLong() > 0);
                }
                LOG.debug("{}: other bits", purpose.key());
            }
        } catch (OpenClException e) {
            LOG.debug("{}: {}", purpose.key(), e.getMessage());
        }
        return OptionalDouble.of(PASSED_OVER);
    }

    private Tuning fastest(Map<Tuning, Double> shares) {
        return shares.entrySet().stream().min(Map.Entry.comparingByValue())
                .filter(least -> least.getValue() < Trial.MAX_SHARE).map(Map.Entry::getKey).orElse(candidates.get(0));
    }

    /** The shares that earlier runs found; empty if the cache has none or an entry that cannot be read. */
    private Map<Tuning, Double> load() {
        Map<Tuning, Double> shares = new LinkedHashMap<>();
        try {
            cache.load(key).ifPresent(bytes -> new String(bytes, StandardCharsets.UTF_8).lines().forEach(line -> {
                String[] parts = line.split(" ", 2);
                shares.put(Tuning.parse(parts[1]), Double.valueOf(parts[0]));
            }));
            shares.keySet().retainAll(candidates);
            return shares;
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            LOG.debug("tunings of {}: the cache entry cannot be read: {}", purpose.key(), e.getMessage());
            return new LinkedHashMap<>();
        }
    }

    /** A line for each tuning: its share and its words. */
    private static String text(Map<Tuning, Double> shares) {
        return shares.entrySet().stream().map(entry -> entry.getValue() + " " + entry.getKey() + "\n")
                .collect(Collectors.joining());
    }

    /**
     * The built kernels of one tuning, with work that can be repeated and timed.
     *
     * @param resources closed with the trial
     * @param work      takes a number of repetitions, makes them, and waits for them
     * @param answer    the kernels' result, computed from the same input as by other tunings
     * @param clock     in nanoseconds
     */
    public record Trial(Resources resources, IntConsumer work, float[] answer, LongSupplier clock) implements AutoCloseable {
        /** A tuning counts as faster when its time is below this share of the other's: a smaller gain may be noise. */
        public static final double MAX_SHARE = 0.98;

        private static final int MIN_BLOCKS = 3; // for a median
        private static final int MAX_REPETITIONS = 1 << 20;
        private static final int ANSWER_STEPS = 4;
        private static final int LOSS_SLOTS = 64;

        /** Timed by the system's clock. */
        public Trial(Resources resources, IntConsumer work, float[] answer) { this(resources, work, answer, System::nanoTime); }

        /**
         * A trial of training steps by the plan {@code fused}, whose answer is the weights after {@value #ANSWER_STEPS} steps.
         *
         * @param batch its data; the weights belong to the trial
         */
        public static Trial ofTraining(Context context, NetworkShape shape, Batch batch, Tuning tuning) {
            Resources own = new Resources();
            try {
                Checkpoint start = Checkpoint.start(Network.initial(shape, 0), batch.averages());
                TrainingState state = own.add(TrainingState.of(context, start, LOSS_SLOTS));
                PlanChoice choice = new PlanChoice(PlanChoice.Kind.FUSED, tuning, List.of());
                Plan plan = own.add(new Plan(context, shape, choice, batch, state));
                plan.enqueueSteps(0, ANSWER_STEPS);
                float[] answer = state.parameters().read(new float[shape.bufferFloats()]);
                int[] step = {ANSWER_STEPS};
                return new Trial(own, count -> {
                    plan.enqueueSteps(step[0], count);
                    step[0] += count;
                    context.finish();
                }, answer);
            } catch (RuntimeException e) {
                own.close();
                throw e;
            }
        }

        /** Whether both gave the same bits. */
        boolean hasSameBits(Trial other) { return Arrays.equals(answer, other.answer); }

        /**
         * The number of repetitions that take between half of {@code nanos} and {@code nanos}; 1 if one takes longer. Warms up.
         *
         * @param timeIsLeft whether a block that seemed long enough may be timed again, in case another program delayed it
         */
        public int repetitions(long nanos, BooleanSupplier timeIsLeft) {
            int count = 1;
            while (count < MAX_REPETITIONS
                    && (nanos(count) < nanos / 2 || timeIsLeft.getAsBoolean() && nanos(count) < nanos / 2)) {
                count *= 2;
            }
            return count;
        }

        /** Nanoseconds of {@code count} repetitions. */
        long nanos(int count) {
            long start = clock.getAsLong();
            work.accept(count);
            return clock.getAsLong() - start;
        }

        /**
         * This trial's time as a share of another's: the median over pairs of blocks of repetitions, one block of each trial in
         * turn.
         *
         * @param repetitions most repetitions of a block, such as the other's {@link #repetitions}
         * @param nanos       approximate duration of a block; a slower trial makes fewer repetitions
         * @param blocks      most pairs
         * @param timeIsLeft  whether another pair may be timed
         * @return empty if time ended after fewer than {@value #MIN_BLOCKS} pairs
         */
        public OptionalDouble shareOf(Trial other, int repetitions, long nanos, int blocks, BooleanSupplier timeIsLeft) {
            if (!timeIsLeft.getAsBoolean()) {
                return OptionalDouble.empty();
            }
            double[] shares = new double[blocks];
            int done = 0;
            int count = Math.min(repetitions, repetitions(nanos, timeIsLeft));
            while (done < blocks && timeIsLeft.getAsBoolean()) {
                shares[done++] = (double) nanos(count) / other.nanos(count);
            }
            Arrays.sort(shares, 0, done);
            return done < MIN_BLOCKS ? OptionalDouble.empty() : OptionalDouble.of(shares[done / 2]);
        }

        @Override
        public void close() { resources.close(); }
    }
}
