package iadb.cl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context.LaunchTime;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A profiling context records the times of its launches; another context records none. */
class LaunchTimeTest {
    private static final Source SOURCE = new Source("fill.cl",
            "kernel void fill(global float *to, float value) { to[get_global_id(0)] = value; }");

    @Test
    void launchesAreTimedInOrderAndTakenOnce() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device, true); Program program = context.build(List.of(SOURCE), List.of());
                    Kernel kernel = program.kernel("fill"); DeviceBuffer buffer = context.buffer(4 * 1000)) {
                kernel.set("to", buffer).set("value", 2f);
                context.enqueue(kernel, 1000, 1);
                context.enqueue(kernel, 10, 1);
                List<LaunchTime> times = context.takeLaunchTimes();
                assertEquals(List.of("fill", "fill"), times.stream().map(LaunchTime::kernel).toList());
                assertTrue(times.stream().allMatch(time -> time.deviceNanos() >= 0 && time.hostNanos() > 0), times.toString());
                assertTrue(times.stream().mapToLong(LaunchTime::deviceNanos).sum() > 0, times.toString());
                assertEquals(List.of(), context.takeLaunchTimes());
                context.enqueue(kernel, 1, 1); // close releases what nobody took
            }
        }
    }

    @Test
    void aPlainContextKeepsNothing() {
        try (Context context = Context.open(Device.all().get(0)); Program program = context.build(List.of(SOURCE), List.of());
                Kernel kernel = program.kernel("fill"); DeviceBuffer buffer = context.buffer(4)) {
            context.enqueue(kernel.set("to", buffer).set("value", 2f), 1, 1);
            assertEquals(List.of(), context.takeLaunchTimes());
        }
    }
}
