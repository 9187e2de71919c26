package iadb.view;

import iadb.cl.Background;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.ImageFile;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.density.PointRows;
import iadb.fault.InvalidInputException;
import iadb.file.PointReader;
import iadb.plot.Box;
import iadb.train.Coupling;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The densities p0 and p1 of the window. When one is replaced, each training continues from its current weights; a single training
 * follows one that was painted or dropped as soon as possible, but trainings that are compared keep their settings.
 *
 * <p>The points of dropped files keep the square of the plane that the window shows if they lie in it and the other density consists
 * of points, too. Otherwise the window shows the square around the points of both. The network maps the unit square: in another square
 * the same weights are another map, from which the training continues.
 */
final class DensityPair implements AutoCloseable {
    private final boolean invert;
    private final String invertHint;
    private final double bandwidth; // of dropped points, in the user's units
    private final List<LiveTraining> trainings;
    private final Consumer<String> messages;
    private final Consumer<Side> replaced;
    private Map<Side, Density> densities;
    private Optional<Background<Change>> reading = Optional.empty();

    /** A dropped file: the points, or null for an image. */
    private record Dropped(ImageDensity image, PointRows points) { }

    /**
     * Densities that may replace the current ones.
     *
     * @param before  the densities for which the change was made
     * @param dropped from which it was made
     */
    private record Change(Map<Side, Density> before, Map<Side, Dropped> dropped, Map<Side, Density> after) { }

    /**
     * @param invert     whether dark is dense in image files
     * @param invertHint how the user changes that, in parentheses after a message
     * @param trainings  on these densities, at least one
     * @param messages   receives messages to the user; called on any thread
     * @param replaced   is called after a density was replaced
     */
    DensityPair(Density p0, Density p1, boolean invert, String invertHint, List<LiveTraining> trainings,
            Consumer<String> messages, Consumer<Side> replaced) {
        densities = Map.of(Side.P0, p0, Side.P1, p1);
        this.invert = invert;
        this.invertHint = invertHint;
        this.trainings = trainings;
        this.messages = messages;
        this.replaced = replaced;
        bandwidth = points(densities).mapToDouble(PointDensity::bandwidth).max().orElse(0);
    }

    private static Stream<PointDensity> points(Map<Side, Density> of) {
        return of.values().stream().filter(PointDensity.class::isInstance).map(PointDensity.class::cast);
    }

    Density get(Side side) { return densities.get(side); }

    /** The density that points start from; their target is that of the other direction. */
    Density start(boolean reverse) { return get(reverse ? Side.P1 : Side.P0); }

    /** The square of the user's plane that the unit square is. */
    Box box() { return Density.box(Optional.of(get(Side.P0)), Optional.of(get(Side.P1))); }

    /** Replaces a density by a named one, unless it has that name. */
    void choose(Side side, String name) {
        if (!name.equals(get(side).name())) {
            NamedDensities.find(name).ifPresent(density -> replace(side, density, false));
        }
    }

    void paint(Side side, Painting painting) {
        try {
            replace(side, painting.density(), true);
        } catch (InvalidInputException e) {
            messages.accept("an empty canvas is not a density");
        }
    }

    private void replace(Side side, Density density, boolean soon) {
        Map<Side, Density> next = new EnumMap<>(densities);
        next.put(side, density);
        replace(next, soon);
    }

    /** Reads files of images or points in the background: one becomes p1; of several, the first two become p0 and p1. */
    void read(List<Path> files) {
        if (files.isEmpty()) {
            messages.accept("no file with a readable name was dropped");
            return;
        }
        if (reading.isPresent()) {
            messages.accept("the files that were dropped before are still being read");
            return;
        }
        Map<Side, Density> before = densities;
        TrainingSettings settings = trainings.get(0).settings();
        reading = Optional.of(Background.start("read", () -> {
            Map<Side, Dropped> dropped = new EnumMap<>(Side.class);
            for (Path file : files.subList(0, Math.min(2, files.size()))) {
                Side side = files.size() > 1 && dropped.isEmpty() ? Side.P0 : Side.P1;
                dropped.put(side, read(file, settings));
            }
            return changed(before, dropped);
        }));
    }

    private Dropped read(Path file, TrainingSettings settings) {
        if (PointReader.isPoints(file)) {
            PointRows rows = PointRows.read(file, Math.max(PointDensity.MIN_POINTS, settings.data()), settings.seed());
            rows.choice().ifPresent(messages);
            return new Dropped(null, rows);
        }
        ImageDensity image = ImageFile.read(file, invert);
        ImageFile.invertHint(image, invert).ifPresent(hint -> messages.accept(hint + orientation()));
        return new Dropped(image, null);
    }

