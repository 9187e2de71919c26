package iadb.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import iadb.Prerequisite;
import iadb.cl.Fence;
import iadb.cl.KernelAccess;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import iadb.tools.BuiltProgram;
import iadb.tools.BuiltProgram.Limits;
import iadb.tools.OfflineCompiler;
import iadb.tools.OfflineCompiler.KernelFacts;
import iadb.tools.OfflineCompiler.Program;
import iadb.tools.OfflineCompiler.Report;
import iadb.tools.OfflineCompiler.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Compiles the kernels for GPUs that this machine lacks, with clang and libclc but without the CUDA toolkit. */
class OfflineCompileTest {
    private static OfflineCompiler compiler;

    @BeforeAll
    static void findCompiler() {
        Optional<OfflineCompiler> found = OfflineCompiler.find(false);
        Prerequisite.require(found.isPresent(), "no clang with a libclc that it can link is installed: GPUs are not compiled for");
        compiler = found.get();
    }

    @Test
    void everyKernelCompilesForEveryGpuWithoutSpillingAndFits() throws IOException {
        assertEveryKernelCompiles(compiler.targets().stream().filter(target -> target != Target.GFX1100).toList());
    }

    @Test
    void everyKernelCompilesForGfx1100WithoutSpillingAndFits() throws IOException {
        assumeTrue(compiler.targets().contains(Target.GFX1100), "no clang 16 or newer takes this libclc: gfx1100 is not compiled for");
        assertEveryKernelCompiles(List.of(Target.GFX1100));
    }

    /**
     * The tunings that a GPU measures in addition to its default. Two that suit NVIDIA's GPUs spill on gfx1030 and gfx1100, where
     * they lose when they are timed.
     */
    @Test
    void everyCandidateTuningCompilesForEveryGpuAndSpillsOnNoneButGfx1030AndGfx1100() {
        List<Program> programs = new ArrayList<>();
        for (Limits limits : List.of(new Limits(32 << 10, 256), new Limits(48 << 10, 1024))) {
            for (BuiltProgram built : BuiltProgram.of("gpu", NetworkShape.TUTORIAL, limits, true, Fence.NONE)) {
                if (built.purpose() != null) {
                    Tuning.Footprint footprint = built.sources().equals(Plan.sources(PlanChoice.Kind.LAYERED))
                            ? Tuning.Footprint.ONE_LAYER : built.purpose().footprint();
                    TuningTable.candidates("gpu", built.purpose()).stream().skip(1).flatMap(tuning -> tuning.fit(NetworkShape.TUTORIAL,
                            footprint, limits.localBytes(), limits.maxGroupSize(), 0).stream()).distinct()
                            .map(tuning -> new Program(built.name() + ", " + tuning, built.sources(),
                                    tuning.options(NetworkShape.TUTORIAL, true), (int) limits.localBytes()))
                            .filter(program -> programs.stream().noneMatch(one -> one.name().equals(program.name())))
                            .forEach(programs::add);
                }
            }
        }
        assertFalse(programs.isEmpty());
        assertEquals("", faults(compile(programs, compiler.targets()), OfflineCompileTest::spillsOnRdna));
    }

    private static boolean spillsOnRdna(Report report, String fault) {
        return fault.contains("registers in memory") && (report.target() == Target.GFX1030 || report.target() == Target.GFX1100);
    }

    private static List<Report> compile(List<Program> programs, List<Target> targets) {
        return programs.parallelStream().flatMap(program -> targets.stream().map(target -> compiler.compile(target, program))).toList();
    }

    private static String faults(List<Report> reports, BiPredicate<Report, String> isAllowed) {
        return reports.stream().flatMap(report -> report.faults().stream().filter(fault -> !isAllowed.test(report, fault))
                .map(fault -> report.program().name() + ", " + report.target() + ": " + fault)).collect(Collectors.joining("\n"));
    }

    private static void assertEveryKernelCompiles(List<Target> targets) throws IOException {
        List<Report> reports = compile(OfflineCompiler.programs(), targets);
        // the default tunings of the map and of many trainings, with an encoding, spill there; they have not been timed on such a GPU
        assertEquals("", faults(reports, (report, fault) -> report.program().name().matches("(map|joint) .*fourier.*")
                && spillsOnRdna(report, fault)));
        for (Target target : targets) {
            Set<String> compiled = reports.stream().filter(report -> report.target() == target)
                    .flatMap(report -> report.kernels().stream()).map(KernelFacts::name).collect(Collectors.toCollection(TreeSet::new));
            assertEquals(KernelAccess.all(), compiled, target.toString());
        }
    }

    @Test
    void aFunctionThatNothingDefinesIsAFault() {
        assertFault("missing", "float missing(float x);\nkernel void k(global float *x) { x[0] = missing(x[1]); }");
    }

    @Test
    void anInlineFunctionThatIsNotStaticIsAFaultWhereItIsNotInlined() {
        assertFault("square", "__attribute__((noinline)) inline float square(float x) { return x * x; }\n"
                + "kernel void k(global float *x) { x[0] = square(x[1]); }");
    }

    @Test
    void anArrayThatRegistersCannotHoldIsAFault() {
        assertFault("bytes of its registers in memory", """
                kernel void k(global float *x, global int *index) {
                  float held[200];
                  for (int i = 0; i < 200; i++) held[i] = x[i];
                  for (int i = 0; i < 200; i++) x[i] = held[index[i]];
                }""");
    }

    @Test
    void tooMuchLocalMemoryIsAFault() {
        assertFault("4,100 bytes of local memory", """
                kernel void k(global float *x) {
                  local float held[1025];
                  held[get_local_id(0)] = x[get_global_id(0)];
                  barrier(CLK_LOCAL_MEM_FENCE);
                  x[get_global_id(0)] = held[1024 - get_local_id(0)];
                }""");
    }

    @Test
    void whatIsNoOpenClIsAFault() {
        assertFault("does not compile", "kernel void k(global float *x) { x[0] = y; }");
    }

    /** Requires that this program has a fault on every GPU that contains {@code words}. */
    private static void assertFault(String words, String text) {
        Program program = new Program("faulty", List.of(new Source("faulty.cl", text)), List.of(Source.STANDARD), 4096);
        for (Target target : compiler.targets()) {
            List<String> faults = compiler.compile(target, program).faults();
            assertTrue(faults.stream().anyMatch(fault -> fault.contains(words)), target + ": " + faults);
        }
    }
}
