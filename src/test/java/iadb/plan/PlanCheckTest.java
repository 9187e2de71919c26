package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.model.NetworkShape;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The check of a device's answers refuses no device that answers rightly, whatever the network; it is made here, not cached. */
class PlanCheckTest {
    private static final int[][] SHAPES = {{16, 1}, {48, 3}, {256, 8}};

    @ParameterizedTest
    @EnumSource
    void networksOfAllSizesPass(PlanChoice.Kind kind) {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                for (int[] size : SHAPES) {
                    NetworkShape shape = new NetworkShape(size[0], size[1]);
                    PlanChoice choice = PlanChoice.of(Optional.of(kind), device, shape, 256);
                    if (choice.kind() != kind) {
                        continue; // too large for the plan
                    }
                    boolean made = PlanCheck.check(context, shape, choice);
                    assertTrue(made || kind == PlanChoice.Kind.PERSISTENT, shape + " by " + kind);
                }
            }
        }
    }
}
