package iadb.cl;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.List;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_event;

/** The launches of a profiling context, each with its event. Owns the events until they are taken or released. */
final class LaunchRecorder {
    private final Device device;
    private final List<Launched> launches = new ArrayList<>();

    private record Launched(String kernel, cl_event event, long hostNanos) {
    }

    LaunchRecorder(Device device) {
        this.device = device;
    }

    void add(String kernel, cl_event event, long hostNanos) {
        launches.add(new Launched(kernel, event, hostNanos));
    }

    /** The times of all launches since the last call; they have ended. */
    List<LaunchTime> take() {
        try {
            List<LaunchTime> times = new ArrayList<>(launches.size());
            for (Launched launch : launches) {
                long nanos = time(launch.event(), CL_PROFILING_COMMAND_END) - time(launch.event(), CL_PROFILING_COMMAND_START);
                times.add(new LaunchTime(launch.kernel(), nanos, launch.hostNanos()));
            }
            return times;
        } finally {
            release();
        }
    }

    private long time(cl_event event, int which) {
        long[] nanos = new long[1];
        OpenClException.check(clGetEventProfilingInfo(event, which, Sizeof.cl_ulong, Pointer.to(nanos), null),
                "clGetEventProfilingInfo", device);
        return nanos[0];
    }

    void release() {
        launches.forEach(launch -> clReleaseEvent(launch.event()));
        launches.clear();
    }
}
