package iadb.view;

import iadb.sample.Solver;
import iadb.train.TrainingSession.Side;
import iadb.view.Action.Quantity;
import iadb.view.Action.Switch;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** The settings that the user changes in the window. Only {@link RealtimeView} writes them. */
final class ViewState {
    static final int MIN_POINTS = 256;
    static final int NONE = -1;

    private final Set<Switch> on = EnumSet.of(Switch.LOOP, Switch.DENSITY, Switch.PANEL);
    private final Map<Quantity, Float> values =
            new EnumMap<>(Map.of(Quantity.POINT_SIZE, 1f, Quantity.SPEED, 1f, Quantity.BRUSH, 0.03f));
    int points;
    int chosenPoint = NONE; // index of the point whose trajectories are shown
    int tile; // index of the tile that the panel's lists change
    Solver solver = Solver.EULER;
    Side painted = Side.P1; // the density that the brush paints

    ViewState(int points) { this.points = points; }

    boolean is(Switch setting) { return on.contains(setting); }

    void set(Switch setting, boolean value) {
        if (value) {
            on.add(setting);
        } else {
            on.remove(setting);
        }
    }

    float get(Quantity quantity) { return values.get(quantity); }

    void set(Quantity quantity, float value) {
        values.put(quantity, Math.max(quantity.min, Math.min(quantity.max, value)));
    }

    /** α at this progress along the trajectories, 0 to 1. */
    double alpha(double progress) { return is(Switch.REVERSE) ? 1 - progress : progress; }
}
