package iadb.cl;

import static org.jocl.CL.*;

import iadb.cl.OpenClException.BuildException;
import iadb.cl.OpenClException.DeviceLimitException;
import iadb.cl.OpenClException.WrongAnswerException;
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
 * An OpenCL context and its in-order queue. Commands run in the order they are enqueued, so that reading weights during training
 * is free of races; only a {@link Readback} has another queue, for memory of its own. Not for several threads at once: another
 * thread uses a {@link #sibling}.
 */
public final class Context implements AutoCloseable {
    /**
     * Whether the host writes zeros into each new buffer. For Oclgrind, which tracks unset values only in buffers that the host
     * wrote first.
     */
    private static final boolean ZERO_NEW_BUFFERS = Boolean.getBoolean("iadb.cl.zeroNewBuffers");

    /** Whether programs are not checked. For Oclgrind, under which the checks would take minutes. */
    private static final boolean TRUST_ANSWERS = Boolean.getBoolean("iadb.cl.trustAnswers");

    private final Device device;
    private final cl_context context;
    private final cl_command_queue queue;
    private final SharedPrograms programs; // with siblings
    private final boolean isProfiling;
    private final List<Launched> launches = new ArrayList<>(); // since the last takeLaunchTimes; none unless profiling
    private final List<Background<Void>> ahead = new ArrayList<>(); // started by buildAhead

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
     * Kernels are used on a device for the first time: they are compiled, which takes seconds, and their answers are checked.
     * On a GPU several tunings may be timed as well.
     *
     * @param remembered whether a later run will know the result
     * @param checked    programs checked so far
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
     * @param profiling whether the device's clock is read at each launch, for {@link #takeLaunchTimes}: that costs time
     */
    public static Context open(Device device, boolean profiling) {
        return open(device, Program.cacheFor(device), profiling);
    }

    /**
     * Opens the device so that it can share buffers with the OpenGL context that is current on this thread.
     *
     * @param glProperties the pairs of clCreateContext that name that context and its display, without a final 0
     * @throws OpenClException when the driver cannot; some drivers end the process instead
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
     * A context for another thread, closed by the caller. It has its own queue on the same OpenCL context, and shares built
     * programs and passed checks; buffers and kernels belong to the context that made them.
     */
    public Context sibling() {
        OpenClException.check(clRetainContext(context), "clRetainContext", device);
        Context sibling = new Context(device, context, programs, false);
        programs.retain();
        return sibling;
    }

    /** Sets the listener for the first build on this device and for each check that passes; any thread may call it. */
    public void onFirstUse(Consumer<FirstUse> listener) { programs.onFirstUse(listener); }

    /** A new in-order queue of this context, owned by the caller. */
    @SuppressWarnings("deprecation") // clCreateCommandQueue is the one that OpenCL 1.2 has
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
     * A new buffer, its content unset.
     *
     * @param bytes more than 0
     * @throws DeviceLimitException when the device cannot hold it
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
    public DeviceBuffer zeros(int bytes) {
        return buffer(new float[(bytes + Float.BYTES - 1) / Float.BYTES]);
    }

    /**
     * The memory of an OpenGL buffer, which its owner must not delete before this view is closed. OpenCL may use it only from
     * {@link #acquire} to {@link #release}, OpenGL only outside of that.
     *
     * @param glBuffer name of a buffer with storage, in the OpenGL context that this context was opened with
     * @param bytes    of that storage
     * @throws OpenClException when the driver refuses
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

    /** Enqueues the release of a buffer of {@link #fromGl}; OpenGL may use it once this is executed, as after {@link #finish}. */
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
     * Builds the sources, in this order, as one program that the caller owns. The same sources and options are built once for a
     * context and its siblings, and taken from the user's cache if an earlier run built them.
     *
     * @param options such as {@code -DWIDTH=64}
     * @throws BuildException with options and log when the build fails
     */
    public Program build(List<Source> sources, List<String> options) { return programs.build(this, sources, options); }

    /** The names, by {@link Program#key}, of the programs that are kept. */
    Set<String> kept() { return programs.keys(); }

    /**
     * Builds a program on another thread, so that a later {@link #build} finds it. Does nothing for a program that was checked
     * before on this device and driver. Where the driver keeps programs itself this uses a separate OpenCL context, since PoCL
     * builds only one program of a context at a time.
     *
     * @return the work, for which {@link #close} waits: the process must not end while a driver compiles
     */
    public Background<Void> buildAhead(List<Source> sources, List<String> options) {
        if (TRUST_ANSWERS || programs.passed(Program.key(device, sources, options))) {
            return Background.done();
        }
        Context apart = device.keepsPrograms() ? open(device, UserCache.off()) : sibling();
        Background<Void> building = Background.start("build ahead", () -> {
            try (apart) {
                apart.build(sources, options).close(); // a fault occurs again in build
            }
        });
        ahead.add(building);
        return building;
    }

    /**
     * Checks what a program computes, unless the check passed before with these sources and options on this device and
     * driver: in this context or its siblings, or in an earlier run by the user's cache.
     *
     * @param check whether the program could be checked; throws {@link WrongAnswerException}
     * @return whether the program passed, now or before
     */
    public boolean checkOnce(List<Source> sources, List<String> options, BooleanSupplier check) {
        return TRUST_ANSWERS || programs.checkOnce(Program.key(device, sources, options), check);
    }

    /** Reports to the listener of {@link #onFirstUse} that tunings are about to be timed. */
    public void reportMeasuring() { programs.report(0, true); }

    /** Whether programs are not checked, as under a simulator, where times mean nothing either. */
    public static boolean trustsAnswers() { return TRUST_ANSWERS; }

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

    /** Waits for what is enqueued; the launches since the last call, in order. Empty unless this context is profiling. */
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

    /** Waits until everything enqueued has finished. */
    public void finish() { OpenClException.check(clFinish(queue), "clFinish", device); }

    @Override
    public void close() {
        ahead.forEach(Background::close);
        programs.release();
        releaseLaunches();
        clReleaseCommandQueue(queue);
        clReleaseContext(context);
    }
}
