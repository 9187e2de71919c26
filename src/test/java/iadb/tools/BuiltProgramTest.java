package iadb.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import iadb.cl.CacheAccess;
import iadb.cl.Context;
import iadb.cl.Device;
import iadb.cl.DeviceBuffer;
import iadb.cl.OtherDevice;
import iadb.cl.Source;
import iadb.density.ImageDensity;
import iadb.draw.PointSource;
import iadb.metric.EnergyDistance;
import iadb.model.Checkpoint;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plan.BarrierSelfTest;
import iadb.plan.JointPlan;
import iadb.plan.Plan;
import iadb.plan.Plan.Batch;
import iadb.plan.PlanAccess;
import iadb.plan.PlanChoice;
import iadb.plan.PlanSelector;
import iadb.plan.TrainingState;
import iadb.plan.Tuning;
import iadb.plan.TuningTable.Purpose;
import iadb.profile.ProfileAccess;
import iadb.sample.Integration;
import iadb.sample.Integration.Schedule;
import iadb.sample.Sampler;
import iadb.sample.Solver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs that are printed are those that the program builds. */
class BuiltProgramTest {
    private static final NetworkShape SHAPE = NetworkShape.TUTORIAL;

    /** With the tunings of each kind, on a device of any: every program that is built is printed, and the other way round. */
    @ParameterizedTest
    @ValueSource(strings = {"gpu", "gpu-amd", "cpu-4", "cpu-8", "cpu-16"})
    void whatIsBuiltIsWhatIsPrinted(String kind) {
        String tuned = BuiltProgram.KINDS.get(kind).tuned();
        BuiltProgram.Limits most = BuiltProgram.KINDS.get(kind).limits();
        Device device = OtherDevice.limited(Device.all().get(0), most.maxGroupSize(), most.localBytes());
        Set<String> built;
        try (Context context = Context.open(device)) {
            for (PlanChoice.Kind plan : PlanChoice.Kind.values()) {
                buildPlan(context, plan, PlanAccess.ofKind(tuned, Purpose.TRAINING));
            }
            buildJoint(context, PlanAccess.ofKind(tuned, tuned.equals("gpu") ? Purpose.JOINT : Purpose.TRAINING));
            for (Purpose map : tuned.equals("gpu") ? List.of(Purpose.MAP, Purpose.MAP_FEW) : List.of(Purpose.MAP)) {
                buildMaps(context, PlanAccess.ofKind(tuned, map), PlanAccess.ofKind(tuned, Purpose.DENSITY));
            }
            built = CacheAccess.built(context);
        }
        List<BuiltProgram> printed = BuiltProgram.of(tuned, SHAPE, limits(device), device.fusesMultiplyAdd(), device.fence());
        assertEquals(keys(device, printed.stream().filter(program -> program.tuning() != null).toList()), built);
    }

    @Test
    void programsWithoutATuningAreBuiltAsTheyArePrinted() {
        Device device = Device.all().get(0);
        Set<String> built;
        try (Context context = Context.open(device)) {
            BarrierSelfTest.passes(context, 1, 1);
            new PointSource(context, ImageDensity.parse("ring", false)).close();
            new EnergyDistance(context).close();
            ProfileAccess.measurePeak(context);
            built = CacheAccess.built(context);
        }
        List<BuiltProgram> printed = BuiltProgram.of(device.type() == Device.Type.CPU ? "cpu-16" : "gpu", SHAPE,
                limits(device), device.fusesMultiplyAdd(), device.fence());
        assertEquals(keys(device, printed.stream() // iadb.view.interop.InteropTest has the program "sharing"
                .filter(program -> program.tuning() == null && !program.name().equals("sharing")).toList()), built);
    }

    private static void buildPlan(Context context, PlanChoice.Kind kind, Tuning tuning) {
        int rows = tuning.tileRows() * context.device().computeUnits(); // a whole tile for each
        PlanChoice choice = PlanSelector.candidates(Optional.of(kind), tuning, context.device(), SHAPE, rows).get(0);
        assertEquals(kind, choice.kind());
        try (DeviceBuffer data = context.zeros(2 * Float.BYTES);
                TrainingState state = TrainingState.of(context, Checkpoint.start(Network.initial(SHAPE, 0), false), 1)) {
            new Plan(context, SHAPE, choice, new Batch(data, data, rows, 0, 1e-3f), state).close();
        }
    }

