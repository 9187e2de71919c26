package iadb.train;

import java.util.Locale;

/** Which points of p0 are blended with which points of p1 while training. */
public enum Coupling {
    /** Any with any: two independent draws per row, as in the tutorial. */
    INDEPENDENT,
    /** Each with the one that (nearly) optimal transport assigns to it: the mean of |x1 - x0|² over the pairs is nearly minimal. */
    OT,
    /** Row i of p0's file with row i of p1's file. */
    PAIRED;

    /** Its name on the command line. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
