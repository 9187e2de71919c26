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
 * An OpenCL device and the facts that kernels are built for.
 *
 * @param index              in {@link #all}; the same in each process with the same environment
 * @param platformVersion    may contain the driver's version, such as {@code OpenCL 3.0 PoCL 3.1 ... LLVM 14.0.6}
 * @param driver             the driver's version
 * @param version            the device's OpenCL version, such as {@code OpenCL 3.0 CUDA}
 * @param uuid               with dashes, distinguishes equal devices; empty if the driver does not report it
 * @param nativeVectorFloats floats of a hardware vector as the driver reports them: 16 with AVX-512, 8 with AVX2, 1 on most GPUs
 * @param fusesMultiplyAdd   whether the hardware has a fused multiply-add; without one {@code fma()} is slow
 * @param maxGroupSize       most work-items of a work-group
 * @param localBytes         most local memory of a work-group
 * @param maxBufferBytes     most bytes of a buffer
 * @param claimsGlSharing    whether the driver claims to share buffers with OpenGL; only a trial shows whether it does
 * @param atomics            memory order and scope of its atomic operations and fences, in words
 * @param fence              how its work-groups can exchange data within a launch
 */
public record Device(Handle handle, int index, String platformName, String platformVersion, String name, String driver,
        String version, String uuid, Type type, int computeUnits, int nativeVectorFloats, boolean fusesMultiplyAdd,
        long maxGroupSize, long localBytes, long globalBytes, long maxBufferBytes, boolean claimsGlSharing, String atomics,
        Fence fence) {
    /** The kind of a device, which determines the default tuning. */
    public enum Type { CPU, GPU, OTHER }

    /** OpenCL's handles of a device and its platform. */
    record Handle(cl_platform_id platform, cl_device_id id) { }

    /** All 32 bits: some drivers refuse {@code CL_DEVICE_TYPE_ALL}, which is -1L. */
    private static final long ALL_DEVICE_TYPES = 0xFFFFFFFFL;
    private static final Logger LOG = LoggerFactory.getLogger(Device.class);
    private static final int PLATFORM_NOT_FOUND = -1001;

    /**
     * The usable devices of this machine, at least one: those available, with a compiler and OpenCL 1.2 or newer.
     *
     * @throws NoDeviceException when this machine lacks a loader, a driver, a device, or a folder for the native libraries
     */
    public static synchronized List<Device> all() { // the first call starts drivers, which must not run concurrently
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

    /** Adds a usable device; skips one whose queries fail. */
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
     * The device that a user selects.
     *
     * @param choice {@code auto}; an index into {@link #all} of one or two digits; part of a name, case ignored, which selects
     *               the first device that contains it; or at least the first 8 digits of a UUID, as {@code nvidia-smi} prints it
     *               or without {@code GPU-} and dashes
     * @throws InvalidInputException if no device matches, or if several UUIDs do; the message lists the devices
     * @throws NoDeviceException     if this machine has no device
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

    /** Selects from {@code devices} by a part of a name or the beginning of a UUID. */
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
        return unknown("no OpenCL device matches '" + text
                + (devices.size() == 1 ? "'; the only device is " : "'; the devices are "), devices);
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

    /** The device that {@code auto} selects: the first GPU, or else the first device. */
    public static Device automatic(List<Device> devices) {
        return devices.stream().filter(d -> d.type == Type.GPU).findFirst().orElse(devices.get(0));
    }

    cl_device_id id() { return handle.id(); }

    private String uuidDigits() { return uuid.replace("-", ""); }

    /**
     * Whether the driver has its own cache of built programs, which is better than a cache of its binaries: PoCL 3.1 compiles
     * each kernel a second time before it returns a binary.
     */
    boolean keepsPrograms() { return platformName.equals("Portable Computing Language"); }

    /** Texts that distinguish this device and its driver from others; equal devices differ in their UUID, if reported. */
    public List<String> identity() {
        return List.of(System.getProperty("os.name"), System.getProperty("os.arch"), platformName, platformVersion, name,
                version, driver, uuidDigits());
    }

    @Override
    public String toString() { return name + " (" + platformName + ")"; }
}
