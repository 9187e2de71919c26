package iadb.cl;

import iadb.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;

/** What tests of other packages need to know about kernels. */
public final class KernelAccess {
    private static final Pattern KERNEL =
            Pattern.compile("(?m)^(?:kernel|[A-Z_]*GROUP)(?: __attribute__\\(.*\\))?\\s+void (\\w+)\\(");

    private KernelAccess() {
    }

    /** The names of the kernels that a source defines. */
    public static List<String> names(String source) {
        return KERNEL.matcher(source).results().map(match -> match.group(1)).toList();
    }

    /** The names of all kernels in {@code cl/}. */
    public static Set<String> all() throws IOException {
        Set<String> kernels = new TreeSet<>();
        for (String name : FileNames.in(Path.of("cl"))) {
            kernels.addAll(names(Files.readString(Path.of("cl", name))));
        }
        return kernels;
    }

    /** Bytes of local memory that a group takes. */
    public static long localBytes(Kernel kernel, Device device) {
        long[] bytes = new long[1];
        OpenClException.check(CL.clGetKernelWorkGroupInfo(kernel.handle(), device.id(), CL.CL_KERNEL_LOCAL_MEM_SIZE, Sizeof.cl_ulong,
                Pointer.to(bytes), null), "clGetKernelWorkGroupInfo(" + kernel.name() + ")", device);
        return bytes[0];
    }
}
