package iadb.sample;

import java.util.Locale;

/**
 * The steps of a map: their solver and their values of α, which may be any numbers in any order. One Euler step with the values
 * {@code {α, α + 1}} gives x + D(x, α) except for rounding, and so the velocity field.
 *
 * @param alphas [T+1], step t goes from alphas[t] to alphas[t+1]; not copied, must not be changed
 */
public record Integration(Solver solver, float[] alphas) {
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

    public Integration {
        if (alphas.length < 2) {
            throw new IllegalArgumentException("no step between " + alphas.length + " values of α");
        }
    }

    /**
     * {@code T} steps from p0 to p1.
     *
     * @param T       1 or more
     * @param reverse whether they go from p1 to p0 instead, with the same α from 1 down to 0
     */
    public static Integration of(Solver solver, Schedule schedule, int T, boolean reverse) {
        float[] alphas = new float[T + 1];
        for (int t = 0; t <= T; t++) {
            alphas[t] = (float) schedule.alpha(reverse ? T - t : t, T);
        }
        return new Integration(solver, alphas);
    }

    /** The same values of α in reverse order. */
    Integration backward() {
        float[] reversed = new float[alphas.length];
        for (int t = 0; t < reversed.length; t++) {
            reversed[t] = alphas[reversed.length - 1 - t];
        }
        return new Integration(solver, reversed);
    }

    /** The number of steps. */
    public int T() { return alphas.length - 1; }
}
