package iadb.cl;

import java.util.Set;
import org.jocl.CL;

/** An OpenCL call failed. The message is one line: the call, the symbolic code, the device and the remedy. */
public class OpenClException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Set<Integer> OUT_OF_MEMORY = Set.of(CL.CL_MEM_OBJECT_ALLOCATION_FAILURE, CL.CL_OUT_OF_HOST_MEMORY,
            CL.CL_INVALID_BUFFER_SIZE);

    public OpenClException(String message) {
        super(message);
    }

    public OpenClException(String message, Throwable cause) {
        super(message, cause);
    }

    /** Throws unless {@code status} is CL_SUCCESS. */
    static void check(int status, String call, Device device) {
        if (status == CL.CL_SUCCESS) {
            return;
        }
        String message = call + " failed with " + CL.stringFor_errorCode(status) + " on " + device.name() + remedy(status);
        throw OUT_OF_MEMORY.contains(status) ? new DeviceLimitException(message)
                : status == CL.CL_OUT_OF_RESOURCES ? new OutOfResources(message) : new OpenClException(message);
    }

    /** Whether the same may go well with less memory. */
    public boolean isOutOfMemory() {
        return false;
    }

    /** Memory in the mouth of some drivers, but a launch that crashed as well. */
    private static final class OutOfResources extends OpenClException {
        private static final long serialVersionUID = 1L;

        OutOfResources(String message) {
            super(message);
        }

        @Override
        public boolean isOutOfMemory() {
            return true;
        }
    }

    private static String remedy(int status) {
        return switch (status) {
            case CL.CL_MEM_OBJECT_ALLOCATION_FAILURE, CL.CL_OUT_OF_HOST_MEMORY, CL.CL_INVALID_BUFFER_SIZE ->
                "; the device is out of memory: take fewer points, a smaller batch, or another device";
            case CL.CL_OUT_OF_RESOURCES ->
                "; a kernel crashed, or the device is out of memory: take fewer points, a smaller batch, another plan or another device";
            case CL.CL_INVALID_COMMAND_QUEUE, CL.CL_DEVICE_NOT_AVAILABLE, CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST ->
                "; the device was lost or reset: start again, or take another device";
            case CL.CL_INVALID_WORK_GROUP_SIZE -> "; the driver refuses this work-group size: try the plan layered";
            default -> "; try another device";
        };
    }
}
