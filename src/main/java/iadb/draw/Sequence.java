package iadb.draw;

import java.util.Locale;

/** The points of the unit square from which a density's points are made. */
public enum Sequence {
    /** Independent points. */
    RANDOM,
    /**
     * Sobol's sequence, Owen-scrambled: each point is uniform, and together they are spread more evenly than random points, so
     * that a mean over them has a smaller error. Best used in multiples of a power of two.
     */
    SOBOL;

    /** The word for it on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
