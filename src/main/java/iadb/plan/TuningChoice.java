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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which tuning kernels are built with: the device's own row of {@link TuningTable}, or else, on a GPU, the fastest of a few candidates,
 * or else the default of the device's kind. Candidates give the same bits, so that the choice changes nothing but time.
 *
 * <p>Candidates are timed once a process, at the first use of a device, driver, program, network and batch: for a second where they
 * train, for half a second each where they map few points and many. That includes the build of their kernels, one after the other, but
 * not of the default's, which are needed anyway. The user's cache keeps the times. A candidate whose build takes too long is the first
 * of the next run, by when its kernels are built, and is passed over after a second attempt; until then the fastest so far is taken.
 * Where nothing can be kept, or answers are trusted as under a simulator, nothing is timed, and the default is taken.
 *
 * <p>A build that is under way when time ends continues in the background. A driver that runs nothing beside a build makes the work
 * wait for it, and so does the context when it is closed, since a process that ends while a driver compiles would crash.
 */
public final class TuningChoice {
    private static final Logger LOG = LoggerFactory.getLogger(TuningChoice.class);
    private static final long TRAINING_NANOS = 1_000_000_000;
    private static final long MAP_NANOS = 500_000_000; // of each of the two
    private static final int BLOCKS = 7;
    private static final long BLOCK_NANOS = 8_000_000;
    private static final double PASSED_OVER = Double.POSITIVE_INFINITY; // instead of a share
    private static final double BEGUN = Double.NaN;                     // instead of a share: time ended once
    /** Keys of what this process measured, finished or not. Also the lock: two measurements at a time would slow each other. */
    private static final Set<String> MEASURED = new HashSet<>();

    private final List<Tuning> candidates; // made to fit, the default first
    private final TuningTable.Purpose purpose;
    private final UserCache cache;
    private final String key;

    /** What candidates are built, run and timed by. */
    record Trials(Function<Tuning, Background<Void>> build, Function<Tuning, TuningTrial> open, LongSupplier clock) {
    }

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

    /** The choice of one tuning. */
    public static TuningChoice of(Tuning tuning) { return new TuningChoice(List.of(tuning), null, null, List::of); }

    /**
     * The choice for a network on a device.
     *
     * @param rows    B of a training; unused for a map
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

    /** The fastest so far, or the default; nothing is timed. */
    public Tuning known() { return candidates.size() == 1 ? candidates.get(0) : fastest(load()); }

    /**
     * The fastest; candidates that neither an earlier run nor this process timed are timed first.
     *
     * @param build begins to build a tuning's kernels on another thread
     * @param open  makes a trial of them, after they computed their answer; an {@link OpenClException} passes them over
     */
    public Tuning measured(Context context, Function<Tuning, Background<Void>> build, Function<Tuning, TuningTrial> open) {
        if (candidates.size() == 1 || Context.trustsAnswers() || !cache.takesEntries()) {
            return known();
        }
        return measuredOnce(new Trials(build, open, System::nanoTime), purpose == TuningTable.Purpose.TRAINING ? TRAINING_NANOS
                : MAP_NANOS, context::reportMeasuring);
    }

    /** {@link #measured(Trials, long, Runnable)} for the first caller of this process, {@link #known} for others. */
    Tuning measuredOnce(Trials trials, long limitNanos, Runnable tell) {
        synchronized (MEASURED) {
            return MEASURED.add(key) ? measured(trials, limitNanos, tell) : known();
        }
    }

    /** @param tell is called before anything is timed */
    Tuning measured(Trials trials, long limitNanos, Runnable tell) {
        Map<Tuning, Double> shares = load();
        List<Tuning> open = candidates.stream().skip(1).filter(candidate -> shares.getOrDefault(candidate, BEGUN).isNaN()).toList();
        if (!open.isEmpty()) {
            try {
                measure(open, shares, trials, limitNanos, tell);
            } catch (OpenClException e) { // the default's, which occurs again at its first use
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

    /** Puts the times of those that can be timed, as shares of the default's, into {@code shares}. */
    private void measure(List<Tuning> open, Map<Tuning, Double> shares, Trials trials, long limitNanos, Runnable tell) {
        Tuning base = candidates.get(0);
        try (TuningTrial ofBase = trials.open.apply(base)) {
            tell.run();
            long end = trials.clock.getAsLong() + limitNanos;
            LongSupplier nanosLeft = () -> end - trials.clock.getAsLong();
            int count = ofBase.repetitions(BLOCK_NANOS, () -> nanosLeft.getAsLong() > 0);
            if (LOG.isDebugEnabled()) {
                LOG.debug(String.format(Locale.ROOT, "%s: %.1f us by %s", purpose.key(), ofBase.nanos(count) * 1e-3 / count, base));
            }
            for (int i = 0; i < open.size() && nanosLeft.getAsLong() > 0; i++) {
                Tuning candidate = open.get(i);
                OptionalDouble share = share(candidate, ofBase, count, trials, nanosLeft);
                LOG.debug("{}: {} by {}", purpose.key(), share.isEmpty() ? "not enough time to measure"
                        : String.format(Locale.ROOT, "%.3f of that", share.getAsDouble()), candidate);
                shares.put(candidate, share.orElse(shares.containsKey(candidate) ? PASSED_OVER : BEGUN));
            }
        }
    }

    /** A candidate's time as a share of the default's; empty when there was too little time to tell. */
    private OptionalDouble share(Tuning candidate, TuningTrial ofBase, int count, Trials trials, LongSupplier nanosLeft) {
        try {
            Background<Void> build = trials.build.apply(candidate); // not while another is timed: some drivers run nothing then
            if (!build.await(nanosLeft.getAsLong())) {
                return OptionalDouble.empty();
            }
            build.get();
            if (nanosLeft.getAsLong() <= 0) {
                return OptionalDouble.empty();
            }
            try (TuningTrial trial = trials.open.apply(candidate)) {
                if (trial.answersLike(ofBase)) {
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
                .filter(least -> least.getValue() < TuningTrial.LEAST_GAIN).map(Map.Entry::getKey).orElse(candidates.get(0));
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
            LOG.debug("tunings of {}: the cache entry cannot be read: {}", purpose.key(), e.getMessage());
            return new LinkedHashMap<>();
        }
    }

    /** A line for each tuning: its share, and its words. */
    private static String text(Map<Tuning, Double> shares) {
        return shares.entrySet().stream().map(entry -> entry.getValue() + " " + entry.getKey() + "\n").collect(Collectors.joining());
    }
}
