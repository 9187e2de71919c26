package iadb.view;

import iadb.sample.Solver;
import iadb.train.TrainingSession.Which;
import java.nio.file.Path;
import java.util.List;

/**
 * What the user asks for by a key, the panel, the mouse or a dropped file. {@link RealtimeView} applies it to the one
 * {@link ViewState}. Places on the screen are pixels from the upper left corner.
 */
sealed interface Action {
    /** A setting that is on or off; the action flips it. */
    enum Switch implements Action {
        PAUSE,
        /** The map goes from p1 to p0. */
        REVERSE,
        /** Playback runs back from its end; else it starts again. */
        LOOP,
        DENSITY, TRAILS, VELOCITY, GRID, ADDITIVE_BLENDING, PANEL, HELP, PAINT, ERASER
    }

    /** Something that is done once. */
    enum Command implements Action {
        NEW_POINTS, STEP_BACK, STEP_FORWARD, TRAIN_OR_STOP, RESTART, EXPORT, SCREENSHOT, FULLSCREEN, RESET_VIEW, CLEAR_CANVAS,
        END_STROKE, CLOSE
    }

    /** A number that is set, with its range. */
    enum Quantity {
        /** Times the diameter that suits the number of points. */
        POINT_SIZE(0.25f, 4),
        /** 1: a pass takes four seconds. */
        SPEED(0.1f, 4),
        /** Radius of the brush in the unit square. */
        BRUSH(0.006f, 0.2f);

        final float least;
        final float most;

        Quantity(float least, float most) {
            this.least = least;
            this.most = most;
        }
    }

    record SetQuantity(Quantity quantity, float value) implements Action { }
    record SetPoints(int count) implements Action { }
    /** @param place along the trajectories, 0 to 1 */
    record SetPlace(float place) implements Action { }
    record SetSolver(Solver solver) implements Action { }
    /** @param name of a named density */
    record SetDensity(Which which, String name) implements Action { }
    /** Chooses the density that the brush paints. */
    record SetPainted(Which which) implements Action { }
    /** Chooses the point near a pixel. */
    record PickPoint(double x, double y) implements Action { }
    record MoveView(double dx, double dy) implements Action { }
    /** Zooms about a pixel. */
    record Zoom(double x, double y, double factor) implements Action { }
    /** Draws the brush on to a pixel. */
    record Paint(double x, double y, boolean startsStroke, boolean erases) implements Action { }
    /** One file becomes p1; of several, the first two become p0 and p1. */
    record Drop(List<Path> files) implements Action { }
}
