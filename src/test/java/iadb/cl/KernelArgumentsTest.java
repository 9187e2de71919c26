package iadb.cl;

import static org.jocl.CL.*;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.model.NetworkShape;
import iadb.tools.BuiltProgram;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jocl.cl_program;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Kernels' arguments are set by name, and none is left out, on every device. */
class KernelArgumentsTest {
    private static final Source SOURCE = new Source("weigh.cl", """
            // void weigh(int other) {}
            #define KERNEL kernel
            KERNEL void weigh(global float *to, /* the sum (of */ int one, // two)
                         uint two, float factor) {
              to[0] = factor * (one - 2 * (int)two);
            }
            """);

    /** What a driver says of a kernel's parameters. */
    private static List<KernelSignature.Parameter> parametersByDriver(cl_kernel kernel, int count) {
        List<KernelSignature.Parameter> parameters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String type = argument(kernel, i, CL_KERNEL_ARG_TYPE_NAME);
            Class<?> bound = type.endsWith("*") ? DeviceBuffer.class : type.equals("float") ? float.class : int.class;
            assertTrue(bound != int.class || Set.of("int", "uint", "unsigned int").contains(type), type);
            String name = argument(kernel, i, CL_KERNEL_ARG_NAME).replaceFirst("^_cl_", ""); // PoCL renames what is a function's name too
            parameters.add(new KernelSignature.Parameter(name, bound));
        }
        return parameters;
    }

    private static String argument(cl_kernel kernel, int index, int what) {
        byte[] text = new byte[100];
        long[] length = new long[1];
        assertEquals(CL_SUCCESS, clGetKernelArgInfo(kernel, index, what, text.length, Pointer.to(text), length));
        return new String(text, 0, (int) length[0] - 1, StandardCharsets.UTF_8);
    }

    /** All kernels of a program by its driver. */
    private static Set<String> kernels(Program built, List<Source> sources) {
        Matcher first = Pattern.compile("(kernel|GROUP)\\b[^;{}]*?\\bvoid\\s+(\\w+)").matcher(sources.get(sources.size() - 1).text());
        assertTrue(first.find());
        cl_program program = new cl_program();
        try (Kernel kernel = built.kernel(first.group(2))) {
            assertEquals(CL_SUCCESS, clGetKernelInfo(kernel.handle(), CL_KERNEL_PROGRAM, Sizeof.cl_program, Pointer.to(program), null));
        }
        byte[] names = new byte[10_000];
        long[] length = new long[1];
        assertEquals(CL_SUCCESS, clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, names.length, Pointer.to(names), length));
        return new TreeSet<>(List.of(new String(names, 0, (int) length[0] - 1, StandardCharsets.UTF_8).split(";")));
    }

    @Test
    void everyKernelsSourceIsReadAsTheDriverReadsIt() {
        for (Device device : Device.all()) {
            Set<String> seen = new TreeSet<>();
            for (BuiltProgram built : BuiltProgram.of("cpu-8", NetworkShape.TUTORIAL,
                    new BuiltProgram.Limits(device.localBytes(), device.maxGroupSize()), device.fusesMultiplyAdd(), device.fence())) {
                List<String> options = new ArrayList<>(built.options());
                options.add("-cl-kernel-arg-info");
                try (Context context = Context.open(device, UserCache.off());
                        Program program = context.build(built.sources(), options)) {
                    for (String name : kernels(program, built.sources())) {
                        try (Kernel kernel = program.kernel(name)) {
                            List<KernelSignature.Parameter> read = KernelSignature.of(built.sources(), name).parameters();
                            assertEquals(parametersByDriver(kernel.handle(), read.size()), read, name + " on " + device);
                            seen.add(name);
                        }
                    }
                }
            }
            assertTrue(seen.containsAll(Set.of("persistent_steps", "update", "layered_rows", "invert_points")), seen.toString());
        }
    }

    @Test
    void argumentsAreTakenByNameInAnyOrder() {
        for (Device device : Device.all()) {
            try (Context context = Context.open(device, UserCache.off());
                    Program program = context.build(List.of(SOURCE), List.of(Source.STANDARD));
                    Kernel kernel = program.kernel("weigh");
                    DeviceBuffer to = context.buffer(new float[1])) {
                context.enqueue(kernel.set("two", 5).set("factor", 0.5f).set("to", to).set("one", -3), 1, 1);
                assertEquals(-6.5f, to.read(new float[1])[0]);
                kernel.setter("one").accept(11);
                context.enqueue(kernel, 1, 1);
                assertEquals(0.5f, to.read(new float[1])[0]);
            }
        }
    }

    @Test
    void wrongNamesAndTypesAndArgumentsThatAreLeftOutAreRefused() {
        Device device = Device.all().get(0);
        try (Context context = Context.open(device, UserCache.off());
                Program program = context.build(List.of(SOURCE), List.of(Source.STANDARD));
                Kernel kernel = program.kernel("weigh");
                DeviceBuffer to = context.buffer(new float[1])) {
            assertRefused("the kernel weigh has no argument too, but to, one, two, factor", () -> kernel.set("too", to));
            assertRefused("the argument to of the kernel weigh is of type DeviceBuffer, not int", () -> kernel.set("to", 1));
            assertRefused("the argument two of the kernel weigh is of type int, not DeviceBuffer", () -> kernel.set("two", to));
            assertRefused("the argument two of the kernel weigh is of type int, not float", () -> kernel.set("two", 1f));
            assertRefused("the argument factor of the kernel weigh is of type float, not int", () -> kernel.setter("factor"));
            kernel.set("to", to).set("one", 1).set("factor", 1f);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> context.enqueue(kernel, 1, 1));
            assertEquals("the kernel weigh is launched without its argument two", e.getMessage());
        }
    }

    private static void assertRefused(String message, Executable call) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
    }

    @Test
    void parametersThatAreNotUnderstoodAreRefused() {
        for (String list : List.of("", "void", "long x", "size_t x", "local float *x", "float2 x", "TYPE x", "float *x",
                "int", "int x, ", "\n#if X\nint x,\n#endif\nint y", "int x[2]", "F(int) x", "global float **x")) {
            Source source = new Source("odd.cl", "kernel void odd(" + list + ") {}");
            assertThrows(IllegalArgumentException.class, () -> KernelSignature.of(List.of(source), "odd"), list);
        }
        assertThrows(IllegalArgumentException.class, () -> KernelSignature.of(List.of(SOURCE, SOURCE), "weigh"), "defined twice");
        assertThrows(IllegalArgumentException.class, () -> KernelSignature.of(List.of(SOURCE), "other"), "in a comment");
    }
}
