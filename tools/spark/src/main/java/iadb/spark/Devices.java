package iadb.spark;

import iadb.cl.Context;
import iadb.cl.Device;
import iadb.fault.InvalidInputException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * The OpenCL devices of an executor's process: which one a task uses. A device is opened once and stays open until the process ends,
 * so that its tasks, one after another or at the same time, share built programs.
 */
final class Devices {
    private static final Map<Integer, Context> CONTEXTS = new HashMap<>(); // by the device's index

    private Devices() { }

    /** The device of a task, open; not to be closed. */
    static synchronized Context of(TaskContext task) {
        Device device = select(Device.all(), task.resourcesJMap().get("gpu"), task.partitionId());
        return CONTEXTS.computeIfAbsent(device.index(), index -> Context.open(device));
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
