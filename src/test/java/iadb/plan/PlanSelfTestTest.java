package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Fence;
import iadb.cl.OpenClException;
import iadb.model.NetworkShape;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The self-test of a plan refuses no device that computes correctly, for any network; it runs here and is not cached. */
class PlanSelfTestTest {
    private static final int[][] SHAPES = {{16, 1, 0}, {48, 3, 0}, {256, 8, 0}, {16, 1, 8}, {64, 4, 32}, {48, 2, 128}};

    @ParameterizedTest
    @EnumSource
    void networksOfAllSizesPass(PlanChoice.Kind kind) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                for (int[] size : SHAPES) {
                    NetworkShape shape = new NetworkShape(size[0], size[1], size[2]);
                    PlanChoice choice = choice(kind, device, shape);
                    if (choice.kind() != kind) {
                        continue; // too large for the plan
                    }
                    boolean made = PlanSelfTest.check(context, shape, choice);
                    assertTrue(made || kind == PlanChoice.Kind.PERSISTENT, shape + " by " + kind);
                }
            }
        }
    }

    @Test
    void plansWithOtherBitsAreRefused() {
        NetworkShape shape = new NetworkShape(16, 2);
        for (Device device : Device.all()) {
            if (device.fence() == Fence.NONE) {
                continue;
            }
            try (Context context = Context.open(device)) {
                PlanChoice persistent = choice(PlanChoice.Kind.PERSISTENT, device, shape);
                Tuning tuning = persistent.tuning();
                PlanChoice fused = new PlanChoice(PlanChoice.Kind.FUSED, tuning, List.of());
                waitUntilCompared(context, shape, persistent, fused);
                PlanChoice otherTiles = new PlanChoice(PlanChoice.Kind.FUSED, tuning.with("tile-rows", tuning.tileRows() / 2),
                        List.of()); // adds up in another order
                String message = assertThrows(OpenClException.class,
                        () -> waitUntilCompared(context, shape, persistent, otherTiles)).getMessage();
                assertTrue(message.startsWith("the plan persistent gives other bits than the plan fused on "), message);
            }
        }
    }

    private static PlanChoice choice(PlanChoice.Kind kind, Device device, NetworkShape shape) {
        Tuning tuning = TuningTable.find(device, TuningTable.Purpose.TRAINING);
        return PlanSelector.candidates(Optional.of(kind), tuning, device, shape, 256).get(0);
    }

    private static void waitUntilCompared(Context context, NetworkShape shape, PlanChoice persistent, PlanChoice fused) {
        Patience.until("the barrier lets the steps pass", () -> PlanSelfTest.compareBits(context, shape, persistent, fused));
    }
}
