package iadb.sample;

import java.util.Locale;

/** How T steps divide the interval from α = 0 to 1. */
public enum Schedule {
    /** α_t = t/T. */
    LINEAR,
    /** α_t = 1 - cos(πt/2T): short steps first, where the field is least smooth. */
    COSINE;

    /** α before step {@code t} of {@code T}, or 1 for t = T. */
    double alpha(int t, int T) { return this == LINEAR ? (double) t / T : 1 - Math.cos(Math.PI * t / (2.0 * T)); }

    /** Its name on the command line. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
