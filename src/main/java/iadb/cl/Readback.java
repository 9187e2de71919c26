package iadb.cl;

import static org.jocl.CL.*;

import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;

/**
 * Fetches results while the device continues: {@link #start} enqueues a copy into this object's memory, {@link #await} waits for
 * that copy only. One copy at a time.
 *
 * <p>The read has its own queue, so that it does not wait for later commands. It is a blocking read after the copy's event, since
 * JOCL starts a thread for each non-blocking read.
 */
public final class Readback implements AutoCloseable {
    private final Context context;
    private final cl_command_queue queue;
    private final DeviceBuffer memory;
    private cl_event copied;
    private int count;

    Readback(Context context, long bytes) {
        this.context = context;
        memory = context.buffer(bytes);
        try {
            queue = context.newQueue();
        } catch (OpenClException e) {
            memory.close();
            throw e;
        }
    }

    /** Enqueues a copy of {@code count} floats, starting at float {@code first} of {@code from}. */
    public void start(DeviceBuffer from, long first, int count) {
        if (copied != null) {
            throw new IllegalStateException("the previous copy has not been fetched");
        }
        long offset = first * Float.BYTES;
        long bytes = (long) count * Float.BYTES;
        from.checkRange(offset, bytes);
        cl_event event = new cl_event();
        OpenClException.check(clEnqueueCopyBuffer(context.queue(), from.handle(), memory.handle(), offset, 0, bytes, 0, null,
                event), "clEnqueueCopyBuffer", context.device());
        copied = event;
        this.count = count;
    }

    /** Waits for the started copy, and returns its floats; another thread than that of {@link #start} may wait. */
    public float[] await() {
        if (copied == null) {
            throw new IllegalStateException("no copy was started");
        }
        cl_event event = copied;
        copied = null;
        try {
            OpenClException.check(clWaitForEvents(1, new cl_event[] {event}), "clWaitForEvents", context.device());
        } finally {
            clReleaseEvent(event);
        }
        float[] values = new float[count];
        OpenClException.check(clEnqueueReadBuffer(queue, memory.handle(), true, 0, (long) count * Float.BYTES, Pointer.to(values),
                0, null, null), "clEnqueueReadBuffer", context.device());
        return values;
    }

    @Override
    public void close() {
        if (copied != null) {
            clReleaseEvent(copied); // not fetched because of a fault
        }
        memory.close();
        clReleaseCommandQueue(queue);
    }
}
