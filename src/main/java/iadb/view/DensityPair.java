package iadb.view;

import iadb.cl.DeviceLimitException;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.fault.InvalidInputException;
import iadb.train.TrainingSession.Which;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The densities p0 and p1 of the window. When one is replaced the network is trained on, from its current weights. */
final class DensityPair {
    private final boolean invert;
    private final LiveTraining training;
    private final Consumer<String> say;
    private Density p0;
    private Density p1;

    /**
     * @param invert in image files, dark is dense
     * @param say    takes a line for the user
     */
    DensityPair(Density p0, Density p1, boolean invert, LiveTraining training, Consumer<String> say) {
        this.p0 = p0;
        this.p1 = p1;
        this.invert = invert;
        this.training = training;
        this.say = say;
    }

    Density get(Which which) { return which == Which.P0 ? p0 : p1; }

    /** The density that points start from. */
    Density start(boolean reverse) { return reverse ? p1 : p0; }

    /** The density that the map makes of it. */
    Density target(boolean reverse) { return reverse ? p0 : p1; }

    /** Replaces a density; if the device cannot hold the new one, says so and keeps the old one. */
    void replace(Which which, Density density) {
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
    }

    /** Reads images: one becomes p1; of several, the first two become p0 and p1. What is wrong with them is said. */
    void read(List<Path> files) {
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
            boolean mended = e.setting().equals(Optional.of(InvalidInputException.Setting.INVERT));
            say.accept(e.getMessage() + (mended ? " (start %s --invert)".formatted(invert ? "without" : "with") : ""));
        }
    }

    private Density read(Path file) {
        Density density = DensityImage.read(file, invert);
        DensityImage.invertHint(density, invert).ifPresent(hint -> say.accept(hint + "; --invert makes its dark parts dense"));
        return density;
    }
}
