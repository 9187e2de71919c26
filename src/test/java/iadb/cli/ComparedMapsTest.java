package iadb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import iadb.view.RealtimeConfig.Shown;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ComparedMapsTest {
    private static final Density P0 = NamedDensities.find("gaussian").orElseThrow();
    private static final Density P1 = NamedDensities.find("ring").orElseThrow();

    @TempDir
    private Path folder;

    /** The maps of a command line, whose last argument is the value of {@code --compare}. */
    private static List<Shown> maps(Path model, String... arguments) {
        CommandLine command = Main.commandLine();
        command.parseArgs(Arrays.copyOf(arguments, arguments.length - 1));
        return new ComparedMaps(List.of(arguments[arguments.length - 1]), command.getCommandSpec(), model).shown(P0, P1);
    }

    private Path model(String name, int width, Density p1) throws IOException {
        Path file = folder.resolve(name);
        Model.write(file, new Model(Network.initial(new NetworkShape(width, 4), 1), Optional.of(P0), Optional.of(p1), Map.of()));
        return file;
    }

    @Test
    void wordsReplaceOptionsOfTheCommandLine() {
        List<Shown> maps = maps(null, "--iterations", "77", "--seed", "3", "--coupling", "ot",
                "tutorial,quick+lr=0.5,independent+fourier:16:2+reflow,none+seed=-4+steps=9");
        TrainingSettings own = TrainingSettings.tutorial().withIterations(77).withSeed(3).withCoupling(Coupling.OT);
        assertEquals(own, maps.get(0).training());
        assertEquals(Preset.QUICK.settings().withIterations(77).withSeed(3).withLearningRate(0.5f, true), maps.get(1).training());
        assertEquals(own.withCoupling(Coupling.INDEPENDENT).withEncoding(16, 2).withReflow(1), maps.get(2).training());
        assertEquals(own.withSeed(-4), maps.get(3).training());
        assertEquals(List.of(128, Preset.QUICK.steps(), 128, 9), maps.stream().map(Shown::steps).toList());
        assertTrue(maps.stream().allMatch(map -> map.model().isEmpty() && map.modelName().isEmpty()));
    }

    @Test
    void aSingleMapIsComparedWithTheCommandLinesOwn() throws IOException {
        List<Shown> maps = maps(null, "--steps", "5", "quick");
        assertEquals(List.of(TrainingSettings.tutorial(), Preset.QUICK.settings()), maps.stream().map(Shown::training).toList());
        assertEquals(List.of(5, 5), maps.stream().map(Shown::steps).toList());
        Path given = model("given.safetensors", 32, P1);
        List<Shown> models = maps(given, model("other.safetensors", 64, P1).toString());
        assertEquals(List.of("given.safetensors", "other.safetensors"), models.stream().map(map -> map.modelName().orElseThrow()).toList());
        assertTrue(assertThrows(InvalidInputException.class, () -> maps(given, given.toString())).getMessage().contains("that is the map of the other"));
        assertEquals(List.of(128, 4), maps(given, given + "+steps=4").stream().map(Shown::steps).toList());
        assertEquals(List.of(32, 64), models.stream().map(map -> map.training().shape().width()).toList(),
                "a later training keeps the model's network");
    }

    @Test
    void modelsOfOtherDensitiesAreRefused() throws IOException {
        Path other = model("spiral.safetensors", 32, NamedDensities.find("spiral").orElseThrow());
        String message = assertThrows(InvalidInputException.class, () -> maps(null, "quick," + other)).getMessage();
        assertTrue(message.contains("spiral.safetensors was not trained from gaussian to ring"), message);
        Path square = folder.resolve("square.safetensors");
        PointDensity points = new PointDensity("points", Optional.empty(), new float[] {0.2f, 0.3f, 0.5f, 0.6f}, new Box(0, 0, 2), 0);
        Model.write(square, new Model(Network.initial(NetworkShape.TUTORIAL, 1), Optional.of(P0), Optional.of(points), Map.of()));
        assertThrows(InvalidInputException.class, () -> maps(null, "--p0", "gaussian", "--p1", "ring", "quick," + square), "in another square");
        assertEquals(2, maps(null, "--p1", "ring", "quick," + other).size(), "the user chose the densities");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "tutorial,quick,sharp,ot,none | at most 4 maps, not 5",
        "quick,ot,quick | maps 1 and 3 are the same",
        "quikc | --compare quikc: 'quikc' is not a model file, a preset, a coupling, an encoding, reflow or a setting such as lr=0.01",
        "quick, | : '' is not",
        "quick+points=3 | : 'points=3' is not",
        "quick+lr=0 | --lr 0 is not",
        "quick+lr=x | --lr x is not a number above 0",
        "quick+steps=0 | --steps 0",
        "fourier:7 | --encoding fourier:7",
        "tutorial | that is the map of the other options: give another one",
        "a.safetensors+fourier | encoding is taken from the model a.safetensors",
        "a.safetensors+b.safetensors | names two files",
        "missing.safetensors | no such file: missing.safetensors"})
    void aWrongMapIsRefusedInOneSentence(String value, String part) {
        String message = assertThrows(InvalidInputException.class, () -> maps(null, value)).getMessage();
        assertTrue(message.startsWith("--compare " + value) && message.contains(part), message);
    }
}
