package iadb.view;

import iadb.density.Density;
import iadb.train.Coupling;
import iadb.train.Pairing;
import iadb.train.TrainingSettings;

/**
 * What a session of the window trains on.
 *
 * @param pairs null: independent draws, or the densities' own rows
 */
record Round(TrainingSettings settings, Density p0, Density p1, Pairing pairs) {
    /** The reflow round; 0: the one before the first. */
    int number() { return pairs == null ? 0 : pairs.round(); }

    boolean isOf(TrainingSettings wanted, Density from, Density to) { return settings.equals(wanted) && p0 == from && p1 == to; }

    boolean isIndependent() { return pairs == null && settings.coupling() == Coupling.INDEPENDENT; }
}