    private String orientation() { return "; this window " + (invert ? "inverts" : "does not invert") + " images" + invertHint; }

    private Change changed(Map<Side, Density> before, Map<Side, Dropped> dropped) {
        Map<Side, Density> after = new EnumMap<>(before);
        after.keySet().removeAll(dropped.keySet());
        Optional<PointDensity> kept = points(after).findFirst();
        List<double[]> rows = dropped.values().stream().filter(file -> file.points() != null).map(file -> file.points().rows()).toList();
        if (!rows.isEmpty()) {
            Box box = kept.map(PointDensity::box).filter(square -> rows.stream().allMatch(each -> isInside(square, each)))
                    .orElseGet(() -> Box.around(Stream.concat(rows.stream(), kept.map(PointDensity::inPlane).stream())
                            .toArray(double[][]::new)));
            kept.ifPresent(other -> after.replaceAll((side, density) -> density == other && !box.equals(other.box())
                    ? other.inBox(box) : density));
            dropped.forEach((side, file) -> after.put(side,
                    file.points() == null ? file.image() : new PointDensity(file.points(), box, bandwidth)));
        } else {
            dropped.forEach((side, file) -> after.put(side, file.image()));
        }
        after.values().forEach(Density::image); // which the window shows: it takes some time for points
        return new Change(before, dropped, after);
    }

    private static boolean isInside(Box box, double[] rows) {
        for (float coordinate : box.toUnit(rows)) {
            if (!(coordinate >= 0 && coordinate <= 1)) {
                return false;
            }
        }
        return true;
    }

    /** Whether dropped files are being read. */
    boolean isReading() { return reading.isPresent(); }

    /** Replaces densities by those of dropped files, when these are read; to be called regularly. */
    void advance() {
        if (reading.isEmpty() || !reading.get().isDone()) {
            return;
        }
        Background<Change> read = reading.get();
        reading = Optional.empty();
        try {
            Change change = read.get();
            replace(change.before() == densities ? change.after() : changed(densities, change.dropped()).after(), true);
        } catch (InvalidInputException e) {
            boolean isDark = e.setting().equals(Optional.of(InvalidInputException.Setting.INVERT));
            messages.accept(e.getMessage() + (isDark ? orientation() : ""));
        }
    }

    /** @param soon whether a single training follows the new densities as soon as possible; otherwise by the chosen settings */
    private void replace(Map<Side, Density> next, boolean soon) {
        Box before = box();
        long paired = pairedTrainings();
        List<LiveTraining> active = trainings.stream().filter(LiveTraining::active).toList();
        for (int i = 0; i < trainings.size(); i++) {
            try {
                train(trainings.get(i), next, soon && trainings.size() == 1);
            } catch (DeviceLimitException e) {
                messages.accept(e.getMessage());
                trainings.subList(0, i).forEach(training -> returnToOldDensities(training, active.contains(training)));
                return;
            }
        }
        Map<Side, Density> old = densities;
        densities = next;
        Stream.of(Side.values()).filter(side -> next.get(side) != old.get(side)).forEach(replaced);
        if (pairedTrainings() < paired) {
            messages.accept("the rows of p0 and p1 cannot be paired: the coupling is now " + Coupling.INDEPENDENT);
        } else if (!box().equals(before)) {
            messages.accept(String.format(Locale.ROOT, "the square is now that from (%.5g, %.5g) to (%.5g, %.5g)", box().x0(), box().y0(),
                    box().x(1), box().y(1)));
        }
    }

    private void returnToOldDensities(LiveTraining training, boolean wasActive) {
        try {
            train(training, densities, false);
        } catch (DeviceLimitException e) {
            messages.accept(e.getMessage());
        }
        if (!wasActive) {
            training.stop();
        }
    }

    private static void train(LiveTraining training, Map<Side, Density> of, boolean soon) {
        if (soon) {
            training.follow(of.get(Side.P0), of.get(Side.P1));
        } else {
            training.train(of.get(Side.P0), of.get(Side.P1));
        }
    }

    private long pairedTrainings() { return trainings.stream().filter(training -> training.coupling() == Coupling.PAIRED).count(); }

    @Override
    public void close() { reading.ifPresent(Background::close); }
}
