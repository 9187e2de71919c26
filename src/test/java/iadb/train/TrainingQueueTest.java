package iadb.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A map's bits do not depend on those that train beside it. */
class TrainingQueueTest {
    private static final Density P0 = ImageDensity.parse("gaussian", false);
    private static final Density P1 = ImageDensity.parse("moons", false);
    private static final Density RING = ImageDensity.parse("ring", false);
    private static final TrainingSettings SMALL = TrainingSettings.tutorial().withIterations(60).withData(500).withBatch(70)
            .withShape(new NetworkShape(32, 2));

    private record Row(String name, TrainingSettings settings, Density p0, Density p1) implements TrainingQueue.Job {
        @Override
        public List<Density> densities() {
            if (name.equals("crash")) {
                throw new OpenClException("the device crashed");
            }
            return List.of(p0, p1);
        }
    }

    /** Keeps what has become of each map. */
    private static class Kept implements TrainingQueue.Observer<Row> {
        final Map<String, Model> models = new TreeMap<>();
        final Map<String, Network> lastWeights = new TreeMap<>();
        final Map<String, LossHistory> histories = new TreeMap<>();
        final Map<String, RuntimeException> failures = new TreeMap<>();
        final List<String> lost = new ArrayList<>();
        long steps;

        @Override
        public synchronized boolean progressed(long more) {
            steps += more;
            return true;
        }

        @Override
        public synchronized void trained(Row row, TrainingQueue.Result result, Context context) {
            models.put(row.name, result.model());
            histories.put(row.name, result.history());
            lastWeights.put(row.name, result.lastWeights());
        }

        @Override
        public synchronized void failed(Row row, RuntimeException why) { failures.put(row.name, why); }

        @Override
        public synchronized void lost(Device device, OpenClException why) { lost.add(why.getMessage()); }
    }

    private static Row row(String name, TrainingSettings settings, Density p1) { return new Row(name, settings, P0, p1); }

    private static void assertTrainedAsAlone(Context context, Row row, Kept kept) {
        try (TrainingRun alone = new TrainingRun(context, row.settings, row.p0, row.p1)) {
            alone.train(0, progress -> true);
            assertArrayEquals(alone.model().network().parameters(), kept.models.get(row.name).network().parameters(), row.name);
            assertArrayEquals(alone.session().lastWeights().parameters(), kept.lastWeights.get(row.name).parameters(), row.name);
            assertEquals(alone.model().provenance(), kept.models.get(row.name).provenance(), row.name);
            assertArrayEquals(alone.history().curve()[1], kept.histories.get(row.name).curve()[1], row.name);
        }
    }

    @Test
    void aMapHasTheBitsThatItHasAlone() {
        List<Row> rows = List.of(row("plain", SMALL, P1), row("other seed", SMALL.withSeed(7).withIterations(43), RING),
                row("average", SMALL.withEma(0.9).withLearningRate(0.004f, true), P1),
                row("paired", SMALL.withCoupling(Coupling.OT), P1), row("same pairs", SMALL.withCoupling(Coupling.OT).withEma(0.9), P1),
                row("straight", SMALL.withReflow(1).withIterations(20).withEma(0.9), RING),
                row("encoded", SMALL.withEncoding(8, 1).withSeed(2), P1), row("encoded, paired", SMALL.withEncoding(8, 0.5).withCoupling(Coupling.OT), RING),
                row("the only one of its kind", SMALL.withShape(new NetworkShape(16, 1)), P1));
        for (Device device : Device.all()) {
            Kept kept = new Kept();
            try (Context context = Context.open(device)) {
                TrainingQueue.run(rows, List.of(context), Optional.of(3), kept);
                assertEquals(Map.of(), kept.failures);
                assertEquals(rows.stream().mapToLong(row -> row.settings.totalIterations()).sum(), kept.steps);
                rows.forEach(row -> assertTrainedAsAlone(context, row, kept));
            }
        }
    }

