package iadb.sample;

import iadb.model.Network;
import iadb.model.ReferenceNetwork;
import iadb.sample.Integration.Schedule;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The map in double precision by the textbook definition of each solver, and its tangent by finite differences: the reference
 * for {@link MapSelfTest} and the tests.
 */
final class ReferenceMap {
    private static final double DIFFERENCE = 4e-6;

    /** D(x, y, α). */
    @FunctionalInterface
    interface Field {
        double[] velocity(double x, double y, double alpha);
    }

    private final Field field;
    private final Solver solver;
    private final double[] alphas;

    ReferenceMap(Field field, Solver solver, Schedule schedule, int T, boolean reverse) {
        this(field, solver, IntStream.rangeClosed(0, T).mapToDouble(t -> alpha(schedule, reverse ? T - t : t, T)).toArray());
    }

    ReferenceMap(Field field, Solver solver, double... alphas) {
        this.field = field;
        this.solver = solver;
        this.alphas = alphas;
    }

    static double alpha(Schedule schedule, int t, int T) {
        double u = (double) t / T;
        return schedule == Schedule.LINEAR ? u : 1 - Math.cos(Math.PI / 2 * u);
    }

    /** The end of step {@code t} from (x, y). */
    private double[] step(int t, double x, double y) {
        double alpha = alphas[t];
        double h = alphas[t + 1] - alpha;
        double[] k1 = field.velocity(x, y, alpha);
        if (solver == Solver.EULER) {
            return new double[] {x + h * k1[0], y + h * k1[1]};
        }
        double[] k2 = field.velocity(x + h / 2 * k1[0], y + h / 2 * k1[1], alpha + h / 2);
        if (solver == Solver.MIDPOINT) {
            return new double[] {x + h * k2[0], y + h * k2[1]};
        }
        double[] k3 = field.velocity(x + h / 2 * k2[0], y + h / 2 * k2[1], alpha + h / 2);
        double[] k4 = field.velocity(x + h * k3[0], y + h * k3[1], alpha + h);
        return new double[] {x + h * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0]) / 6,
            y + h * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1]) / 6};
    }

    /** The ends [n, 2] of these starts [n, 2]. */
    double[] ends(float[] starts) { return ends(widened(starts)); }

    double[] ends(double[] starts) {
        double[] ends = new double[starts.length];
        IntStream.range(0, starts.length / 2).parallel().forEach(n -> {
            double[] x = {starts[2 * n], starts[2 * n + 1]};
            for (int t = 0; t + 1 < alphas.length; t++) {
                x = step(t, x[0], x[1]);
            }
            ends[2 * n] = x[0];
            ends[2 * n + 1] = x[1];
        });
        return ends;
    }

    /**
     * Σ_t log|det J_t| along the trajectory of a point.
     *
     * @param sum       by finite differences of whole steps
     * @param condition Σ_t (1 + |J_t|²) / |det J_t|: by how much it amplifies relative errors of the tangents' entries
     * @param onKink    whether a step has a kink within 4e-6 of the point, so that single precision may be on its other side
     */
    record LogDeterminant(double sum, double condition, boolean onKink) { }

    /** For points [n, 2]. Without an encoding a step is affine in x unless a unit switches, so that differences are exact. */
    List<LogDeterminant> logDeterminants(float[] starts) {
        return IntStream.range(0, starts.length / 2).parallel().mapToObj(n -> {
            double[] x = {starts[2 * n], starts[2 * n + 1]};
            double sum = 0;
            double condition = 0;
            boolean onKink = false;
            for (int t = 0; t + 1 < alphas.length; t++) {
                double[] end = step(t, x[0], x[1]);
                double[][] after = {step(t, x[0] + DIFFERENCE, x[1]), step(t, x[0], x[1] + DIFFERENCE)};
                double[][] before = {step(t, x[0] - DIFFERENCE, x[1]), step(t, x[0], x[1] - DIFFERENCE)};
                double[][] tangent = new double[2][2];
                double squares = 0;
                for (int direction = 0; direction < 2; direction++) {
                    for (int c = 0; c < 2; c++) {
                        tangent[direction][c] = (after[direction][c] - before[direction][c]) / (2 * DIFFERENCE);
                        squares += Math.pow(tangent[direction][c], 2);
                        double bend = after[direction][c] - 2 * end[c] + before[direction][c];
                        onKink |= Math.abs(bend) > 1e-6 * DIFFERENCE && Math.abs(bend - 4 * bend(t, x, direction, c)) > 1e-6 * DIFFERENCE;
                    }
                }
                double determinant = tangent[0][0] * tangent[1][1] - tangent[1][0] * tangent[0][1];
                sum += Math.log(Math.abs(determinant));
                condition += (1 + squares) / Math.abs(determinant);
                x = end;
            }
            return new LogDeterminant(sum, condition, onKink);
        }).toList();
    }

    /** The second difference of half the distance, a quarter of that of the distance where the map is smooth. */
    private double bend(int t, double[] x, int direction, int c) {
        double h = DIFFERENCE / 2;
        double[] offset = {direction == 0 ? h : 0, direction == 1 ? h : 0};
        return step(t, x[0] + offset[0], x[1] + offset[1])[c] - 2 * step(t, x[0], x[1])[c]
                + step(t, x[0] - offset[0], x[1] - offset[1])[c];
    }

    static Field fieldOf(Network network) { return new ReferenceNetwork(network)::velocity; }

    static double[] widened(float[] points) { return IntStream.range(0, points.length).mapToDouble(c -> points[c]).toArray(); }
}
