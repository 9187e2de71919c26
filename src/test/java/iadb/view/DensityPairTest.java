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
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replacing the densities of the window by dropped images. */
class DensityPairTest {
    private static final TrainingSettings TRAINING =
            TrainingSettings.tutorial().withIterations(40).withData(500).withBatch(32).withSeed(1);

    @TempDir
    private Path folder;
    private final List<Side> replaced = new ArrayList<>();
    private String said;

    private interface Trial {
        void with(DensityPair densities, LiveTraining training) throws IOException;
    }

    private void run(Trial trial) throws IOException {
        Network network = Network.initial(NetworkShape.TUTORIAL, 5);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, TRAINING, network)) {
            trial.with(new DensityPair(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow(),
                    false, " (the remedy)", training, line -> said = line, replaced::add), training);
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
    void aFileThatIsNoImageIsReportedAndTheWindowContinues() throws IOException {
        Path text = Files.writeString(folder.resolve("a.png"), "no picture");
        run((densities, training) -> {
            densities.read(List.of(text));
            assertTrue(said.contains("a.png"), said);
            assertEquals("ring", densities.get(Side.P1).name());
            assertTrue(!training.running());
            assertEquals(List.of(), replaced);
        });
    }

    @Test
    void oneImageBecomesP1AndTrainingContinuesFromTheCurrentWeights() throws IOException {
        Path image = image("one.png");
        run((densities, training) -> {
            densities.read(List.of(image));
            assertEquals("one.png", densities.get(Side.P1).name());
            assertEquals("gaussian", densities.get(Side.P0).name());
            assertTrue(training.running());
            assertArrayEquals(Network.initial(NetworkShape.TUTORIAL, 5).parameters(), training.snapshot().parameters());
            while (training.running()) {
                training.advance(Duration.ofMillis(5));
            }
            assertEquals(40, training.done());
            assertEquals(List.of(Side.P1), replaced);
        });
    }

    @Test
    void aMostlyBrightImageGivesAHintThatImagesAreNotInverted() throws IOException {
        BufferedImage paper = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        for (int p = 0; p < 56; p++) { // one row stays black
            paper.setRGB(p % 8, p / 8, 0xFFFFFF);
        }
        Path file = folder.resolve("paper.png");
        Png.write(file, paper);
        run((densities, training) -> {
            densities.read(List.of(file));
            assertEquals("paper.png", densities.get(Side.P1).name());
            assertTrue(said.contains("most of paper.png is bright"), said);
            assertTrue(said.contains("this window does not invert images (the remedy)"), said);
        });
    }

    @Test
    void aDropWithoutAReadableNameIsReported() throws IOException {
        run((densities, training) -> {
            densities.read(List.of());
            assertTrue(said.contains("no file"), said);
        });
    }

    @Test
    void anEndlessTrainingCanBeRestarted() throws IOException {
        Network network = Network.initial(NetworkShape.TUTORIAL, 5);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, TRAINING.withIterations(Integer.MAX_VALUE), network)) {
            training.train(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow());
            training.advance(Duration.ofMillis(5));
            training.train(NamedDensities.find("gaussian").orElseThrow(), NamedDensities.find("ring").orElseThrow());
            assertEquals(Integer.MAX_VALUE, training.goal());
            assertTrue(training.running());
            training.stop();
            assertTrue(!training.running() && training.resume() && training.running());
        }
    }

    @Test
    void twoImagesBecomeP0AndP1() throws IOException {
        List<Path> images = List.of(image("from.png"), image("to.png"));
        run((densities, training) -> {
            densities.read(images);
            assertEquals("from.png", densities.get(Side.P0).name());
            assertEquals("to.png", densities.get(Side.P1).name());
            assertEquals("from.png", densities.start(false).name());
            assertEquals("to.png", densities.start(true).name());
            assertEquals(List.of(Side.P0, Side.P1), replaced);
        });
    }
}
