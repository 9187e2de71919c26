package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Device;
import iadb.cl.OtherDevice;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every plan against the double-precision reference, at odd sizes, with several tunings, on every OpenCL device. */
class PlanTest {
    /** The smallest limits that the kernels must respect. */
    private static final long MIN_GROUP = 64;
    private static final long MIN_LOCAL_BYTES = 16 << 10;

    private static final NetworkShape TUTORIAL = NetworkShape.TUTORIAL;
    private static final NetworkShape SMALL = new NetworkShape(48, 2);

    /** One training to try. */
    record Trial(Device device, PlanChoice.Kind kind, Tuning tuning, NetworkShape shape, int batch) {
        @Override
        public String toString() {
            return "%s %s %dx%d B=%d local=%dK [%s]".formatted(kind, device.name(), shape.width(), shape.depth(), batch,
                    device.localBytes() >> 10, tuning);
        }

        TrainingBench bench(long seed) {
            return new TrainingBench(device, kind, tuning, shape, batch, seed);
        }
    }

    /** Each plan once with each device and tuning, each device and network, each tuning and network, and each odd size. */
    static Stream<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        for (Device full : Device.all()) {
            Device small = OtherDevice.limited(full, MIN_GROUP, MIN_LOCAL_BYTES);
            Tuning own = TuningTable.find(full, TuningTable.Purpose.TRAINING);
            Tuning gpu = TrainingBench.tunings(full).get(1);
            Tuning avx2 = TrainingBench.tunings(full).get(2);
            Tuning unshared = TrainingBench.tunings(full).get(3);
            for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
                trials.add(trial(full, kind, own, TUTORIAL, 256));
                trials.add(trial(full, kind, gpu, TUTORIAL, 255));
                trials.add(trial(small, kind, gpu, TUTORIAL, 256));
                trials.add(trial(full, kind, unshared, SMALL, 257));
                trials.add(trial(full, kind, gpu, new NetworkShape(32, 5), 61));
                trials.add(trial(full, kind, gpu, new NetworkShape(16, 1), 9));
                trials.add(trial(small, kind, TuningTable.find(small, TuningTable.Purpose.TRAINING), SMALL, 256));
                trials.add(trial(full, kind, gpu, SMALL, 17));
                trials.add(trial(full, kind, avx2, SMALL, 256));
                trials.add(trial(small, kind, avx2, SMALL, 17));
                trials.add(trial(full, kind, own, TUTORIAL, 1));
                trials.add(trial(full, kind, own, TUTORIAL, 127));
                trials.add(trial(full, kind, own, TUTORIAL, 257));
                trials.add(trial(full, kind, own, new NetworkShape(16, 1), 31));
                trials.add(trial(full, kind, own, new NetworkShape(80, 3), 61));
                trials.add(trial(full, kind, own, new NetworkShape(256, 2), 67));
                trials.add(trial(full, kind, own, new NetworkShape(32, 8), 129));
                trials.add(trial(full, kind, gpu, SMALL, 15));
                trials.add(trial(full, kind, gpu, new NetworkShape(112, 1), 1));
                trials.add(trial(full, kind, gpu, new NetworkShape(16, 2), 1031)); // several tiles a block
                trials.add(trial(full, kind, own, new NetworkShape(64, 4, 32), 127));
                trials.add(trial(full, kind, gpu, new NetworkShape(64, 4, 32), 61));
                trials.add(trial(full, kind, own, new NetworkShape(48, 2, 8), 31));
                trials.add(trial(full, kind, gpu, new NetworkShape(16, 1, 8), 17));
                trials.add(trial(full, kind, own, new NetworkShape(16, 2, 128), 9));
                trials.add(trial(full, kind, gpu, new NetworkShape(32, 2, 128), 15));
                trials.add(trial(full, kind, unshared, new NetworkShape(48, 2, 40), 67));
            }
        }
        return trials.stream();
    }

    private static Trial trial(Device device, PlanChoice.Kind kind, Tuning tuning, NetworkShape shape, int batch) {
        return new Trial(device, kind, tuning, shape, batch);
    }

    static Stream<Trial> persistentTrials() {
        return trials().filter(trial -> trial.kind() == PlanChoice.Kind.PERSISTENT);
    }

    /** The reference's training: its first loss and gradient, its loss before the last step, and its parameters after it. */
    private record Course(double firstLoss, double[] firstGradient, double lastLoss, double[] parameters) {
        private static final Map<List<Object>, Course> KNOWN = new HashMap<>(); // it takes the most time, and no plan changes it

        static Course of(TrainingBench bench, int steps) {
            return KNOWN.computeIfAbsent(List.of(bench.shape, bench.batch, bench.seed, steps), key -> {
                ReferenceNetwork reference = new ReferenceNetwork(bench.start);
                double firstLoss = reference.loss(bench.rows(0));
                double[] firstGradient = reference.gradient(bench.rows(0));
                for (int step = 0; step < steps - 1; step++) {
                    reference.adam(reference.gradient(bench.rows(step)), TrainingBench.LEARNING_RATE);
                }
                float[][] rows = bench.rows(steps - 1);
                double lastLoss = reference.loss(rows);
                reference.adam(reference.gradient(rows), TrainingBench.LEARNING_RATE);
                return new Course(firstLoss, firstGradient, lastLoss, reference.parameters());
            });
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void gradientLossAndFiftyStepsAreThoseOfTheReference(Trial trial) {
        NetworkShape shape = trial.shape();
        int steps = shape.width() > 80 || trial.batch() > 300 ? 10 : 50; // the reference is slow
        try (TrainingBench bench = trial.bench(11)) {
            Course course = Course.of(bench, steps);
            bench.run(1);
            double[] gradient = bench.firstGradient();
            // A sum of n float products is within n u = n 2^-24 of exact; sums of at most 256 + 1031 terms in chains of
            // up to 8 layers would allow 6e-4, the mean of signs makes it about sqrt(n) u: 2e-6. 1e-5 is promised.
            for (int l = 0; l < shape.layers(); l++) {
                int from = shape.weightOffset(l);
                int to = shape.endOffset(l);
                assertTrue(relativeDistance(gradient, course.firstGradient(), from, to) < 1e-5, "gradient of layer " + l);
            }
            assertEquals(course.firstLoss(), bench.loss(0), 1e-5 * course.firstLoss());
            assertArrayEquals(new Network(shape, bench.parameters()).transposed(), bench.transposed(),
                    "the transposed copies are those of the weights");
            bench.run(steps - 1);
            assertEquals(course.lastLoss(), bench.loss(steps - 1), 1e-4 * course.lastLoss());
            assertTrue(relativeDistance(toDouble(bench.parameters()), course.parameters(), 0, shape.parameters()) < 1e-5);
        }
    }

    @ParameterizedTest
    @MethodSource("trials")
    void sameSeedGivesTheSameBits(Trial trial) {
        try (TrainingBench one = trial.bench(13); TrainingBench same = trial.bench(13); TrainingBench other = trial.bench(14)) {
            one.run(20);
            same.run(20);
            other.run(20);
            assertArrayEquals(one.parameters(), same.parameters());
            assertFalse(Arrays.equals(one.parameters(), other.parameters()));
        }
    }

    @Test
    void layeredAndFusedAgree() {
        for (Device device : Device.all()) {
            Tuning tuning = TuningTable.find(device, TuningTable.Purpose.TRAINING);
            try (TrainingBench layered = new TrainingBench(device, PlanChoice.Kind.LAYERED, tuning, TUTORIAL, 256, 15);
                    TrainingBench fused = new TrainingBench(device, PlanChoice.Kind.FUSED, tuning, TUTORIAL, 256, 15)) {
                assertEquals(PlanChoice.Kind.FUSED, fused.choice().kind());
                layered.run(200);
                fused.run(200);
                // Both are within 1e-5 of the reference after 50 steps; a difference of u in a gradient moves a weight by
                // at most lr · u a step through Adam's ratio, and grows with the field's sensitivity: 1e-4 after 200.
                assertTrue(relativeDistance(toDouble(layered.parameters()), toDouble(fused.parameters()), 0,
                        TUTORIAL.parameters()) < 1e-4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("persistentTrials")
    void persistentAndFusedGiveTheSameBits(Trial trial) {
        try (TrainingBench persistent = trial.bench(16);
                TrainingBench fused = new TrainingBench(trial.device(), PlanChoice.Kind.FUSED, trial.tuning(), trial.shape(),
                        trial.batch(), 16)) {
            persistent.run(30);
            persistent.run(7);
            fused.run(37);
            assertArrayEquals(fused.parameters(), persistent.parameters());
            assertArrayEquals(fused.transposed(), persistent.transposed());
            assertEquals(fused.loss(36), persistent.loss(36));
        }
    }

    @Test
    void aBarrierThatTimesOutLosesNoStep() {
        for (Device device : Device.all()) {
            Tuning tuning = TrainingBench.tunings(device).get(1);
            try (TrainingBench mixed = new TrainingBench(device, PlanChoice.Kind.FUSED, tuning, SMALL, 256, 17);
                    TrainingBench fused = new TrainingBench(device, PlanChoice.Kind.FUSED, tuning, SMALL, 256, 17);
                    Plan impatient = mixed.plan(PlanChoice.Kind.PERSISTENT, "-DSPIN_LIMIT=0");
                    Plan other = mixed.plan(PlanChoice.Kind.FUSED)) {
                boolean timedOut = false;
                while (mixed.steps() < 60) {
                    int before = mixed.steps();
                    timedOut |= mixed.tryOnce(impatient, 10) < 10;
                    mixed.run(other, before + 12 - mixed.steps());
                }
                assertTrue(timedOut || device.computeUnits() == 1, "a barrier that never polls times out");
                fused.run(60);
                assertArrayEquals(fused.parameters(), mixed.parameters());
            }
        }
    }

    @Test
    void aNetworkThatTheFusedPlanCannotHoldTakesLayeredAndSaysSo() {
        Device small = OtherDevice.limited(Device.all().get(0), MIN_GROUP, MIN_LOCAL_BYTES);
        NetworkShape large = new NetworkShape(256, 8);
        PlanChoice choice = new PlanSelector(small, large, 256, Optional.empty(), Optional.empty()).known();
        assertEquals(PlanChoice.Kind.LAYERED, choice.kind());
        assertTrue(choice.reason().orElseThrow().contains("width 256, depth 8"));
        assertTrue(Tuning.Footprint.ONE_LAYER.bytes(large, choice.tuning().tileRows(), choice.tuning().split(),
                choice.tuning().groupSize(), choice.tuning().vector()) <= MIN_LOCAL_BYTES);
    }

    private static double[] toDouble(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /** |a - b| / |b| over [from, to), 2-norms. */
    private static double relativeDistance(double[] a, double[] b, int from, int to) {
        double difference = 0;
        double norm = 0;
        for (int i = from; i < to; i++) {
            difference += (a[i] - b[i]) * (a[i] - b[i]);
            norm += b[i] * b[i];
        }
        return Math.sqrt(difference / norm);
    }
}