    private static void buildJoint(Context context, Tuning tuning) {
        try (DeviceBuffer data = context.zeros(2 * Float.BYTES)) {
            new JointPlan(context, SHAPE, tuning.fit(SHAPE, Tuning.Footprint.ALL_LAYERS, context.device()).orElseThrow(), 1, data, 1).close();
        }
    }

    private static void buildMaps(Context context, Tuning forMap, Tuning forDensity) {
        try (Sampler sampler = new Sampler(context, SHAPE, forMap, forDensity);
                DeviceBuffer parameters = context.buffer(Network.initial(SHAPE, 0).parameters());
                DeviceBuffer points = context.zeros(2 * Float.BYTES); DeviceBuffer logDet = context.zeros(Float.BYTES)) {
            sampler.session(parameters, points, 1, 1).close();
            sampler.sessionWithTangents(parameters, points, logDet, 1, Integration.of(Solver.EULER, Schedule.LINEAR, 1, false)).close();
        }
    }

    private static BuiltProgram.Limits limits(Device device) {
        return new BuiltProgram.Limits(device.localBytes(), device.maxGroupSize());
    }

    private static Set<String> keys(Device device, List<BuiltProgram> programs) {
        return programs.stream().map(program -> CacheAccess.key(device, program.sources(), program.options()))
                .collect(Collectors.toSet());
    }

    @Test
    void everyFileAndEveryTuningIsInAProgram() throws IOException {
        List<BuiltProgram> programs = BuiltProgram.KINDS.get("gpu").programs();
        Set<String> files;
        try (Stream<Path> all = Files.list(Path.of("cl"))) {
            files = all.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".cl")).collect(Collectors.toSet());
        }
        assertEquals(files, programs.stream().flatMap(program -> program.sources().stream()).map(Source::name)
                .collect(Collectors.toSet()));
        assertEquals(EnumSet.allOf(Purpose.class), programs.stream().map(BuiltProgram::purpose).filter(Objects::nonNull)
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(Purpose.class))));
    }

    /** The digest as the head of tools/inspect describes it, from what is printed and the files in cl/. */
    @Test
    void thePrintedJsonHasEverythingThatTheDigestIsMadeOf() throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
            BuiltProgram.main(new String[0]);
        } finally {
            System.setOut(before);
        }
        Set<String> kinds = new TreeSet<>();
        for (JsonElement element : JsonParser.parseString(bytes.toString(StandardCharsets.UTF_8)).getAsJsonObject()
                .getAsJsonArray("programs")) {
            JsonObject program = element.getAsJsonObject();
            kinds.add(program.get("kind").getAsString());
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (JsonElement file : program.getAsJsonArray("files")) {
                String name = file.getAsString();
                String code = Files.readString(Path.of("cl", name)).replaceAll("/\\*(?s:.*?)\\*/", " ").replaceAll("//.*", "")
                        .replaceAll("(?m)[ \t]+$", "").replaceAll("\n+", "\n").replaceFirst("^\n", "");
                digest.update(code.getBytes(StandardCharsets.UTF_8));
            }
            digest.update(program.getAsJsonArray("options").asList().stream().map(JsonElement::getAsString)
                    .collect(Collectors.joining(" ")).getBytes(StandardCharsets.UTF_8));
            assertEquals(HexFormat.of().formatHex(digest.digest()), program.get("digest").getAsString(),
                    program.get("name").getAsString());
        }
        assertEquals(BuiltProgram.KINDS.keySet(), kinds);
    }

    @Test
    void commentsAndBlankLinesDoNotChangeTheDigest() {
        String text = "#define A 1\n\nkernel void k(global float *x) { x[0] = A; }\n";
        String commented = "/* one,\n   two */\n// \u03b1\n#define A 1 // three\n \nkernel void k(global float *x) { x[0] = A; }\n\n";
        assertEquals(digest(text), digest(commented));
        assertNotEquals(digest(text), digest(text.replace("A 1", "A 2")));
    }

    private static String digest(String text) {
        return new BuiltProgram("k", List.of(new Source("k.cl", text)), List.of(), null, null).digest();
    }
}
