package iadb.tools;

import iadb.cl.Fence;
import iadb.cl.Source;
import iadb.model.NetworkShape;
import iadb.tools.BuiltProgram.Limits;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compiles the kernels for GPUs that are not here, with the options that those would get, and finds what a kernel takes
 * there: clang and libclc make PTX for NVIDIA, of which the CUDA toolkit's ptxas makes machine code, and AMD's assembly.
 * The vendors' own compilers differ in detail: trust it for "compiles, does not spill, fits", not for the last register.
 *
 * <p>{@code tools/inspect} and a test use it.
 */
public final class OfflineCompiler {
    /** Local memory that every GPU here has for a group: NVIDIA's OpenCL stops there. */
    private static final int MOST_LOCAL_BYTES = 48 << 10;
    /** The least that OpenCL 1.2 allows a GPU. */
    private static final int LEAST_LOCAL_BYTES = 32 << 10;
    private static final int MOST_GROUP_LIMIT = 1024; // NVIDIA's
    private static final int LEAST_GROUP_LIMIT = 256; // AMD's
    private static final int GFX1100_CLANG = 16; // an older one gives a work-item 128 of its 256 registers
    private static final List<NetworkShape> OTHERS = List.of(new NetworkShape(128, 4), new NetworkShape(256, 2),
            new NetworkShape(64, 4, NetworkShape.DEFAULT_FEATURES));
    private static final List<String> LIBCLC_FOLDERS = List.of("/usr/lib/clc", "/usr/lib64/clc", "/usr/share/clc",
            "/usr/local/lib/clc", "/usr/local/share/clc", "/opt/homebrew/share/clc");

    /** The GPUs. The PTX is the same for all of NVIDIA's: the oldest one's, which ptxas turns into any later one's code. */
    public enum Target {
        SM_75("NVIDIA sm_75", "sm_75"), SM_80("NVIDIA sm_80", "sm_80"), SM_86("NVIDIA sm_86", "sm_86"),
        SM_89("NVIDIA sm_89", "sm_89"), SM_90("NVIDIA sm_90", "sm_90"),
        GFX90A("AMD gfx90a", "gfx90a"), GFX1030("AMD gfx1030", "gfx1030"), GFX1100("AMD gfx1100", "gfx1100");

        private final String word;
        private final String processor;

        Target(String word, String processor) {
            this.word = word;
            this.processor = processor;
        }

        boolean isNvidia() {
            return processor.startsWith("sm_");
        }

        private List<String> options() {
            // clang passes -cl-denorms-are-zero on to AMD's compiler only, and its PTX for OpenCL starts at sm_20's version
            return isNvidia()
                    ? List.of("--target=nvptx64-nvidia-nvcl", "-march=sm_75", "-Xclang", "-target-feature", "-Xclang", "+ptx63",
                            "-Xclang", "-fdenormal-fp-math-f32=preserve-sign")
                    : List.of("--target=amdgcn-amd-amdhsa", "-mcpu=" + processor, "-nogpulib");
        }

        private List<String> libclcNames() {
            return isNvidia() ? List.of("nvptx64--nvidiacl.bc") : List.of("amdgcn--amdhsa.bc", "amdgcn-amd-amdhsa.bc");
        }

        @Override
        public String toString() {
            return word;
        }
    }

    /**
     * A program as the host builds it.
     *
     * @param mostLocalBytes local memory that a kernel of it may take
     */
    public record Program(String name, List<Source> sources, List<String> options, int mostLocalBytes) {
        private String text() {
            return sources.stream().map(s -> "#line 1 \"cl/%s\"\n%s\n".formatted(s.name(), s.text())).collect(Collectors.joining());
        }
    }

    /**
     * What a kernel takes on a GPU.
     *
     * @param registers    of 32 bits a work-item; -1 where only ptxas knows
     * @param privateBytes memory a work-item takes for what its registers do not hold
     * @param localBytes   local memory a group takes
     */
    public record KernelFacts(String name, int registers, int privateBytes, int localBytes) {
    }

    /** What compiling a program for a GPU came to; faults are what must not be. */
    public record Report(Target target, Program program, List<KernelFacts> kernels, List<String> faults) {
    }

    private record Output(int status, String text) {
    }

    private final String clang;
    private final int version;
    private final Path libclc;
    private final Optional<String> ptxas;

