package iadb.sample;

import java.util.Locale;

/** How the T steps share the way from α = 0 to 1. */
public enum Schedule {
    /** α_t = t/T. */
    LINEAR {
        @Override
        double alpha(int t, int T) {
            return (double) t / T;
        }
    },
    /** α_t = 1 - cos(πt/2T): short steps first, where the field is least smooth. */
    COSINE {
        @Override
        double alpha(int t, int T) {
            return 1 - Math.cos(Math.PI * t / (2.0 * T));
        }
    };

    /** α before step {@code t} of {@code T}; of t = T, 1. */
    abstract double alpha(int t, int T);

    /** The word for it on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
