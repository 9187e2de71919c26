package iadb.cl;

import static org.jocl.CL.*;

/** An OpenCL call failed. The message is one line: the call, the symbolic code, the device and what the code means. */
public class OpenClException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the device lacks, as far as the fault says it. */
    public enum Limit {
        /** Memory for buffers. */
        MEMORY,
        /** Memory for buffers, or something else that a kernel needs, or the kernel crashed: drivers report these as one. */
        RESOURCES,
        /** Local memory for a kernel, or room for its work-groups. */
        KERNEL,
        /** The device itself: it was lost or reset. */
        LOST,
        UNKNOWN
    }

    private final Limit limit;

    public OpenClException(String message) { this(message, (Throwable) null); }

    public OpenClException(String message, Throwable cause) {
        super(message, cause);
        limit = Limit.UNKNOWN;
    }

    OpenClException(String message, Limit limit) {
        super(message);
        this.limit = limit;
    }

    public Limit limit() { return limit; }

    /** Whether the call may succeed with less memory. */
    public boolean isOutOfMemory() { return limit == Limit.MEMORY || limit == Limit.RESOURCES; }

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
                    message + "; the device is out of memory", Limit.MEMORY);
            case CL_OUT_OF_RESOURCES ->
                new OpenClException(message + "; a kernel crashed, or the device is out of memory", Limit.RESOURCES);
            case CL_INVALID_COMMAND_QUEUE, CL_DEVICE_NOT_AVAILABLE, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST ->
                new OpenClException(message + "; the device was lost or reset", Limit.LOST);
            case CL_INVALID_WORK_GROUP_SIZE ->
                new OpenClException(message + "; the driver refuses this work-group size", Limit.KERNEL);
            default -> new OpenClException(message);
        };
    }

    /** This machine has no OpenCL loader, no driver, or no device. The message says how to get one. */
    public static final class NoDeviceException extends OpenClException {
        static final String HOW_TO_GET_OPENCL =
                "install your GPU's driver, or PoCL for the CPU (Debian, Ubuntu: apt install pocl-opencl-icd; "
                + "Fedora: dnf install pocl; Arch: pacman -S pocl; macOS: brew install pocl), which needs a HOME or"
                + " POCL_CACHE_DIR that it may write to";
        static final String NO_LOADER = "no OpenCL loader on this machine; " + HOW_TO_GET_OPENCL;

        private static final long serialVersionUID = 1L;

        NoDeviceException(String message, Throwable cause) { super(message, cause); }
    }

    /** A request exceeds a limit of the device. The message gives the size and the limit. */
    public static final class DeviceLimitException extends OpenClException {
        private static final long serialVersionUID = 1L;

        /** @param limit MEMORY or KERNEL */
        public DeviceLimitException(String message, Limit limit) { super(message, limit); }
    }

    /** A program does not build on a device. The message is one line, without the build options and the compiler's log. */
    public static final class BuildException extends OpenClException {
        private static final long serialVersionUID = 1L;

        private final String options;
        private final String log;

        BuildException(String message, String options, String log) {
            super(message);
            this.options = options;
            this.log = log;
        }

        public String options() { return options; }

        /** What the device's compiler printed, with the names and lines of the files under {@code cl/}. */
        public String log() { return log; }
    }

    /** A device computes another result than the host from the same input. The message is one line. */
    public static final class WrongResultException extends OpenClException {
        private static final long serialVersionUID = 1L;

        /** @param what is wrong, such as {@code the gradient of layer 2 by the plan fused is off by 3.0e-01 of its size} */
        public WrongResultException(Device device, String what) {
            super("%s computes wrong results: %s; update its driver (%s %s), or use another device".formatted(device.name(), what,
                    device.platformName(), device.driver()));
        }
    }
}
