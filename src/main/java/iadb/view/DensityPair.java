package iadb.view;

import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.fault.InvalidInputException;
import iadb.train.TrainingSession.Side;
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
    private final Consumer<String> messages;
    private final Consumer<Side> replaced;
    private Map<Side, Density> densities;

    /**
     * @param invert     whether dark is dense in image files
     * @param invertHint how the user changes that, in parentheses after a message
     * @param messages   receives messages to the user
     * @param replaced   is called after a density was replaced
     */
    DensityPair(Density p0, Density p1, boolean invert, String invertHint, LiveTraining training, Consumer<String> messages,
            Consumer<Side> replaced) {
        densities = Map.of(Side.P0, p0, Side.P1, p1);
        this.invert = invert;
        this.invertHint = invertHint;
        this.training = training;
        this.messages = messages;
        this.replaced = replaced;
    }

    Density get(Side side) { return densities.get(side); }

    /** The density that points start from; their target is that of the other direction. */
    Density start(boolean reverse) { return get(reverse ? Side.P1 : Side.P0); }

    /** Replaces a density by a named one, unless it has that name. */
    void choose(Side side, String name) {
        if (!name.equals(get(side).name())) {
            NamedDensities.find(name).ifPresent(density -> replace(side, density));
        }
    }

    void paint(Side side, Painting painting) {
        try {
            replace(side, painting.density());
        } catch (InvalidInputException e) {
            messages.accept("an empty canvas is not a density");
        }
    }

    /** Reads image files: one becomes p1; of several, the first two become p0 and p1. */
    void read(List<Path> files) {
        if (files.isEmpty()) {
            messages.accept("no file with a readable name was dropped");
            return;
        }
        try {
            List<Density> read = files.stream().limit(2).map(this::read).toList();
            if (read.size() > 1) {
                replace(Side.P0, read.get(0));
            }
            replace(Side.P1, read.get(read.size() - 1));
        } catch (InvalidInputException e) {
            boolean isDark = e.setting().equals(Optional.of(InvalidInputException.Setting.INVERT));
            messages.accept(e.getMessage() + (isDark ? orientation() : ""));
        }
    }

    private Density read(Path file) {
        ImageDensity density = ImageFile.read(file, invert);
        ImageFile.invertHint(density, invert).ifPresent(hint -> messages.accept(hint + orientation()));
        return density;
    }

    private String orientation() { return "; this window " + (invert ? "inverts" : "does not invert") + " images" + invertHint; }

    private void replace(Side side, Density density) {
        Map<Side, Density> next = new EnumMap<>(densities);
        next.put(side, density);
        try {
            training.replaceDensity(side, next.get(Side.P0), next.get(Side.P1));
        } catch (DeviceLimitException e) {
            messages.accept(e.getMessage());
            return;
        }
        densities = next;
        replaced.accept(side);
    }
}
