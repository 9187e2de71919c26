package iadb.view;

import iadb.sample.Solver;
import java.util.EnumSet;
import java.util.Set;

/** What the user has set, by the panel or by keys, and what was asked for since the last frame. */
final class Controls {
    /** Things that are done once. */
    enum Wish {
        NEW_POINTS, TRAIN, RESTART, EXPORT, SCREENSHOT, FULLSCREEN, RESET_VIEW, STEP_BACK, STEP_ON, CLEAR_PAINT, CLOSE
    }

    static final int LEAST_POINTS = 256;
    static final int MOST_POINTS = 1 << 22;

    int points;
    /** Times the diameter that suits the number of points. */
    float pointSize = 1;
    /** 1: a pass takes four seconds. */
    float speed = 1;
    Solver solver = Solver.EULER;
    /** From p1 to p0. */
    boolean reverse;
    /** The way is run back from its end; else it starts again. */
    boolean andBack = true;
    boolean paused;
    boolean density = true;
    boolean trails;
    boolean field;
    boolean grid;
    /** Light adds up where points lie on each other. */
    boolean glow;
    boolean panel = true;
    boolean help;
    /** A place on the way that was chosen by hand; NaN: none. */
    double chosenPlace = Double.NaN;
    String p0;
    String p1;
    boolean painting;
    /** 0 or 1: the density that is painted. */
    int paintedDensity = 1;
    boolean erasing;
    /** Radius of the brush in the unit square. */
    float brush = 0.03f;

    private final Set<Wish> wishes = EnumSet.noneOf(Wish.class);

    void wish(Wish wish) {
        wishes.add(wish);
    }

    /** Whether this was asked for since the last call. */
    boolean take(Wish wish) {
        return wishes.remove(wish);
    }

    /** Twice as many points, as far as that goes. */
    void doublePoints() {
        points = Math.min(MOST_POINTS, 2 * points);
    }

    /** Half as many, as far as that goes. */
    void halvePoints() {
        points = Math.max(Math.min(points, LEAST_POINTS), points / 2);
    }
}
