package iadb.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.file.Png;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.train.TrainingSession.Side;
import iadb.train.TrainingSettings;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Replacing the densities of the window by dropped images and points. */
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
                LiveTraining training = new LiveTraining(context, TRAINING, network, new AtomicReference<>());
                DensityPair densities = new DensityPair(NamedDensities.find("gaussian").orElseThrow(),
                        NamedDensities.find("ring").orElseThrow(), false, " (the remedy)", List.of(training), line -> said = line, replaced::add)) {
            trial.with(densities, training);
        }
    }

    /** Drops files and waits until they are read. */
    private static void read(DensityPair densities, List<Path> files) {
        densities.read(files);
        while (densities.isReading()) {
            densities.advance();
        }
    }

    /** A file of points on a circle. */
    private Path circle(String name, int points, double x, double y, double radius) throws IOException {
        StringBuilder text = new StringBuilder("x,y\n");
        for (int n = 0; n < points; n++) {
            double angle = 2 * Math.PI * n / points;
            text.append(x + radius * Math.cos(angle)).append(',').append(y + radius * Math.sin(angle)).append('\n');
        }
        return Files.writeString(folder.resolve(name), text);
    }

    /** The smallest and the largest x of a density of points, in the user's units. */
    private static double[] extent(DensityPair densities, Side side) {
        PointDensity density = assertInstanceOf(PointDensity.class, densities.get(side));
        assertEquals(densities.box(), density.box());
        double[] extent = {Double.MAX_VALUE, -Double.MAX_VALUE};
        for (int n = 0; n < density.count(); n++) {
            extent[0] = Math.min(extent[0], density.box().x(density.points()[2 * n]));
            extent[1] = Math.max(extent[1], density.box().x(density.points()[2 * n]));
        }
        return extent;
    }

    @Test
    void pointsReplaceAPictureAndTheSquareFollowsThem() throws IOException {
        Path first = circle("a.csv", 64, 100, -20, 8);
        Path second = circle("b.csv", 100, 0, 0, 1);
        run((densities, training) -> {
            read(densities, List.of(first));
            assertEquals(List.of(Side.P1), replaced);
            assertEquals("a.csv", densities.get(Side.P1).name());
            assertArrayEquals(new double[] {92, 108}, extent(densities, Side.P1), 1e-5);
            assertEquals(18, densities.box().side(), 1e-9, "an extent of 16, and a margin");
            assertTrue(said.contains("the square is now that from (91.000, -29.000) to (109.00, -11.000)"), said);
            assertTrue(training.running());
            read(densities, List.of(second));
            assertEquals("b.csv", densities.get(Side.P1).name());
            assertArrayEquals(new double[] {-1, 1}, extent(densities, Side.P1), 1e-6);
            while (training.isPairing() || training.done() < 40) {
                training.advance(Duration.ofMillis(5));
            }
            assertFalse(training.diverged());
            densities.choose(Side.P1, "ring");
            assertEquals(Box.UNIT, densities.box());
        });
    }

    @Test
    void theSquareOfBothGrowsOnlyForPointsOutside() throws IOException {
        List<Path> both = List.of(circle("a.csv", 64, 0, 0, 8), circle("b.csv", 100, 2, 0, 1));
        Path inside = circle("c.csv", 30, -3, 1, 2);
        Path outside = circle("d.csv", 20, 50, 0, 2);
        run((densities, training) -> {
            read(densities, both);
            assertEquals(List.of(Side.P0, Side.P1), replaced);
            Box box = densities.box();
            read(densities, List.of(inside));
            assertEquals(box, densities.box());
            assertEquals(List.of(Side.P0, Side.P1, Side.P1), replaced);
            assertArrayEquals(new double[] {-5, -1}, extent(densities, Side.P1), 1e-5);
            read(densities, List.of(outside));
            assertEquals(60 * 1.125, densities.box().side(), 1e-4, "from -8 to 52, and a margin");
            assertArrayEquals(new double[] {-8, 8}, extent(densities, Side.P0), 1e-4);
            assertArrayEquals(new double[] {48, 52}, extent(densities, Side.P1), 1e-4);
            assertEquals(List.of(Side.P0, Side.P1, Side.P1, Side.P0, Side.P1), replaced);
        });
    }

    @Test
    void imagesAndPointsCanBeDroppedTogether() throws IOException {
        List<Path> files = List.of(circle("a.csv", 64, 5, 5, 1), image("one.png"));
        run((densities, training) -> {
            read(densities, files);
            assertArrayEquals(new double[] {4, 6}, extent(densities, Side.P0), 1e-6);
            assertEquals("one.png", densities.get(Side.P1).name());
            assertTrue(training.running());
        });
    }

    @Test
    void aBadFileOfPointsIsReportedInOneLine() throws IOException {
        Path bad = Files.writeString(folder.resolve("bad.csv"), "1,2\n3,nan\n");
        Path equal = Files.writeString(folder.resolve("equal.csv"), "1,2\n1,2\n");
        run((densities, training) -> {
            for (Path file : List.of(bad, equal, folder.resolve("none.npy"))) {
                said = "";
                read(densities, List.of(circle("good.csv", 9, 0, 0, 1), file));
                assertTrue(said.contains(file.getFileName().toString()) && said.lines().count() == 1, said);
            }
            assertEquals("gaussian", densities.get(Side.P0).name());
            assertEquals("ring", densities.get(Side.P1).name());
            assertEquals(List.of(), replaced);
            assertFalse(training.running());
        });
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
            read(densities, List.of(text));
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
            read(densities, List.of(image));
            assertEquals("one.png", densities.get(Side.P1).name());
            assertEquals("gaussian", densities.get(Side.P0).name());
            assertTrue(training.running());
            assertArrayEquals(Network.initial(NetworkShape.TUTORIAL, 5).parameters(), training.snapshot().parameters());
            assertTrue(training.isFollowing());
            densities.choose(Side.P0, "moons");
            assertFalse(training.isFollowing(), "a named density is learned by the chosen settings");
            while (training.running()) {
                training.advance(Duration.ofMillis(5));
            }
            assertEquals(40, training.done());
            assertEquals(List.of(Side.P1, Side.P0), replaced);
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
            read(densities, List.of(file));
            assertEquals("paper.png", densities.get(Side.P1).name());
            assertTrue(said.contains("most of paper.png is bright"), said);
            assertTrue(said.contains("this window does not invert images (the remedy)"), said);
        });
    }

    @Test
    void aDropWithoutAReadableNameIsReported() throws IOException {
        run((densities, training) -> {
            read(densities, List.of());
            assertTrue(said.contains("no file"), said);
        });
    }

    @Test
    void anEndlessTrainingCanBeRestarted() throws IOException {
        Network network = Network.initial(NetworkShape.TUTORIAL, 5);
        try (Context context = Context.open(Device.select("auto"));
                LiveTraining training = new LiveTraining(context, TRAINING.withIterations(Integer.MAX_VALUE), network, new AtomicReference<>())) {
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
            read(densities, images);
            assertEquals("from.png", densities.get(Side.P0).name());
            assertEquals("to.png", densities.get(Side.P1).name());
            assertEquals("from.png", densities.start(false).name());
            assertEquals("to.png", densities.start(true).name());
            assertEquals(List.of(Side.P0, Side.P1), replaced);
        });
    }
}
