package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.Fence;
import iadb.cl.OpenClException;
import iadb.cl.OtherDevice;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.Plan.Batch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which plan {@code auto} takes for the times that are reported. No step is run. */
class PlanSwitchTest {
    private static final NetworkShape SHAPE = new NetworkShape(16, 1);
    private static final int SLICES = 480;
    private static final int TRIALS = SLICES / 48;
    private static final long SLICE_NANOS = 25_000_000;
    private static final int STEPS = 100; // of a slice

    /** The time of a plan's step. */
    private interface Outcome {
        long nanosPerStep(boolean persistent);
    }

    /** A test of a plan switch. */
    private interface Trial {
        void on(PlanSwitch plans);
    }

    private static void onEachDevice(Optional<PlanChoice.Kind> wanted, Trial trial) {
        List<Device> devices = Device.all().stream().filter(device -> device.fence() != Fence.NONE).toList();
        devices.forEach(device -> onDevice(device, wanted, trial)); // elsewhere `auto` is the plan fused, with no other
    }

    private static void onDevice(Device device, Optional<PlanChoice.Kind> wanted, Trial trial) {
        // one row is one group, whose barrier needs no test: every device can run persistent, even on a busy machine
        PlanSelector selector = new PlanSelector(device, SHAPE, 1, wanted, Optional.empty());
        try (Context context = Context.open(device);
                DeviceBuffer data = context.zeros(2 * 67 * Float.BYTES);
                TrainingState state = state(context);
                PlanSwitch plans = new PlanSwitch(context, selector, batch(data), state)) {
            trial.on(plans);
        }
    }

    private static Batch batch(DeviceBuffer data) {
        return new Batch(data, data, 1, 0, 1e-3f);
    }

    private static TrainingState state(Context context) {
        return TrainingState.of(context, Checkpoint.start(Network.initial(SHAPE, 0), false), 64);
    }

    /** Has the other plan built and used once; its speed is not known yet. */
    private static void meetTheOther(PlanSwitch plans) {
        Plan first = plans.next(plans.otherIsBuilt());
        buildTheOther(plans, first);
        Plan second = plans.next(plans.otherIsBuilt());
        assertTrue(first.stepsDone().isEmpty() && second.stepsDone().isPresent(), "fused comes first, then persistent");
        assertEquals(PlanChoice.Kind.PERSISTENT, plans.choice().kind());
    }

    private static void buildTheOther(PlanSwitch plans, Plan first) {
        plans.report(first, STEPS, STEPS, PlanSwitch.ALONE_NANOS, SLICE_NANOS);
        assertTrue(plans.isBuilding());
        Patience.until("the other plan is built", plans::otherIsBuilt);
    }

    /** The number of slices that persistent ran, of {@value #SLICES}. */
    private static int persistentSlices(PlanSwitch plans, Outcome outcome) {
        int slices = 0;
        for (int i = 0; i < SLICES; i++) {
            Plan plan = plans.next(plans.otherIsBuilt());
            boolean persistent = plan.stepsDone().isPresent();
            slices += persistent ? 1 : 0;
            plans.report(plan, STEPS, STEPS, STEPS * outcome.nanosPerStep(persistent), SLICE_NANOS);
        }
        return slices;
    }

    @Test
    void theFasterPlanTakesAllSlicesButTrials() {
        onEachDevice(Optional.empty(), plans -> {
            meetTheOther(plans);
            int before = persistentSlices(plans, persistent -> persistent ? 70_000 : 110_000);
            assertTrue(before < SLICES && before >= SLICES - TRIALS - 1, before + " slices");
            // another program takes a core: groups wait long for each other
            int busy = persistentSlices(plans, persistent -> persistent ? 900_000 : 210_000);
            assertTrue(busy > 0 && busy <= TRIALS + 1, busy + " slices");
            // the core is free again: the next trial finds that out
            int after = persistentSlices(plans, persistent -> persistent ? 70_000 : 110_000);
            assertTrue(after >= SLICES - SLICES / TRIALS - TRIALS, after + " slices");
            Map<PlanChoice.Kind, Integer> steps = new HashMap<>(plans.stepsByKind());
            assertEquals((3 * SLICES + 1) * STEPS, steps.values().stream().mapToInt(Integer::intValue).sum());
        });
    }

