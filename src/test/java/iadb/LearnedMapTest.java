package iadb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.density.Density;
import iadb.density.NamedDensities;
import iadb.draw.PointSource.Sequence;
import iadb.fault.InvalidInputException;
import iadb.file.Safetensors;
import iadb.model.Model;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.sample.Integration.Schedule;
import iadb.sample.PushForward.PointsWithDensity;
import iadb.sample.Solver;
import iadb.sample.TrainedNetwork;
import iadb.train.Coupling;
import iadb.train.DivergedException;
import iadb.train.Provenance;
import iadb.train.TrainingSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The public API, used as a program that embeds the library uses it. */
class LearnedMapTest {
    private static final Density GAUSSIAN = NamedDensities.find("gaussian").orElseThrow();
    private static final Density RING = NamedDensities.find("ring").orElseThrow();
    private static final TrainingSettings SHORT = TrainingSettings.tutorial().withIterations(2000).withData(4099).withSeed(3);

    @TempDir
    Path folder;

    /** A map of the network that other tests train, through a file. */
    private LearnedMap ring() throws IOException {
        Path file = folder.resolve("ring.safetensors");
        TrainedNetwork.write(file);
        return LearnedMap.load(file);
    }

    @Test
    void trainsMapsSavesAndLoads() throws IOException {
        List<Trainer.Progress> reports = new ArrayList<>();
        float[] starts = TrainedNetwork.starts(500);
        Path file = folder.resolve("m.safetensors");
        float[] ends;
        try (LearnedMap map = Trainer.train(GAUSSIAN, RING, SHORT.withEma(0.99), "auto", progress -> reports.add(progress))) {
            ends = map.map(starts);
            map.save(file);
            assertEquals("ring", map.p1().orElseThrow().name());
        }
        assertTrue(reports.stream().allMatch(p -> p.total() == 2000 && p.done() <= 2000 && (p.done() == 0 || p.loss() > 0)),
                reports.toString());
        assertTrue(Double.isNaN(reports.get(0).loss()), "the loss before the first iteration is NaN");
        try (LearnedMap map = LearnedMap.load(file)) {
            assertArrayEquals(ends, map.map(starts));
            map.save(folder.resolve("again.safetensors"));
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(folder.resolve("again.safetensors")));
        assertTrue(Safetensors.read(file).metadata().get("configuration").contains("\"ema\":0.99"));
    }

    @Test
    void manyMapsHaveTheBitsOfEachAlone() throws IOException {
        List<Trainer.Job> jobs = List.of(new Trainer.Job("a", GAUSSIAN, RING, SHORT), new Trainer.Job("b", RING, GAUSSIAN, SHORT.withSeed(5)));
        Map<String, Model> models = new ConcurrentHashMap<>();
        long[] progress = new long[2];
        Trainer.trainAll(jobs, List.of("auto"), new Trainer.JobObserver() {
            @Override
            public boolean progressed(long done, long total) {
                progress[0] = done;
                progress[1] = total;
                return true;
            }

            @Override
            public void trained(Trainer.Job job, Model model, double seconds) { models.put(job.name(), model); }
        });
        assertArrayEquals(new long[] {4000, 4000}, progress);
        for (Trainer.Job job : jobs) {
            try (LearnedMap alone = Trainer.train(job.p0(), job.p1(), job.settings(), "auto", p -> true)) {
                alone.save(folder.resolve("alone.safetensors"));
            }
            assertArrayEquals(Model.read(folder.resolve("alone.safetensors")).network().parameters(), models.get(job.name()).network().parameters());
        }
        List<Trainer.Job> wrong = List.of(new Trainer.Job("unpaired", GAUSSIAN, RING, SHORT.withCoupling(Coupling.PAIRED)));
        assertThrows(InvalidInputException.class, () -> Trainer.trainAll(wrong, List.of("auto"), (job, model, seconds) -> { }));
        assertThrows(InvalidInputException.class, () -> Trainer.trainAll(jobs, List.of(), (job, model, seconds) -> { }));
    }

