package iadb.sample;

import java.util.Locale;

/** The method of a step of length h = α_{t+1} - α_t along the field dx/dα = D(x, α). */
public enum Solver {
    /** x + h D(x, α_t), as the method defines it (IADB, algorithm 4). Its error falls with T. */
    EULER(0, 1),
    /** x + h times the velocity half an Euler step ahead. Its error falls with T². */
    MIDPOINT(1, 2),
    /** The classical Runge-Kutta method. Its error falls with T⁴. */
    RK4(2, 4);

    private final int kernelIndex;
    private final int evaluations;

    Solver(int kernelIndex, int evaluations) {
        this.kernelIndex = kernelIndex;
        this.evaluations = evaluations;
    }

    /** Its row in the tables of {@code cl/solver.cl}. */
    int kernelIndex() { return kernelIndex; }

    /** Evaluations of D in a step. */
    public int evaluations() { return evaluations; }

    /** Its name on the command line. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
