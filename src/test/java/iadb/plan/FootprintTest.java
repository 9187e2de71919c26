package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.Fence;
import iadb.cl.Kernel;
import iadb.cl.KernelAccess;
import iadb.cl.Program;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import iadb.plan.Tuning.Footprint;
import iadb.sample.SampleAccess;
import iadb.sample.Sampler;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The computed local memory of a kernel is what the device reports: not less, and not more than alignment explains. */
class FootprintTest {
    private static final List<NetworkShape> SHAPES = List.of(new NetworkShape(64, 4), new NetworkShape(16, 1), new NetworkShape(48, 2),
            new NetworkShape(64, 2, 32), new NetworkShape(16, 2, 128));
    private static final int ALIGNMENT = 64;
    private static final int MAX_ARRAYS = 14;

    /** A program to build. */
    private record Case(String name, List<Source> sources, Footprint footprint) {
    }

    private static List<Case> cases(Device device) {
        List<Case> cases = new ArrayList<>();
        for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
            if (kind != PlanChoice.Kind.PERSISTENT || device.fence() != Fence.NONE) {
                cases.add(new Case(kind.toString(), Plan.sources(kind), kind.footprint()));
            }
        }
        cases.add(new Case("map", Sampler.sources(), Footprint.TWO_LAYERS));
        cases.add(new Case("density", SampleAccess.densitySources(), Footprint.TWO_LAYERS_WITH_TANGENTS));
        return cases;
    }

    @Test
    void theComputedLocalMemoryIsWhatTheDeviceReports() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device)) {
                for (NetworkShape shape : SHAPES) {
                    for (Tuning base : TrainingBench.tunings(device)) {
                        cases(device).forEach(one -> base.fit(shape, one.footprint(), device)
                                .ifPresent(tuning -> check(context, shape, tuning, one)));
                    }
                }
            }
        }
    }

    private static void check(Context context, NetworkShape shape, Tuning tuning, Case one) {
        Device device = context.device();
        long computed = one.footprint().bytes(shape, tuning.tileRows(), tuning.split(), tuning.groupSize(), tuning.vector());
        long largest = 0;
        List<String> options = tuning.options(shape, device);
        String text = String.join("\n", one.sources().stream().map(Source::text).toList());
        try (Program program = context.build(one.sources(), one.name().equals("persistent") ? device.fence().options(options) : options)) {
            for (String kernelName : KernelAccess.names(text)) {
                String what = one.name() + ": " + kernelName + " " + shape + " " + tuning + " on " + device.name();
                try (Kernel kernel = program.kernel(kernelName)) {
                    long reported = KernelAccess.localBytes(kernel, device);
                    long limit = kernel.name().equals("update") ? 4L * tuning.updateGroupSize() * tuning.vector() + ALIGNMENT : computed;
                    assertTrue(reported <= limit, what + " takes " + reported + " bytes, not " + limit);
                    largest = Math.max(largest, kernel.name().equals("update") ? 0 : reported);
                }
            }
        }
        // compilers omit unused arrays: those of hidden layers at depth 1, and in fused those of persistent's Adam step
        long unused = one.name().equals("fused") && tuning.split() == 1 ? 4L * tuning.groupSize() * tuning.vector() : 0;
        assertTrue(shape.depth() == 1 || largest >= computed - unused - ALIGNMENT * MAX_ARRAYS, one.name() + " takes " + largest + " bytes, not " + computed + ", "
                + shape + " " + tuning + " on " + device.name());
    }
}
