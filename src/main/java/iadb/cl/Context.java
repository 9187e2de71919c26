package iadb.cl;

import static org.jocl.CL.*;

import iadb.cl.OpenClException.BuildException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.WrongResultException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * An OpenCL context and its in-order queue. Commands run in the order they are enqueued, so that weights can be read during
 * training without races; only a {@link Readback} has its own queue, for its own memory. Each thread needs its own context:
 * another thread uses a {@link #sibling}.
 */
public final class Context implements AutoCloseable {
    /**
     * Whether the host fills new buffers with zeros. For Oclgrind, which tracks unset values only in buffers that the host wrote.
     */
    private static final boolean ZERO_NEW_BUFFERS = Boolean.getBoolean("iadb.cl.zeroNewBuffers");

    /** Whether programs are trusted without checks. For Oclgrind, under which checks would take minutes. */
    private static final boolean TRUST_RESULTS = Boolean.getBoolean("iadb.cl.trustAnswers");

    private final Device device;
    private final cl_context context;
    private final cl_command_queue queue;
    private final SharedPrograms programs; // shared with siblings
    private final boolean isProfiling;
    private final List<Launched> launches = new ArrayList<>(); // since the last takeLaunchTimes; empty unless profiling
    private final List<Background<Void>> prebuilds = new ArrayList<>(); // started by prebuild

    /** A launch of a profiling context, which owns the event. */
    private record Launched(String kernel, cl_event event, long hostNanos) { }

    /**
     * The duration of a launch.
     *
     * @param kernel      its name
     * @param deviceNanos from start to end on the device's own clock
     * @param hostNanos   duration of the host's call that enqueued it
     */
    public record LaunchTime(String kernel, long deviceNanos, long hostNanos) { }

    /**
     * Progress of the first use of kernels on a device: they are compiled, which takes seconds, and their results are checked. On
     * a GPU tunings may also be timed.
     *
     * @param remembered whether later runs skip this
     * @param checked    number of programs checked so far
     * @param measures   whether tunings are about to be timed; else a program was checked, or the first is about to be built
     */
    public record FirstUse(Device device, boolean remembered, int checked, boolean measures) {
        /** Whether this is the start of the first build or of the timing. */
        public boolean startsPhase() { return measures || checked == 0; }

        /** A line for the user. */
        public String message() {
            return measures ? "measuring which kernels are fastest on " + device.name() + ", for at most a second"
                    : "building kernels for " + device.name() + (remembered ? ", the first time only" : "");
        }
    }

    private Context(Device device, cl_context context, SharedPrograms programs, boolean isProfiling) {
        this.device = device;
        this.context = context;
        this.programs = programs;
        this.isProfiling = isProfiling;
        try {
            queue = newQueue();
        } catch (OpenClException e) {
            clReleaseContext(context);
            throw e;
        }
    }

    /** Opens the device. */
    public static Context open(Device device) { return open(device, Program.cacheFor(device), false); }

    /**
     * Opens the device.
     *
     * @param profiling whether each launch is timed on the device's clock for {@link #takeLaunchTimes}, which takes time
     */
    public static Context open(Device device, boolean profiling) {
        return open(device, Program.cacheFor(device), profiling);
    }

    /**
     * Opens the device to share buffers with the OpenGL context that is current on this thread.
     *
     * @param glProperties properties for clCreateContext that name that context and its display, in pairs without a final 0
     * @throws OpenClException if the driver fails; some drivers end the process instead
     */
    public static Context open(Device device, long[] glProperties) {
        return open(device, Program.cacheFor(device), false, glProperties);
    }

    static Context open(Device device, UserCache cache) { return open(device, cache, false); }

    private static Context open(Device device, UserCache cache, boolean profiling, long... glProperties) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, device.handle().platform());
        for (int i = 0; i < glProperties.length; i += 2) {
            properties.addProperty(glProperties[i], glProperties[i + 1]);
        }
        int[] status = new int[1];
        cl_context context = clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, status);
        OpenClException.check(status[0], "clCreateContext", device);
        return new Context(device, context, new SharedPrograms(device, cache), profiling);
    }

    /**
     * A context for another thread, which the caller closes. It has its own queue on the same OpenCL context, and shares built
     * programs and passed checks. Buffers and kernels belong to the context that made them.
     */
    public Context sibling() {
        OpenClException.check(clRetainContext(context), "clRetainContext", device);
        Context sibling = new Context(device, context, programs, false);
        programs.retain();
        return sibling;
    }

    /** Sets the listener for the first build on this device and for each check that passes; any thread may call it. */
    public void onFirstUse(Consumer<FirstUse> listener) { programs.onFirstUse(listener); }

    /** A new in-order queue of this context, which the caller owns. */
    @SuppressWarnings("deprecation") // OpenCL 1.2 has no replacement for clCreateCommandQueue
    cl_command_queue newQueue() {
        int[] status = new int[1];
        cl_command_queue created = clCreateCommandQueue(context, device.id(),
                isProfiling ? CL_QUEUE_PROFILING_ENABLE : 0, status);
        OpenClException.check(status[0], "clCreateCommandQueue", device);
        return created;
    }

    public Device device() { return device; }

    cl_context handle() { return context; }

    cl_command_queue queue() { return queue; }

    /**
     * A new buffer with undefined content.
     *
     * @param bytes more than 0
     * @throws DeviceLimitException if the device cannot hold it
     */
    public DeviceBuffer buffer(long bytes) {
        DeviceBuffer buffer = new DeviceBuffer(this, bytes);
        if (ZERO_NEW_BUFFERS) {
            buffer.write(new byte[Math.toIntExact(bytes)]);
        }
        return buffer;
    }

    /** A new buffer with these floats. */
    public DeviceBuffer buffer(float[] data) {
        DeviceBuffer buffer = buffer((long) data.length * Float.BYTES);
        try {
            buffer.write(data);
            return buffer;
        } catch (OpenClException e) {
            buffer.close();
            throw e;
        }
    }

    /** A new buffer of {@code bytes} zero bytes, rounded up to whole floats. */
    public DeviceBuffer zeros(int bytes) { return buffer(new float[(bytes + Float.BYTES - 1) / Float.BYTES]); }

    /**
     * A view of an OpenGL buffer, which must not be deleted before this view is closed. OpenCL may use it only between
     * {@link #acquire} and {@link #release}, OpenGL only at other times.
     *
     * @param glBuffer name of a buffer with storage, in the OpenGL context that this context was opened with
     * @param bytes    size of the storage
     * @throws OpenClException if the driver refuses
     */
    public DeviceBuffer fromGl(int glBuffer, long bytes) {
        int[] status = new int[1];
        cl_mem memory = clCreateFromGLBuffer(context, CL_MEM_READ_WRITE, glBuffer, status);
        OpenClException.check(status[0], "clCreateFromGLBuffer", device);
        return new DeviceBuffer(this, memory, bytes);
    }

    /** Enqueues the acquisition of a buffer of {@link #fromGl}; OpenGL must have finished with it before this call. */
    public void acquire(DeviceBuffer shared) {
        OpenClException.check(clEnqueueAcquireGLObjects(queue, 1, new cl_mem[] {shared.handle()}, 0, null, null),
                "clEnqueueAcquireGLObjects", device);
    }

    /**
     * Enqueues the release of a buffer of {@link #fromGl}; OpenGL may use it after this was executed, as after {@link #finish}.
     */
    public void release(DeviceBuffer shared) {
        OpenClException.check(clEnqueueReleaseGLObjects(queue, 1, new cl_mem[] {shared.handle()}, 0, null, null),
                "clEnqueueReleaseGLObjects", device);
    }

    /** Enqueues a copy of {@code bytes} bytes between two buffers, or between two ranges of one that do not overlap. */
    public void copy(DeviceBuffer from, long fromByte, DeviceBuffer to, long toByte, long bytes) {
        from.checkRange(fromByte, bytes);
        to.checkRange(toByte, bytes);
        OpenClException.check(clEnqueueCopyBuffer(queue, from.handle(), to.handle(), fromByte, toByte, bytes, 0, null, null),
                "clEnqueueCopyBuffer", device);
    }

    /** A readback of up to {@code bytes} bytes at a time. */
    public Readback readback(long bytes) { return new Readback(this, bytes); }

    /**
     * Builds the sources, in this order, as one program that the caller owns. A context and its siblings build the same sources
     * and options once, or take them from the user's cache if an earlier run built them.
     *
     * @param options such as {@code -DWIDTH=64}
     * @throws BuildException if the build fails
     */
    public Program build(List<Source> sources, List<String> options) { return programs.build(this, sources, options); }

    /** The {@linkplain Program#key keys} of the kept programs. */
    Set<String> keptPrograms() { return programs.keptKeys(); }

    /**
     * Builds a program on another thread, so that a later {@link #build} finds it. Does nothing for a program that has passed its
     * check on this device and driver. If the driver keeps programs itself, this uses a separate OpenCL context, since PoCL
     * builds only one program of a context at a time.
     *
     * @return the work, for which {@link #close} waits, since the process must not end while a driver compiles
     */
    public Background<Void> prebuild(List<Source> sources, List<String> options) {
        if (TRUST_RESULTS || programs.hasPassed(Program.key(device, sources, options))) {
            return Background.completed();
        }
        Context separate = device.keepsPrograms() ? open(device, UserCache.off()) : sibling();
        Background<Void> building = Background.start("prebuild", () -> {
            try (separate) {
                separate.build(sources, options).close(); // a fault occurs again in a later build
            }
        });
        prebuilds.add(building);
        return building;
    }

    /**
     * Checks a program's results, unless the check passed before with these sources and options on this device and driver: in
     * this context, a sibling, or an earlier run recorded in the user's cache.
     *
     * @param check returns whether the program could be checked; throws {@link WrongResultException}
     * @return whether the program passed, now or before
     */
    public boolean checkOnce(List<Source> sources, List<String> options, BooleanSupplier check) {
        return TRUST_RESULTS || programs.checkOnce(Program.key(device, sources, options), check);
    }

    /** Reports to the listener of {@link #onFirstUse} that tunings are about to be timed. */
    public void reportMeasuring() { programs.report(0, true); }

    /** Whether programs are trusted without checks, as under a simulator, whose times are meaningless too. */
    public static boolean trustsResults() { return TRUST_RESULTS; }

    /** Enqueues a kernel over {@code globalSize} work-items in groups of {@code groupSize}. */
    public void enqueue(Kernel kernel, long globalSize, long groupSize) {
        kernel.requireAllSet();
        cl_event event = isProfiling ? new cl_event() : null;
        long startNanos = isProfiling ? System.nanoTime() : 0;
        OpenClException.check(clEnqueueNDRangeKernel(queue, kernel.handle(), 1, null, new long[] {globalSize},
                new long[] {groupSize}, 0, null, event), "clEnqueueNDRangeKernel(" + kernel.name() + ")", device);
        if (isProfiling) {
            launches.add(new Launched(kernel.name(), event, System.nanoTime() - startNanos));
        }
    }

    /** Waits for what is enqueued; returns the launches since the last call, in order. Empty unless this context is profiling. */
    public List<LaunchTime> takeLaunchTimes() {
        finish();
        try {
            List<LaunchTime> times = new ArrayList<>(launches.size());
            for (Launched launch : launches) {
                times.add(new LaunchTime(launch.kernel(), nanos(launch.event(), CL_PROFILING_COMMAND_END)
                        - nanos(launch.event(), CL_PROFILING_COMMAND_START), launch.hostNanos()));
            }
            return times;
        } finally {
            releaseLaunches();
        }
    }

    private long nanos(cl_event event, int which) {
        long[] nanos = new long[1];
        OpenClException.check(clGetEventProfilingInfo(event, which, Sizeof.cl_ulong, Pointer.to(nanos), null),
                "clGetEventProfilingInfo", device);
        return nanos[0];
    }

    private void releaseLaunches() {
        launches.forEach(launch -> clReleaseEvent(launch.event()));
        launches.clear();
    }

    /** Submits what is enqueued to the device without waiting for it. */
    public void flush() { OpenClException.check(clFlush(queue), "clFlush", device); }

    /** Waits for everything enqueued. */
    public void finish() { OpenClException.check(clFinish(queue), "clFinish", device); }

    @Override
    public void close() {
        prebuilds.forEach(Background::close);
        programs.release();
        releaseLaunches();
        clReleaseCommandQueue(queue);
        clReleaseContext(context);
    }
}
