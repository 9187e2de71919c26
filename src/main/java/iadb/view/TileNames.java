package iadb.view;

import iadb.model.NetworkShape;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import iadb.view.Tile.Chosen;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Names for maps, by the settings in which they differ. */
final class TileNames {
    private TileNames() { }

    /**
     * A name for each map: that of its file; otherwise the preset that it is nearest to, unless that is the same for all, and the
     * settings that differ.
     *
     * @param files of given models, which are not trained
     */
    static List<String> of(List<Chosen> maps, List<Optional<String>> files) {
        List<Chosen> trained = IntStream.range(0, maps.size()).filter(i -> files.get(i).isEmpty()).mapToObj(maps::get).toList();
        List<Preset> presets = trained.stream().map(TileNames::nearest).distinct().toList();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < maps.size(); i++) {
            names.add(files.get(i).orElse(null));
            if (files.get(i).isEmpty()) {
                Preset preset = nearest(maps.get(i));
                List<Chosen> others = presets.size() > 1 ? List.of(like(preset, maps.get(i))) : trained;
                List<String> words = new ArrayList<>(presets.size() > 1 || trained.size() == 1 ? List.of(preset.toString()) : List.of());
                words.addAll(differences(maps.get(i), others));
                names.set(i, String.join(", ", words));
            }
        }
        return names;
    }

    private static Chosen like(Preset preset, Chosen map) { return new Chosen(preset.settingsLike(map.settings()), preset.steps()); }

    private static Preset nearest(Chosen map) {
        return Arrays.stream(Preset.values()).min(Comparator.comparingInt(preset -> differences(map, List.of(like(preset, map))).size()))
                .orElseThrow();
    }

    /** The properties that differ from those of any other. */
    private static List<String> differences(Chosen map, List<Chosen> others) {
        List<String> own = properties(map);
        return IntStream.range(0, own.size()).filter(i -> others.stream().anyMatch(other -> !properties(other).get(i).equals(own.get(i))))
                .mapToObj(own::get).toList();
    }

    private static List<String> properties(Chosen map) {
        TrainingSettings of = map.settings();
        NetworkShape shape = of.shape();
        return Stream.of(of.coupling(), of.reflow() == 0 ? "no reflow" : "reflow " + of.reflow(),
                shape.features() == 0 ? "plain" : "fourier:" + shape.features() + ":" + text("%.3g", of.encodingDeviation()),
                shape.width() + " x " + shape.depth(), text("%,d iterations", of.iterations()), text("%,d data", of.data()),
                "batch " + of.batch(), "lr " + text("%.3g", of.learningRate()), of.cosine() ? "cosine" : "constant rate",
                of.ema() == 0 ? "no average" : "ema " + of.ema(), "seed " + of.seed(), map.steps() + " steps")
                .map(Object::toString).toList();
    }

    private static String text(String format, Object value) { return String.format(Locale.ROOT, format, value); }
}
