package iadb.tools;

import iadb.cl.Fence;
import iadb.cl.Source;
import iadb.draw.PointSource;
import iadb.file.BuildVersion;
import iadb.metric.EnergyDistance;
import iadb.metric.MetricAccess;
import iadb.model.NetworkShape;
import iadb.plan.BarrierSelfTest;
import iadb.plan.JointPlan;
import iadb.plan.Plan;
import iadb.plan.PlanAccess;
import iadb.plan.PlanChoice;
import iadb.plan.Tuning;
import iadb.plan.TuningTable.Purpose;
import iadb.profile.ProfileAccess;
import iadb.profile.ResultFile;
import iadb.sample.SampleAccess;
import iadb.sample.Sampler;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * An OpenCL program as the host builds it on a device that need not be here. The sources and options are those of the classes that
 * build it. {@link #main} prints all of them as JSON, so that other compilers can compile what runs.
 *
 * @param name    one program of a device has it
 * @param sources its files, in order
 * @param options build options; empty ones have no effect
 * @param purpose what its tuning is for; null for a program without one
 * @param tuning  fits the network and the device; null for a program without one
 */
public record BuiltProgram(String name, List<Source> sources, List<String> options, Purpose purpose, Tuning tuning) {
    /** The kinds of devices, by name: {@code gpu} is NVIDIA's. */
    static final Map<String, Kind> KINDS = new TreeMap<>(Map.of("gpu", new Kind("gpu", new Limits(48 << 10, 1024), Fence.ACQ_REL),
            "gpu-amd", new Kind("gpu", new Limits(64 << 10, 256), Fence.AMDGCN), "cpu-4", cpu("cpu-4"), "cpu-8", cpu("cpu-8"),
            "cpu-16", cpu("cpu-16")));

    /** The default network with the default encoding. */
    private static final NetworkShape ENCODED = new NetworkShape(NetworkShape.TUTORIAL.width(), NetworkShape.TUTORIAL.depth(),
            NetworkShape.DEFAULT_FEATURES);
    private static final String ENCODED_SUFFIX = "-fourier" + NetworkShape.DEFAULT_FEATURES;

    /**
     * A kind of device.
     *
     * @param tuned  its name in the table of tunings
     * @param limits what its devices allow
     * @param fence  what orders memory between its work-groups
     */
    record Kind(String tuned, Limits limits, Fence fence) {
        List<BuiltProgram> programs() {
            Stream<BuiltProgram> encoded = of(tuned, ENCODED, limits, true, fence).stream()
                    .filter(program -> program.tuning != null)
                    .map(program -> program.named(program.name + ENCODED_SUFFIX));
            return Stream.concat(of(tuned, NetworkShape.TUTORIAL, limits, true, fence).stream(), encoded).toList();
        }
    }

    private static Kind cpu(String name) {
        return new Kind(name, new Limits(1 << 20, 4096), Fence.X86);
    }

    /**
     * What a device allows.
     *
     * @param localBytes   local memory of a group
     * @param maxGroupSize work-items of a group
     */
    public record Limits(long localBytes, long maxGroupSize) {
    }

    /** What {@link #main} prints. */
    private record All(String commit, int width, int depth, List<Printed> programs) {
    }

    /**
     * A program as it is printed.
     *
     * @param purpose as in {@code cl/tuning.properties}
     * @param tuning  the words of {@link Tuning#toString}
     */
    private record Printed(String kind, Limits limits, String name, List<String> files, List<String> options, String purpose,
            String tuning, String digest) {
        private static Printed of(String kind, BuiltProgram program) {
            return new Printed(kind, KINDS.get(kind).limits(), program.name, program.sources.stream().map(Source::name).toList(),
                    program.effectiveOptions(), program.purpose == null ? null : program.purpose.key(),
                    program.tuning == null ? null : program.tuning.toString(), program.digest());
        }
    }

    /**
     * The programs of a kind of device, for the default tunings; without those that do not fit it.
     *
     * <p>A CPU is taken to have so few compute units that a batch gives each of them a whole tile.
     *
     * @param kind {@code gpu}, {@code cpu-4}, {@code cpu-8} or {@code cpu-16}
     */
    public static List<BuiltProgram> of(String kind, NetworkShape shape, Limits limits, boolean fusesMultiplyAdd, Fence fence) {
        List<BuiltProgram> programs = new ArrayList<>();
        for (PlanChoice.Kind plan : PlanChoice.Kind.values()) {
            tuned(kind, plan.toString(), Plan.sources(plan), Purpose.TRAINING, plan.footprint(), shape, limits, fusesMultiplyAdd)
                    .map(built -> plan == PlanChoice.Kind.PERSISTENT ? built.with(fence) : built).ifPresent(programs::add);
        }
        tuned(kind, "joint", JointPlan.sources(), kind.equals("gpu") ? Purpose.JOINT : Purpose.TRAINING, Tuning.Footprint.ALL_LAYERS, shape, limits,
                fusesMultiplyAdd).ifPresent(programs::add);
        tuned(kind, "map", Sampler.sources(), Purpose.MAP, Tuning.Footprint.TWO_LAYERS, shape, limits, fusesMultiplyAdd)
                .ifPresent(programs::add);
        if (kind.equals("gpu")) { // a CPU has one map for any number of points
            tuned(kind, "map-few", Sampler.sources(), Purpose.MAP_FEW, Tuning.Footprint.TWO_LAYERS, shape, limits, fusesMultiplyAdd)
                    .ifPresent(programs::add);
        }
        tuned(kind, "density", SampleAccess.densitySources(), Purpose.DENSITY, Tuning.Footprint.TWO_LAYERS_WITH_TANGENTS, shape,
                limits, fusesMultiplyAdd).ifPresent(programs::add);
        programs.add(untuned("barrier", BarrierSelfTest.sources(), BarrierSelfTest.OPTIONS).with(fence));
        programs.add(untuned("draw", PointSource.sources(), PointSource.OPTIONS));
        programs.add(untuned("energy", EnergyDistance.sources(), MetricAccess.energyOptions(fusesMultiplyAdd)));
        ProfileAccess.peakOptions(!kind.equals("gpu"), limits.maxGroupSize(), fusesMultiplyAdd)
                .forEach((vector, options) -> programs.add(untuned("peak-" + vector, ProfileAccess.peakSources(), options)));
        // a test of iadb.view.interop, which builds it, compares it with this
        programs.add(untuned("sharing", List.of(Source.of("sharing.cl")), List.of(Source.STANDARD)));
        return programs;
    }

    private static Optional<BuiltProgram> tuned(String kind, String name, List<Source> sources, Purpose purpose,
            Tuning.Footprint footprint, NetworkShape shape, Limits limits, boolean fusesMultiplyAdd) {
        return PlanAccess.fit(kind, purpose, shape, footprint, limits.localBytes(), limits.maxGroupSize()).map(
                tuning -> new BuiltProgram(name, sources, PlanAccess.options(tuning, shape, fusesMultiplyAdd), purpose, tuning));
    }

    private static BuiltProgram untuned(String name, List<Source> sources, List<String> options) {
        return new BuiltProgram(name, sources, options, null, null);
    }

    private BuiltProgram named(String other) {
        return new BuiltProgram(other, sources, options, purpose, tuning);
    }

    private BuiltProgram with(Fence fence) {
        return new BuiltProgram(name, sources, fence.options(options), purpose, tuning);
    }

    /** The options that have an effect. */
    public List<String> effectiveOptions() {
        return options.stream().filter(option -> !option.isEmpty()).toList();
    }

    /** The kind of a GPU that a compiler names, such as {@code sm_90} or {@code gfx1100}. */
    static String kindOf(String gpu) {
        return gpu.startsWith("gfx") ? "gpu-amd" : "gpu";
    }

    /** SHA-256 of the code of the sources, one after the other, and the options with a blank between. */
    String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            sources.forEach(source -> digest.update(code(source.text()).getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest(String.join(" ", effectiveOptions()).getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The lines of a text without comments, blanks at their ends and blank lines: what a compiler's result depends on. */
    static String code(String text) {
        return text.replaceAll("(?s)/\\*.*?\\*/", " ").replaceAll("//.*", "").lines().map(String::stripTrailing)
                .filter(line -> !line.isEmpty()).map(line -> line + "\n").collect(Collectors.joining());
    }

    /**
     * Prints the default network's programs, without and with the default encoding, of each kind of device that
     * fuses multiply-adds.
     */
    public static void main(String[] arguments) {
        List<Printed> programs = KINDS.entrySet().stream().flatMap(kind -> kind.getValue().programs().stream()
                .map(program -> Printed.of(kind.getKey(), program))).toList();
        new PrintStream(System.out, true, StandardCharsets.UTF_8).println(ResultFile.JSON.toJson(new All(BuildVersion.commit(),
                NetworkShape.TUTORIAL.width(), NetworkShape.TUTORIAL.depth(), programs)));
    }
}
