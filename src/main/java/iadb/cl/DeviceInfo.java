package iadb.cl;

import static org.jocl.CL.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jocl.Pointer;

/** Queries a device and its platform. */
final class DeviceInfo {
    // constants that JOCL, which supports OpenCL 2.0, lacks
    static final long CL_DEVICE_ATOMIC_ORDER_ACQ_REL = 1 << 1;
    static final long CL_DEVICE_ATOMIC_SCOPE_DEVICE = 1 << 5;
    private static final long CL_DEVICE_ATOMIC_ORDER_SEQ_CST = 1 << 2;
    private static final long ATOMICS_OF_OPENCL_2 = 0x3F; // every order, and every scope up to the device
    private static final int CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES = 0x1063;
    private static final int CL_DEVICE_ATOMIC_FENCE_CAPABILITIES = 0x1064;
    private static final int CL_DEVICE_UUID_KHR = 0x106A; // of cl_khr_device_uuid
    private static final int CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV = 0x4000; // of cl_nv_device_attribute_query
    private static final int UUID_BYTES = 16;

    private final Device.Handle handle;
    private final Set<String> extensions;

    DeviceInfo(Device.Handle handle) {
        this.handle = handle;
        extensions = Set.copyOf(List.of(text(CL_DEVICE_EXTENSIONS).split(" +"))); // some drivers name one twice
    }

    /** Whether the device is available, and has a compiler and OpenCL 1.2 or newer. */
    boolean isUsable() {
        return number(CL_DEVICE_AVAILABLE) != 0 && number(CL_DEVICE_COMPILER_AVAILABLE) != 0
                && !text(CL_DEVICE_VERSION).matches("OpenCL 1\\.[01]\\b.*");
    }

    Device device(int index) {
        long types = number(CL_DEVICE_TYPE);
        boolean isCpu = (types & CL_DEVICE_TYPE_CPU) != 0;
        Device.Type type = (types & CL_DEVICE_TYPE_GPU) != 0 ? Device.Type.GPU : isCpu ? Device.Type.CPU : Device.Type.OTHER;
        String platform = platformText(CL_PLATFORM_NAME);
        String version = text(CL_DEVICE_VERSION);
        Matcher major = Pattern.compile("OpenCL (\\d+)\\..*").matcher(version);
        int openClMajor = major.matches() ? Integer.parseInt(major.group(1)) : 1;
        int nvidiaMajor = extensions.contains("cl_nv_device_attribute_query")
                ? (int) numberOrZero(CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV) : 0;
        long atomics = switch (openClMajor) {
            case 1 -> 0;
            case 2 -> ATOMICS_OF_OPENCL_2;
            default -> numberOrZero(CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES) & numberOrZero(CL_DEVICE_ATOMIC_FENCE_CAPABILITIES);
        };
        Fence fence = Fence.of(
                new Fence.Facts(isCpu, System.getProperty("os.arch"), platform, openClMajor, nvidiaMajor, atomics));
        return new Device(handle, index, platform, platformText(CL_PLATFORM_VERSION), text(CL_DEVICE_NAME),
                text(CL_DRIVER_VERSION), version, uuid(), type, (int) number(CL_DEVICE_MAX_COMPUTE_UNITS),
                (int) number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT), (number(CL_DEVICE_SINGLE_FP_CONFIG) & CL_FP_FMA) != 0,
                number(CL_DEVICE_MAX_WORK_GROUP_SIZE), number(CL_DEVICE_LOCAL_MEM_SIZE), number(CL_DEVICE_GLOBAL_MEM_SIZE),
                number(CL_DEVICE_MAX_MEM_ALLOC_SIZE), extensions.contains("cl_khr_gl_sharing")
                || extensions.contains("cl_APPLE_gl_sharing"), describeAtomics(atomics), fence);
    }

    /** The memory order and scope that bits CL_DEVICE_ATOMIC_* promise. */
    private static String describeAtomics(long atomics) {
        String order = (atomics & CL_DEVICE_ATOMIC_ORDER_SEQ_CST) != 0 ? "sequentially consistent"
                : (atomics & CL_DEVICE_ATOMIC_ORDER_ACQ_REL) != 0 ? "acquire-release" : "relaxed";
        return atomics == 0 ? "not reported"
                : order + ((atomics & CL_DEVICE_ATOMIC_SCOPE_DEVICE) != 0 ? ", whole device" : ", one work-group");
    }

    /** The UUID with dashes; "" if the driver does not report it. */
    private String uuid() {
        byte[] bytes = new byte[UUID_BYTES];
        return extensions.contains("cl_khr_device_uuid")
                && clGetDeviceInfo(handle.id(), CL_DEVICE_UUID_KHR, bytes.length, Pointer.to(bytes), null) == CL_SUCCESS
                ? HexFormat.of().formatHex(bytes).replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5") : "";
    }

    String text(int key) {
        return new String(bytes(key).array(), StandardCharsets.UTF_8).replace('\0', ' ').strip();
    }

    /** A value of 4 or 8 bytes. */
    private long number(int key) {
        ByteBuffer bytes = bytes(key);
        return switch (bytes.capacity()) {
            case Integer.BYTES -> Integer.toUnsignedLong(bytes.getInt(0));
            case Long.BYTES -> bytes.getLong(0);
            default -> throw new OpenClException("clGetDeviceInfo(0x" + Integer.toHexString(key) + ") gives " + bytes.capacity()
                    + " bytes, not 4 or 8");
        };
    }

    /** A value of 4 or 8 bytes; 0 if the driver does not report it. */
    private long numberOrZero(int key) {
        try {
            return number(key);
        } catch (OpenClException e) {
            return 0;
        }
    }

    private ByteBuffer bytes(int key) {
        long[] size = new long[1];
        check(clGetDeviceInfo(handle.id(), key, 0, null, size));
        ByteBuffer bytes = ByteBuffer.allocate((int) size[0]).order(ByteOrder.nativeOrder());
        check(clGetDeviceInfo(handle.id(), key, size[0], Pointer.to(bytes), null));
        return bytes;
    }

    private static void check(int status) { OpenClException.check(status, "clGetDeviceInfo", "an OpenCL device"); }

    private String platformText(int key) {
        long[] size = new long[1];
        clGetPlatformInfo(handle.platform(), key, 0, null, size); // 0 bytes if it fails
        byte[] bytes = new byte[(int) size[0]];
        return bytes.length > 0 && clGetPlatformInfo(handle.platform(), key, bytes.length, Pointer.to(bytes), null) == CL_SUCCESS
                ? new String(bytes, StandardCharsets.UTF_8).replace('\0', ' ').strip() : "unknown platform";
    }
}
