package iadb.cl;

import static org.jocl.CL.*;

import iadb.cl.OpenClException.BuildException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_program;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A built OpenCL program. It is built from the binary of an earlier run if the {@link UserCache} has one that the driver accepts,
 * or else from the sources. Each object holds a reference to the driver's program until {@link #close}; kernels hold their own.
 */
public final class Program implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Program.class);

    static final String CACHE_KIND = "programs";

    private final Device device;
    private final cl_program program;
    private final List<Source> sources;
    private final Map<String, KernelSignature> signatures; // of the kernels that were asked for; shared with share()
    private final boolean fromCache;

    private Program(Device device, cl_program program, List<Source> sources, Map<String, KernelSignature> signatures,
            boolean fromCache) {
        this.device = device;
        this.program = program;
        this.sources = sources;
        this.signatures = signatures;
        this.fromCache = fromCache;
    }

    /** The user's cache for programs of a device; off if the driver keeps programs itself. */
    static UserCache cacheFor(Device device) { return device.keepsPrograms() ? UserCache.off() : UserCache.of(CACHE_KIND); }

    /** The key of a program: a digest of everything that the compiler's output depends on. */
    static String key(Device device, List<Source> sources, List<String> options) {
        List<String> parts = new ArrayList<>(device.identity());
        parts.add(Integer.toString(options.size()));
        parts.addAll(options);
        for (Source source : sources) {
            parts.add(source.name());
            parts.add(source.text());
        }
        return UserCache.key(parts);
    }

    /** Builds the program with this {@link #key}, and stores its binary for later runs. */
    static Program build(Context context, UserCache cache, String key, List<Source> sources, List<String> options) {
        return SignalHandlers.keptDuring(() -> buildNow(context, cache, key, sources, options));
    }

    private static Program buildNow(Context context, UserCache cache, String key, List<Source> sources, List<String> options) {
        long startNanos = System.nanoTime();
        String names = String.join(", ", sources.stream().map(Source::name).toList());
        String optionText = String.join(" ", options);
        cl_program program = cache.load(key).map(binary -> ofBinary(context, binary, optionText)).orElse(null);
        boolean fromCache = program != null;
        if (!fromCache) {
            program = ofSources(context, sources, names, optionText);
            if (cache.takesEntries()) {
                cache.store(key, binary(program));
            }
        }
        LOG.debug("program {} {} in {} ms", names, fromCache ? "from the cache" : "built from source",
                (System.nanoTime() - startNanos) / 1_000_000);
        return new Program(context.device(), program, List.copyOf(sources), new ConcurrentHashMap<>(), fromCache);
    }

    private static cl_program ofSources(Context context, List<Source> sources, String names, String options) {
        Device device = context.device();
        String[] texts = sources.stream().map(Source::withLineDirective).toArray(String[]::new);
        int[] status = new int[1];
        cl_program program = clCreateProgramWithSource(context.handle(), texts.length, texts, null, status);
        OpenClException.check(status[0], "clCreateProgramWithSource", device);
        status[0] = clBuildProgram(program, 1, new cl_device_id[] {device.id()}, options, null, null);
        if (status[0] != CL_SUCCESS) {
            String log = buildLog(program, device);
            clReleaseProgram(program);
            String hint = device.keepsPrograms()
                    ? ", or make sure that PoCL can write to its cache folder (POCL_CACHE_DIR, by default ~/.cache/pocl)" : "";
            throw new BuildException("clBuildProgram failed with %s on %s for %s; try another device, or a newer driver%s"
                    .formatted(stringFor_errorCode(status[0]), device.name(), names, hint), options, log);
        }
        return program;
    }

    /** Builds from a binary; returns null if the driver refuses it. */
    private static cl_program ofBinary(Context context, byte[] binary, String options) {
        cl_device_id[] devices = {context.device().id()};
        int[] status = new int[1];
        cl_program program = clCreateProgramWithBinary(context.handle(), 1, devices, new long[] {binary.length},
                new byte[][] {binary}, null, status);
        if (status[0] == CL_SUCCESS && program != null) {
            status[0] = clBuildProgram(program, 1, devices, options, null, null);
            if (status[0] == CL_SUCCESS) {
                return program;
            }
            clReleaseProgram(program);
        }
        LOG.debug("the driver refuses its own binary: {}", stringFor_errorCode(status[0]));
        return null;
    }

    /** The compiled binary; empty if the driver provides none. */
    private static byte[] binary(cl_program program) {
        long[] size = new long[1];
        int status = clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
        if (status == CL_SUCCESS && size[0] > 0 && size[0] <= UserCache.MAX_BYTES) {
            byte[] bytes = new byte[(int) size[0]];
            status = clGetProgramInfo(program, CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(bytes)), null);
            if (status == CL_SUCCESS) {
                return bytes;
            }
        }
        LOG.debug("the driver provides no binary of {} bytes: {}", size[0], stringFor_errorCode(status));
        return new byte[0];
    }

    /** The same built program with another reference. */
    Program share() {
        OpenClException.check(clRetainProgram(program), "clRetainProgram", device);
        return new Program(device, program, sources, signatures, fromCache);
    }

    /** Whether this was built from the binary of an earlier run. */
    boolean isFromCache() { return fromCache; }

    /** A new kernel object with its own arguments. */
    public Kernel kernel(String name) {
        return new Kernel(device, program, signatures.computeIfAbsent(name, kernel -> KernelSignature.of(sources, kernel)));
    }

    private static String buildLog(cl_program program, Device device) {
        long[] size = new long[1];
        if (clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, 0, null, size) != CL_SUCCESS || size[0] == 0) {
            return "";
        }
        byte[] log = new byte[(int) size[0]];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, log.length, Pointer.to(log), null);
        return new String(log, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    }

    @Override
    public void close() { clReleaseProgram(program); }
}