    @Test
    void afterABarrierThatTimedOutFusedContinues() {
        for (Optional<PlanChoice.Kind> wanted : List.of(Optional.<PlanChoice.Kind>empty(), Optional.of(PlanChoice.Kind.PERSISTENT))) {
            onEachDevice(wanted, plans -> {
                if (wanted.isEmpty()) {
                    meetTheOther(plans);
                }
                int before = plans.stepsByKind().getOrDefault(PlanChoice.Kind.FUSED, 0);
                Plan persistent = plans.next(plans.otherIsBuilt());
                plans.report(persistent, STEPS, 3, 3 * 70_000, SLICE_NANOS);
                Plan fused = plans.next(plans.otherIsBuilt());
                assertTrue(persistent.stepsDone().isPresent() && fused.stepsDone().isEmpty());
                plans.report(fused, STEPS, STEPS, STEPS * 110_000, SLICE_NANOS);
                assertSame(persistent, plans.next(plans.otherIsBuilt()), "it is tried again");
                assertEquals(Map.of(PlanChoice.Kind.PERSISTENT, 3, PlanChoice.Kind.FUSED, before + STEPS), plans.stepsByKind());
            });
        }
    }

    @Test
    void whereADeviceCannotBuildPersistentFusedTrainsAndSaysWhy() {
        Device device = Device.all().stream().filter(one -> one.fence() == Fence.X86).findFirst().orElseThrow();
        for (Optional<PlanChoice.Kind> wanted : List.of(Optional.<PlanChoice.Kind>empty(), Optional.of(PlanChoice.Kind.PERSISTENT))) {
            onDevice(OtherDevice.with(device, Fence.AMDGCN), wanted, plans -> { // a function that x86 compilers do not know
                if (wanted.isEmpty()) {
                    buildTheOther(plans, plans.next(plans.otherIsBuilt()));
                }
                assertTrue(plans.next(plans.otherIsBuilt()).stepsDone().isEmpty() && !plans.isBuilding());
                assertEquals(PlanChoice.Kind.FUSED, plans.choice().kind());
                assertTrue(plans.choice().reason().orElseThrow().contains(device.name()), plans.choice().toString());
            });
        }
    }

    @Test
    void eachPlansSlicesFitItsOwnSpeed() {
        onEachDevice(Optional.empty(), plans -> {
            meetTheOther(plans);
            persistentSlices(plans, persistent -> persistent ? 4_000_000 : 100_000);
            Plan next = plans.next(plans.otherIsBuilt());
            Plan fused = next.stepsDone().isEmpty() ? next : plans.next(plans.otherIsBuilt()); // it may be the time of a trial
            assertTrue(fused.stepsDone().isEmpty());
            assertTrue(plans.steps(fused, SLICE_NANOS) > 100);
            Plan persistent = fused;
            for (int i = 0; i < SLICES && persistent == fused; i++) {
                persistent = plans.next(plans.otherIsBuilt());
            }
            int steps = plans.steps(persistent, SLICE_NANOS);
            assertTrue(steps > 0 && steps <= 6, steps + " steps of 4 ms in 25 ms");
        });
    }

    @Test
    void aShortTrainingBuildsNoOtherPlan() {
        onEachDevice(Optional.empty(), plans -> {
            plans.report(plans.next(plans.otherIsBuilt()), STEPS, STEPS, PlanSwitch.ALONE_NANOS - 1, SLICE_NANOS);
            assertTrue(plans.next(plans.otherIsBuilt()).stepsDone().isEmpty() && !plans.isBuilding());
            assertEquals(PlanChoice.Kind.FUSED, plans.choice().kind());
        });
    }

    @Test
    void aRequestedPlanIsKeptEvenIfItIsSlow() {
        onEachDevice(Optional.of(PlanChoice.Kind.PERSISTENT),
                plans -> assertEquals(SLICES, persistentSlices(plans, persistent -> 900_000)));
    }

    /** A tuning with groups larger than any kernel can have, in the launch that only fused and layered make. */
    private static PlanChoice tooLarge(PlanChoice choice) {
        return new PlanChoice(choice.kind(), choice.tuning().with("update-group-size", 1 << 14), choice.refusals());
    }

    @Test
    void aCompanionThatDoesNotFitLeavesTheTrainingToThePlanItHas() {
        Optional<PlanChoice.Kind> wanted = Optional.of(PlanChoice.Kind.PERSISTENT);
        for (Device device : Device.all().stream().filter(one -> one.fence() != Fence.NONE).toList()) {
            PlanSelector selector = new PlanSelector(device, SHAPE, 1, wanted, Optional.empty());
            try (Context context = Context.open(device);
                    DeviceBuffer data = context.zeros(2 * 67 * Float.BYTES);
                    TrainingState state = state(context)) {
                PlanSelector.Selection selected = selector.select(context, batch(data), state);
                PlanSelector.Selection limited = new PlanSelector.Selection(selected.plan(), selected.choice(),
                        selected.companion().map(PlanSwitchTest::tooLarge));
                try (PlanSwitch plans = new PlanSwitch(context, selector, limited, batch(data), state)) {
                    for (int i = 0; i < PlanSwitch.MAX_IDLE_SLICES; i++) {
                        plans.report(plans.next(plans.otherIsBuilt()), STEPS, i == 0 ? 3 : 0, 1000, SLICE_NANOS);
                        assertSame(selected.plan(), plans.next(plans.otherIsBuilt()));
                        assertEquals(selected.choice(), plans.choice());
                    }
                    plans.report(selected.plan(), STEPS, 0, 1000, SLICE_NANOS);
                    String message = assertThrows(OpenClException.class, () -> plans.next(plans.otherIsBuilt())).getMessage();
                    assertTrue(message.contains("timed out 64 times without a step"), message);
                }
            }
        }
    }

