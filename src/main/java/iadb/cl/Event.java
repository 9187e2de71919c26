package iadb.cl;

import static org.jocl.CL.*;

import org.jocl.cl_event;

/** Something enqueued that can be waited for. Closing it gives the handle back; it does not wait. */
public final class Event implements AutoCloseable {
    private final cl_event event;
    private final Device device;

    Event(cl_event event, Device device) {
        this.event = event;
        this.device = device;
    }

    /** Waits until it is over. */
    public void await() {
        OpenClException.check(clWaitForEvents(1, new cl_event[] {event}), "clWaitForEvents", device);
    }

    @Override
    public void close() {
        clReleaseEvent(event);
    }
}
