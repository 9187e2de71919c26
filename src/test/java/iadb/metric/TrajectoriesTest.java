package iadb.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Figures of trajectories against closed forms. Coordinates are floats, each off by at most 2^-24 times its size. */
class TrajectoriesTest {
    @Test
    void straightEvenTrajectoriesHaveNoStraightnessAndRatioOne() {
        Trajectories moved = new Trajectories(new float[] {0, 0, 1, 2}, 4);
        for (int t = 1; t <= 4; t++) {
            moved.move(0, new float[] {0.75f * t, -t, 1, 2}); // the first by (3, -4), the second not at all
        }
        assertEquals(25.0 / 2, moved.energy());
        assertEquals(0, moved.straightness());
        assertEquals(1, moved.lengthRatio());
    }

    @Test
    void unevenSpeedIsNotStraightThoughItsLengthIs() {
        Trajectories moved = new Trajectories(new float[] {0, 0}, 2);
        moved.move(0, new float[] {1, 0});
        moved.move(0, new float[] {4, 0});
        // velocities 2 and 6 around the mean 4
        assertEquals(20, moved.energy());
        assertEquals(4, moved.straightness());
        assertEquals(1, moved.lengthRatio());
    }

    @Test
    void aHalfCircleIsLongerThanItsChordByHalfPi() {
        int T = 1000;
        Trajectories moved = new Trajectories(new float[] {1, 0}, T);
        for (int t = 1; t <= T; t++) {
            moved.move(0, new float[] {(float) Math.cos(Math.PI * t / T), (float) Math.sin(Math.PI * t / T)});
        }
        // A polygon of T sides is shorter by (pi/T)²/24, 4e-7; rounding moves the length of each step of 3e-3 by some 1e-7 at random:
        // 1e-7 sqrt(T) in all, 1e-6 of the chord. The energy has twice the relative error, and S = pi² - 4.
        assertEquals(Math.PI / 2, moved.lengthRatio(), 5e-6);
        assertEquals(Math.PI * Math.PI, moved.energy(), 5e-5);
        assertEquals(Math.PI * Math.PI - 4, moved.straightness(), 5e-5);
    }

    @Test
    void chunksOfPointsAreMovedOneByOne() {
        Trajectories moved = new Trajectories(new float[] {0, 0, 0, 0, 5, 5}, 1);
        moved.move(0, new float[] {0, 0, 3, 4});
        moved.move(2, new float[] {5, 7});
        assertEquals((25 + 4) / 3.0, moved.energy());
    }
}
