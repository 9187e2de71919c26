package iadb.view;

import iadb.cl.Context;
import iadb.density.Density;
import iadb.model.Network;
import iadb.train.Pairing;
import iadb.train.TrainingSettings;
import iadb.view.scene.Flow;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** Makes the pairs of the next round, frame by frame, and keeps the last that optimal transport has made. */
final class PairMaking implements AutoCloseable {
    private static final long MAPPING_NANOS = 40_000_000; // of a frame

    private final Context context;
    private final AtomicReference<Round> transported; // the last whose pairs optimal transport has made; null: none
    private Round next; // whose pairs are being made; null: none

    /** @param transported keeps the pairs that transport has made last, also for other trainings */
    PairMaking(Context context, AtomicReference<Round> transported) {
        this.context = context;
        this.transported = transported;
    }

    /** A round with the pairs by transport of these densities, if they are made: they do not depend on the network. */
    Optional<Round> known(TrainingSettings settings, Density p0, Density p1) {
        return Optional.ofNullable(transported.get()).filter(round -> round.p0() == p0 && round.p1() == p1
                && round.settings().data() == settings.data() && round.settings().seed() == settings.seed())
                .map(round -> new Round(settings, p0, p1, round.pairs().with(settings)));
    }

    /** Begins to make pairs by transport, unless those of the same round are being made. */
    void transport(TrainingSettings settings, Density p0, Density p1) {
        if (!isRunning() || isMapping() || !next.isOf(settings, p0, p1)) {
            drop();
            next = new Round(settings, p0, p1, Pairing.byTransport(context, settings, p0, p1));
        }
    }

    /**
     * Makes pairs by transport and waits for them; another thread may call it.
     *
     * @throws CancellationException if {@code shouldContinue} returns false
     */
    Round awaitTransport(TrainingSettings settings, Density p0, Density p1, BooleanSupplier shouldContinue) {
        try (Pairing pairs = Pairing.byTransport(context, settings, p0, p1)) {
            Round made = new Round(settings, p0, p1, pairs.await(share -> shouldContinue.getAsBoolean()));
            keep(made);
            return made;
        }
    }

    /** Keeps the pairs of a round if transport has made them. */
    private void keep(Round round) {
        if (round.pairs() != null && round.number() == 0) {
            transported.set(round);
        }
    }

    /** Begins to map the pairs of a reflow round. */
    void map(TrainingSettings settings, int round, Density p0, Density p1, Network network) {
        drop();
        next = new Round(settings, p0, p1, Pairing.byMap(context, settings, round, p0, network));
    }

    /**
     * Continues to make pairs, mapped ones for longer than a frame trains: nothing else happens in the tile meanwhile.
     *
     * @return the round when they are made
     */
    Optional<Round> advance() {
        long endNanos = System.nanoTime() + MAPPING_NANOS;
        boolean made;
        do {
            made = next.pairs().advance(Flow.LONGEST_LAUNCH);
        } while (!made && isMapping() && System.nanoTime() < endNanos);
        if (!made) {
            return Optional.empty();
        }
        Round ready = next;
        next = null;
        keep(ready);
        return Optional.of(ready);
    }

    /** Discards the pairs that are being made. */
    void drop() {
        if (next != null) {
            next.pairs().close();
            next = null;
        }
    }

    boolean isRunning() { return next != null; }

    /** Whether these are the pairs of a reflow round. */
    boolean isMapping() { return next != null && next.number() > 0; }

    @Override
    public void close() { drop(); }
}
