package iadb.cl;

import static org.jocl.CL.*;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * A device at work: an OpenCL context and its in-order queue. What is enqueued runs in that order, which is what makes
 * live weights free of races; only a {@link Readback} has another queue, for memory of its own. Not for several threads
 * at once: another thread takes a {@link #sibling}.
 */
public final class Context implements AutoCloseable {
    /**
     * Whether the host writes zeros into each new buffer. For Oclgrind, whose watch over unset values follows what kernels
     * write only in buffers that the host wrote first.
     */
    private static final boolean ZERO_NEW_BUFFERS = Boolean.getBoolean("iadb.cl.zeroNewBuffers");

    /** Whether answers are believed unchecked. For Oclgrind, under which the checks would take minutes. */
    private static final boolean TRUST_ANSWERS = Boolean.getBoolean("iadb.cl.trustAnswers");

    /** Built programs that are kept for whoever asks next; a search over tunings builds hundreds. */
    private static final int MOST_KEPT_PROGRAMS = 16;

    /** What the cache keeps of a check: that there is an entry. */
    private static final byte[] PASSED = {1};

    private final Device device;
    private final cl_context context;
    private final cl_command_queue queue;
    private final Shared shared;
    private final Optional<LaunchRecorder> recorder;
    private final List<Background<Void>> ahead = new ArrayList<>(); // what buildAhead began

    /** What siblings have in common. */
    private static final class Shared {
        private final UserCache cache;
        private final UserCache checks = UserCache.of("checks");
        private final Map<String, Program> programs = new LinkedHashMap<>(); // by ProgramCache.key, oldest first
        private final Set<String> checked = new HashSet<>(); // programs, by ProgramCache.key
        private final Map<String, Thread> checking = new HashMap<>(); // programs under check, and by whom
        private int contexts = 1;
        private boolean firstUseIsTold;
        private int passed; // checks, of this first use
        private Consumer<FirstUse> listener = use -> { };

        Shared(UserCache cache) {
            this.cache = cache;
        }

        synchronized void retain() {
            contexts++;
        }

        /** Closes the programs with the last context. */
        synchronized void release() {
            contexts--;
            if (contexts == 0) {
                programs.values().forEach(Program::close);
            }
        }

        /**
         * Whether a program passed its check, or this very thread is checking it: a check's own programs are not checked. Waits for
         * another thread's check; where it says false, the check is this thread's.
         */
        synchronized boolean isBelieved(String key) {
            boolean interrupted = false;
            while (checking.containsKey(key) && checking.get(key) != Thread.currentThread()) {
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (checking.containsKey(key) || checked.contains(key)) {
                return true;
            }
            if (checks.load(key).isPresent()) {
                checked.add(key);
                return true;
            }
            checking.put(key, Thread.currentThread());
            return false;
        }

        synchronized void endCheck(String key, boolean passed) {
            checking.remove(key);
            if (passed) {
                checked.add(key);
            }
            notifyAll();
        }

        synchronized Optional<Program> program(String key) {
            return Optional.ofNullable(programs.get(key)).map(Program::share);
        }

        /** Keeps a program, and returns it with a reference of the caller's own; one that was kept meanwhile goes before. */
        synchronized Program keep(String key, Program built) {
            Program kept = programs.putIfAbsent(key, built);
            if (kept != null) {
                built.close();
                return kept.share();
            }
            Program own = built.share();
            if (programs.size() > MOST_KEPT_PROGRAMS) {
                programs.remove(programs.keySet().iterator().next()).close();
            }
            return own;
        }
    }

    /**
     * Kernels are used on a device for the first time: they are compiled, which takes seconds, and their answers are checked.
     *
     * <p>On a GPU several tunings may be timed as well.
     *
     * @param remembered whether a later run will know what was found
     * @param checked    programs that were checked so far
     * @param measures   whether tunings are about to be timed; else a program was checked, or the first is about to be built
     */
    public record FirstUse(Device device, boolean remembered, int checked, boolean measures) {
        /** Whether something else than before is done from now on, which {@link #message} tells. */
        public boolean startsPhase() {
            return measures || checked == 0;
        }

        /** A line for the user. */
        public String message() {
            return measures ? "measuring which kernels are fastest on " + device.name() + ", for at most a second"
                    : "building kernels for " + device.name() + (remembered ? ", the first time only" : "");
        }
    }

    private Context(Device device, cl_context context, Shared shared, boolean profiling) {
        this.device = device;
        this.context = context;
        this.shared = shared;
        recorder = profiling ? Optional.of(new LaunchRecorder(device)) : Optional.empty();
        try {
            queue = newQueue();
        } catch (OpenClException e) {
            clReleaseContext(context);
            throw e;
        }
    }

    /** Opens the device. */
    public static Context open(Device device) {
        return open(device, ProgramCache.ofUser(device), false);
    }

    /**
     * Opens the device.
     *
     * @param profiling whether the device's clock is read at each launch, for {@link #takeLaunchTimes}: that costs time
     */
    public static Context open(Device device, boolean profiling) {
        return open(device, ProgramCache.ofUser(device), profiling);
    }

    /**
     * Opens the device so that it can share buffers with the OpenGL context that is current on this thread.
     *
     * @param glProperties the pairs of clCreateContext that name that context and its display, without a final 0
     * @throws OpenClException when the driver cannot; some drivers end the process instead
     */
    public static Context open(Device device, long[] glProperties) {
        return open(device, ProgramCache.ofUser(device), false, glProperties);
    }

    static Context open(Device device, UserCache cache) {
        return open(device, cache, false);
    }

    private static Context open(Device device, UserCache cache, boolean profiling, long... glProperties) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, device.handle().platform());
        for (int i = 0; i < glProperties.length; i += 2) {
            properties.addProperty(glProperties[i], glProperties[i + 1]);
        }
        int[] status = new int[1];
        cl_context context = clCreateContext(properties, 1, new cl_device_id[] {device.id()}, null, null, status);
        OpenClException.check(status[0], "clCreateContext", device);
        return new Context(device, context, new Shared(cache), profiling);
    }

    /**
     * A context for another thread, closed by the caller. It has a queue of its own on the same OpenCL context, and shares built
     * programs and passed checks; buffers and kernels belong to the context that made them.
     */
    public Context sibling() {
        OpenClException.check(clRetainContext(context), "clRetainContext", device);
        Context sibling = new Context(device, context, shared, false);
        shared.retain();
        return sibling;
    }

    /** Sets who is told, on whichever thread, when kernels are first used on this device and each time one has been checked. */
    public void onFirstUse(Consumer<FirstUse> listener) {
        synchronized (shared) {
            shared.listener = listener;
        }
    }

    /** A new in-order queue of this context, owned by the caller. */
    @SuppressWarnings("deprecation") // clCreateCommandQueue is the one that OpenCL 1.2 has
    cl_command_queue newQueue() {
        int[] status = new int[1];
        cl_command_queue created = clCreateCommandQueue(context, device.id(),
                recorder.isPresent() ? CL_QUEUE_PROFILING_ENABLE : 0, status);
        OpenClException.check(status[0], "clCreateCommandQueue", device);
        return created;
    }

    public Device device() {
        return device;
    }

    cl_context handle() {
        return context;
    }

    cl_command_queue queue() {
        return queue;
    }

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
     * The memory of an OpenGL buffer, which stays its owner's and must outlive this view of it. OpenCL may use it only from
     * {@link #acquire} to {@link #release}, OpenGL only outside of that.
     *
     * @param glBuffer name of a buffer that has its storage, of the OpenGL context this context was opened with
     * @param bytes    of that storage
     * @throws OpenClException when the driver refuses
     */
    public DeviceBuffer fromGl(int glBuffer, long bytes) {
        int[] status = new int[1];
        cl_mem memory = clCreateFromGLBuffer(context, CL_MEM_READ_WRITE, glBuffer, status);
        OpenClException.check(status[0], "clCreateFromGLBuffer", device);
        return new DeviceBuffer(this, memory, bytes);
    }

    /** Enqueues that OpenCL takes a buffer of {@link #fromGl}. What OpenGL does with it must be finished before this call. */
    public void acquire(DeviceBuffer shared) {
        OpenClException.check(clEnqueueAcquireGLObjects(queue, 1, new cl_mem[] {shared.handle()}, 0, null, null),
                "clEnqueueAcquireGLObjects", device);
    }

    /** Enqueues that OpenCL gives it back. OpenGL may use it when the queue has come this far, as after {@link #finish}. */
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

    /** A way back for up to {@code bytes} bytes at a time. */
    public Readback readback(long bytes) {
        return new Readback(this, bytes);
    }

    /**
     * The sources, in this order, as one program, owned by the caller. The same sources and options are built once in a
     * context, and taken from the user's cache where an earlier run built them.
     *
     * @param options such as {@code -DWIDTH=64}
     * @throws BuildException with options and log when the build fails
     */
    public Program build(List<Source> sources, List<String> options) {
        String key = ProgramCache.key(device, sources, options);
        return shared.program(key).orElseGet(() -> shared.keep(key, Program.build(this, shared.cache, key, sources, options)));
    }

    /** The names, by {@link ProgramCache#key}, of the programs that are kept. */
    Set<String> kept() {
        synchronized (shared) {
            return Set.copyOf(shared.programs.keySet());
        }
    }

    /**
     * Builds a program on another thread, so that a later {@link #build} finds it; does nothing for a program that was checked before
     * on this device and driver. Where the driver keeps programs itself this uses a separate OpenCL context, since PoCL builds
     * only one program of a context at a time.
     *
     * @return the work, which this context waits for when it is closed: the process must not end while a driver compiles
     */
    public Background<Void> buildAhead(List<Source> sources, List<String> options) {
        String key = ProgramCache.key(device, sources, options);
        synchronized (shared) {
            if (TRUST_ANSWERS || shared.checked.contains(key) || shared.checks.load(key).isPresent()) {
                return Background.done();
            }
        }
        Context apart = device.keepsPrograms() ? open(device, UserCache.off()) : sibling();
        Background<Void> building = Background.start("build ahead", () -> {
            try (apart) {
                apart.build(sources, options).close(); // build meets a fault of it again
            }
        });
        ahead.add(building);
        return building;
    }

    /**
     * Runs a check of what a program answers, unless it passed before with these sources and options on this device and
     * driver: in this context, or in an earlier run whose word the user's cache kept.
     *
     * @param check whether it could be made; throws {@link WrongAnswerException}
     * @return whether the program is believed: it could be made, or passed before
     */
    public boolean checkOnce(List<Source> sources, List<String> options, BooleanSupplier check) {
        if (TRUST_ANSWERS) {
            return true;
        }
        String key = ProgramCache.key(device, sources, options);
        if (shared.isBelieved(key)) {
            return true;
        }
        boolean passed = false;
        try {
            tellFirstUse(false);
            passed = check.getAsBoolean();
        } finally {
            shared.endCheck(key, passed);
        }
        if (passed) {
            shared.checks.store(key, PASSED);
            tellFirstUse(true);
        }
        return passed;
    }

    private void tellFirstUse(boolean passed) {
        Consumer<FirstUse> listener;
        int number;
        synchronized (shared) {
            if (!passed && shared.firstUseIsTold) {
                return;
            }
            shared.firstUseIsTold = true;
            shared.passed += passed ? 1 : 0;
            number = shared.passed;
            listener = shared.listener;
        }
        listener.accept(new FirstUse(device, shared.checks.takesEntries(), number, false));
    }

    /** Tells who listens to the first use that tunings are about to be timed. */
    public void tellMeasuring() {
        FirstUse use;
        Consumer<FirstUse> listener;
        synchronized (shared) {
            use = new FirstUse(device, true, shared.passed, true);
            listener = shared.listener;
        }
        listener.accept(use);
    }

    /** Whether answers are believed unchecked, as under a simulator, whose times say nothing either. */
    public static boolean trustsAnswers() {
        return TRUST_ANSWERS;
    }

    /** Enqueues a kernel over {@code globalSize} work-items in groups of {@code groupSize}. */
    public void enqueue(Kernel kernel, long globalSize, long groupSize) {
        if (recorder.isEmpty()) {
            enqueue(kernel, globalSize, groupSize, null);
            return;
        }
        cl_event event = new cl_event();
        long startNanos = System.nanoTime();
        enqueue(kernel, globalSize, groupSize, event);
        recorder.get().add(kernel.name(), event, System.nanoTime() - startNanos);
    }

    private void enqueue(Kernel kernel, long globalSize, long groupSize, cl_event event) {
        kernel.requireAllSet();
        OpenClException.check(clEnqueueNDRangeKernel(queue, kernel.handle(), 1, null, new long[] {globalSize},
                new long[] {groupSize}, 0, null, event), "clEnqueueNDRangeKernel(" + kernel.name() + ")", device);
    }

    /** Waits for what is enqueued; the launches since the last call, in order. Empty unless this context is profiling. */
    public List<LaunchTime> takeLaunchTimes() {
        finish();
        return recorder.map(LaunchRecorder::take).orElse(List.of());
    }

    /** Hands what is enqueued to the device without waiting for it. */
    public void flush() {
        OpenClException.check(clFlush(queue), "clFlush", device);
    }

    /** Waits until all that is enqueued is done. */
    public void finish() {
        OpenClException.check(clFinish(queue), "clFinish", device);
    }

    @Override
    public void close() {
        ahead.forEach(Background::close);
        shared.release();
        recorder.ifPresent(LaunchRecorder::release);
        clReleaseCommandQueue(queue);
        clReleaseContext(context);
    }
}
