package iadb.tools;

import com.google.gson.JsonParseException;
import iadb.fault.InvalidInputException;
import iadb.file.BuildVersion;
import iadb.plan.Tuning;
import iadb.profile.ResultFile;
import iadb.profile.Table;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What compilers and a model of time say about the kernels on GPUs that were not there: {@code tools/results/compiled.json}.
 * {@link #main} makes it for {@code tools/compiled} of the lines that other tools printed.
 *
 * @param about    that nothing of it is measured
 * @param commit   of the program that was compiled
 * @param date     in UTC
 * @param made     the compilers and the model, in their own words
 * @param programs the programs, with the default network and the tuning of a GPU
 * @param kernels  each kernel on each GPU
 */
record Compiled(String about, String commit, String date, List<String> made, List<Program> programs, List<OnGpu> kernels) {
    static final String FILE = "compiled.json";
    static final String TITLE = "GPUs: modelled, not measured";

    private static final String ABOUT = "Modelled, not measured: no GPU has run any of it.";

    /**
     * A program that was compiled.
     *
     * @param kind   of its devices, as {@code tools/inspect --programs} prints it
     * @param tuning the words of {@link Tuning#toString}; null for a program without one
     * @param digest of its sources and options, as {@code tools/inspect --programs} prints it
     */
    record Program(String kind, String program, String tuning, String digest) {
    }

    /**
     * Figures of a kernel on a GPU; null where they are unknown.
     *
     * @param gpu           the compiler's word for it, such as {@code sm_90}
     * @param registers     of 32 bits a work-item
     * @param spilledBytes  moved between registers and memory because they do not fit
     * @param stackBytes    of a work-item
     * @param localBytes    local memory of a group
     * @param groupsPerUnit groups that a compute unit (NVIDIA: SM) holds at once
     * @param cycles        of one warp alone, with what it loads from L2
     * @param cyclesFromL1  the same with what it loads from L1
     * @param per           what takes the cycles: {@code launch} or {@code step}
     * @param clockGhz      the clock by which cycles are time
     */
    record OnGpu(String program, String kernel, String gpu, Integer registers, Integer spilledBytes, Integer stackBytes,
            Integer localBytes, Integer groupsPerUnit, Double cycles, Double cyclesFromL1, String per, Double clockGhz) {
        /** These figures, and another's where these lack one. */
        private OnGpu and(OnGpu other) {
            return new OnGpu(program, kernel, gpu, either(registers, other.registers), either(spilledBytes, other.spilledBytes),
                    either(stackBytes, other.stackBytes), either(localBytes, other.localBytes),
                    either(groupsPerUnit, other.groupsPerUnit), either(cycles, other.cycles),
                    either(cyclesFromL1, other.cyclesFromL1), either(per, other.per), either(clockGhz, other.clockGhz));
        }

        private static <T> T either(T one, T other) {
            return one != null ? one : other;
        }

        private int bytesInMemory() {
            return (spilledBytes == null ? 0 : spilledBytes) + (stackBytes == null ? 0 : stackBytes);
        }
    }

    /** What every line says beside figures: {@code digest} and {@code by}, the compiler or model. */
    private record Origin(String program, String kernel, String gpu, String digest, String by) {
    }

    /**
     * Puts the lines together.
     *
     * @param lines those that do not begin with a brace are skipped
     * @param built the programs that they must be of, by kind of device
     * @throws InvalidInputException when one is of other sources or options, a GPU lacks a program, or a line is not whole
     */
    static Compiled of(List<String> lines, Map<String, List<BuiltProgram>> built, String commit) {
        Set<List<String>> digests = new HashSet<>();
        built.forEach((kind, programs) -> programs.forEach(one -> digests.add(List.of(kind, one.name(), one.digest()))));
        Map<List<String>, OnGpu> kernels = new LinkedHashMap<>();
        List<String> made = new ArrayList<>();
        for (String line : lines) {
            if (!line.startsWith("{")) {
                continue;
            }
            Origin origin = parse(line, Origin.class);
            if (Stream.of(origin.program(), origin.kernel(), origin.gpu(), origin.digest(), origin.by()).anyMatch(Objects::isNull)) {
                throw new InvalidInputException("a line lacks program, kernel, gpu, digest or by: " + line);
            }
            if (!digests.contains(List.of(BuiltProgram.kindOf(origin.gpu()), origin.program(), origin.digest()))) {
                throw new InvalidInputException("the program " + origin.program() + " on " + origin.gpu()
                        + " was compiled from other files or options than tools/inspect --programs prints");
            }
            kernels.merge(List.of(origin.program(), origin.kernel(), origin.gpu()), parse(line, OnGpu.class), OnGpu::and);
            if (!made.contains(origin.by())) {
                made.add(origin.by());
            }
        }
        if (kernels.isEmpty()) {
            throw new InvalidInputException("no line begins with a brace");
        }
        if (kernels.values().stream().anyMatch(one -> one.cycles() != null && (one.per() == null || one.clockGhz() == null))) {
            throw new InvalidInputException("cycles stand without per and clock_ghz");
        }
        for (String gpu : gpus(List.copyOf(kernels.values()))) {
            for (BuiltProgram program : built.get(BuiltProgram.kindOf(gpu))) {
                if (kernels.values().stream().noneMatch(one -> one.gpu().equals(gpu) && one.program().equals(program.name()))) {
                    throw new InvalidInputException("no line is of the program %s on %s".formatted(program.name(), gpu));
                }
            }
        }
        List<Program> programs = new ArrayList<>();
        gpus(List.copyOf(kernels.values())).stream().map(BuiltProgram::kindOf).distinct().forEach(kind -> built.get(kind)
                .forEach(one -> programs.add(new Program(kind, one.name(), Objects.toString(one.tuning(), null), one.digest()))));
        return new Compiled(ABOUT, commit, LocalDate.now(ZoneOffset.UTC).toString(), made, programs, List.copyOf(kernels.values()));
    }

    private static <T> T parse(String line, Class<T> type) {
        try {
            return ResultFile.JSON.fromJson(line, type);
        } catch (JsonParseException e) {
            throw new InvalidInputException("no JSON: " + line, e);
        }
    }

    private static List<String> gpus(List<OnGpu> kernels) {
        return kernels.stream().map(OnGpu::gpu).distinct().toList();
    }

    /**
     * Requires that these are figures of the programs as they are.
     *
     * @param built today's programs, by kind of device
     * @throws InvalidInputException when a program has other sources or options, or there is another set of programs
     */
    void requireCurrent(Map<String, List<BuiltProgram>> built) {
        Set<List<String>> stale = new LinkedHashSet<>();
        programs.forEach(one -> stale.add(List.of(one.kind(), one.program(), one.digest())));
        programs.stream().map(Program::kind).distinct().forEach(kind -> built.get(kind).forEach(one -> {
            List<String> current = List.of(kind, one.name(), one.digest());
            if (!stale.remove(current)) {
                stale.add(current);
            }
        }));
        if (!stale.isEmpty()) {
            throw new InvalidInputException("tools/results/" + FILE + " has figures of other kernels or options than today's ("
                    + stale.stream().map(one -> one.get(1)).distinct().collect(Collectors.joining(", "))
                    + "): compile what `tools/inspect --programs` prints, then `tools/compiled FILE...` and `tools/figures`");
        }
    }

    /** Today's programs, by kind of device. */
    static Map<String, List<BuiltProgram>> built() {
        Map<String, List<BuiltProgram>> built = new TreeMap<>();
        BuiltProgram.KINDS.forEach((kind, devices) -> built.put(kind, devices.programs()));
        return built;
    }

    /** The text of modelled.md: the kernels whose cycles are known. */
    String section() {
        Map<List<String>, List<OnGpu>> byKernel = new LinkedHashMap<>();
        kernels.forEach(one -> byKernel.computeIfAbsent(List.of(one.program(), one.kernel()), k -> new ArrayList<>()).add(one));
        List<OnGpu> modelled = kernels.stream().filter(one -> one.cycles() != null).toList();
        Map<Boolean, List<String>> gpusByVendor = gpus(kernels).stream().collect(Collectors.partitioningBy(Compiled::isNvidia));
        StringBuilder text = new StringBuilder("# " + TITLE + "\n\n| kernel (program) | registers, NVIDIA | registers, AMD | local bytes |"
                + " groups per SM | cycles | cycles, data in L1 | time |\n|---|---|---|---|---|---|---|---|\n");
        for (OnGpu one : modelled) {
            List<OnGpu> same = byKernel.get(List.of(one.program(), one.kernel()));
            text.append("| `%s` (%s), per %s |".formatted(one.kernel(), one.program(), one.per()))
                    .append(registers(same, true)).append(registers(same, false))
                    .append(cell(one.localBytes())).append(cell(one.groupsPerUnit())).append(cell(one.cycles()))
                    .append(cell(one.cyclesFromL1())).append(' ').append(Table.number(one.cycles() / one.clockGhz() * 1e-3)).append(" µs |\n");
        }
        Map<String, Integer> spills = new TreeMap<>();
        kernels.stream().filter(one -> one.bytesInMemory() > 0)
                .forEach(one -> spills.put("`%s` (%s) on %s".formatted(one.kernel(), one.program(), one.gpu()), one.bytesInMemory()));
        String clocks = modelled.stream().map(one -> one.gpu() + " at " + one.clockGhz() + " GHz").distinct()
                .collect(Collectors.joining(", "));
        text.append("\nNone of this has run on a GPU. Registers per work-item, on ")
                .append(String.join(", ", gpusByVendor.get(true))).append(" and ").append(String.join(", ", gpusByVendor.get(false)))
                .append("; local bytes per work-group. The last five columns are for ").append(clocks)
                .append("; cycles are those of a single warp without launch overhead, loading from L2 or, in the next column, from L1. Of ")
                .append(byKernel.size()).append(" kernels ").append(spills.isEmpty() ? "none spills" : "these spill registers: "
                        + spills.entrySet().stream().map(one -> one.getKey() + ", " + one.getValue() + " bytes").collect(Collectors.joining("; ")))
                .append(". Compilers and model: ").append(String.join("; ", made)).append("; ").append(date).append(", commit ").append(commit)
                .append(", [").append(FILE).append("](").append(FILE).append(").\n");
        return text.toString();
    }

    private static boolean isNvidia(String gpu) { return gpu.startsWith("sm_"); }

    /** Registers on the GPUs of one vendor: one number, or the least and the most. */
    private static String registers(List<OnGpu> kernel, boolean nvidia) {
        IntSummaryStatistics registers = kernel.stream().filter(one -> isNvidia(one.gpu()) == nvidia).map(OnGpu::registers)
                .filter(Objects::nonNull).mapToInt(Integer::intValue).summaryStatistics();
        return registers.getCount() == 0 ? " - |" : registers.getMin() == registers.getMax() ? " %d |".formatted(registers.getMin())
                : " %d to %d |".formatted(registers.getMin(), registers.getMax());
    }

    private static String cell(Number value) {
        return value == null ? " - |" : String.format(Locale.ROOT, " %,d |", Math.round(value.doubleValue()));
    }

    /** Writes the file from the lines of all files that the arguments after the first name; the first is the repository. */
    public static void main(String[] arguments) {
        Path root = Path.of(arguments[0]);
        List<String> lines = new ArrayList<>();
        try {
            for (int i = 1; i < arguments.length; i++) {
                lines.addAll(Files.readAllLines(Path.of(arguments[i])));
            }
            Compiled compiled = of(lines, built(), BuildVersion.commit());
            ResultFile.write(root.resolve("tools/results").resolve(FILE), compiled);
            System.out.println("tools/results/" + FILE + ": " + lines.stream().filter(line -> line.startsWith("{")).count() + " lines, "
                    + String.join(" ", gpus(compiled.kernels())));
        } catch (InvalidInputException | IOException e) {
            System.err.println("compiled: " + e.getMessage());
            System.exit(2);
        }
    }
}
