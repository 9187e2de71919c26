package iadb.cli;

import iadb.cl.Device;
import iadb.model.NetworkShape;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Prints each OpenCL device: its limits, whether it shares buffers with OpenGL, and the plans that it can run. */
@Command(name = "devices", mixinStandardHelpOptions = true,
        description = "Prints the limits of each OpenCL device, whether it can share buffers with OpenGL, and its plans for the default network.")
final class DevicesCommand implements Callable<Integer> {
    private static final int DEFAULT_BATCH = 256;

    @Mixin
    private Options.TuningFile tuning;

    @Override
    public Integer call() {
        tuning.use();
        List<Device> devices = Device.all();
        Device automatic = Device.automatic(devices);
        for (int i = 0; i < devices.size(); i++) {
            print(i, devices.get(i), devices.get(i) == automatic);
        }
        return 0;
    }

    private static void print(int index, Device device, boolean automatic) {
        StringBuilder plans = new StringBuilder();
        for (PlanChoice.Kind kind : PlanChoice.Kind.values()) {
            plans.append(choice(Optional.of(kind), device).kind() == kind ? kind + " " : "");
        }
        PlanChoice auto = choice(Optional.empty(), device);
        System.out.printf(Locale.ROOT, """
                %d: %s%s
                   platform       %s, %s
                   driver         %s
                   UUID           %s
                   compute units  %d, work-groups up to %,d, native vectors of %d floats
                   memory         %,d MiB, buffers up to %,d MiB, local %,d KiB
                   atomics        %s
                   OpenGL         %s
                   plans          %s(auto: %s)
                   tuning         %s
                   persistent     %s
                """, index, device.name(), automatic ? "  (auto)" : "",
                device.platformName(), device.version(), device.driver(), device.uuid().isEmpty() ? "not reported" : device.uuid(),
                device.computeUnits(), device.maxGroupSize(), device.nativeVectorFloats(),
                device.globalBytes() >> 20, device.maxBufferBytes() >> 20, device.localBytes() >> 10, device.atomics(),
                device.claimsGlSharing() ? "can share buffers (cl_khr_gl_sharing)" : "no sharing: points are copied",
                plans, auto.kind() != PlanChoice.Kind.PERSISTENT ? auto.kind() : "persistent if its barrier passes its test, else "
                        + choice(Optional.of(PlanChoice.Kind.FUSED), device).kind(), auto.tuning(), persistent(device));
    }

    private static PlanChoice choice(Optional<PlanChoice.Kind> wanted, Device device) {
        return new PlanSelector(device, NetworkShape.TUTORIAL, DEFAULT_BATCH, wanted, Optional.empty()).known();
    }

    /** Whether the plan can run, as far as is known before its barrier is tested. */
    static String persistent(Device device) {
        return choice(Optional.of(PlanChoice.Kind.PERSISTENT), device).reason().map(reason -> "no: " + reason)
                .orElse("its barrier is tested when training starts (fence: " + device.fence() + ")");
    }
}
