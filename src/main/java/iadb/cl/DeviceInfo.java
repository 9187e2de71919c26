package iadb.cl;

import static org.jocl.CL.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jocl.Pointer;
import org.jocl.cl_platform_id;

/** What platforms and devices say about themselves, as text and numbers. */
final class DeviceInfo {
    // what JOCL, which ends at OpenCL 2.0, does not name
    static final long CL_DEVICE_ATOMIC_ORDER_ACQ_REL = 1 << 1;
    static final long CL_DEVICE_ATOMIC_ORDER_SEQ_CST = 1 << 2;
    static final long CL_DEVICE_ATOMIC_SCOPE_DEVICE = 1 << 5;
    private static final long ATOMICS_OF_OPENCL_2 = 0x3F; // every order, and every scope up to the device
    private static final int CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES = 0x1063;
    private static final int CL_DEVICE_ATOMIC_FENCE_CAPABILITIES = 0x1064;
    private static final int CL_DEVICE_UUID_KHR = 0x106A; // of cl_khr_device_uuid
    private static final int CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV = 0x4000; // of cl_nv_device_attribute_query
    private static final int UUID_BYTES = 16;

    private DeviceInfo() {
    }

    static String text(Device device, int key) {
        long[] size = new long[1];
        OpenClException.check(clGetDeviceInfo(device.id(), key, 0, null, size), "clGetDeviceInfo", device);
        byte[] bytes = new byte[(int) size[0]];
        OpenClException.check(clGetDeviceInfo(device.id(), key, bytes.length, Pointer.to(bytes), null), "clGetDeviceInfo", device);
        return trimmed(bytes);
    }

    /** A device fact of 4 or 8 bytes. */
    static long number(Device device, int key) {
        long[] size = new long[1];
        OpenClException.check(clGetDeviceInfo(device.id(), key, 0, null, size), "clGetDeviceInfo", device);
        ByteBuffer bytes = ByteBuffer.allocate((int) size[0]).order(ByteOrder.nativeOrder());
        OpenClException.check(clGetDeviceInfo(device.id(), key, size[0], Pointer.to(bytes), null), "clGetDeviceInfo", device);
        return size[0] == 4 ? Integer.toUnsignedLong(bytes.getInt(0)) : bytes.getLong(0);
    }

    /** A device fact of 4 or 8 bytes; 0 where the driver does not tell it. */
    private static long numberIfTold(Device device, int key) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder());
        long[] size = new long[1];
        int status = clGetDeviceInfo(device.id(), key, Long.BYTES, Pointer.to(bytes), size);
        return status != CL_SUCCESS ? 0 : size[0] == 4 ? Integer.toUnsignedLong(bytes.getInt(0)) : bytes.getLong(0);
    }

    /** The major number of an OpenCL version text. */
    static int openClMajor(Device device) {
        Matcher major = Pattern.compile("OpenCL (\\d+)\\..*").matcher(device.version());
        return major.matches() ? Integer.parseInt(major.group(1)) : 1;
    }

    /** Bits CL_DEVICE_ATOMIC_* that hold for atomic operations and for fences; 0 before OpenCL 2.0. */
    static long atomics(Device device) {
        return switch (openClMajor(device)) {
            case 1 -> 0;
            case 2 -> ATOMICS_OF_OPENCL_2;
            default -> numberIfTold(device, CL_DEVICE_ATOMIC_MEMORY_CAPABILITIES)
                    & numberIfTold(device, CL_DEVICE_ATOMIC_FENCE_CAPABILITIES);
        };
    }

    /** The major number of NVIDIA's compute capability; 0: another device, or not told. */
    static int nvidiaMajor(Device device) {
        return device.has("cl_nv_device_attribute_query") ? (int) numberIfTold(device, CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV) : 0;
    }

    /** The device's UUID as 32 hexadecimal digits; "" where the driver does not tell it in spite of its extension. */
    static String uuid(Device device) {
        byte[] bytes = new byte[UUID_BYTES];
        return clGetDeviceInfo(device.id(), CL_DEVICE_UUID_KHR, bytes.length, Pointer.to(bytes), null) == CL_SUCCESS
                ? HexFormat.of().formatHex(bytes) : "";
    }

    static String platformText(cl_platform_id platform, int key) {
        long[] size = new long[1];
        if (clGetPlatformInfo(platform, key, 0, null, size) != CL_SUCCESS) {
            return "unknown platform";
        }
        byte[] bytes = new byte[(int) size[0]];
        return clGetPlatformInfo(platform, key, bytes.length, Pointer.to(bytes), null) == CL_SUCCESS ? trimmed(bytes)
                : "unknown platform";
    }

    private static String trimmed(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    }
}