    @Test
    void anEncodedMapIsSavedAndLoadedWithItsEncoding() throws IOException {
        float[] starts = TrainedNetwork.starts(50);
        Path file = folder.resolve("encoded.safetensors");
        TrainingSettings settings = SHORT.withIterations(200).withShape(new NetworkShape(32, 3)).withEncoding(16, 1.5);
        float[] ends;
        PointsWithDensity there;
        try (LearnedMap map = Trainer.train(GAUSSIAN, RING, settings, "auto", progress -> true)) {
            ends = map.map(starts);
            there = map.mapWithDensity(starts);
            map.save(file);
        }
        try (LearnedMap map = LearnedMap.load(file)) {
            assertArrayEquals(ends, map.map(starts));
            assertArrayEquals(there.logDensity(), map.mapWithDensity(starts).logDensity());
            map.save(folder.resolve("again.safetensors"));
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(folder.resolve("again.safetensors")));
        assertTrue(Safetensors.read(file).metadata().get("configuration").contains("\"encoding\":\"fourier:16:1.5\""));
        TrainingSettings again = Provenance.withNetworkOf(Model.read(file), TrainingSettings.tutorial().withEma(0.5));
        assertEquals(TrainingSettings.tutorial().withEma(0.5).withShape(settings.shape()).withEncoding(16, 1.5), again);
    }

    @Test
    void sameSeedGivesTheSameMap() {
        float[] starts = TrainedNetwork.starts(50);
        List<float[]> all = new ArrayList<>();
        for (TrainingSettings settings : List.of(SHORT, SHORT, SHORT.withSeed(4), SHORT.withLearningRate(1e-3f, true),
                SHORT.withShape(new NetworkShape(32, 3)), SHORT.withBatch(100))) {
            try (LearnedMap map = Trainer.train(GAUSSIAN, RING, settings, "auto", progress -> true)) {
                all.add(map.map(starts));
            }
        }
        assertArrayEquals(all.get(0), all.get(1));
        for (int i = 2; i < all.size(); i++) {
            assertFalse(Arrays.equals(all.get(0), all.get(i)), "settings " + i);
        }
    }

    @Test
    void aCallbackThatReturnsFalseStopsTheTraining() {
        List<Trainer.Progress> reports = new ArrayList<>();
        try (LearnedMap map = Trainer.train(GAUSSIAN, RING, SHORT.withIterations(100_000_000), "auto", progress -> {
            reports.add(progress);
            return reports.size() < 2;
        })) {
            assertEquals(2, reports.size());
            assertTrue(Float.isFinite(map.map(new float[] {0.5f, 0.5f})[0]), "what was learned so far");
        }
        reports.clear();
        TrainingSettings transport = SHORT.withData(1 << 20).withCoupling(Coupling.OT); // the pairing alone takes many seconds
        assertThrows(CancellationException.class, () -> Trainer.train(GAUSSIAN, RING, transport, "auto", progress -> {
            reports.add(progress);
            return reports.size() < 2;
        }));
        assertEquals(List.of(0, 0), reports.stream().map(Trainer.Progress::done).toList());
    }

    @Test
    void pointsThatAreNoDensityAreRefusedForWhatTheyAre() {
        assertRefused("fewer than two points", () -> Densities.ofPoints(new float[0]));
        assertRefused("fewer than two points", () -> Densities.ofPoints(new float[] {1, 2}));
        assertRefused("all points are equal", () -> Densities.ofPoints(new float[] {1, 2, 1, 2}));
        assertRefused("point 2 is not finite", () -> Densities.ofPoints(new float[] {1, 2, 1, Float.NaN}));
        assertRefused("5 coordinates", () -> Densities.ofPoints(new float[] {1, 2, 3, 4, 5}));
        assertRefused("5 coordinates", () -> Densities.ofPoints(new float[] {1, 2, 3, 4, 5}, new Box(0, 0, 9), 0));
        float[] a = {1, 2, 3, 4};
        float[] b = {1, 2, 3, 5};
        assertRefused("(Densities.boxAround)",
                () -> Trainer.train(Densities.ofPoints(a), Densities.ofPoints(b), SHORT, "auto", progress -> {
                    throw new AssertionError("it trains");
                }));
    }

    private static void assertRefused(String why, Executable call) {
        String message = assertThrows(InvalidInputException.class, call).getMessage();
        assertTrue(message.contains(why), message);
    }

