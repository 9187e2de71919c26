package iadb.cl;

import static org.jocl.CL.*;

import iadb.cl.OpenClException.DeviceLimitException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/** Memory of a device, owned by its creator. Reads and writes are commands of the context's queue. */
public final class DeviceBuffer implements AutoCloseable {
    private final Context context;
    private final cl_mem memory;
    private final long bytes;

    DeviceBuffer(Context context, long bytes) {
        Device device = context.device();
        if (bytes > device.maxBufferBytes()) {
            throw new DeviceLimitException(String.format(Locale.ROOT,
                    "a buffer of %,d bytes is needed, but %s allows at most %,d bytes",
                    bytes, device.name(), device.maxBufferBytes()), OpenClException.Limit.MEMORY);
        }
        this.context = context;
        this.bytes = bytes;
        int[] status = new int[1];
        memory = clCreateBuffer(context.handle(), CL_MEM_READ_WRITE, bytes, null, status);
        OpenClException.check(status[0], "clCreateBuffer of " + bytes + " bytes", device);
    }

    /** A view of existing memory. */
    DeviceBuffer(Context context, cl_mem memory, long bytes) {
        this.context = context;
        this.memory = memory;
        this.bytes = bytes;
    }

    public long bytes() { return bytes; }

    cl_mem handle() { return memory; }

    /** Writes these values from the buffer's start, and returns when the array may be changed. */
    public void write(float[] data) { write(data, 0); }

    /** Writes these values starting at float {@code first}, and returns when the array may be changed. */
    public void write(float[] data, long first) { write(Pointer.to(data), first * Float.BYTES, (long) data.length * Float.BYTES); }

    /** Writes these values from the buffer's start, and returns when the array may be changed. */
    public void write(byte[] data) { write(Pointer.to(data), 0, data.length); }

    /** Writes these values from the buffer's start, and returns when the array may be changed. */
    public void write(short[] data) { write(Pointer.to(data), 0, (long) data.length * Short.BYTES); }

    /** Writes these values from the buffer's start, and returns when the array may be changed. */
    public void write(int[] data) { write(Pointer.to(data), 0, (long) data.length * Integer.BYTES); }

    /** Writes these values from the buffer's start, and returns when the array may be changed. */
    public void write(long[] data) { write(Pointer.to(data), 0, (long) data.length * Long.BYTES); }

    private void write(Pointer from, long offset, long count) {
        checkRange(offset, count);
        OpenClException.check(clEnqueueWriteBuffer(context.queue(), memory, true, offset, count, from, 0, null, null),
                "clEnqueueWriteBuffer", context.device());
    }

    /** Waits for what is enqueued, then reads {@code data.length} floats from the buffer's start. */
    public float[] read(float[] data) { return read(data, 0); }

    /** Waits for what is enqueued, then reads {@code data.length} floats starting at float {@code first}. */
    public float[] read(float[] data, long first) {
        read(Pointer.to(data), first * Float.BYTES, (long) data.length * Float.BYTES);
        return data;
    }

    /**
     * Waits for what is enqueued, then reads {@code data.remaining()} bytes from the buffer's start into memory outside the Java
     * heap, such as another driver's. The position of {@code data} does not change.
     */
    public void read(ByteBuffer data) {
        if (!data.isDirect()) {
            throw new IllegalArgumentException("a buffer on the Java heap");
        }
        read(Pointer.to(data.slice()), 0, data.remaining());
    }

    private void read(Pointer to, long offset, long count) {
        checkRange(offset, count);
        OpenClException.check(clEnqueueReadBuffer(context.queue(), memory, true, offset, count, to, 0, null, null),
                "clEnqueueReadBuffer", context.device());
    }

    void checkRange(long offset, long count) {
        if (offset < 0 || count < 0 || offset + count > bytes) {
            throw new IndexOutOfBoundsException("bytes %s to %s of a buffer of %s".formatted(offset, offset + count, bytes));
        }
    }

    @Override
    public void close() { clReleaseMemObject(memory); }
}
