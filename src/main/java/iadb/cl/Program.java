package iadb.cl;

import static org.jocl.CL.*;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_program;

/** A built OpenCL program: kernels by name. It outlives no context; kernels keep it alive by themselves. */
public final class Program implements AutoCloseable {
    private final Device device;
    private final cl_program program;

    Program(Context context, List<Source> sources, List<String> options) {
        device = context.device();
        String[] texts = sources.stream().map(Source::withLineDirective).toArray(String[]::new);
        String optionText = String.join(" ", options);
        int[] status = new int[1];
        program = clCreateProgramWithSource(context.handle(), texts.length, texts, null, status);
        OpenClException.check(status[0], "clCreateProgramWithSource", device);
        status[0] = clBuildProgram(program, 1, new cl_device_id[] {device.id()}, optionText, null, null);
        if (status[0] != CL_SUCCESS) {
            String log = buildLog();
            clReleaseProgram(program);
            throw new BuildException("clBuildProgram failed with %s on %s for %s; try another --device, or a newer driver"
                    .formatted(stringFor_errorCode(status[0]), device.name(),
                            String.join(", ", sources.stream().map(Source::name).toList())), optionText, log);
        }
    }

    /** A new kernel object with arguments of its own. */
    public Kernel kernel(String name) {
        return new Kernel(device, program, name);
    }

    private String buildLog() {
        long[] size = new long[1];
        if (clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, 0, null, size) != CL_SUCCESS || size[0] == 0) {
            return "";
        }
        byte[] log = new byte[(int) size[0]];
        clGetProgramBuildInfo(program, device.id(), CL_PROGRAM_BUILD_LOG, log.length, Pointer.to(log), null);
        return new String(log, StandardCharsets.UTF_8).replace('\0', ' ').strip();
    }

    @Override
    public void close() {
        clReleaseProgram(program);
    }
}
