package iadb.plan;

import iadb.cl.Background;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.Source;
import iadb.cl.UserCache;
import iadb.model.NetworkShape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which tuning kernels are built with: the device's own row of {@link TuningTable}, or else, on a GPU, the fastest of a few
 * candidates, or else the default of the device's kind. Candidates give the same bits: the choice changes time only.
 *
 * <p>Candidates are timed at the first use of a device, driver, program, network and batch. From when the default's kernels are
 * built, which they are anyway, that takes at most a second where they train and half a second where they map, of few points and
 * of many: two seconds in all. The others' kernels are built in that time, one after the other. A build that is under way when
 * time ends goes on in the background; a driver that runs nothing beside a build lets the work wait for it. What each took is kept
 * in the user's cache, and the next run goes on where time ended: once more with the candidate that was not done, whose kernels
 * are built by then, and with those that were not begun. Until then the fastest of those that were timed is taken. Nothing is
 * timed where nothing can be kept, or where answers are trusted as under a simulator, or where the default alone takes all the
 * time: then it is the default.
 */
public final class TuningChoice {
    /** What candidates are timed by. */
    public interface Trials {
        /** Begins to build a tuning's kernels on another thread, for {@link #open}. */
        Background<Void> build(Tuning tuning);

        /**
         * A tuning's kernels, after they computed what all trials compute.
         *
         * @throws OpenClException when the device cannot build or run them
         */
        TuningTrial open(Tuning tuning);
    }

    private static final Logger LOG = LoggerFactory.getLogger(TuningChoice.class);
    private static final long TRAINING_NANOS = 1_000_000_000;
    private static final long MAP_NANOS = 500_000_000; // of each of the two
    private static final int BLOCKS = 7;
    private static final long BLOCK_NANOS = 8_000_000;
    private static final double PASSED_OVER = Double.POSITIVE_INFINITY; // in the place of a share
    private static final double BEGUN = Double.NaN;                     // the same: time ended once
    private static final Object ONE_AT_A_TIME = new Object(); // in this process: two would slow each other

    private final List<Tuning> candidates; // as they fit, the default first
    private final TuningTable.Purpose purpose;
    private final UserCache cache;
    private final String key;