    @Test
    void pairsMakeRoomTogether() {
        TrainingSettings paired = SMALL.withCoupling(Coupling.OT).withIterations(1);
        List<Row> rows = List.of(row("pairs", paired, RING), row("long", SMALL.withIterations(1 << 24), P1),
                row("takes room of the pairs", SMALL.withIterations(1), ImageDensity.parse("spiral", false)),
                row("same pairs", paired.withLearningRate(0.002f, false), RING));
        Kept kept = new Kept() {
            @Override
            public synchronized boolean progressed(long more) { return !models.containsKey("same pairs"); }
        };
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(context), Optional.of(2), kept);
            assertEquals(3, kept.models.size());
            assertTrainedAsAlone(context, rows.get(3), kept);
        }
    }

    @Test
    void aMapThatFailsDoesNotStopTheOthers() {
        List<Row> rows = List.of(row("good", SMALL, P1), row("diverges", SMALL.withLearningRate(1e30f, false), P1),
                new Row("has no rows", SMALL.withCoupling(Coupling.PAIRED), P0, P1), row("good, too", SMALL.withSeed(1), P1));
        Kept kept = new Kept();
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(context), Optional.of(2), kept);
            assertTrainedAsAlone(context, rows.get(0), kept);
            assertTrainedAsAlone(context, rows.get(3), kept);
        }
        assertTrue(kept.failures.get("diverges") instanceof DivergedException);
        assertTrue(kept.failures.get("has no rows") instanceof InvalidInputException);
        assertEquals(2, kept.failures.size());
    }

    @Test
    void anObserverThatStopsLosesWhatIsUnderWay() {
        List<Row> rows = List.of(row("first", SMALL.withIterations(1), P1), row("long", SMALL.withIterations(1 << 24), P1),
                row("longer", SMALL.withIterations(1 << 25), P1));
        Kept kept = new Kept() {
            @Override
            public synchronized boolean progressed(long more) {
                super.progressed(more);
                return steps < 100;
            }
        };
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(context), Optional.of(3), kept);
        }
        assertEquals(List.of("first"), List.copyOf(kept.models.keySet()));
    }

    @Test
    void mapsThatEndWhenTheObserverStopsAreKept() {
        List<Row> rows = List.of(row("short", SMALL.withIterations(1), P1), row("short, too", SMALL.withIterations(1).withSeed(1), P1));
        for (int atOnce : List.of(1, 2)) {
            Kept kept = new Kept() {
                @Override
                public synchronized boolean progressed(long more) {
                    super.progressed(more);
                    return steps == 0;
                }
            };
            try (Context context = Context.open(Device.all().get(0))) {
                TrainingQueue.run(rows, List.of(context), Optional.of(atOnce), kept);
            }
            assertEquals(atOnce, kept.models.size());
        }
    }

    @Test
    void aResultThatCannotBeKeptFailsItsMapOnly() {
        List<Row> rows = List.of(row("unwritable", SMALL, P1), row("good", SMALL.withSeed(1), P1), row("good, too", SMALL.withSeed(2), RING));
        Kept kept = new Kept() {
            @Override
            public synchronized void trained(Row row, TrainingQueue.Result result, Context context) {
                if (row.name.equals("unwritable")) {
                    throw new UncheckedIOException(new IOException("no space"));
                }
                super.trained(row, result, context);
            }
        };
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(context), Optional.of(3), kept);
        }
        assertEquals(Set.of("unwritable"), kept.failures.keySet());
        assertEquals(Set.of("good", "good, too"), kept.models.keySet());
    }

    @Test
    void aMapWithoutMemoryForItsEvaluationTrainsAgainAlone() {
        List<Row> rows = List.of(row("large", SMALL, P1), row("good", SMALL.withSeed(1), P1), row("good, too", SMALL.withSeed(2), RING));
        List<String> order = new ArrayList<>();
        Kept kept = new Kept() {
            @Override
            public synchronized void trained(Row row, TrainingQueue.Result result, Context context) {
                order.add(row.name);
                if (row.name.equals("large") && order.indexOf("large") == order.size() - 1) {
                    throw new DeviceLimitException("full", OpenClException.Limit.MEMORY);
                }
                super.trained(row, result, context);
            }
        };
        try (Context context = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(context), Optional.of(2), kept);
            assertTrainedAsAlone(context, rows.get(0), kept);
        }
        assertEquals(List.of("large", "good", "good, too", "large"), order);
        assertEquals(3 * SMALL.iterations(), kept.steps);
    }

    /** It fails two of three devices; those that trained beside it the first time are not blamed. */
    @Test
    void aMapThatCrashesDevicesIsReportedAfterTheSecond() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            rows.add(row("map " + i, SMALL.withSeed(i), P1));
        }
        rows.add(1, row("crash", SMALL, P1));
        Kept kept = new Kept();
        Device device = Device.all().get(0);
        try (Context one = Context.open(device); Context other = Context.open(device); Context last = Context.open(device)) {
            TrainingQueue.run(rows, List.of(one, other, last), Optional.of(3), kept);
        }
        assertEquals(Set.of("crash"), kept.failures.keySet());
        assertEquals(6, kept.models.size());
        assertEquals(2, kept.lost.size());
        assertEquals(6 * SMALL.iterations(), kept.steps);
    }

    /** Each context's first map waits for that of the other. */
    @Test
    void twoDevicesShareTheQueue() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            rows.add(row("map " + i, SMALL.withSeed(i), P1));
        }
        CountDownLatch both = new CountDownLatch(2);
        Set<Context> used = ConcurrentHashMap.newKeySet();
        Kept kept = new Kept() {
            @Override
            public void trained(Row row, TrainingQueue.Result result, Context context) {
                if (used.add(context)) {
                    both.countDown();
                    await(both);
                }
                super.trained(row, result, context);
            }
        };
        try (Context one = Context.open(Device.all().get(0)); Context other = Context.open(Device.all().get(0))) {
            TrainingQueue.run(rows, List.of(one, other), Optional.empty(), kept);
            rows.forEach(row -> assertTrainedAsAlone(one, row, kept));
        }
        assertEquals(2, used.size());
        assertEquals(Map.of(), kept.failures);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(60, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
