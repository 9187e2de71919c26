package iadb.metric;

import java.util.Arrays;

/**
 * What is measured on the trajectories of N points that make T equal Euler steps along a velocity field v, so that step t moves a
 * point by v_t / T. With x0 the start and x1 the end of the trajectory itself, the straightness is S = E ∫|(x1 - x0) - v|² dt (Liu,
 * Gong, Liu 2022), 0 if all points move straight and evenly. Since the mean of v_t is x1 - x0, S is the energy less E|x1 - x0|².
 */
public final class Trajectories {
    private final int T;
    private final float[] starts; // [N, 2]
    private final float[] current; // [N, 2]
    private final double[] length; // [N]
    private final double[] energy; // [N], ∫|v|² dt

    /**
     * @param starts [N, 2]; not modified
     * @param T      the number of steps
     */
    public Trajectories(float[] starts, int T) {
        this.T = T;
        this.starts = starts;
        current = starts.clone();
        length = new double[starts.length / 2];
        energy = new double[starts.length / 2];
    }

    /** Moves the points from number {@code first} on by a step, to points [n, 2]. */
    public void move(int first, float[] points) {
        for (int k = 0; k < points.length; k += 2) {
            int n = first + k / 2;
            double squared = squaredDistance(points, k, current, 2 * n);
            length[n] += Math.sqrt(squared);
            energy[n] += T * squared;
        }
        System.arraycopy(points, 0, current, 2 * first, points.length);
    }

    private static double squaredDistance(float[] a, int i, float[] b, int j) {
        double dx = (double) a[i] - b[j];
        double dy = (double) a[i + 1] - b[j + 1];
        return dx * dx + dy * dy;
    }

    /** E∫|v|² dt, in the coordinates' unit squared. */
    public double energy() { return Arrays.stream(energy).average().orElse(0); }

    /** S, in the coordinates' unit squared. */
    public double straightness() {
        double sum = 0;
        for (int n = 0; n < energy.length; n++) {
            sum += Math.max(0, energy[n] - squaredDistance(current, 2 * n, starts, 2 * n));
        }
        return sum / energy.length;
    }

    /**
     * The mean over points of the trajectory's length divided by the distance of its ends, at least 1. A point that does not move
     * counts as 1.
     */
    public double lengthRatio() {
        double sum = 0;
        for (int n = 0; n < length.length; n++) {
            double chord = Math.sqrt(squaredDistance(current, 2 * n, starts, 2 * n));
            sum += length[n] == 0 ? 1 : Math.max(1, length[n] / chord);
        }
        return sum / length.length;
    }
}
