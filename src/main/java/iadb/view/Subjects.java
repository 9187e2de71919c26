package iadb.view;

import iadb.cl.DeviceLimitException;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.train.TrainingSession.Which;
import iadb.view.scene.SceneRenderer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The two densities of the show, and what puts others in their place: a name that is chosen, an image that is dropped, the
 * brush. The network learns on, from the weights it has.
 */
final class Subjects {
    /** What has changed: any density; the one that points start from. */
    record Change(boolean density, boolean base) {
    }

    private final RealtimeConfig config;
    private final Controls controls;
    private final SceneRenderer stage;
    private final Learning learning;
    private final Consumer<String> say;
    private final Painting painting = new Painting();
    private Density p0;
    private Density p1;
    private boolean painted; // at the last frame
    private int paintedDensity;
    private Optional<List<Path>> dropped = Optional.empty(); // since the last frame
    private boolean changed;
    private boolean baseChanged;

    /** @param say takes a line for the user */
    Subjects(RealtimeConfig config, Controls controls, SceneRenderer stage, Learning learning, Consumer<String> say) {
        this.config = config;
        this.controls = controls;
        this.stage = stage;
        this.learning = learning;
        this.say = say;
        p0 = config.p0();
        p1 = config.p1();
        controls.p0 = p0.name();
        controls.p1 = p1.name();
    }

    Density p0() {
        return p0;
    }

    Density p1() {
        return p1;
    }

    /** Where points start. */
    Density base() {
        return controls.reverse ? p1 : p0;
    }

    Painting painting() {
        return painting;
    }

    /** Puts the density that points shall arrive at behind them. */
    void showTarget() {
        if (!controls.painting) {
            stage.setDensity(controls.reverse ? p0 : p1);
        }
    }

    /** Takes what the user did since the last frame. */
    Change follow(Gestures gestures) {
        takeDropped();
        if (!controls.p0.equals(p0.name())) {
            NamedDensities.find(controls.p0).ifPresent(density -> replace(Which.P0, density));
        }
        if (!controls.p1.equals(p1.name())) {
            NamedDensities.find(controls.p1).ifPresent(density -> replace(Which.P1, density));
        }
        paint(gestures);
        Change change = new Change(changed, baseChanged);
        changed = false;
        baseChanged = false;
        return change;
    }

    /** The canvas begins with the density that is to be painted; when the brush is laid down, the target is shown again. */
    void followCanvas() {
        if (controls.painting && (!painted || paintedDensity != controls.paintedDensity)) {
            painting.take(controls.paintedDensity == 0 ? p0 : p1);
        }
        if (painted && !controls.painting) {
            showTarget();
        }
        painted = controls.painting;
        paintedDensity = controls.paintedDensity;
    }

    private void paint(Gestures gestures) {
        followCanvas();
        if (controls.take(Controls.Wish.CLEAR_PAINT)) {
            painting.clear();
        }
        if (gestures.takeStrokeEnd()) {
            try {
                replace(controls.paintedDensity == 0 ? Which.P0 : Which.P1, painting.density());
            } catch (InvalidInputException e) {
                say.accept("an empty canvas is no density");
            }
        }
        if (controls.painting && painting.takeChanged()) {
            stage.setLevels(painting.levels(), Painting.SIDE, Painting.SIDE);
        }
    }

    /** Files that were dropped on the window: one is p1, of more the first two are p0 and p1. {@link #follow} reads them. */
    void drop(List<Path> files) {
        dropped = Optional.of(files);
    }

    /** Reads what was dropped since the last frame. */
    void takeDropped() {
        Optional<List<Path>> files = dropped;
        dropped = Optional.empty();
        files.ifPresent(this::read);
    }

    private void read(List<Path> files) {
        if (files.isEmpty()) {
            say.accept("no file with a name that this system can read was dropped");
            return;
        }
        try {
            Density first = read(files.get(0));
            if (files.size() == 1) {
                replace(Which.P1, first);
            } else {
                Density second = read(files.get(1));
                replace(Which.P0, first);
                replace(Which.P1, second);
            }
        } catch (InvalidInputException e) {
            boolean isDark = e.setting().equals(Optional.of(InvalidInputException.Setting.INVERT));
            say.accept(e.getMessage() + (isDark ? " (start %s --invert)".formatted(config.invert() ? "without" : "with") : ""));
        }
    }

    private Density read(Path file) {
        Density density = DensityImage.read(file, config.invert());
        DensityImage.invertHint(density, config.invert()).ifPresent(hint -> say.accept(hint + "; --invert makes its dark parts dense"));
        return density;
    }

    private void replace(Which which, Density density) {
        try {
            learning.follow(which, density, which == Which.P0 ? density : p0, which == Which.P1 ? density : p1);
            if (which == Which.P0) {
                p0 = density;
            } else {
                p1 = density;
            }
        } catch (DeviceLimitException e) {
            say.accept(e.getMessage());
        }
        controls.p0 = p0.name();
        controls.p1 = p1.name();
        if (controls.painting && !density.name().equals(Painting.NAME)) {
            painting.take(controls.paintedDensity == 0 ? p0 : p1);
        }
        changed = true;
        baseChanged |= density == base();
        showTarget();
    }
}
