package iadb.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.Limit;
import iadb.fault.InvalidInputException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.TaskContext$;
import org.apache.spark.TaskContextImpl;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;

class DevicesTest {
    private static ResourceInformation gpu(String... addresses) { return new ResourceInformation("gpu", addresses); }

    /** A device of this machine as if it were another. */
    private static Device like(int index, Device.Type type) {
        Device real = Device.all().get(0);
        Object[] values = Arrays.stream(Device.class.getRecordComponents()).map(component -> switch (component.getName()) {
            case "index" -> (Object) index;
            case "type" -> type;
            default -> value(component, real);
        }).toArray();
        try {
            return (Device) Device.class.getDeclaredConstructors()[0].newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Object value(RecordComponent component, Device of) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(of);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aTaskUsesTheGpuThatSparkAssignsToIt() {
        List<Device> devices = List.of(like(0, Device.Type.CPU), like(1, Device.Type.GPU), like(2, Device.Type.GPU));
        assertEquals(1, Devices.select(devices, gpu("0"), 5).index());
        assertEquals(2, Devices.select(devices, gpu("1"), 0).index());
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> Devices.select(devices, gpu("2"), 0));
        assertTrue(e.getMessage().contains("GPU 2") && e.getMessage().contains("only 2 GPUs"), e.getMessage());
    }

    @Test
    void withoutResourcesTasksTakeTurnsOnTheGpusOrElseOnAllDevices() {
        List<Device> devices = List.of(like(0, Device.Type.CPU), like(1, Device.Type.GPU), like(2, Device.Type.GPU));
        assertEquals(List.of(1, 2, 1), List.of(0, 1, 2).stream().map(task -> Devices.select(devices, null, task).index()).toList());
        List<Device> cpus = List.of(like(0, Device.Type.CPU), like(1, Device.Type.OTHER));
        assertEquals(List.of(0, 1, 0), List.of(0, 1, 2).stream().map(task -> Devices.select(cpus, gpu(), task).index()).toList());
    }

    /** The built programs of the device that a new task gets; then the task fails. */
    private static Object programs(Throwable fault) throws ReflectiveOperationException {
        TaskContextImpl task = TaskContext$.MODULE$.empty();
        try (Context device = Devices.of(task)) {
            Field programs = Context.class.getDeclaredField("programs");
            programs.setAccessible(true);
            task.markTaskFailed(fault);
            return programs.get(device);
        }
    }

    @Test
    void aDeviceIsOpenedAnewAfterItsFaultOnly() throws ReflectiveOperationException {
        Object first = programs(new IOException("the disk is full"));
        assertSame(first, programs(new DeviceLimitException("too large", Limit.MEMORY)));
        assertSame(first, programs(new IOException("writing failed", new OpenClException("the device was reset"))));
        Object second = programs(new OpenClException("the device was reset"));
        assertNotSame(first, second);
        assertNotSame(second, programs(new IOException()));
    }
}
