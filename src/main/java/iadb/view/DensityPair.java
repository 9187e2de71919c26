package iadb.view;

import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.DensityImage;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.train.TrainingSession.Which;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** The densities p0 and p1 of the window. When one is replaced, training continues from the current weights. */
final class DensityPair {
    private final boolean invert;
    private final String invertHint;
    private final LiveTraining training;
    private final Consumer<String> say;
    private final Consumer<Which> replaced;
    private Map<Which, Density> densities;

    /**
     * @param invert     whether dark is dense in image files
     * @param invertHint how the user changes that, in parentheses after a message
     * @param say        shows a message to the user
     * @param replaced   is called after a density was replaced
     */
    DensityPair(Density p0, Density p1, boolean invert, String invertHint, LiveTraining training, Consumer<String> say,
            Consumer<Which> replaced) {
        densities = Map.of(Which.P0, p0, Which.P1, p1);
        this.invert = invert;
        this.invertHint = invertHint;
        this.training = training;
        this.say = say;
        this.replaced = replaced;
    }

    Density get(Which which) { return densities.get(which); }

    /** The density that points start from; their target is that of the other direction. */
    Density start(boolean reverse) { return get(reverse ? Which.P1 : Which.P0); }

    /** Replaces a density by a named one, unless it has that name. */
    void choose(Which which, String name) {
        NamedDensities.find(name).filter(density -> !name.equals(get(which).name())).ifPresent(density -> replace(which, density));
    }

    void paint(Which which, Painting painting) {
        try {
            replace(which, painting.density());
        } catch (InvalidInputException e) {
            say.accept("an empty canvas is not a density");
        }
    }

    /** Reads image files: one becomes p1; of several, the first two become p0 and p1. */
    void read(List<Path> files) {
        if (files.isEmpty()) {
            say.accept("no file with a readable name was dropped");
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
            say.accept(e.getMessage() + (isDark ? orientation() : ""));
        }
    }

    private Density read(Path file) {
        Density density = DensityImage.read(file, invert);
        DensityImage.invertHint(density, invert).ifPresent(hint -> say.accept(hint + orientation()));
        return density;
    }

    private String orientation() { return "; this window " + (invert ? "inverts" : "does not invert") + " images" + invertHint; }

    private void replace(Which which, Density density) {
        Map<Which, Density> next = new EnumMap<>(densities);
        next.put(which, density);
        try {
            training.replaceDensity(which, next.get(Which.P0), next.get(Which.P1));
        } catch (DeviceLimitException e) {
            say.accept(e.getMessage());
            return;
        }
        densities = next;
        replaced.accept(which);
    }
}
