package iadb.cl;

import static org.jocl.CL.*;

import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/** A kernel object with its arguments. Arguments stay set until they are set again. */
public final class Kernel implements AutoCloseable {
    private final Device device;
    private final String name;
    private final cl_kernel kernel;
    private int leading; // arguments set by `arguments`
    private final int[] word = new int[1];
    private final Pointer wordPointer = Pointer.to(word);

    Kernel(Device device, cl_program program, String name) {
        this.device = device;
        this.name = name;
        int[] status = new int[1];
        kernel = clCreateKernel(program, name, status);
        OpenClException.check(status[0], "clCreateKernel(" + name + ")", device);
    }

    public String name() {
        return name;
    }

    cl_kernel handle() {
        return kernel;
    }

    /**
     * Sets the leading arguments, those that stay: a {@link DeviceBuffer}, {@link Integer} or {@link Float} each. Kernels
     * have what changes from launch to launch last, for {@link #lastArguments}.
     */
    public Kernel arguments(Object... values) {
        for (int i = 0; i < values.length; i++) {
            argument(i, values[i]);
        }
        leading = values.length;
        return this;
    }

    /** Sets the arguments after the leading ones. */
    public Kernel lastArguments(Object... values) {
        for (int i = 0; i < values.length; i++) {
            argument(leading + i, values[i]);
        }
        return this;
    }

    /** Sets the one argument after the leading ones to a 32-bit integer, without an allocation. */
    public void lastArgument(int value) {
        argument(leading, value);
    }

    /** The largest work-group that this kernel can run in on its device, after compilation. */
    public long maxGroupSize() {
        long[] size = new long[1];
        OpenClException.check(clGetKernelWorkGroupInfo(kernel, device.id(), CL_KERNEL_WORK_GROUP_SIZE, Sizeof.size_t,
                Pointer.to(size), null), "clGetKernelWorkGroupInfo(" + name + ")", device);
        return size[0];
    }

    private void argument(int index, Object value) {
        if (value instanceof DeviceBuffer buffer) {
            check(index, clSetKernelArg(kernel, index, Sizeof.cl_mem, Pointer.to(buffer.handle())));
        } else if (value instanceof Integer number) {
            argument(index, number.intValue());
        } else if (value instanceof Float number) {
            argument(index, Float.floatToRawIntBits(number));
        } else {
            throw new IllegalArgumentException("argument " + index + " of " + name + ": " + value);
        }
    }

    private void argument(int index, int value) {
        word[0] = value;
        check(index, clSetKernelArg(kernel, index, Sizeof.cl_int, wordPointer));
    }

    private void check(int index, int status) {
        if (status != CL_SUCCESS) {
            OpenClException.check(status, "clSetKernelArg(" + name + ", " + index + ")", device);
        }
    }

    @Override
    public void close() {
        clReleaseKernel(kernel);
    }
}
