package iadb.cl;

import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;

/** Tells tests of other packages what a driver reports of a kernel. */
public final class KernelDoor {
    private KernelDoor() {
    }

    /** Bytes of local memory that a group takes. */
    public static long localBytes(Kernel kernel, Device device) {
        long[] bytes = new long[1];
        OpenClException.check(CL.clGetKernelWorkGroupInfo(kernel.handle(), device.id(), CL.CL_KERNEL_LOCAL_MEM_SIZE, Sizeof.cl_ulong,
                Pointer.to(bytes), null), "clGetKernelWorkGroupInfo(" + kernel.name() + ")", device);
        return bytes[0];
    }
}
