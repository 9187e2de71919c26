package iadb.view;

import iadb.model.NetworkShape;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import iadb.view.Tile.Chosen;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Names for maps, by the settings in which they differ. */
final class TileNames {
    private TileNames() { }

    /**
     * A name for each map. That of a given model is the model's, with the number of steps if another has the same. Others have the
     * name of the preset that they are nearest to, if the presets differ, and the settings that differ from it and among the maps.
     *
     * @param models names of given models
     */
    static List<String> of(List<Chosen> maps, List<Optional<String>> models) {
        List<Chosen> trained = IntStream.range(0, maps.size()).filter(i -> models.get(i).isEmpty()).mapToObj(maps::get).toList();
        boolean namesPreset = trained.stream().map(TileNames::nearest).distinct().count() != 1 || trained.size() == 1;
        return IntStream.range(0, maps.size()).mapToObj(i -> models.get(i)
                .map(model -> Collections.frequency(models, models.get(i)) > 1 ? model + ", " + steps(maps.get(i)) : model)
                .orElseGet(() -> name(maps.get(i), trained, namesPreset))).toList();
    }

    private static String name(Chosen map, List<Chosen> all, boolean namesPreset) {
        Preset preset = nearest(map);
        List<Integer> varying = differences(map, all);
        List<String> words = new ArrayList<>(namesPreset ? List.of(preset.toString()) : List.of());
        differences(map, List.of(like(preset, map))).stream().filter(i -> all.size() == 1 || varying.contains(i))
                .forEach(i -> words.add(properties(map).get(i)));
        if (words.isEmpty()) {
            words.add(varying.isEmpty() ? preset.toString() : properties(map).get(varying.get(0)));
        }
        return String.join(", ", words);
    }

    private static Chosen like(Preset preset, Chosen map) { return new Chosen(preset.settingsLike(map.settings()), preset.steps()); }

    private static Preset nearest(Chosen map) {
        return Arrays.stream(Preset.values()).min(Comparator.comparingInt(preset -> differences(map, List.of(like(preset, map))).size()))
                .orElseThrow();
    }

    /** The indices of the properties that differ from those of any other. */
    private static List<Integer> differences(Chosen map, List<Chosen> others) {
        List<String> own = properties(map);
        return IntStream.range(0, own.size()).filter(i -> others.stream().anyMatch(other -> !properties(other).get(i).equals(own.get(i))))
                .boxed().toList();
    }

    private static List<String> properties(Chosen map) {
        TrainingSettings of = map.settings();
        NetworkShape shape = of.shape();
        return List.of(of.coupling().toString(), of.reflow() == 0 ? "no reflow" : "reflow " + of.reflow(),
                shape.features() == 0 ? "no encoding" : "fourier:" + shape.features() + ":" + number(of.encodingDeviation()),
                shape.width() + " x " + shape.depth(), String.format(Locale.ROOT, "%,d iterations", of.iterations()),
                String.format(Locale.ROOT, "%,d data", of.data()), "batch " + of.batch(), "lr " + Float.toString(of.learningRate()),
                of.cosine() ? "cosine" : "constant rate", of.ema() == 0 ? "no average" : "ema " + number(of.ema()), "seed " + of.seed(),
                of.plan().map(plan -> "plan " + plan).orElse("any plan"), steps(map));
    }

    private static String steps(Chosen map) { return map.steps() == 1 ? "1 step" : map.steps() + " steps"; }

    private static String number(double value) { return Double.toString(value).replaceFirst("\\.0$", ""); }
}
