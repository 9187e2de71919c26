package iadb.view;

import iadb.cl.DeviceLimitException;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.train.TrainingSession.Which;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The densities p0 and p1 of the window. When one is replaced, the network is trained further from its current weights. What
 * prevents it is said to the user.
 */
final class DensityPair {
    private final boolean invert;
    private final LiveTraining training;
    private final Consumer<String> say;
    private final Consumer<Which> replaced;
    private Density p0;
    private Density p1;

    /**
     * @param invert   in image files, dark is dense
     * @param say      takes a line for the user
     * @param replaced takes a density that was replaced
     */
    DensityPair(Density p0, Density p1, boolean invert, LiveTraining training, Consumer<String> say, Consumer<Which> replaced) {
        this.p0 = p0;
        this.p1 = p1;
        this.invert = invert;
        this.training = training;
        this.say = say;
        this.replaced = replaced;
    }

    Density get(Which which) { return which == Which.P0 ? p0 : p1; }

    /** The density that points start from; they arrive at that of the other direction. */
    Density start(boolean reverse) { return reverse ? p1 : p0; }

    /** Takes a named density that is not there already. */
    void choose(Which which, String name) {
        NamedDensities.find(name).filter(density -> !name.equals(get(which).name())).ifPresent(density -> replace(which, density));
    }

    void paint(Which which, Painting painting) {
        try {
            replace(which, painting.density());
        } catch (InvalidInputException e) {
            say.accept("an empty canvas is no density");
        }
    }

    /** Reads images: one becomes p1; of several, the first two become p0 and p1. */
    void read(List<Path> files) {
        if (files.isEmpty()) {
            say.accept("no file with a name that this system can read was dropped");
            return;
        }
        try {
            List<Density> read = files.stream().limit(2).map(this::read).toList();
            if (read.size() > 1) {
                replace(Which.P0, read.get(0));
            }
            replace(Which.P1, read.get(read.size() - 1));
        } catch (InvalidInputException e) {
            boolean isDark = e.setting().equals(Optional.of(InvalidInputException.Setting.INVERT));
            say.accept(e.getMessage() + (isDark ? " (start %s --invert)".formatted(invert ? "without" : "with") : ""));
        }
    }

    private Density read(Path file) {
        Density density = DensityImage.read(file, invert);
        DensityImage.invertHint(density, invert).ifPresent(hint -> say.accept(hint + "; --invert makes its dark parts dense"));
        return density;
    }

    private void replace(Which which, Density density) {
        try {
            training.follow(which, density, which == Which.P0 ? density : p0, which == Which.P1 ? density : p1);
        } catch (DeviceLimitException e) {
            say.accept(e.getMessage());
            return;
        }
        if (which == Which.P0) {
            p0 = density;
        } else {
            p1 = density;
        }
        replaced.accept(which);
    }
}