    @Test
    void aTrainingThatDivergesThrows() {
        DivergedException atOnce = assertThrows(DivergedException.class,
                () -> Trainer.train(GAUSSIAN, RING, SHORT.withLearningRate(1e30f, false), "auto", progress -> true));
        assertTrue(atOnce.lastFinite().isEmpty(), "no step led to a finite loss");
    }

    @Test
    void aTrainingThatDivergesGivesTheLastNetworkWithAFiniteLoss() {
        TrainingSettings steep = SHORT.withLearningRate(30, false);
        DivergedException diverged = assertThrows(DivergedException.class,
                () -> Trainer.train(GAUSSIAN, RING, steep, "auto", progress -> true));
        int last = diverged.lastFiniteIteration();
        assertTrue(diverged.getMessage().contains("the loss of iteration " + (last + 2) + " is not finite"), diverged.getMessage());
        float[] starts = TrainedNetwork.starts(50);
        try (LearnedMap kept = LearnedMap.of(diverged.lastFinite().orElseThrow(), "auto");
                LearnedMap shorter = Trainer.train(GAUSSIAN, RING, steep.withIterations(last), "auto", progress -> true)) {
            assertArrayEquals(shorter.map(starts), kept.map(starts));
        }
    }

    @Test
    void exportsTheMapWithItsSteps() throws IOException {
        try (LearnedMap map = ring(); LearnedMap other = map.withSteps(Solver.RK4, Schedule.COSINE, 7)) {
            other.export(folder.resolve("ring.py"));
            assertTrue(Files.readString(folder.resolve("ring.py")).contains("7 rk4 steps, schedule cosine"));
            assertThrows(InvalidInputException.class, () -> map.export(folder.resolve("ring.txt")));
        }
    }

    @Test
    void inverseAndDensityBelongToTheMap() throws IOException {
        float[] starts = TrainedNetwork.starts(300);
        try (LearnedMap map = ring()) {
            PointsWithDensity there = map.mapWithDensity(starts);
            assertArrayEquals(map.map(starts), there.points());
            float[] back = map.inverse(there.points());
            float[] logDensity = map.logDensity(there.points());
            for (int n = 0; n < 300; n++) {
                assertEquals(starts[2 * n], back[2 * n], 1e-5);
                assertEquals(starts[2 * n + 1], back[2 * n + 1], 1e-5);
                // on a kink the two may take different sides: steps of 1/128 whose tangents then differ by some of D's
                assertEquals(there.logDensity()[n], logDensity[n], 0.1);
            }
            assertTrue(Float.isInfinite(map.logDensity(new float[] {-3, 7})[0]), "nothing arrives there");
        }
    }

    @Test
    void buffersOfAnyKindGiveTheSameAsArrays() throws IOException {
        float[] starts = TrainedNetwork.starts(100);
        try (LearnedMap map = ring()) {
            float[] ends = map.map(starts);
            float[] logDensity = map.logDensity(ends);
            for (FloatBuffer buffer : List.of(FloatBuffer.allocate(1000),
                    ByteBuffer.allocateDirect(4000).order(ByteOrder.nativeOrder()).asFloatBuffer(),
                    ByteBuffer.allocateDirect(4000).order(ByteOrder.BIG_ENDIAN).asFloatBuffer())) {
                buffer.position(3);
                map.map(FloatBuffer.wrap(starts), buffer);
                assertEquals(203, buffer.position());
                map.logDensity(buffer.duplicate().flip().position(3), buffer);
                assertEquals(303, buffer.position());
                map.inverse(buffer.duplicate().position(3).limit(203), buffer);
                assertEquals(503, buffer.position());
                float[] all = new float[503];
                buffer.flip().get(all);
                assertArrayEquals(ends, Arrays.copyOfRange(all, 3, 203));
                assertArrayEquals(logDensity, Arrays.copyOfRange(all, 203, 303));
                assertArrayEquals(map.inverse(ends), Arrays.copyOfRange(all, 303, 503));
            }
            assertThrows(IllegalArgumentException.class, () -> map.map(FloatBuffer.wrap(starts), FloatBuffer.allocate(199)));
            assertThrows(IllegalArgumentException.class, () -> map.map(FloatBuffer.allocate(3), FloatBuffer.allocate(3)));
            assertThrows(IllegalArgumentException.class, () -> map.map(new float[3]));
            FloatBuffer same = FloatBuffer.wrap(starts);
            assertThrows(IllegalArgumentException.class, () -> map.map(same, same));
            for (int count : new int[] {0, -1, Integer.MAX_VALUE}) {
                assertThrows(InvalidInputException.class, () -> map.sample(count, 0));
                assertThrows(InvalidInputException.class, () -> map.evaluate(count, 0));
                assertThrows(InvalidInputException.class, () -> map.withSteps(Solver.EULER, Schedule.LINEAR, count));
            }
            assertEquals(0, map.map(new float[0]).length);
        }
    }

