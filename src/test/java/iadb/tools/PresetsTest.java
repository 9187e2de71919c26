package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.profile.ResultFile;
import iadb.train.Preset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The least of the comparison of presets. */
class PresetsTest {
    @Test
    void aComparisonIsSentencesAndAFileThatIsReadAgain(@TempDir Path folder) throws IOException {
        Presets presets = Presets.none();
        try (Context context = Context.open(Device.all().get(0))) {
            Presets.Pair pair = presets.pair(context, "gaussian", "letters");
            Presets.train(context, Stream.of(Preset.values()).map(preset -> new Presets.Job(pair, preset.settings().withIterations(32).withData(1024),
                    Presets.allSteps(preset), reached -> pair.reached().put(preset, reached))).toList());
            presets.pairs().add(pair);
        }
        assertTrue(presets.pairs().get(0).of(Preset.SHARP).totalVariation() > presets.pairs().get(0).exact().totalVariation());
        String text = presets.summary();
        assertTrue(text.contains("on 1 pairs of named densities") && text.contains(" for letters"), text);
        Path file = folder.resolve("presets.json");
        presets.write(file);
        Presets read = ResultFile.JSON.fromJson(Files.readString(file), Presets.class);
        assertEquals(text, read.summary());
    }
}