    /** The reason is that of the background build: the training's thread builds nothing of a companion that cannot be built. */
    @Test
    void aCompanionWhoseBuildFailedIsRefusedWithItsReason() {
        for (Device device : Device.all().stream().filter(one -> one.fence() != Fence.NONE).toList()) {
            PlanSelector selector = new PlanSelector(device, SHAPE, 1, Optional.empty(), Optional.empty());
            try (Context context = Context.open(device);
                    DeviceBuffer data = context.zeros(2 * 67 * Float.BYTES);
                    TrainingState state = state(context)) {
                PlanSelector.Selection selected = selector.select(context, batch(data), state);
                PlanChoice persistent = tooLarge(selected.companion().orElseThrow());
                PlanChoice impossible = new PlanChoice(persistent.kind(), persistent.tuning().with("group-size", 1 << 14), List.of());
                PlanSelector.Selection limited = new PlanSelector.Selection(selected.plan(), selected.choice(), Optional.of(impossible));
                try (PlanSwitch plans = new PlanSwitch(context, selector, limited, batch(data), state)) {
                    buildTheOther(plans, selected.plan());
                    assertSame(selected.plan(), plans.next(plans.otherIsBuilt()));
                    assertEquals(PlanChoice.Kind.FUSED, plans.choice().kind());
                    String reason = plans.choice().reason().orElseThrow();
                    assertTrue(reason.contains("clEnqueueNDRangeKernel(barrier_"), reason);
                }
            }
        }
    }

    @Test
    void aPlanThatDoesNotFitIsReplacedByLayeredWithTheRecordedTuning() {
        for (Device device : Device.all()) {
            Tuning recorded = new Tuning(4, 16, 4, 1, 1, 2, 1, 3, 1); // no device's own
            PlanSelector selector = new PlanSelector(device, SHAPE, 64 * device.computeUnits(), Optional.of(PlanChoice.Kind.FUSED),
                    Optional.of(recorded));
            List<PlanChoice> candidates = selector.candidates(TuningChoice::known);
            assertEquals(List.of(PlanChoice.Kind.FUSED, PlanChoice.Kind.LAYERED), candidates.stream().map(PlanChoice::kind).toList());
            try (Context context = Context.open(device);
                    DeviceBuffer data = context.zeros(2 * 67 * Float.BYTES);
                    TrainingState state = state(context)) {
                PlanSelector.Selection selected = selector.select(List.of(tooLarge(candidates.get(0)), candidates.get(1)), context,
                        batch(data), state);
                selected.plan().close();
                assertEquals(PlanChoice.Kind.LAYERED, selected.choice().kind());
                assertEquals(recorded.bits(), selected.choice().tuning().bits());
                assertTrue(selected.companion().isEmpty());
                PlanChoice.Refusal refusal = selected.choice().refusals().get(0);
                assertEquals(PlanChoice.Kind.FUSED, refusal.kind());
                assertTrue(refusal.reason().contains("in groups of at most"), refusal.reason());
                assertEquals(Optional.of(refusal.reason()), selected.choice().reason());
            }
        }
    }

    @Test
    void aRecordedTuningIsTakenOrRefusedWithAReason() {
        Device device = Device.all().get(0);
        Tuning recorded = new Tuning(4, 16, 4, 1, 1, 2, 1, 3, 1);
        int rows = 64 * device.computeUnits();
        for (Optional<PlanChoice.Kind> wanted : List.of(Optional.<PlanChoice.Kind>empty(), Optional.of(PlanChoice.Kind.LAYERED))) {
            PlanChoice taken = new PlanSelector(device, SHAPE, rows, wanted, Optional.of(recorded)).known();
            assertEquals(recorded, taken.tuning());
            assertEquals(Optional.empty(), taken.reason());
            Tuning large = recorded.with("tile-rows", 1024);
            PlanChoice refused = new PlanSelector(device, SHAPE, rows, wanted, Optional.of(large)).known();
            assertEquals(64, refused.tuning().tileRows());
            assertTrue(refused.reason().orElseThrow().startsWith("the recorded tuning (" + large.bits() + ") does not fit the plan "
                    + refused.kind()), refused.toString());
        }
    }
}
