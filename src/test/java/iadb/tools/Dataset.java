package iadb.tools;

import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * The densities that published comparisons of maps use, in their units. Each is written from its definition at the source that
 * {@link Published} names; {@code MOONS_*} and {@code GAUSSIANS_*} end with the part of the comparison that they are of.
 */
enum Dataset {
    /** N(0, I). */
    NORMAL {
        @Override
        void draw(Random random, double[] xy, double share) { }

        @Override
        double noise() { return 1; }
    },
    /** Eight Gaussians, deviation 0.25, on a circle of radius 4. */
    GAUSSIANS_A {
        @Override
        void draw(Random random, double[] xy, double share) { onCircle(random.nextInt(8), xy, 4); }

        @Override
        double noise() { return 0.25; }
    },
    /** Half circles of radius 3, the lower one moved by (1.5, 1.5), deviation 0.3. */
    MOONS_A {
        @Override
        void draw(Random random, double[] xy, double share) { halfCircles(xy, share < 0.5, random.nextDouble(), 3, 1.5, 1.5); }

        @Override
        double noise() { return 0.3; }
    },
    /** Radius 5; the source gives √0.1 as the variance, so that the deviation is 0.1^(1/4). */
    GAUSSIANS_B {
        @Override
        void draw(Random random, double[] xy, double share) { onCircle(random.nextInt(8), xy, 5); }

        @Override
        double noise() { return Math.pow(0.1, 0.25); }
    },
    /** torchdyn's moons times 3, less 1: at even angles, with noise that is uniform and the same in x and y. */
    MOONS_B {
        @Override
        void draw(Random random, double[] xy, double share) {
            halfCircles(xy, share < 0.5, 2 * share % 1, 1, 1, 0.5);
            double noise = 0.2 * random.nextDouble();
            xy[0] = 3 * (xy[0] + noise) - 1;
            xy[1] = 3 * (xy[1] + noise) - 1;
        }

        @Override
        double noise() { return 0; }
    },
    /** scikit-learn's moons, at even angles, deviation 0.05, times 2, x less 1. */
    MOONS_C {
        @Override
        void draw(Random random, double[] xy, double share) {
            halfCircles(xy, share < 0.5, 2 * share % 1, 2, 2, 1);
            xy[0]--;
        }

        @Override
        double noise() { return 0.1; }
    },
    /** scikit-learn's S-curve without its depth, deviation 0.05, times 1.5. */
    S_CURVE {
        @Override
        void draw(Random random, double[] xy, double share) {
            double t = 3 * Math.PI * (random.nextDouble() - 0.5);
            xy[0] = 1.5 * Math.sin(t);
            xy[1] = 1.5 * Math.signum(t) * (Math.cos(t) - 1);
        }

        @Override
        double noise() { return 0.075; }
    },
    /** torchdyn's Gaussians of radius 5 and deviation 1: as many points of each. */
    GAUSSIANS_C {
        @Override
        void draw(Random random, double[] xy, double share) { onCircle((int) (8 * share), xy, 5); }

        @Override
        double noise() { return 1; }
    },
    /** scikit-learn's moons, at even angles, deviation 0.1, less the mean of all coordinates, with a deviation of all coordinates of 7. */
    MOONS_WIDE {
        @Override
        void draw(Random random, double[] xy, double share) {
            halfCircles(xy, share < 0.5, 2 * share % 1, WIDE, WIDE, WIDE / 2);
            xy[0] -= 0.375 * WIDE;
            xy[1] -= 0.375 * WIDE;
        }

        @Override
        double noise() { return 0.1 * WIDE; }
    },
    /** Radius 12, deviation 1.5. */
    GAUSSIANS_WIDE {
        @Override
        void draw(Random random, double[] xy, double share) { onCircle(random.nextInt(8), xy, 12); }

        @Override
        double noise() { return 1.5; }
    },
    /** Every second of 4 x 4 squares of side 1/0.45 around the origin. */
    CHECKERBOARD {
        @Override
        void draw(Random random, double[] xy, double share) {
            double x = 4 * random.nextDouble() - 2;
            xy[0] = x / 0.45;
            xy[1] = (random.nextDouble() - 2 * random.nextInt(2) + Math.floorMod((int) Math.floor(x), 2)) / 0.45;
        }

        @Override
        double noise() { return 0; }
    };

    /** The area of {@link #CHECKERBOARD}, on which its density is constant. */
    static final double CHECKERBOARD_AREA = 8 / (0.45 * 0.45);

    /** 7 over the deviation of the coordinates of moons with noise 0.1: their mean square is 0.01 + (3.25 - 2/π)/4, their mean 3/8. */
    private static final double WIDE = 7 / Math.sqrt(0.01 + (3.25 - 2 / Math.PI) / 4 - 0.375 * 0.375);

    /**
     * Draws a point before its noise.
     *
     * @param xy    the point
     * @param share how many of the points were drawn before it, in [0, 1), for sets of even spacing or equal halves
     */
    abstract void draw(Random random, double[] xy, double share);

    /** The standard deviation of the Gaussian noise that is added to each coordinate. */
    abstract double noise();

    /** Points [count, 2]; the same seed gives the same points on every machine. */
    final float[] points(int count, long seed) {
        Random random = new Random(new SplittableRandom(1_000 * seed + ordinal()).nextLong()); // sequences of near seeds are alike
        float[] points = new float[2 * count];
        double[] xy = new double[2];
        for (int n = 0; n < count; n++) {
            xy[0] = 0;
            xy[1] = 0;
            draw(random, xy, (double) n / count);
            points[2 * n] = (float) (xy[0] + noise() * random.nextGaussian());
            points[2 * n + 1] = (float) (xy[1] + noise() * random.nextGaussian());
        }
        return points;
    }

    /** The centre of one of eight Gaussians. */
    private static void onCircle(int centre, double[] xy, double radius) {
        xy[0] = radius * Math.cos(centre * Math.PI / 4);
        xy[1] = radius * Math.sin(centre * Math.PI / 4);
    }

    /** The upper half circle around the origin, or the lower one around (dx, dy), at a share of its length. */
    private static void halfCircles(double[] xy, boolean upper, double share, double radius, double dx, double dy) {
        double x = radius * Math.cos(Math.PI * share);
        double y = radius * Math.sin(Math.PI * share);
        xy[0] = upper ? x : dx - x;
        xy[1] = upper ? y : dy - y;
    }

    /** Its name, and that of its file. */
    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT).replace('_', '-'); }
}
