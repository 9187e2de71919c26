package iadb.cl;

import static org.jocl.CL.*;

import java.util.BitSet;
import java.util.function.IntConsumer;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * A kernel object whose arguments are set by their names in the source. An argument keeps its value until it is set again. All
 * must be set before a launch.
 */
public final class Kernel implements AutoCloseable {
    private final Device device;
    private final KernelSignature signature;
    private final cl_kernel kernel;
    private final BitSet unset = new BitSet();
    private final int[] word = new int[1];
    private final Pointer wordPointer = Pointer.to(word);

    Kernel(Device device, cl_program program, KernelSignature signature) {
        this.device = device;
        this.signature = signature;
        String name = signature.kernel();
        int[] status = new int[1];
        kernel = clCreateKernel(program, name, status);
        OpenClException.check(status[0], "clCreateKernel(" + name + ")", device);
        try {
            unset.set(0, signature.parameters().size());
            int[] count = new int[1];
            OpenClException.check(clGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, Sizeof.cl_uint, Pointer.to(count), null),
                    "clGetKernelInfo(" + name + ")", device);
            if (count[0] != unset.length()) {
                throw new IllegalArgumentException("%s: %s parameters in its source, %s on %s".formatted(name, unset.length(),
                        count[0], device.name()));
            }
        } catch (RuntimeException e) {
            clReleaseKernel(kernel);
            throw e;
        }
    }

    public String name() { return signature.kernel(); }

    cl_kernel handle() { return kernel; }

    /**
     * Sets a pointer.
     *
     * @throws IllegalArgumentException if the kernel has no argument of this name and type, as with each {@code set}
     */
    public Kernel set(String argument, DeviceBuffer buffer) {
        set(signature.index(argument, DeviceBuffer.class), Sizeof.cl_mem, Pointer.to(buffer.handle()));
        return this;
    }

    /** Sets an int, or a uint with the same bits. */
    public Kernel set(String argument, int value) {
        setWord(signature.index(argument, int.class), value);
        return this;
    }

    /** Sets a float. */
    public Kernel set(String argument, float value) {
        setWord(signature.index(argument, float.class), Float.floatToRawIntBits(value));
        return this;
    }

    /** Sets the two words of a seed: the arguments seed_low and seed_high. */
    public Kernel setSeed(long seed) {
        return set("seed_low", (int) seed).set("seed_high", (int) (seed >>> 32));
    }

    /** A setter for an int that changes with each launch: does not look up the name again. */
    public IntConsumer setter(String argument) {
        int index = signature.index(argument, int.class);
        return value -> setWord(index, value);
    }

    /** Whether the kernel has an argument of this name. */
    public boolean takes(String argument) {
        return signature.parameters().stream().anyMatch(parameter -> parameter.name().equals(argument));
    }

    /** The largest work-group that this compiled kernel can run in on its device. */
    public long maxGroupSize() {
        long[] size = new long[1];
        OpenClException.check(clGetKernelWorkGroupInfo(kernel, device.id(), CL_KERNEL_WORK_GROUP_SIZE, Sizeof.size_t,
                Pointer.to(size), null), "clGetKernelWorkGroupInfo(" + name() + ")", device);
        return size[0];
    }

    private void setWord(int index, int value) {
        word[0] = value;
        set(index, Sizeof.cl_int, wordPointer);
    }

    private void set(int index, int bytes, Pointer value) {
        int status = clSetKernelArg(kernel, index, bytes, value);
        if (status != CL_SUCCESS) {
            String argument = signature.parameters().get(index).name();
            OpenClException.check(status, "clSetKernelArg(" + name() + ", " + argument + ")", device);
        }
        unset.clear(index);
    }

    /** @throws IllegalStateException if an argument was never set */
    void requireAllSet() {
        if (!unset.isEmpty()) {
            throw new IllegalStateException("the kernel " + name() + " is launched without its argument "
                    + signature.parameters().get(unset.nextSetBit(0)).name());
        }
    }

    @Override
    public void close() { clReleaseKernel(kernel); }
}
