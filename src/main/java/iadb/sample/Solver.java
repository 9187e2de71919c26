package iadb.sample;

import java.util.Locale;

/**
 * How a step along the field dx/dα = D(x, α) is made, from α_t by h = α_{t+1} - α_t. The order is that of the tables in
 * {@code cl/solver.cl}.
 */
public enum Solver {
    /** x + h D(x, α_t): the method's own (IADB, algorithm 4). Its error falls with T. */
    EULER(1),
    /** By the velocity half a step of Euler on. Its error falls with T². */
    MIDPOINT(2),
    /** The classical method of Runge and Kutta. Its error falls with T⁴. */
    RK4(4);

    private final int evaluations;

    Solver(int evaluations) {
        this.evaluations = evaluations;
    }

    /** Evaluations of D a step. */
    public int evaluations() {
        return evaluations;
    }

    /** The word for it on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
