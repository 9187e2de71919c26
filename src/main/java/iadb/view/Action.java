package iadb.view;

import iadb.sample.Solver;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSession.Side;
import java.nio.file.Path;
import java.util.List;

/**
 * A request of the user by a key, the panel, the mouse or a dropped file. {@link RealtimeView} applies it. Positions are in the
 * unit square, except those that move the view, which are pixels from the upper left corner.
 */
sealed interface Action {
    /** Whether the action uses the device, which the window may do only when its kernels are built. */
    default boolean needsKernels() { return false; }

    /** A setting that is on or off; the action flips it. */
    enum Switch implements Action {
        PAUSE,
        /** The map goes from p1 to p0. */
        REVERSE,
        /** Playback runs backward from its end; otherwise it restarts. */
        LOOP,
        DENSITY, TRAILS, VELOCITY, GRID,
        /** Lines between points that training blends. */
        PAIRS,
        ADDITIVE_BLENDING, PANEL, HELP, PAINT, ERASER
    }

    /** A request without a value. */
    enum Command implements Action {
        NEW_POINTS, STEP_BACK, STEP_FORWARD, TRAIN_OR_STOP, RESTART, REFLOW, EXPORT, SCREENSHOT, FULLSCREEN, RESET_VIEW,
        CLEAR_CANVAS, END_STROKE, CLOSE;

        @Override
        public boolean needsKernels() {
            return switch (this) {
                case STEP_BACK, STEP_FORWARD, TRAIN_OR_STOP, RESTART, REFLOW, EXPORT, END_STROKE -> true;
                default -> false;
            };
        }
    }

    /** A numeric setting with its range. */
    enum Quantity {
        /** Factor of the diameter that suits the number of points. */
        POINT_SIZE(0.25f, 4),
        /** At 1 a pass takes four seconds. */
        SPEED(0.1f, 4),
        /** Radius of the brush in the unit square. */
        BRUSH(0.006f, 0.2f);

        final float min;
        final float max;

        Quantity(float min, float max) {
            this.min = min;
            this.max = max;
        }
    }

    record SetQuantity(Quantity quantity, float value) implements Action { }
    record SetPoints(int count) implements Action { }
    /** @param progress along the trajectories, 0 to 1 */
    record SetProgress(float progress) implements Action { }
    record SetSolver(Solver solver) implements Action { }
    record SetCoupling(Coupling coupling) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
    /** Chooses a network with or without an encoding, and trains it. */
    record SetEncoding(boolean encodes) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
    /** Chooses settings of the training and the number of steps, and trains by them. */
    record SetPreset(Preset preset) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
    /** @param name of a named density */
    record SetDensity(Side side, String name) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
    /** Chooses the density that the brush paints. */
    record SetPainted(Side side) implements Action { }
    /** Chooses the tile whose settings the panel changes; the last one if there are fewer. */
    record SetTile(int tile) implements Action { }
    /**
     * Chooses the point nearest to (x, y) in a tile, and that tile.
     *
     * @param reach the greatest distance to that point
     */
    record PickPoint(int tile, double x, double y, double reach) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
    record MoveView(double dx, double dy) implements Action { }
    /** Zooms with a fixed pixel. */
    record Zoom(double x, double y, double factor) implements Action { }
    /** Moves the brush to (x, y). */
    record Paint(double x, double y, boolean startsStroke, boolean erases) implements Action { }
    /** One file of an image or of points becomes p1; of several, the first two become p0 and p1. */
    record Drop(List<Path> files) implements Action {
        @Override public boolean needsKernels() { return true; }
    }
}
