package iadb.cl;

import static org.jocl.CL.*;

/** An OpenCL call failed. The message is one line: the call, the symbolic code, the device and the remedy. */
public class OpenClException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean isOutOfMemory;

    public OpenClException(String message) { this(message, null); }

    public OpenClException(String message, Throwable cause) {
        super(message, cause);
        isOutOfMemory = false;
    }

    OpenClException(String message, boolean isOutOfMemory) {
        super(message);
        this.isOutOfMemory = isOutOfMemory;
    }

    /** Whether the call may succeed with less memory. */
    public boolean isOutOfMemory() { return isOutOfMemory; }

    /** Throws unless {@code status} is CL_SUCCESS. */
    static void check(int status, String call, Device device) {
        if (status != CL_SUCCESS) {
            check(status, call, device.name());
        }
    }

    static void check(int status, String call, String device) {
        if (status == CL_SUCCESS) {
            return;
        }
        String message = call + " failed with " + stringFor_errorCode(status) + " on " + device;
        throw switch (status) {
            case CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_HOST_MEMORY, CL_INVALID_BUFFER_SIZE -> new DeviceLimitException(
                    message + "; the device is out of memory: use fewer points, a smaller batch, or another device");
            case CL_OUT_OF_RESOURCES -> new OpenClException(message + "; a kernel crashed, or the device is out of memory: use"
                    + " fewer points, a smaller batch, another plan or another device", true);
            case CL_INVALID_COMMAND_QUEUE, CL_DEVICE_NOT_AVAILABLE, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST ->
                new OpenClException(message + "; the device was lost or reset: start again, or use another device");
            case CL_INVALID_WORK_GROUP_SIZE ->
                new OpenClException(message + "; the driver refuses this work-group size: try the plan layered");
            default -> new OpenClException(message + "; try another device");
        };
    }
}
