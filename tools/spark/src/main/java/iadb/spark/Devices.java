package iadb.spark;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.OpenClException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.fault.InvalidInputException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.util.TaskFailureListener;

/**
 * The OpenCL devices of an executor's process: which one a task uses. A device is opened once and stays open until the process ends,
 * so that its tasks, one after another or at the same time, share built programs. After a fault of the device, such as a reset, the
 * next task opens it anew.
 */
final class Devices {
    private static final Map<Integer, Context> CONTEXTS = new HashMap<>(); // by the device's index

    private Devices() { }

    /** A context of a task's device, which the caller closes. */
    static synchronized Context of(TaskContext task) {
        Device device = select(Device.all(), task.resourcesJMap().get("gpu"), task.partitionId());
        task.addTaskFailureListener((TaskFailureListener) (failed, why) -> drop(device, why));
        return CONTEXTS.computeIfAbsent(device.index(), index -> Context.open(device)).sibling();
    }

    /** Closes a device, unless a task failed for another reason or only exceeded the device's limits. */
    private static synchronized void drop(Device device, Throwable why) {
        Throwable fault = why;
        while (fault != null && !(fault instanceof OpenClException)) {
            fault = fault.getCause(); // Spark wraps what fails while a file is written
        }
        Context dead = fault == null || fault instanceof DeviceLimitException ? null : CONTEXTS.remove(device.index());
        if (dead != null) {
            dead.close(); // the siblings of other tasks stay open
        }
    }

    /**
     * Selects the device of a task.
     *
     * @param gpu       the task's share of Spark's resource {@code gpu}, whose address is the number of a GPU of the machine or its UUID;
     *                  null: tasks take turns on the GPUs, or on all devices if there is none
     * @param partition the task's index
     */
    static Device select(List<Device> devices, ResourceInformation gpu, int partition) {
        List<Device> gpus = devices.stream().filter(device -> device.type() == Device.Type.GPU).toList();
        if (gpu == null || gpu.addresses().length == 0) {
            List<Device> usable = gpus.isEmpty() ? devices : gpus;
            return usable.get(partition % usable.size());
        }
        String address = gpu.addresses()[0];
        if (!address.matches("\\d{1,9}")) {
            return Device.select(address);
        }
        int number = Integer.parseInt(address);
        if (number >= gpus.size()) {
            throw new InvalidInputException("Spark assigned GPU %s to a task, but OpenCL finds only %s GPUs on that machine"
                    .formatted(number, gpus.size()));
        }
        return gpus.get(number);
    }
}
