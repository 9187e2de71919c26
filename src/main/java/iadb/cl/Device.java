package iadb.cl;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An OpenCL device and the facts about it that kernels are built for.
 *
 * <p>Devices are numbered over all platforms in the order that the loader gives them. {@link #limitedTo} gives the same
 * device with smaller limits, {@link #with} with another fence: what is built for it must respect them, which is how tests
 * try devices that are not here.
 */
public final class Device {
    /** What a device is; decides the default tuning. */
    public enum Type { CPU, GPU, OTHER }

    /** All bits of a device type but the sign: some drivers refuse the -1 that {@code CL_DEVICE_TYPE_ALL} is. */
    private static final long ALL_DEVICE_TYPES = 0xFFFFFFFFL;
    private static final Logger LOG = LoggerFactory.getLogger(Device.class);
    private static final int PLATFORM_NOT_FOUND = -1001;

    private final cl_platform_id platform;
    private final cl_device_id id;
    private final int index;
    private final String platformName;
    private final String platformVersion; // in some with the driver's own: OpenCL 3.0 PoCL 3.1 ... LLVM 14.0.6
    private final String name;
    private final String driver;
    private final String version;
    private final Set<String> extensions;
    private final Type type;
    private final int computeUnits;
    private final int nativeVectorFloats;
    private final boolean fusesMultiplyAdd;
    private final boolean usable;
    private final long maxGroupSize;
    private final long localBytes;
    private final long globalBytes;
    private final long maxBufferBytes;

    private final String uuid; // as 32 hexadecimal digits; "" where it is not told
    private final long atomics; // bits CL_DEVICE_ATOMIC_*
    private final Fence fence;

    private Device(cl_platform_id platform, cl_device_id id, int index) {
        this.platform = platform;
        this.id = id;
        this.index = index;
        platformName = DeviceInfo.platformText(platform, CL_PLATFORM_NAME);
        platformVersion = DeviceInfo.platformText(platform, CL_PLATFORM_VERSION);
        name = DeviceInfo.text(this, CL_DEVICE_NAME);
        driver = DeviceInfo.text(this, CL_DRIVER_VERSION);
        version = DeviceInfo.text(this, CL_DEVICE_VERSION);
        extensions = Set.copyOf(List.of(DeviceInfo.text(this, CL_DEVICE_EXTENSIONS).split(" +"))); // some drivers name one twice
        uuid = has("cl_khr_device_uuid") ? DeviceInfo.uuid(this) : "";
        long typeBits = DeviceInfo.number(this, CL_DEVICE_TYPE);
        type = (typeBits & CL_DEVICE_TYPE_GPU) != 0 ? Type.GPU : (typeBits & CL_DEVICE_TYPE_CPU) != 0 ? Type.CPU : Type.OTHER;
        computeUnits = (int) DeviceInfo.number(this, CL_DEVICE_MAX_COMPUTE_UNITS);
        nativeVectorFloats = (int) DeviceInfo.number(this, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT);
        fusesMultiplyAdd = (DeviceInfo.number(this, CL_DEVICE_SINGLE_FP_CONFIG) & CL_FP_FMA) != 0;
        usable = DeviceInfo.number(this, CL_DEVICE_AVAILABLE) != 0 && DeviceInfo.number(this, CL_DEVICE_COMPILER_AVAILABLE) != 0
                && !version.matches("OpenCL 1\\.[01]\\b.*");
        maxGroupSize = DeviceInfo.number(this, CL_DEVICE_MAX_WORK_GROUP_SIZE);
        localBytes = DeviceInfo.number(this, CL_DEVICE_LOCAL_MEM_SIZE);
        globalBytes = DeviceInfo.number(this, CL_DEVICE_GLOBAL_MEM_SIZE);
        maxBufferBytes = DeviceInfo.number(this, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
        atomics = DeviceInfo.atomics(this);
        fence = Fence.of(new Fence.Facts((typeBits & CL_DEVICE_TYPE_CPU) != 0, System.getProperty("os.arch"), platformName,
                DeviceInfo.openClMajor(this), DeviceInfo.nvidiaMajor(this), atomics));
    }

    private Device(Device other, long maxGroupSize, long localBytes, Fence fence, String uuid) {
        platform = other.platform;
        id = other.id;
        index = other.index;
        platformName = other.platformName;
        platformVersion = other.platformVersion;
        name = other.name;
        driver = other.driver;
        version = other.version;
        extensions = other.extensions;
        this.uuid = uuid;
        type = other.type;
        computeUnits = other.computeUnits;
        nativeVectorFloats = other.nativeVectorFloats;
        fusesMultiplyAdd = other.fusesMultiplyAdd;
        usable = other.usable;
        this.maxGroupSize = Math.min(maxGroupSize, other.maxGroupSize);
        this.localBytes = Math.min(localBytes, other.localBytes);
        globalBytes = other.globalBytes;
        maxBufferBytes = other.maxBufferBytes;
        atomics = other.atomics;
        this.fence = fence;
    }

    /**
     * All usable devices of this machine, at least one: available, with a compiler, OpenCL 1.2 or newer.
     *
     * @throws NoDeviceException when this machine lacks a loader, a driver, a device, or a folder for the native libraries
     */
    public static synchronized List<Device> all() { // the first call starts drivers, which must not happen twice at once
        if (!LoaderSearch.mayFindLoader()) {
            throw new NoDeviceException(NO_LOADER, null);
        }
        NativeLibraries.load();
        return SignalHandlers.keptDuring(Device::find);
    }

    private static List<Device> find() {
        int[] count = new int[1];
        int status;
        try {
            status = clGetPlatformIDs(0, null, count);
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            throw new NoDeviceException(NO_LOADER, e);
        } catch (org.jocl.CLException e) {
            status = e.getStatus();
        }
        if (status != CL_SUCCESS && status != PLATFORM_NOT_FOUND) {
            throw new NoDeviceException("the OpenCL loader fails with " + stringFor_errorCode(status) + "; "
                    + HOW_TO_GET_OPENCL, null);
        }
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        if (count[0] > 0 && clGetPlatformIDs(platforms.length, platforms, null) != CL_SUCCESS) {
            throw new NoDeviceException("the OpenCL loader does not name its platforms; " + HOW_TO_GET_OPENCL, null);
        }
        List<Device> devices = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            if (clGetDeviceIDs(platform, ALL_DEVICE_TYPES, 0, null, count) != CL_SUCCESS || count[0] == 0) {
                continue;
            }
            cl_device_id[] ids = new cl_device_id[count[0]];
            if (clGetDeviceIDs(platform, ALL_DEVICE_TYPES, ids.length, ids, null) == CL_SUCCESS) {
                for (cl_device_id id : ids) {
                    addIfUsable(devices, platform, id);
                }
            }
        }
        if (devices.isEmpty()) {
            throw new NoDeviceException("an OpenCL loader but no device; " + HOW_TO_GET_OPENCL, null);
        }
        return devices;
    }

    /** A device that cannot say what it is does not hide the others. */
    private static void addIfUsable(List<Device> devices, cl_platform_id platform, cl_device_id id) {
        try {
            Device device = new Device(platform, id, devices.size());
            if (device.usable) {
                devices.add(device);
            } else {
                LOG.debug("{} is left out: not available, without a compiler, or older than OpenCL 1.2", device);
            }
        } catch (OpenClException e) {
            LOG.debug("a device is left out: {}", e.getMessage());
        }
    }

    private static final String HOW_TO_GET_OPENCL =
            "install your GPU's driver, or PoCL for the CPU (Debian, Ubuntu: apt install pocl-opencl-icd; "
            + "Fedora: dnf install pocl; Arch: pacman -S pocl; macOS: brew install pocl), which needs a HOME or POCL_CACHE_DIR"
            + " that it may write to";

    /** What is said where there is none. */
    static final String NO_LOADER = "no OpenCL loader on this machine; " + HOW_TO_GET_OPENCL;

    /**
     * The device that a user means.
     *
     * @param choice {@code auto}; an index into {@link #all}, one or two digits; a part of a name, case ignored, of which the first
     *               device is taken that has it; or a UUID or its first 8 digits or more, as {@code nvidia-smi} prints it or without
     *               {@code GPU-} and dashes
     * @throws UnknownDeviceException when none matches, or the UUIDs of several
     * @throws NoDeviceException when there is none at all
     */
    public static Device select(String choice) {
        List<Device> devices = all();
        if (choice.equals("auto")) {
            return automatic(devices);
        }
        if (choice.matches("\\d{1,2}")) {
            return devices.stream().filter(d -> d.index == Integer.parseInt(choice)).findFirst()
                    .orElseThrow(() -> unknown("no OpenCL device matches '" + choice + "'; there is ", devices));
        }
        return select(choice, devices);
    }

    /** The device of these that a part of a name or the beginning of a UUID means. */
    static Device select(String text, List<Device> devices) {
        List<Device> named = devices.stream().filter(d -> isNamed(text, d.name)).toList();
        List<Device> identified = devices.stream().filter(d -> identifies(text, d.uuid)).toList();
        if (identified.size() > 1) {
            throw unknown("'" + text + "' begins the UUIDs of several OpenCL devices: ", identified);
        }
        List<Device> matching = named.isEmpty() ? identified : named;
        if (matching.isEmpty()) {
            throw unknown("no OpenCL device matches '" + text + "'; there is ", devices);
        }
        if (matching.size() > 1) {
            LOG.info("'{}' is part of the names of {} devices; the first is taken: {}", text, matching.size(),
                    described(matching.get(0)));
        }
        return matching.get(0);
    }

    private static UnknownDeviceException unknown(String what, List<Device> devices) {
        return new UnknownDeviceException(what + String.join(", ", devices.stream().map(Device::described).toList()));
    }

    private static String described(Device device) {
        return device.index + ": " + device.name + (device.uuid.isEmpty() ? "" : " (UUID " + device.uuid() + ")");
    }

    /** Whether {@code text} is a part of a name. */
    static boolean isNamed(String text, String name) {
        return !text.isBlank() && name.toLowerCase(Locale.ROOT).contains(text.toLowerCase(Locale.ROOT));
    }

    /** Whether {@code text} is the beginning of a UUID. */
    static boolean identifies(String text, String uuid) {
        String digits = text.toLowerCase(Locale.ROOT).replaceFirst("^gpu-", "").replace("-", "");
        return digits.matches("[0-9a-f]{8,32}") && uuid.startsWith(digits);
    }

    /** Its place in {@link #all}, which is the same in another process with the same environment. */
    public int index() {
        return index;
    }

    /** The device that {@code auto} takes: the first GPU, else the first device. */
    public static Device automatic(List<Device> devices) {
        return devices.stream().filter(d -> d.type == Type.GPU).findFirst().orElse(devices.get(0));
    }

    /** This device with a work-group size and local memory (bytes) of at most these. */
    public Device limitedTo(long groupSize, long bytes) {
        return new Device(this, groupSize, bytes, fence, uuid);
    }

    /** This device with another way to order memory between work-groups. */
    public Device with(Fence other) {
        return new Device(this, maxGroupSize, localBytes, other, uuid);
    }

    /** This device with another UUID, 32 hexadecimal digits. */
    Device withUuid(String other) {
        return new Device(this, maxGroupSize, localBytes, fence, other);
    }

    cl_platform_id platform() {
        return platform;
    }

    cl_device_id id() {
        return id;
    }

    public String platformName() {
        return platformName;
    }

    public String name() {
        return name;
    }

    /** The driver's own version text. */
    public String driver() {
        return driver;
    }

    /** The OpenCL version text, such as {@code OpenCL 3.0 CUDA}. */
    public String version() {
        return version;
    }

    /**
     * Whether the driver keeps built programs across runs by itself, and better than its binaries do: PoCL 3.1 compiles
     * every kernel a second time before it gives a binary, and its own cache holds what a launch needs.
     */
    boolean keepsPrograms() {
        return platformName.equals("Portable Computing Language");
    }

    /** A cause of failed builds: PoCL writes what it builds into a folder before it loads it. */
    String buildFailureHint() {
        return keepsPrograms() ? ", or see that PoCL can write to its cache folder (POCL_CACHE_DIR, by default ~/.cache/pocl)" : "";
    }

    /** The UUID with dashes, which tells equal devices apart; empty where the driver does not tell it. */
    public String uuid() {
        return uuid.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5");
    }

    /** How its work-groups can exchange data within a launch. */
    public Fence fence() {
        return fence;
    }

    /** What its atomic operations and fences can do, in words. */
    public String atomics() {
        if (atomics == 0) {
            return "not reported";
        }
        String order = (atomics & DeviceInfo.CL_DEVICE_ATOMIC_ORDER_SEQ_CST) != 0 ? "sequentially consistent"
                : (atomics & DeviceInfo.CL_DEVICE_ATOMIC_ORDER_ACQ_REL) != 0 ? "acquire-release" : "relaxed";
        return order + ((atomics & DeviceInfo.CL_DEVICE_ATOMIC_SCOPE_DEVICE) != 0 ? ", whole device" : ", one work-group");
    }

    public Type type() {
        return type;
    }

    public int computeUnits() {
        return computeUnits;
    }

    /** Floats in a hardware vector as the driver says: 16 with AVX-512, 8 with AVX2, 1 on most GPUs. */
    public int nativeVectorFloats() {
        return nativeVectorFloats;
    }

    /** Whether the hardware has a fused multiply-add; without one {@code fma()} is a slow function. */
    public boolean fusesMultiplyAdd() {
        return fusesMultiplyAdd;
    }

    public long maxGroupSize() {
        return maxGroupSize;
    }

    /** Bytes of local memory a work-group can have. */
    public long localBytes() {
        return localBytes;
    }

    public long globalBytes() {
        return globalBytes;
    }

    /** Bytes that one buffer can have. */
    public long maxBufferBytes() {
        return maxBufferBytes;
    }

    /** Whether the driver claims to share buffers with OpenGL. Only a trial shows whether it can. */
    public boolean claimsGlSharing() {
        return has("cl_khr_gl_sharing") || has("cl_APPLE_gl_sharing");
    }

    /** What tells this device and its driver from others; equal devices of a machine by their UUID, where the driver tells it. */
    public List<String> identity() {
        return List.of(System.getProperty("os.name"), System.getProperty("os.arch"), platformName, platformVersion, name,
                version, driver, uuid);
    }

    /** Whether the device offers {@code extension}; read this before any call that belongs to it. */
    public boolean has(String extension) {
        return extensions.contains(extension);
    }

    @Override
    public String toString() {
        return name + " (" + platformName + ")";
    }
}
