package iadb.draw;

import java.util.Locale;

/** The sequence of unit-square points from which a density's points are made. */
public enum Sequence {
    /** Independent points. */
    RANDOM,
    /**
     * Sobol's sequence, Owen-scrambled: each point is uniform, and together they are spread more evenly than random points, so
     * that a mean over them has a smaller error. Best used in multiples of a power of two.
     */
    SOBOL;

    /** The name on the command line. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
