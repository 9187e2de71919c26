package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.NamedDensities;
import iadb.file.Png;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.train.TrainingSettings;
import iadb.view.scene.Camera;
import iadb.view.scene.SceneRenderer;
import iadb.view.surface.EglSurface;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Densities that are dropped on the window. Off screen, by EGL. */
class SubjectsTest {
    private static final TrainingSettings TRAINING =
            TrainingSettings.tutorial().withIterations(40).withData(500).withBatch(32).withSeed(1);

    @TempDir
    private Path folder;
    private String said;

    private interface Trial {
        void with(Subjects subjects, Learning learning) throws IOException;
    }

    private void run(Trial trial) throws IOException {
        Network network = Network.initial(NetworkShape.TUTORIAL, 5);
        RealtimeConfig config = new RealtimeConfig(NamedDensities.find("gaussian").orElseThrow(),
                NamedDensities.find("ring").orElseThrow(), TRAINING, Optional.of(network), 100, 4, false, 64, 64, false, true,
                false, Optional.empty(), Optional.empty(), Optional.empty(), folder);
        try (EglSurface surface = EglSurface.open(64, 64);
                Context context = Context.open(Device.select("auto"));
                SceneRenderer stage = new SceneRenderer(new Camera(), 1);
                Learning learning = new Learning(context, TRAINING, network, losses -> { }, () -> { })) {
            assertEquals(64, surface.width());
            trial.with(new Subjects(config, new Controls(), stage, learning, line -> said = line), learning);
        }
    }

    private Path image(String name) throws IOException {
        BufferedImage picture = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(3, 4, 0xFFFFFF);
        Path file = folder.resolve(name);
        Png.write(file, picture);
        return file;
    }

    @Test
    void aFileThatIsNoImageIsAMessageAndTheShowGoesOn() throws IOException {
        Path text = Files.writeString(folder.resolve("a.png"), "no picture");
        run((subjects, learning) -> {
            subjects.drop(List.of(text));
            subjects.takeDropped();
            assertTrue(said.contains("a.png"), said);
            assertEquals("ring", subjects.p1().name());
            assertTrue(!learning.running());
        });
    }

    @Test
    void oneImageBecomesP1AndTheNetworkLearnsFromTheWeightsItHas() throws IOException {
        Path image = image("one.png");
        run((subjects, learning) -> {
            subjects.drop(List.of(image));
            subjects.takeDropped();
            assertEquals("one.png", subjects.p1().name());
            assertEquals("gaussian", subjects.p0().name());
            assertTrue(learning.running());
            assertArrayEquals(Network.initial(NetworkShape.TUTORIAL, 5).parameters(), learning.snapshot().parameters());
            while (learning.running()) {
                learning.advance(Duration.ofMillis(5));
            }
            assertEquals(40, learning.done());
        });
    }

    @Test
    void aPictureThatIsMostlyBrightIsDroppedWithAHintAtInvert() throws IOException {
        BufferedImage paper = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 56; p++) { // one row stays black
            paper.setRGB(p % 8, p / 8, 0xFFFFFF);
        }
        Path file = folder.resolve("paper.png");
        Png.write(file, paper);
        run((subjects, learning) -> {
            subjects.drop(List.of(file));
            subjects.takeDropped();
            assertEquals("paper.png", subjects.p1().name());
            assertTrue(said.contains("most of paper.png is bright") && said.contains("--invert"), said);
        });
    }

    @Test
    void aDropWithoutAReadableNameIsAMessage() throws IOException {
        run((subjects, learning) -> {
            subjects.drop(List.of());
            subjects.takeDropped();
            assertTrue(said.contains("no file"), said);
        });
    }

    @Test
    void aTrainingWithoutEndCanBeginAnew() throws IOException {
        Network network = Network.initial(NetworkShape.TUTORIAL, 5);
        try (Context context = Context.open(Device.select("auto"));
                Learning learning = new Learning(context, TRAINING.withIterations(Integer.MAX_VALUE), network, losses -> { }, () -> { })) {
            learning.train(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow());
            learning.advance(Duration.ofMillis(5));
            learning.train(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow());
            assertEquals(Integer.MAX_VALUE, learning.goal());
            assertTrue(learning.running());
            learning.stop();
            assertTrue(!learning.running() && learning.goOn() && learning.running());
        }
    }

    @Test
    void twoImagesBecomeP0AndP1() throws IOException {
        List<Path> images = List.of(image("from.png"), image("to.png"));
        run((subjects, learning) -> {
            subjects.drop(images);
            subjects.takeDropped();
            assertEquals("from.png", subjects.p0().name());
            assertEquals("to.png", subjects.p1().name());
            assertEquals("from.png", subjects.base().name());
        });
    }
}