    private OfflineCompiler(String clang, Path libclc, Optional<String> ptxas) {
        this.clang = clang;
        Matcher number = Pattern.compile("clang version (\\d+)").matcher(run(List.of(clang, "--version")).text());
        version = number.find() ? Integer.parseInt(number.group(1)) : 0;
        this.libclc = libclc;
        this.ptxas = ptxas;
    }

    /**
     * The programs with every network that is looked at, with the tuning that a GPU gets that no entry names: those of the default
     * network in the form for a GPU of the least limits, and in that for one of the most where it differs. They come without a
     * fence: {@link #compile} adds each GPU's. A peak is the best of several vector widths, of which the widest may spill.
     */
    public static List<Program> programs() {
        List<Program> programs = new ArrayList<>();
        add(programs, "", NetworkShape.TUTORIAL, new Limits(LEAST_LOCAL_BYTES, LEAST_GROUP_LIMIT));
        add(programs, " 48 KB", NetworkShape.TUTORIAL, new Limits(MOST_LOCAL_BYTES, MOST_GROUP_LIMIT));
        for (NetworkShape shape : OTHERS) {
            add(programs, " %sx%s%s".formatted(shape.width(), shape.depth(), shape.features() > 0 ? " fourier"
                    + shape.features() : ""), shape,
                    new Limits(MOST_LOCAL_BYTES, LEAST_GROUP_LIMIT));
        }
        return programs;
    }

    private static void add(List<Program> programs, String suffix, NetworkShape shape, Limits limits) {
        for (BuiltProgram built : BuiltProgram.of("gpu", shape, limits, true, Fence.NONE)) {
            List<String> options = built.effectiveOptions();
            if (!built.name().equals("peak-16") && programs.stream().noneMatch(one -> one.sources().equals(built.sources())
                    && one.options().equals(options))) {
                programs.add(new Program(built.name() + suffix, built.sources(), options, (int) limits.localBytes()));
            }
        }
    }

    /**
     * The newest clang, of version 14 at least, that takes a libclc that is here: none reads a newer one's.
     *
     * @param withPtxas whether to look for ptxas
     */
    public static Optional<OfflineCompiler> find(boolean withPtxas) {
        Optional<String> ptxas = withPtxas
                ? executables("ptxas", List.of("/usr/local/cuda/bin", "/opt/cuda/bin")).findFirst() : Optional.empty();
        List<Path> folders = Stream.concat(Stream.ofNullable(System.getenv("LIBCLC")), LIBCLC_FOLDERS.stream())
                .map(Path::of).filter(Files::isDirectory).toList();
        Program probe = new Program("probe", List.of(new Source("probe.cl",
                "kernel void probe(global float *x) { x[get_global_id(0)] = exp(x[0]); }")), List.of(Source.STANDARD), 0);
        return executables("clang(-\\d+)?", List.of("/opt/homebrew/opt/llvm/bin"))
                .flatMap(clang -> folders.stream().map(folder -> new OfflineCompiler(clang, folder, ptxas)))
                .sorted(Comparator.comparingInt(OfflineCompiler::version).reversed())
                .filter(compiler -> compiler.version >= 14 && Stream.of(Target.SM_75, Target.GFX90A)
                        .allMatch(target -> compiler.compile(target, probe).faults().isEmpty()))
                .findFirst();
    }

