package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Background;
import iadb.cl.CacheAccess;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.cl.Resources;
import iadb.cl.Source;
import iadb.cl.UserCache;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import iadb.plan.TuningChoice.Trial;
import iadb.plan.TuningTable.Purpose;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.MapBench;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A GPU's candidate tunings differ in speed only, and the fastest is found once, in bounded time. */
class TuningChoiceTest {
    private static final List<Tuning> TRAINING = TuningTable.candidates("gpu", Purpose.TRAINING);
    private static final Tuning DEFAULT = TRAINING.get(0);
    private static final List<Tuning> THREE = TRAINING.subList(0, 3);
    private static final NetworkShape SMALL = new NetworkShape(48, 2);

    @TempDir
    private Path home;

    @ParameterizedTest
    @CsvSource({"64,4,256", "64,4,7", "48,2,37", "16,2,1031"}) // the last: several tiles a block
    void everyCandidateTrainsWithTheSameBits(int width, int depth, int batch) {
        NetworkShape shape = new NetworkShape(width, depth);
        for (Device device : Device.all()) {
            List<Tuning> tunings = TuningTable.sameBits(TRAINING, Purpose.TRAINING,
                    tuning -> tuning.fit(shape, Purpose.TRAINING.footprint(), device, batch));
            assertTrue(tunings.size() >= 3, tunings.toString());
            float[] expected = null;
            for (PlanChoice.Kind kind : List.of(PlanChoice.Kind.FUSED, PlanChoice.Kind.PERSISTENT)) {
                for (Tuning tuning : tunings) {
                    try (TrainingBench bench = new TrainingBench(device, kind, tuning, shape, batch, 21)) {
                        assertEquals(kind, bench.choice().kind());
                        bench.run(9);
                        expected = expected == null ? bench.parameters() : expected;
                        assertArrayEquals(expected, bench.parameters(), kind + " " + tuning);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64,4,1", "64,4,257", "48,2,33"})
    void everyCandidateMapsWithTheSameBits(int width, int depth, int points) {
        NetworkShape shape = new NetworkShape(width, depth);
        List<Tuning> tunings = Stream.of(Purpose.MAP, Purpose.MAP_FEW).flatMap(p -> TuningTable.candidates("gpu", p).stream()).toList();
        assertTrue(tunings.size() >= 6);
        for (Device device : Device.all()) {
            for (Solver solver : Solver.values()) {
                float[] expected = null;
                for (Tuning tuning : tunings) {
                    float[] ends = ends(device, shape, tuning, points, solver);
                    expected = expected == null ? ends : expected;
                    assertArrayEquals(expected, ends, solver + " " + tuning);
                }
            }
        }
    }

    private static float[] ends(Device device, NetworkShape shape, Tuning tuning, int points, Solver solver) {
        float[] starts = new float[2 * points];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = (i * 37 % 101) / 101f;
        }
        try (MapBench bench = new MapBench(device, tuning, Network.initial(shape, 5))) {
            return bench.map(starts, Integration.of(solver, Schedule.LINEAR, 3, false));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Purpose.class, names = "DENSITY", mode = EnumSource.Mode.EXCLUDE)
    void noCandidateOfTheTableIsRefusedForItsBits(Purpose purpose) {
        List<Tuning> tunings = TuningTable.candidates("gpu", purpose);
        assertTrue(tunings.size() >= 3 && tunings.size() <= 5);
        assertEquals(tunings.size(), TuningTable.sameBits(tunings, purpose,
                tuning -> tuning.fit(NetworkShape.TUTORIAL, purpose.footprint(), 32 << 10, 1024, 0)).size());
    }

    @Test
    void aCandidateWithOtherBitsIsRefused() {
        List<Tuning> tunings = List.of(DEFAULT, DEFAULT.with("tile-rows", 2 * DEFAULT.tileRows()), DEFAULT.with("vector", 8),
                DEFAULT.with("split", 2 * DEFAULT.split()), DEFAULT.with("unroll", 2));
        assertEquals(List.of(DEFAULT, DEFAULT.with("unroll", 2)), TuningTable.sameBits(tunings, Purpose.TRAINING, Optional::of));
        assertEquals(List.of(DEFAULT, tunings.get(1), DEFAULT.with("unroll", 2)),
                TuningTable.sameBits(tunings, Purpose.MAP, Optional::of), "points do not depend on each other");
        assertEquals(List.of(DEFAULT), TuningTable.sameBits(tunings, Purpose.TRAINING, tuning -> Optional.empty()));
        assertEquals(List.of(), TuningTable.sameBits(List.of(), Purpose.JOINT, Optional::of));
    }

    @Test
    void aCpuTrainsManyMapsWithTheTuningOfOne() {
        Device cpu = Device.all().stream().filter(device -> device.type() == Device.Type.CPU).findFirst().orElseThrow();
        Tuning groups = TuningTable.ofKind("gpu", Purpose.TRAINING);
        try (Context context = Context.open(cpu)) {
            assertEquals(Optional.of(groups), JointPlan.tuning(context, new PlanChoice(PlanChoice.Kind.FUSED, groups, List.of()), NetworkShape.TUTORIAL, 64));
        }
    }

    /** Fake trials: each repetition of a tuning advances a fake clock by that tuning's time. */
    private static final class Fakes {
        final Map<Tuning, Long> nanos = new HashMap<>();
        final Map<Tuning, float[]> answers = new HashMap<>();
        final List<Tuning> opened = new ArrayList<>();
        CountDownLatch built = new CountDownLatch(0);
        Tuning unbuildable;
        int announced;
        long now;

        /** @param nanosEach time of a repetition of each of the three candidates; a missing one cannot be opened */
        Fakes(long... nanosEach) {
            for (int i = 0; i < nanosEach.length; i++) {
                nanos.put(THREE.get(i), nanosEach[i]);
            }
        }

        Background<Void> build(Tuning tuning) {
            if (tuning.equals(unbuildable)) {
                throw new DeviceLimitException("no room for its build", Limit.KERNEL);
            }
            CountDownLatch latch = built;
            Background<Void> building = Background.start("build", () -> {
                try {
                    latch.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            if (latch.getCount() == 0) {
                building.get();
            }
            return building;
        }

        Trial open(Tuning tuning) {
            opened.add(tuning);
            if (!nanos.containsKey(tuning)) {
                throw new DeviceLimitException("no room", Limit.MEMORY);
            }
            return new Trial(new Resources(), count -> now += count * nanos.get(tuning),
                    answers.getOrDefault(tuning, new float[] {1, 2}), () -> now);
        }

        Tuning choose(TuningChoice choice) {
            return choice.measured(trials(() -> now), 1_000_000_000, () -> announced++);
        }

        TuningChoice.Trials trials(LongSupplier clock) {
            return new TuningChoice.Trials(this::build, this::open, clock);
        }
    }

    private UserCache cache() {
        return CacheAccess.ofTunings(home.resolve("a").resolve("tunings"));
    }

    private TuningChoice choice(String... facts) {
        return new TuningChoice(THREE, Purpose.TRAINING, cache(), () -> List.of(facts));
    }

    @Test
    void theFastestIsTakenAndTheNextRunMeasuresNothing() {
        Fakes first = new Fakes(1000, 900, 800);
        assertEquals(DEFAULT, choice().known());
        assertEquals(THREE.get(2), first.choose(choice()));
        assertEquals(THREE, first.opened);
        assertEquals(1, first.announced);
        assertTrue(first.now < 1_000_000_000, "measured in " + first.now + " ns");
        Fakes second = new Fakes(1, 1, 1);
        assertEquals(THREE.get(2), second.choose(choice()));
        assertEquals(List.of(), second.opened);
        assertEquals(0, second.announced);
        assertEquals(THREE.get(2), choice().known());
    }

    @Test
    void anotherDriverNetworkBatchOrProgramIsMeasuredAgain() {
        List<Source> program = List.of(new Source("a.cl", "x"));
        List<List<String>> others = List.of(
                TuningChoice.facts(List.of("GPU", "driver 1"), Purpose.TRAINING, SMALL, 256, program),
                TuningChoice.facts(List.of("GPU", "driver 2"), Purpose.TRAINING, SMALL, 256, program),
                TuningChoice.facts(List.of("GPU", "driver 1"), Purpose.MAP, SMALL, 256, program),
                TuningChoice.facts(List.of("GPU", "driver 1"), Purpose.TRAINING, NetworkShape.TUTORIAL, 256, program),
                TuningChoice.facts(List.of("GPU", "driver 1"), Purpose.TRAINING, SMALL, 255, program),
                TuningChoice.facts(List.of("GPU", "driver 1"), Purpose.TRAINING, SMALL, 256, List.of(new Source("a.cl", "y"))));
        for (List<String> facts : others) {
            Fakes fakes = new Fakes(1000, 900, 800);
            fakes.choose(choice(facts.toArray(String[]::new)));
            assertEquals(THREE, fakes.opened, facts.toString());
        }
    }

    @Test
    void onlyAFasterCandidateWithEqualResultsIsTaken() {
        assertEquals(DEFAULT, new Fakes(1000, 990, 1200).choose(choice("noise")));
        Fakes wrong = new Fakes(1000, 100, 900);
        wrong.answers.put(THREE.get(1), new float[] {1, Math.nextUp(2f)});
        assertEquals(THREE.get(2), wrong.choose(choice("wrong")));
        Fakes failing = new Fakes(1000, 900); // the third cannot be opened
        assertEquals(THREE.get(1), failing.choose(choice("failing")));
        Fakes again = new Fakes();
        assertEquals(THREE.get(1), again.choose(choice("failing")));
        assertEquals(List.of(), again.opened, "what failed is not tried again");
    }

    @Test
    void aDefaultThatCannotRunIsTakenUnmeasured() {
        assertEquals(DEFAULT, new Fakes().choose(choice()));
        assertEquals(THREE.get(1), new Fakes(1000, 900, 950).choose(choice()), "nothing was kept");
    }

    @Test
    void measuringEndsWithItsTimeAndTheNextRunContinues() {
        Fakes slow = new Fakes(1000, 900_000_000, 800); // the second sleeps
        assertEquals(DEFAULT, slow.choose(choice()));
        assertEquals(THREE.subList(0, 2), slow.opened, "no time was left for the third");
        Fakes next = new Fakes(1000, 900_000_000, 800);
        assertEquals(DEFAULT, next.choose(choice()));
        assertEquals(THREE.subList(0, 2), next.opened);
        Fakes third = new Fakes(1000, 900_000_000, 800);
        assertEquals(THREE.get(2), third.choose(choice()));
        assertEquals(List.of(DEFAULT, THREE.get(2)), third.opened, "the second was tried twice already");
        Fakes last = new Fakes();
        assertEquals(THREE.get(2), last.choose(choice()));
        assertEquals(0, last.announced);
    }

    @Test
    void aDefaultThatTakesAllTheTimeIsKeptUntilTheNextRun() {
        Fakes slow = new Fakes(600_000_000, 1, 1);
        assertEquals(DEFAULT, slow.choose(choice()));
        assertEquals(List.of(DEFAULT), slow.opened);
        assertEquals(THREE.get(2), new Fakes(1000, 900, 800).choose(choice()), "the device may have been busy");
    }

    @Test
    void aProcessMeasuresOnce() {
        Fakes failing = new Fakes(); // nothing is kept
        assertEquals(DEFAULT, choice("once").measuredOnce(failing.trials(() -> 0), 1_000_000_000, () -> { }));
        assertEquals(List.of(DEFAULT), failing.opened);
        Fakes again = new Fakes(1000, 900, 800);
        assertEquals(DEFAULT, choice("once").measuredOnce(again.trials(() -> 0), 1_000_000_000, () -> { }));
        assertEquals(List.of(), again.opened);
    }

    @Test
    void aBuildThatCannotStartIsSkipped() {
        Fakes fakes = new Fakes(1000, 900, 800);
        fakes.unbuildable = THREE.get(2);
        assertEquals(THREE.get(1), fakes.choose(choice()));
        Fakes again = new Fakes();
        assertEquals(THREE.get(1), again.choose(choice()));
        assertEquals(List.of(), again.opened);
    }

    @Test
    void aDelayedBlockDoesNotEndTheSearchForTheBlockLength() {
        long[] now = {0};
        int[] blocks = {0};
        Trial trial = new Trial(new Resources(),
                count -> now[0] += blocks[0]++ % 2 == 0 ? 50_000_000 : 1000 * count, new float[0], () -> now[0]);
        assertEquals(4096, trial.repetitions(8_000_000, () -> true));
    }

    @Test
    void aSlowCandidateIsTimedByShortBlocks() {
        Fakes fakes = new Fakes(1000, 1_000_000, 900);
        assertEquals(THREE.get(2), fakes.choose(choice()));
        assertTrue(fakes.now < 400_000_000, "measured in " + fakes.now + " ns");
    }

    @Test
    void aBuildThatDoesNotEndIsNotWaitedFor() {
        Fakes fakes = new Fakes(1000, 900, 800);
        fakes.built = new CountDownLatch(1);
        try {
            TuningChoice choice = choice();
            assertEquals(DEFAULT, choice.measured(fakes.trials(System::nanoTime), 50_000_000, () -> { }));
            assertEquals(List.of(DEFAULT), fakes.opened);
        } finally {
            fakes.built.countDown();
        }
    }

    @Test
    void aCorruptEntryIsMeasuredAgain() throws IOException {
        new Fakes(1000, 900, 800).choose(choice());
        Path entry;
        try (Stream<Path> files = Files.list(home.resolve("a").resolve("tunings"))) {
            entry = files.findFirst().orElseThrow();
        }
        byte[] whole = Files.readAllBytes(entry);
        for (int at : new int[] {0, whole.length / 2, whole.length - 1}) {
            byte[] bytes = whole.clone();
            bytes[at] ^= 4;
            Files.write(entry, bytes);
            assertMeasuresAgain("byte " + at);
        }
        Files.write(entry, new byte[0]);
        assertMeasuresAgain("empty");
        String key = entry.getFileName().toString().replace(".tunings", "");
        for (String text : List.of("\n", "0.5", "0.5 nonsense", "half " + THREE.get(1), "0.5 " + THREE.get(1) + " colour=7")) {
            cache().store(key, text.getBytes(StandardCharsets.UTF_8));
            assertMeasuresAgain(text);
        }
        assertEquals(THREE.get(2), new Fakes().choose(choice()), "and is replaced");
    }

    private void assertMeasuresAgain(String what) {
        Fakes fakes = new Fakes(1000, 900, 800);
        assertEquals(THREE.get(2), fakes.choose(choice()), what);
        assertEquals(THREE, fakes.opened, what);
    }

    @Test
    void aDeviceWithOneTuningMeasuresNothing() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                Fakes fakes = new Fakes();
                Tuning own = TuningTable.find(device, Purpose.TRAINING);
                if (TuningTable.candidates(device, Purpose.TRAINING, SMALL, 256).size() == 1) {
                    TuningChoice choice = TuningChoice.of(device, Purpose.TRAINING, SMALL, 256, List::of);
                    assertEquals(own, choice.measured(context, fakes::build, fakes::open));
                } else {
                    assertFalse(device.type() == Device.Type.CPU, "a CPU has one tuning");
                }
                assertEquals(DEFAULT, TuningChoice.of(DEFAULT).measured(context, fakes::build, fakes::open));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Purpose.class, names = "DENSITY", mode = EnumSource.Mode.EXCLUDE)
    void aDeviceMeasuresTheCandidatesOfAGpuAndTakesTheWinnerAgain(Purpose purpose) {
        for (Device device : Device.all()) {
            List<Tuning> tunings = TuningTable.sameBits(TuningTable.candidates("gpu", purpose), purpose,
                    tuning -> tuning.fit(SMALL, purpose.footprint(), device));
            try (Context context = Context.open(device); DeviceBuffer data = context.buffer(new float[2 * 101])) {
                Batch batch = new Batch(data, data, false, 37, 3, 1e-3f, 50, 0.9);
                List<Source> program = purpose == Purpose.TRAINING ? Plan.sources(PlanChoice.Kind.FUSED) : Sampler.sources();
                TuningChoice.Trials trials = new TuningChoice.Trials(
                        tuning -> context.prebuild(program, tuning.options(SMALL, device)),
                        purpose == Purpose.TRAINING ? tuning -> Trial.ofTraining(context, SMALL, batch, tuning)
                                : tuning -> Sampler.trial(context, SMALL, tuning, 67, false), System::nanoTime);
                TuningChoice choice = new TuningChoice(tunings, purpose, cache(), device::identity);
                Tuning winner = choice.measured(trials, Long.MAX_VALUE / 2, () -> { });
                assertTrue(tunings.contains(winner));
                Fakes none = new Fakes();
                assertEquals(winner, none.choose(new TuningChoice(tunings, purpose, cache(), device::identity)));
                assertEquals(0, none.announced);
            }
        }
    }
}