    @Test
    void severalThreadsShareAMap() throws Exception {
        float[] starts = TrainedNetwork.starts(500);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (LearnedMap map = ring(); LearnedMap other = map.withSteps(Solver.MIDPOINT, Schedule.LINEAR, 16)) {
            float[] ends = map.map(starts);
            float[] otherEnds = other.map(starts);
            float[] logDensity = map.logDensity(starts);
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                int which = i % 3;
                work.add(threads.submit(() -> {
                    switch (which) {
                        case 0 -> assertArrayEquals(ends, map.map(starts));
                        case 1 -> assertArrayEquals(otherEnds, other.map(starts));
                        default -> assertArrayEquals(logDensity, map.logDensity(starts));
                    }
                }));
            }
            for (Future<?> one : work) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void severalThreadsOpenMapsAtOnce() throws Exception {
        float[] starts = TrainedNetwork.starts(100);
        Path file = folder.resolve("ring.safetensors");
        float[] expected;
        try (LearnedMap map = ring()) {
            expected = map.map(starts);
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                work.add(threads.submit(() -> {
                    try (LearnedMap map = LearnedMap.load(file)) {
                        assertArrayEquals(expected, map.map(starts));
                    }
                }));
            }
            for (Future<?> one : work) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void aPointOfASampleDependsOnlyOnItsSeedAndIndex() throws IOException {
        try (LearnedMap map = ring()) {
            float[] all = map.sample(1000, 5);
            assertArrayEquals(Arrays.copyOfRange(all, 2 * 301, 2 * 988), map.sample(301L, 687, 5));
            float[] acrossSign = map.sample((1L << 31) - 3, 7, 5);
            assertArrayEquals(Arrays.copyOf(acrossSign, 6), map.sample((1L << 31) - 3, 3, 5));
            assertArrayEquals(Arrays.copyOfRange(acrossSign, 6, 14), map.sample(1L << 31, 4, 5));
            assertFalse(Arrays.equals(Arrays.copyOf(all, 2), map.sample(LearnedMap.SEED_POINTS - 1, 1, 5)));
            assertThrows(InvalidInputException.class, () -> map.sample(-1L, 1, 5));
            assertThrows(InvalidInputException.class, () -> map.sample(LearnedMap.SEED_POINTS - 1, 2, 5));
        }
    }

    @Test
    void samplesAndEvaluatesThem() throws IOException {
        try (LearnedMap map = ring()) {
            assertArrayEquals(map.sample(100, 5), Arrays.copyOf(map.sample(150, 5), 200), "more of the same");
            assertFalse(Arrays.equals(map.sample(100, 5), map.sample(100, 6)));
            assertFalse(Arrays.equals(map.sample(100, 5), map.sample(100, 5, Sequence.SOBOL)));
            Evaluation evaluation = map.evaluate(4096, 1);
            Evaluation.Figures points = evaluation.points();
            Evaluation.Figures exact = evaluation.exact();
            // Two sets of N = 4,096 exact samples are some spread/√N apart, 0.25/64; their energy distance has the mean
            // 2 E|X-X'|/N, 2e-4, and three of these are rare. No other points are nearer, and a ring's radius is far.
            assertTrue(exact.slicedWasserstein1() < 3 * 0.25 / 64 && exact.energyDistance() < 6e-4, evaluation.toString());
            assertTrue(points.slicedWasserstein1() > exact.slicedWasserstein1() && points.slicedWasserstein1() < 0.05,
                    evaluation.toString());
            assertTrue(points.energyDistance() > exact.energyDistance() && points.energyDistance() < 0.05, evaluation.toString());
            assertTrue(points.offSupport() > exact.offSupport() && exact.offSupport() < 0.02, evaluation.toString());
            // Gibbs: at samples of p1 no density has a larger mean log than p1 itself, but for the few points left out
            assertTrue(points.meanLogDensity() < exact.meanLogDensity() && points.meanLogDensity() > exact.meanLogDensity() - 1,
                    evaluation.toString());
            assertEquals(4096, evaluation.densityPoints());
            assertEquals(0, evaluation.notInverted());
            assertTrue(evaluation.withoutMass() < 4096 / 100, evaluation.toString());
        }
    }

    /**
     * Pairs turned by a right angle about their mean, in units of their own: no trajectory of straight lines between them crosses
     * another, so that the map is the turn itself. Without the pairs it would not turn: points would stay, 1.4 deviations away.
     */
    @Test
    void pairedPointsAreMappedToTheirPartners() {
        Random random = new Random(1);
        float[] from = new float[2 * 4096];
        float[] to = new float[from.length];
        for (int i = 0; i < from.length; i += 2) {
            double x = 30 * random.nextGaussian();
            double y = 30 * random.nextGaussian();
            from[i] = (float) (500 + x);
            from[i + 1] = (float) (y - 40);
            to[i] = (float) (500 - y);
            to[i + 1] = (float) (x - 40);
        }
        Box box = Densities.boxAround(from, to);
        TrainingSettings settings = SHORT.withData(4096).withShape(new NetworkShape(32, 2)).withEma(0.99)
                .withLearningRate(3e-3f, true).withCoupling(Coupling.PAIRED);
        try (LearnedMap map = Trainer.train(Densities.ofPoints(from, box, 0), Densities.ofPoints(to, box, 0), settings, "auto", p -> true)) {
            float[] ends = map.map(from);
            double sum = 0;
            for (int i = 0; i < ends.length; i++) {
                sum += Math.pow(ends[i] - to[i], 2);
            }
            double error = Math.sqrt(sum / 4096);
            assertTrue(error < 0.1 * 30, "root mean square error " + error);
        }
    }

    @Test
    void aClosedMapRefusesEveryCall() throws IOException {
        LearnedMap map = ring();
        map.close();
        map.close();
        assertThrows(IllegalStateException.class, () -> map.map(new float[2]));
        assertThrows(IllegalStateException.class, () -> map.mapWithDensity(new float[2]));
        assertThrows(IllegalStateException.class, () -> map.inverse(new float[2]));
        assertThrows(IllegalStateException.class, () -> map.logDensity(new float[2]));
        assertThrows(IllegalStateException.class, () -> map.sample(1, 0));
        assertThrows(IllegalStateException.class, () -> map.withSteps(Solver.EULER, Schedule.LINEAR, 1));
        assertThrows(IllegalStateException.class, () -> map.evaluate(1, 0));
    }

    @Test
    void aFileOfTensorsAloneMapsButHasNoDensity() throws IOException {
        Path file = folder.resolve("torch.safetensors");
        Safetensors.write(file, TrainedNetwork.get().tensors(), Map.of("format", "pt"));
        try (LearnedMap map = LearnedMap.load(file); LearnedMap whole = ring()) {
            float[] starts = TrainedNetwork.starts(10);
            assertArrayEquals(whole.map(starts), map.map(starts));
            assertArrayEquals(whole.inverse(starts), map.inverse(starts));
            assertThrows(InvalidInputException.class, () -> map.logDensity(starts));
            assertThrows(InvalidInputException.class, () -> map.sample(10, 0));
        }
    }

    @Test
    void wrongValuesAreRefusedAtOnce() {
        assertThrows(InvalidInputException.class, () -> SHORT.withIterations(0));
        assertThrows(InvalidInputException.class, () -> SHORT.withBatch(-1));
        assertThrows(InvalidInputException.class, () -> SHORT.withLearningRate(Float.NaN, false));
        assertThrows(InvalidInputException.class, () -> SHORT.withEma(1));
        assertThrows(InvalidInputException.class, () -> SHORT.withShape(new NetworkShape(17, 3)));
        assertThrows(InvalidInputException.class, () -> SHORT.withData(0));
        assertThrows(InvalidInputException.class, () -> LearnedMap.load(Path.of("nowhere.safetensors")));
        assertThrows(InvalidInputException.class,
                () -> Trainer.train(GAUSSIAN, RING, SHORT, "nonesuch", progress -> true));
    }
}