    /** Programs on PATH and in some folders more. */
    private static Stream<String> executables(String pattern, List<String> more) {
        Set<String> folders = new LinkedHashSet<>(List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)));
        folders.addAll(more);
        return folders.stream().map(File::new).map(File::listFiles).filter(files -> files != null).flatMap(Stream::of)
                .filter(file -> file.getName().matches(pattern) && file.canExecute())
                .sorted(Comparator.comparing(File::getName)).map(File::getPath);
    }

    private int version() {
        return version;
    }

    /** The GPUs that can be compiled for: NVIDIA's later ones where ptxas is, gfx1100 by clang 16 or newer. */
    public List<Target> targets() {
        return Stream.of(Target.values()).filter(target -> target == Target.GFX1100 ? version >= GFX1100_CLANG
                : target == Target.SM_75 || !target.isNvidia() || hasPtxas()).toList();
    }

    /** The tools in use, in words. */
    public String describe() {
        return "%s (version %d), %s, %s".formatted(clang, version, libclc, ptxas.orElse("no ptxas"));
    }

    /** Whether the facts of NVIDIA's GPUs are those of their machine code, not only of PTX. */
    public boolean hasPtxas() {
        return ptxas.isPresent();
    }

    /** Compiles a program for a GPU. {@code more} options follow the program's own and so override its definitions. */
    public Report compile(Target target, Program program, String... more) {
        try {
            Path folder = Files.createTempDirectory("iadb-offline");
            try {
                return compile(folder, target, program, List.of(more));
            } finally {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path file : files.toList()) {
                        Files.delete(file);
                    }
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Report compile(Path folder, Target target, Program program, List<String> more) throws IOException {
        Path source = Files.writeString(folder.resolve("program.cl"), program.text());
        Path assembly = folder.resolve("program.s");
        List<String> command = new ArrayList<>(List.of(clang, "-x", "cl", "-O3", "-S", "-w"));
        command.addAll(target.options());
        for (String name : target.libclcNames()) {
            if (Files.exists(libclc.resolve(name))) {
                command.addAll(List.of("-Xclang", "-mlink-builtin-bitcode", "-Xclang", libclc.resolve(name).toString()));
                break;
            }
        }
        (target.isNvidia() ? Fence.ACQ_REL : Fence.AMDGCN).options(program.options()).forEach(command::add);
        command.addAll(more);
        command.addAll(List.of("-o", assembly.toString(), source.toString()));
        Output compiled = run(command);
        if (compiled.status() != 0) {
            return new Report(target, program, List.of(), List.of("does not compile: " + compiled.text().strip()));
        }
        String text = Files.readString(assembly);
        List<String> faults = new ArrayList<>();
        unresolved(target, text).forEach(name -> faults.add("calls the function " + name + ", which nothing defines"));
        List<KernelFacts> kernels = target.isNvidia() ? ptxKernels(text) : amdKernels(text);
        if (target.isNvidia() && ptxas.isPresent() && faults.isEmpty()) {
            Output assembled = run(List.of(ptxas.get(), "-v", "-arch=" + target.processor, "-o",
                    folder.resolve("program.cubin").toString(), assembly.toString()));
            if (assembled.status() == 0) {
                kernels = ptxasKernels(assembled.text());
            } else if (!assembled.text().contains("is not defined for option")) { // a ptxas older or newer than this GPU
                faults.add("ptxas refuses it: " + assembled.text().strip());
            }
        }
        if (kernels.isEmpty()) {
            faults.add("has no kernel");
        }
        for (KernelFacts kernel : kernels) {
            if (kernel.privateBytes() > 0) {
                faults.add("%s keeps %d bytes of its registers in memory".formatted(kernel.name(), kernel.privateBytes()));
            }
            if (kernel.localBytes() > program.mostLocalBytes()) {
                faults.add("%s takes %,d bytes of local memory, more than %,d"
                        .formatted(kernel.name(), kernel.localBytes(), program.mostLocalBytes()));
            }
        }
        return new Report(target, program, kernels, faults);
    }

    /** Functions that are called or declared and have no body. */
    private static Set<String> unresolved(Target target, String assembly) {
        String code = target.isNvidia() ? assembly.replaceAll("//.*", "") : assembly;
        Set<String> used = new TreeSet<>();
        if (target.isNvidia()) {
            String function = "\\.func\\s+(?:\\([^)]*\\)\\s*)?([\\w$]+)\\s*(?:\\([^)]*\\)\\s*)?(?:\\.noreturn\\s*)?";
            matches(function + ";", code).forEach(m -> used.add(m.group(1)));
            matches(function + "\\{", code).forEach(m -> used.remove(m.group(1)));
        } else {
            matches("([\\w$.]+)@(?:rel32|gotpcrel32)@", code).forEach(m -> used.add(m.group(1)));
            matches("(?m)^([\\w$.]+):", code).forEach(m -> used.remove(m.group(1)));
        }
        return used;
    }

    /** Reads PTX: arrays in local memory are named after their kernel, and those in private memory are declared inside it. */
    private static List<KernelFacts> ptxKernels(String ptx) {
        List<MatchResult> entries = matches("\\.entry\\s+(\\w+)", ptx);
        List<KernelFacts> kernels = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            String name = entries.get(i).group(1);
            String body = ptx.substring(entries.get(i).start(), i + 1 < entries.size() ? entries.get(i + 1).start() : ptx.length());
            kernels.add(new KernelFacts(name, -1, bytes("\\.local [^;]*\\[(\\d+)\\];", body),
                    bytes("\\.shared [^;]*\\b" + name + "_\\$_\\w+\\[(\\d+)\\];", ptx)));
        }
        return kernels;
    }

    private static int bytes(String declaration, String ptx) {
        return matches(declaration, ptx).stream().mapToInt(m -> Integer.parseInt(m.group(1))).sum();
    }

    private static List<KernelFacts> ptxasKernels(String log) {
        return matches("(?s)Compiling entry function '(\\w+)'.*?(\\d+) bytes stack frame, (\\d+) bytes spill stores"
                + ".*?Used (\\d+) registers([^\n]*)", log).stream().map(m -> {
                    List<MatchResult> local = matches("(\\d+) bytes smem", m.group(5));
                    return new KernelFacts(m.group(1), Integer.parseInt(m.group(4)),
                            Math.max(Integer.parseInt(m.group(2)), Integer.parseInt(m.group(3))),
                            local.isEmpty() ? 0 : Integer.parseInt(local.get(0).group(1)));
                }).toList();
    }

    /** AMD's assembly ends with a table of its kernels. A register kept in an AGPR counts as one in memory. */
    private static List<KernelFacts> amdKernels(String assembly) {
        List<KernelFacts> kernels = new ArrayList<>();
        String table = assembly.substring(Math.max(0, assembly.indexOf("amdhsa.kernels:")));
        for (String kernel : table.split("\n  - ")) {
            Map<String, String> value = new TreeMap<>();
            matches("(?m)^ *\\.(\\w+): +(\\S+)$", kernel).forEach(m -> value.put(m.group(1), m.group(2)));
            if (value.containsKey("symbol")) {
                kernels.add(new KernelFacts(value.get("symbol").replace(".kd", ""), Integer.parseInt(value.get("vgpr_count")),
                        Math.max(Integer.parseInt(value.get("private_segment_fixed_size")),
                                4 * Integer.parseInt(value.get("vgpr_spill_count"))),
                        Integer.parseInt(value.get("group_segment_fixed_size"))));
            }
        }
        return kernels;
    }

    private static List<MatchResult> matches(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().toList();
    }

    private static Output run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Output(process.waitFor(), text);
        } catch (IOException e) {
            return new Output(127, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Prints a line a kernel. Exit code 1: a fault; 3: clang or libclc is missing. Arguments are options for clang. */
    public static void main(String[] arguments) {
        Optional<OfflineCompiler> found = find(true);
        if (found.isEmpty()) {
            System.err.println("inspect: no clang, version 14 or newer, with a libclc that it takes");
            System.exit(3);
        }
        OfflineCompiler compiler = found.get();
        System.err.println("inspect: " + compiler.describe());
        if (!compiler.hasPtxas()) {
            System.err.println("inspect: without ptxas (the CUDA toolkit's) NVIDIA's code ends at PTX: no registers, no spills");
        }
        if (!compiler.targets().contains(Target.GFX1100)) {
            System.err.println("inspect: without clang 16 or newer nothing is compiled for gfx1100");
        }
        List<Report> reports = programs().parallelStream()
                .flatMap(program -> compiler.targets().stream().map(target -> compiler.compile(target, program, arguments))).toList();
        System.out.printf("%-14s %-14s %-24s %9s %13s %11s%n", "program", "GPU", "kernel", "registers", "bytes spilled", "bytes local");
        for (Report report : reports) {
            for (KernelFacts kernel : report.kernels()) {
                System.out.printf("%-14s %-14s %-24s %9s %13d %11d%n", report.program().name(), report.target(), kernel.name(),
                        kernel.registers() < 0 ? "?" : kernel.registers(), kernel.privateBytes(), kernel.localBytes());
            }
        }
        List<String> faults = reports.stream().flatMap(report -> report.faults().stream()
                .map(fault -> "%s, %s: %s".formatted(report.program().name(), report.target(), fault))).toList();
        faults.forEach(fault -> System.out.println("FAULT " + fault));
        System.exit(faults.isEmpty() ? 0 : 1);
    }
}
