package iadb.draw;

import java.util.Locale;

/** Which points of the unit square a density's points are made of. */
public enum Sequence {
    /** Independent points. */
    RANDOM,
    /**
     * Sobol's sequence, Owen-scrambled: each point is as uniform as a random one, and together they are evener, so that a mean
     * over them errs less. A multiple of a power of two of them is evenest.
     */
    SOBOL;

    /** The word for it on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
