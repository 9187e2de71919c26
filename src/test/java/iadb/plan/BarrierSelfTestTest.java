package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Fence;
import iadb.cl.OtherDevice;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The barrier passes its self-test, and wrong barriers fail it. A barrier that only lacks its fences cannot be shown to fail
 * here, because x86 keeps memory in order without them.
 */
class BarrierSelfTestTest {
    private static final int GROUP_SIZE = 16;

    /** Every device of this machine, with each fence that it supports. */
    private static List<Device> devices() {
        List<Device> devices = new ArrayList<>();
        for (Device device : Device.all()) {
            devices.add(device);
            if (device.platformName().equals("Portable Computing Language")) {
                devices.add(OtherDevice.with(device, Fence.OPENCL_3));
            }
        }
        devices.removeIf(device -> device.fence() == Fence.NONE);
        return devices;
    }

    private static int groups(Device device) {
        return Math.min(device.computeUnits(), 16);
    }

    @Test
    void theBarrierPassesWhereGroupsRunAtTheSameTime() {
        for (Device device : devices()) {
            try (Context context = Context.open(device)) {
                for (int groupSize : new int[] {1, GROUP_SIZE}) {
                    assertTrue(BarrierSelfTest.passes(context, 1, groupSize), device + " alone");
                    Patience.until("the barrier passes on " + device + ", " + device.fence() + ", groups of " + groupSize,
                            () -> BarrierSelfTest.passes(context, groups(device), groupSize));
                }
            }
        }
    }

    @Test
    void aBarrierThatDoesNotWaitIsCaught() {
        assertCaught("seen < all; polls++", "seen < 0; polls++");
    }

    @Test
    void aBarrierThatGroupsArriveAtTooEarlyIsCaught() {
        assertCaught("int all = n * groups,", "int all = (n - 1) * groups + 1,"); // the first group lets all others go
    }

    @Test
    void aBarrierThatWaitsInVainTimesOutAndIsCaught() {
        assertCaught("int all = n * groups,", "int all = n * groups + 1,");
    }

    private static void assertCaught(String right, String wrong) {
        List<Source> broken = BarrierSelfTest.sources().stream()
                .map(source -> new Source(source.name(), source.text().replace(right, wrong))).toList();
        assertNotEquals(BarrierSelfTest.sources(), broken);
        for (Device device : devices()) {
            try (Context context = Context.open(device)) {
                assertFalse(BarrierSelfTest.passes(context, broken, Math.max(2, groups(device)), GROUP_SIZE), device.toString());
            }
        }
    }

    @Test
    void aWaitIsAsLongAsTheDeviceNeedsForIt() {
        for (Device device : devices()) {
            try (Context context = Context.open(device);
                    Program program = context.build(BarrierSelfTest.sources(), device.fence().options(BarrierSelfTest.OPTIONS))) {
                int polls = BarrierSelfTest.measuredPolls(context, program, 2, GROUP_SIZE);
                assertTrue(polls > 0 && polls <= 10_000_000, polls + " polls on " + device);
            }
        }
    }

    @Test
    void aDeviceWithoutAFenceTakesFusedAndSaysWhyWhereItIsAskedForPersistent() {
        Device device = Device.all().get(0);
        Tuning tuning = TuningTable.find(device, TuningTable.Purpose.TRAINING);
        for (Fence fence : Fence.values()) {
            PlanChoice auto = PlanSelector.candidates(Optional.empty(), tuning, OtherDevice.with(device, fence), NetworkShape.TUTORIAL, 256)
                    .get(0);
            PlanChoice asked = PlanSelector.candidates(Optional.of(PlanChoice.Kind.PERSISTENT), tuning, OtherDevice.with(device, fence),
                    NetworkShape.TUTORIAL, 256).get(0);
            assertTrue(auto.reason().isEmpty());
            assertTrue(auto.kind() == (fence == Fence.NONE ? PlanChoice.Kind.FUSED : PlanChoice.Kind.PERSISTENT), auto.toString());
            assertTrue(asked.kind() == auto.kind() && asked.reason().isPresent() == (fence == Fence.NONE), asked.toString());
        }
        try (Context context = Context.open(OtherDevice.with(device, Fence.NONE))) {
            assertFalse(BarrierSelfTest.passes(context, 2, GROUP_SIZE));
        }
    }
}
