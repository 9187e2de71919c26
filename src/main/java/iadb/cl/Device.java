package iadb.cl;

import static org.jocl.CL.*;

import iadb.cl.OpenClException.NoDeviceException;
import iadb.fault.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An OpenCL device and the facts about it that kernels are built for.
 *
 * @param handle             what OpenCL knows it by
 * @param index              its place in {@link #all}, which is the same in another process with the same environment
 * @param platformVersion    in some with the driver's own: OpenCL 3.0 PoCL 3.1 ... LLVM 14.0.6
 * @param driver             version text of the driver
 * @param version            the OpenCL version text, such as {@code OpenCL 3.0 CUDA}
 * @param uuid               with dashes, distinguishes equal devices; empty where the driver does not report it
 * @param nativeVectorFloats floats in a hardware vector by the driver: 16 with AVX-512, 8 with AVX2, 1 on most GPUs
 * @param fusesMultiplyAdd   whether the hardware has a fused multiply-add; without one {@code fma()} is a slow function
 * @param maxGroupSize       most work-items of a work-group
 * @param localBytes         most local memory of a work-group
 * @param maxBufferBytes     most bytes of one buffer
 * @param claimsGlSharing    whether the driver claims to share buffers with OpenGL; only a trial shows whether it can
 * @param atomics            what its atomic operations and fences can do, in words
 * @param fence              how its work-groups can exchange data within a launch
 */
public record Device(Handle handle, int index, String platformName, String platformVersion, String name, String driver,
        String version, String uuid, Type type, int computeUnits, int nativeVectorFloats, boolean fusesMultiplyAdd,
        long maxGroupSize, long localBytes, long globalBytes, long maxBufferBytes, boolean claimsGlSharing, String atomics,
        Fence fence) {
    /** What a device is; decides the default tuning. */
    public enum Type { CPU, GPU, OTHER }

    /** OpenCL's names of a device and its platform. */
    record Handle(cl_platform_id platform, cl_device_id id) { }

    /** All bits of a device type except the sign: some drivers refuse the -1 that {@code CL_DEVICE_TYPE_ALL} is. */
    private static final long ALL_DEVICE_TYPES = 0xFFFFFFFFL;
    private static final Logger LOG = LoggerFactory.getLogger(Device.class);
    private static final int PLATFORM_NOT_FOUND = -1001;

    /**
     * All usable devices of this machine, at least one: available, with a compiler, OpenCL 1.2 or newer.
     *
     * @throws NoDeviceException when this machine lacks a loader, a driver, a device, or a folder for the native libraries
     */
    public static synchronized List<Device> all() { // the first call starts drivers, which must not happen twice at once
        NativeLibraries.load();
        return SignalHandlers.keptDuring(Device::find);
    }

    private static List<Device> find() {
        int[] count = new int[1];
        int status;
        try {
            status = clGetPlatformIDs(0, null, count);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new NoDeviceException(NoDeviceException.NO_LOADER, e);
        } catch (org.jocl.CLException e) {
            status = e.getStatus();
        }
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        if (status == CL_SUCCESS && count[0] > 0) {
            status = clGetPlatformIDs(platforms.length, platforms, null);
        }
        if (status != CL_SUCCESS && status != PLATFORM_NOT_FOUND) {
            throw new NoDeviceException("the OpenCL loader fails with " + stringFor_errorCode(status) + "; "
                    + NoDeviceException.HOW_TO_GET_OPENCL, null);
        }
        List<Device> devices = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            if (clGetDeviceIDs(platform, ALL_DEVICE_TYPES, 0, null, count) == CL_SUCCESS && count[0] > 0) {
                cl_device_id[] ids = new cl_device_id[count[0]];
                if (clGetDeviceIDs(platform, ALL_DEVICE_TYPES, ids.length, ids, null) == CL_SUCCESS) {
                    for (cl_device_id id : ids) {
                        addIfUsable(devices, new Handle(platform, id));
                    }
                }
            }
        }
        if (devices.isEmpty()) {
            throw new NoDeviceException("an OpenCL loader but no device; " + NoDeviceException.HOW_TO_GET_OPENCL, null);
        }
        return devices;
    }

    /** A device that cannot describe itself does not hide the others. */
    private static void addIfUsable(List<Device> devices, Handle handle) {
        try {
            DeviceInfo info = new DeviceInfo(handle);
            if (info.isUsable()) {
                devices.add(info.device(devices.size()));
            } else {
                LOG.debug("{} is skipped: unavailable, without a compiler, or older than OpenCL 1.2", info.text(CL_DEVICE_NAME));
            }
        } catch (OpenClException e) {
            LOG.debug("a device is skipped: {}", e.getMessage());
        }
    }

    /**
     * The device that a user means.
     *
     * @param choice {@code auto}; an index into {@link #all}, one or two digits; part of a name, case ignored, which means the
     *               first device that contains it; or a UUID or at least its first 8 digits, as {@code nvidia-smi} prints it or
     *               without {@code GPU-} and dashes
     * @throws InvalidInputException when no device matches, or the UUIDs of several; the message lists the devices
     * @throws NoDeviceException when there is none at all
     */
    public static Device select(String choice) {
        List<Device> devices = all();
        if (choice.equals("auto")) {
            return automatic(devices);
        }
        if (choice.matches("\\d{1,2}")) {
            return devices.stream().filter(d -> d.index == Integer.parseInt(choice)).findFirst()
                    .orElseThrow(() -> noMatch(choice, devices));
        }
        return select(choice, devices);
    }

    /** The device of these that a part of a name or the beginning of a UUID means. */
    static Device select(String text, List<Device> devices) {
        List<Device> named = devices.stream().filter(d -> isNamed(text, d.name)).toList();
        List<Device> identified = devices.stream().filter(d -> identifies(text, d.uuidDigits())).toList();
        if (identified.size() > 1) {
            throw unknown("'" + text + "' begins the UUIDs of several OpenCL devices: ", identified);
        }
        List<Device> matching = named.isEmpty() ? identified : named;
        if (matching.isEmpty()) {
            throw noMatch(text, devices);
        }
        if (matching.size() > 1) {
            LOG.info("'{}' is part of the names of {} devices; the first is taken: {}", text, matching.size(),
                    described(matching.get(0)));
        }
        return matching.get(0);
    }

    private static InvalidInputException noMatch(String text, List<Device> devices) {
        return unknown("no OpenCL device matches '" + text + (devices.size() == 1 ? "'; the only device is " : "'; the devices are "), devices);
    }

    private static InvalidInputException unknown(String what, List<Device> devices) {
        return new InvalidInputException(what + String.join(", ", devices.stream().map(Device::described).toList()));
    }

    private static String described(Device device) {
        return device.index + ": " + device.name + (device.uuid.isEmpty() ? "" : " (UUID " + device.uuid + ")");
    }

    /** Whether {@code text} is a part of a name. */
    static boolean isNamed(String text, String name) {
        return !text.isBlank() && name.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
    }

    /** Whether {@code text} is the beginning of a UUID's digits. */
    static boolean identifies(String text, String uuid) {
        String digits = text.toLowerCase(Locale.ROOT).replaceFirst("^gpu-", "").replace("-", "");
        return digits.matches("[0-9a-f]{8,32}") && uuid.startsWith(digits);
    }

    /** The device that {@code auto} takes: the first GPU, else the first device. */
    public static Device automatic(List<Device> devices) {
        return devices.stream().filter(d -> d.type == Type.GPU).findFirst().orElse(devices.get(0));
    }

    cl_device_id id() { return handle.id(); }

    private String uuidDigits() { return uuid.replace("-", ""); }

    /**
     * Whether the driver keeps built programs across runs by itself, and better than its binaries do: PoCL 3.1 compiles
     * every kernel a second time before it gives a binary, and its own cache holds what a launch needs.
     */
    boolean keepsPrograms() { return platformName.equals("Portable Computing Language"); }

    /** What distinguishes this device and its driver from others; equal devices of a machine by their UUID, if reported. */
    public List<String> identity() {
        return List.of(System.getProperty("os.name"), System.getProperty("os.arch"), platformName, platformVersion, name,
                version, driver, uuidDigits());
    }

    @Override
    public String toString() { return name + " (" + platformName + ")"; }
}
