package iadb.cl;

import static org.jocl.CL.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jocl.Pointer;
import org.jocl.cl_platform_id;

/** What platforms and devices say about themselves, as text and numbers. */
final class DeviceInfo {
    private static final int CL_DEVICE_UUID_KHR = 0x106A; // of cl_khr_device_uuid; JOCL does not name it
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