    /** @param facts all that times depend on beside the candidates; asked for when there is a choice */
    TuningChoice(List<Tuning> candidates, TuningTable.Purpose purpose, UserCache cache, Supplier<List<String>> facts) {
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

    /** No choice: this one. */
    public static TuningChoice of(Tuning tuning) {
        return new TuningChoice(List.of(tuning), null, null, List::of);
    }

    /**
     * The choice for a network on a device.
     *
     * @param rows    B of a training; of no account to a map
     * @param sources the program that is tuned
     */
    public static TuningChoice of(Device device, TuningTable.Purpose purpose, NetworkShape shape, int rows,
            Supplier<List<Source>> sources) {
        return new TuningChoice(TuningTable.candidates(device, purpose, shape, rows), purpose, UserCache.of("tunings"),
                () -> facts(device.identity(), purpose, shape, rows, sources.get()));
    }

    static List<String> facts(List<String> device, TuningTable.Purpose purpose, NetworkShape shape, int rows, List<Source> sources) {
        List<String> facts = new ArrayList<>(device);
        facts.addAll(List.of(purpose.key(), shape.toString(), Integer.toString(rows)));
        sources.forEach(source -> facts.addAll(List.of(source.name(), source.text())));
        return facts;
    }

    /** What is known without timing anything: the winner so far, or the default. */
    public Tuning known() {
        return candidates.size() == 1 ? candidates.get(0) : fastest(load());
    }

    /** The tuning to take; times the candidates first where that was not done before. */
    public Tuning measured(Context context, Trials trials) {
        if (candidates.size() == 1 || Context.trustsAnswers() || !cache.takesEntries()) {
            return known();
        }
        return measured(trials, System::nanoTime, purpose == TuningTable.Purpose.TRAINING ? TRAINING_NANOS : MAP_NANOS,
                context::tellMeasuring);
    }

    /**
     * @param clock in nanoseconds
     * @param tell  is called before anything is timed
     */
    Tuning measured(Trials trials, LongSupplier clock, long limitNanos, Runnable tell) {
        synchronized (ONE_AT_A_TIME) {
            Map<Tuning, Double> shares = load();
            List<Tuning> open = candidates.stream().skip(1).filter(candidate -> shares.getOrDefault(candidate, BEGUN).isNaN()).toList();
            if (!open.isEmpty()) {
                tell.run();
                try {
                    measure(open, shares, trials, clock, limitNanos);
                } catch (OpenClException e) { // the default's, which its first use meets again
                    LOG.debug("tunings of {} are not measured: {}", purpose.key(), e.getMessage());
                    return fastest(shares);
                }
                cache.store(key, text(shares).getBytes(StandardCharsets.UTF_8));
            }
            Tuning fastest = fastest(shares);
            LOG.debug("tuning of {}{}: {}", purpose.key(), open.isEmpty() ? ", measured before" : "", fastest);
            return fastest;
        }
    }

    /** Puts the times of those that can be timed, as shares of the default's, into {@code shares}. */
    private void measure(List<Tuning> open, Map<Tuning, Double> shares, Trials trials, LongSupplier clock, long limitNanos) {
        Tuning base = candidates.get(0);
        try (TuningTrial ofBase = trials.open(base)) {
            long end = clock.getAsLong() + limitNanos;
            int count = ofBase.repetitions(BLOCK_NANOS);
            LOG.debug(String.format(Locale.ROOT, "%s: %.1f us by %s", purpose.key(), ofBase.nanos(count) * 1e-3 / count, base));
            BooleanSupplier timeIsLeft = () -> clock.getAsLong() - end < 0;
            if (!timeIsLeft.getAsBoolean()) {
                open.forEach(candidate -> shares.put(candidate, PASSED_OVER)); // nor would the next run have time for them
                return;
            }
            for (int i = 0; i < open.size() && timeIsLeft.getAsBoolean(); i++) {
                Tuning candidate = open.get(i);
                Background<Void> build = trials.build(candidate); // not beside the timing of another: some drivers run nothing then
                OptionalDouble share = build.await(end - clock.getAsLong())
                        ? share(candidate, build, ofBase, count, trials, timeIsLeft) : OptionalDouble.empty();
                LOG.debug("{}: {} by {}", purpose.key(), share.isEmpty() ? "no time is left to tell"
                        : String.format(Locale.ROOT, "%.3f of that", share.getAsDouble()), candidate);
                shares.put(candidate, share.orElse(shares.containsKey(candidate) ? PASSED_OVER : BEGUN));
            }
        }
    }

    /** A candidate's time as a share of the default's; empty when there was too little time to tell. */
    private OptionalDouble share(Tuning candidate, Background<Void> built, TuningTrial ofBase, int count, Trials trials,
            BooleanSupplier timeIsLeft) {
        try {
            built.get();
            try (TuningTrial trial = trials.open(candidate)) {
                if (trial.answersLike(ofBase)) {
                    return trial.shareOf(ofBase, count, BLOCKS, timeIsLeft);
                }
                LOG.debug("{}: other bits", purpose.key());
            }
        } catch (OpenClException e) {
            LOG.debug("{}: {}", purpose.key(), e.getMessage());
        }
        return OptionalDouble.of(PASSED_OVER);
    }

    private Tuning fastest(Map<Tuning, Double> shares) {
        Optional<Map.Entry<Tuning, Double>> least = shares.entrySet().stream().min(Map.Entry.comparingByValue());
        return least.filter(entry -> entry.getValue() < TuningTrial.LEAST_GAIN).map(Map.Entry::getKey).orElse(candidates.get(0));
    }

    /** What earlier runs found; empty when there is nothing, or nothing that can be read. */
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
            LOG.debug("tunings of {}: what was kept cannot be read: {}", purpose.key(), e.getMessage());
            return new LinkedHashMap<>();
        }
    }

    /** A line a tuning: its share, and its words. */
    private static String text(Map<Tuning, Double> shares) {
        return shares.entrySet().stream().map(entry -> entry.getValue() + " " + entry.getKey() + "\n").collect(Collectors.joining());
    }
}
