package iadb.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import iadb.ChildRun;
import iadb.Prerequisite;
import iadb.density.Density;
import iadb.density.ImageDensity;
import iadb.density.NamedDensities;
import iadb.density.PointDensity;
import iadb.export.Export.Function;
import iadb.fault.InvalidInputException;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.model.ReferenceNetwork;
import iadb.plot.Box;
import iadb.sample.Integration.Schedule;
import iadb.sample.SampleAccess;
import iadb.sample.SampleAccess.Reference;
import iadb.sample.Solver;
import iadb.sample.TrainedNetwork;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exported maps, compiled and run, agree with the double-precision reference; no text of a model becomes code. */
class ExportTest {
    private static final int COUNT = 1000;
    private static final double TOLERANCE = 1e-4; // of the box's side, and of logarithms
    private static final float ALPHA = 0.37f;
    private static final Box FAR = new Box(-40, 30, 8);
    private static final String HOSTILE = "a*/ b\n# \"\"\" ' \\ ??/ </script> <!-- \u202e\u2028 \u0000 %s @name@ $1 日";

    /** Values of a point in the output of the programs in {@code src/test/resources/export}. */
    private static final int END = 0;
    private static final int END_AGAIN = 2;
    private static final int LOG_DET = 4;
    private static final int BACK = 5;
    private static final int FOUND = 7;
    private static final int LOG_DET_BACK = 8;
    private static final int VELOCITY = 9;
    private static final int LOG_DENSITY = 11;
    private static final int FOUND_AGAIN = 12;
    private static final int LOG_P0 = 13;
    private static final int VALUES = 14;

    @TempDir
    private static Path folder;

    private static List<Case> cases;

    /** A map, points in the units of its box, and what the reference makes of them in the unit square. */
    private record Case(String name, Export export, float[] starts, double[] velocities, Reference reference) {
        static Case of(String name, Network network, Optional<Density> p0, Solver solver, Schedule schedule, int steps) {
            Model model = new Model(network, p0, p0, Map.of("configuration", "{\"p0\":\"gaussian\"}"));
            Export export = new Export(model, solver, schedule, steps);
            float[] starts = model.box().toPlane(TrainedNetwork.starts(COUNT));
            float[] unit = model.box().toUnit(starts);
            ReferenceNetwork field = new ReferenceNetwork(network);
            double[] velocities = new double[unit.length];
            for (int i = 0; i < unit.length; i++) {
                velocities[i] = field.velocity(unit[i & ~1], unit[i | 1], ALPHA)[i & 1];
            }
            return new Case(name, export, starts, velocities, SampleAccess.reference(network, solver, schedule, steps, unit));
        }

        Box box() { return export.model().box(); }

        /** Any values in place of log p0. */
        float[] logP0() {
            float[] values = new float[COUNT];
            for (int n = 0; n < COUNT; n++) {
                values[n] = n / 500f - 1;
            }
            return values;
        }
    }

    @BeforeAll
    static void writeThreeMaps() throws IOException {
        Optional<Density> points = Optional.of(pointsIn(FAR));
        Optional<Density> gaussian = Optional.of(TrainedNetwork.P0);
        // in ONNX the first is a loop, others are unrolled
        cases = List.of(Case.of("plain", strong(new NetworkShape(16, 2)), gaussian, Solver.EULER, Schedule.LINEAR, 40),
                Case.of("encoded", strong(new NetworkShape(16, 2, 8)), Optional.empty(), Solver.MIDPOINT, Schedule.COSINE, 7),
                Case.of("boxed", strong(new NetworkShape(16, 1)), points, Solver.RK4, Schedule.LINEAR, 3),
                Case.of("trained", TrainedNetwork.get(), gaussian, Solver.EULER, Schedule.LINEAR, 5));
        for (Case each : cases) {
            for (Export.Form form : Export.Form.values()) {
                each.export().write(folder.resolve(each.name() + form.ending()), Function.MAP);
            }
        }
    }

    /** A random network with larger weights than before a training, so that its map moves and deforms. */
    private static Network strong(NetworkShape shape) {
        Network network = Network.initial(shape, 5);
        for (int i = 0; i < shape.parameters(); i++) {
            network.parameters()[i] *= 1.2f;
        }
        return network;
    }

    private static Density pointsIn(Box box) {
        return new PointDensity("points", Optional.empty(), new float[] {0.1f, 0.2f, 0.8f, 0.9f}, box, 0);
    }

    private static byte[] input() {
        ByteBuffer bytes = ByteBuffer.allocate((1 + 3 * cases.size() * COUNT) * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putFloat(ALPHA);
        for (Case each : cases) {
            for (float value : each.starts()) {
                bytes.putFloat(value);
            }
            for (float value : each.logP0()) {
                bytes.putFloat(value);
            }
        }
        return bytes.array();
    }

    /** Runs a command in the folder; returns the floats that it writes. Nothing may be written to stderr. */
    private static float[] run(byte[] input, String... command) throws IOException, InterruptedException {
        Path in = Files.write(folder.resolve("in"), input);
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectInput(in.toFile())
                .redirectError(err.toFile()).start();
        byte[] bytes = process.getInputStream().readAllBytes();
        int code = process.waitFor();
        assertEquals("", Files.readString(err));
        assertEquals(0, code);
        return floats(bytes);
    }

    private static float[] floats(byte[] bytes) {
        float[] floats = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
        return floats;
    }

    private static void compile(String source) throws IOException, InterruptedException {
        run(new byte[0], "cc", "-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", "program", source, "-lm");
    }

    /** Requires that ends, starts and velocities are near those of the reference, and logarithms where no kink is near. */
    private static void assertNear(float[] out, int maps, boolean hasInverse) {
        assertEquals(maps * COUNT * VALUES, out.length);
        double[] worst = new double[3]; // of points, log-densities and log p0
        for (int i = 0; i < maps; i++) {
            Case each = cases.get(i);
            Box box = each.box();
            int kinks = 0;
            for (int n = 0; n < COUNT; n++) {
                int at = (i * COUNT + n) * VALUES;
                for (int c = 0; c < 2; c++) {
                    double end = c == 0 ? box.x(each.reference().ends()[2 * n]) : box.y(each.reference().ends()[2 * n + 1]);
                    worst[0] = worse(worst[0], (out[at + END + c] - end) / box.side());
                    worst[0] = worse(worst[0], (out[at + END_AGAIN + c] - end) / box.side());
                    worst[0] = worse(worst[0], out[at + VELOCITY + c] / box.side() - each.velocities()[2 * n + c]);
                    worst[0] = !hasInverse ? worst[0] : worse(worst[0], (out[at + BACK + c] - each.starts()[2 * n + c]) / box.side());
                }
                double logDet = each.reference().logDets()[n];
                if (each.reference().onKink()[n]) {
                    kinks++;
                } else {
                    worst[1] = worse(worst[1], out[at + LOG_DET] - logDet);
                    worst[1] = worse(worst[1], out[at + LOG_DENSITY] - (each.logP0()[n] - logDet));
                    worst[1] = !hasInverse ? worst[1] : worse(worst[1], out[at + LOG_DET_BACK] - logDet);
                }
                if (hasInverse) {
                    assertEquals(1, out[at + FOUND]);
                    assertEquals(1, out[at + FOUND_AGAIN]);
                }
                if (i == 0) {
                    double gaussian = centreLogDensity(each.starts()[2 * n], each.starts()[2 * n + 1]);
                    // the picture's weights, of 65,535 in the middle, are rounded
                    double rounding = 0.5 / (65_535 * Math.exp(gaussian - TrainedNetwork.P0.logDensityAt(0.5, 0.5)));
                    worst[2] = worse(worst[2], Math.max(0, Math.abs(out[at + LOG_P0] - gaussian) - rounding));
                }
            }
            assertTrue(kinks < 0.05 * COUNT, kinks + " points on kinks");
        }
        assertArrayEquals(new double[3], worst, TOLERANCE);
    }

    /** The larger of an error's size and another; NaN if either is. */
    private static double worse(double worst, double error) { return Math.max(worst, Math.abs(error)); }

    /** The log-density of the picture of gaussian, by the formula's slope from the centre of the pixel. */
    private static double centreLogDensity(double x, double y) {
        double[] centre = {(Math.floor(x * 512) + 0.5) / 512, (Math.floor(y * 512) + 0.5) / 512};
        return TrainedNetwork.P0.logDensityAt(centre[0], centre[1])
                - 32 * (square(x - 0.5) + square(y - 0.5) - square(centre[0] - 0.5) - square(centre[1] - 0.5));
    }

    private static double square(double value) { return value * value; }

    @Test
    void cAgreesWithTheReference() throws Exception {
        requireCompiler();
        Files.copy(Path.of("src/test/resources/export/main.c"), folder.resolve("main.c"));
        compile("main.c");
        assertNear(run(input(), folder.resolve("program").toString()), cases.size(), true);
    }

    @Test
    void pythonAgreesWithTheReference() throws Exception {
        String python = python();
        Files.copy(Path.of("src/test/resources/export/main.py"), folder.resolve("main.py"));
        assertNear(run(input(), python, "-B", "main.py"), cases.size(), true);
    }

    @Test
    void shadersAgreeWithTheReference() throws Exception {
        Files.write(folder.resolve("in"), input());
        // without optimisations Mesa compiles several times sooner
        ChildRun run = ChildRun.of(ShaderRun.class.getName(), Map.of("GALLIVM_PERF", "nopt"), folder.toString());
        assertEquals(0, run.code(), run.out() + run.err());
        for (String version : ShaderRun.VERSIONS) {
            assertNear(floats(Files.readAllBytes(folder.resolve(version))), ShaderRun.MAPS.length, false);
        }
    }

    @Test
    void onnxAgreesWithTheReference() throws Exception {
        float[] out = new float[cases.size() * COUNT * VALUES];
        for (int i = 0; i < cases.size(); i++) {
            Case each = cases.get(i);
            float[] alphas = new float[COUNT];
            Arrays.fill(alphas, ALPHA);
            float[] end = results(each, Function.MAP, Map.of("start", each.starts())).get("end");
            float[] velocity = results(each, Function.VELOCITY, Map.of("at", each.starts(), "alpha", alphas)).get("velocity");
            Map<String, float[]> both = results(each, Function.LOG_DENSITY, Map.of("start", each.starts()));
            boolean gaussian = each.export().startsFromGaussian();
            assertEquals(gaussian ? Set.of("end", "log_det", "log_density") : Set.of("end", "log_det"), both.keySet());
            for (int n = 0; n < COUNT; n++) {
                int at = (i * COUNT + n) * VALUES;
                for (int c = 0; c < 2; c++) {
                    out[at + END + c] = end[2 * n + c];
                    out[at + END_AGAIN + c] = both.get("end")[2 * n + c];
                    out[at + VELOCITY + c] = velocity[2 * n + c];
                }
                out[at + LOG_DET] = both.get("log_det")[n];
                out[at + LOG_DENSITY] = each.logP0()[n] - out[at + LOG_DET];
                out[at + LOG_P0] = gaussian ? both.get("log_density")[n] + out[at + LOG_DET] : Float.NaN;
            }
        }
        assertNear(out, cases.size(), false);
    }

    /** What a runtime makes of arrays [COUNT, 2], or alpha [COUNT, 1], by the names of inputs and outputs. */
    private static Map<String, float[]> results(Case each, Function function, Map<String, float[]> inputs) throws Exception {
        Path file = folder.resolve(each.name() + "-" + function + ".onnx");
        each.export().write(file, function);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> tensors = new HashMap<>();
        Map<String, float[]> results = new HashMap<>();
        try (OrtSession session = environment.createSession(file.toString())) {
            for (Map.Entry<String, float[]> input : inputs.entrySet()) {
                tensors.put(input.getKey(), OnnxTensor.createTensor(environment, FloatBuffer.wrap(input.getValue()),
                        new long[] {COUNT, input.getValue().length / COUNT}));
            }
            try (OrtSession.Result outputs = session.run(tensors)) {
                for (Map.Entry<String, OnnxValue> output : outputs) {
                    FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
                    float[] copy = new float[values.remaining()];
                    values.get(copy);
                    results.put(output.getKey(), copy);
                }
            }
        } finally {
            tensors.values().forEach(OnnxTensor::close);
        }
        return results;
    }

    private static void requireCompiler() {
        Prerequisite.require(answers("cc", "--version"), "no C compiler: install gcc and libc6-dev");
    }

    private static String python() {
        String python = answers("/usr/bin/python3", "-c", "import numpy") ? "/usr/bin/python3" : "python3";
        Prerequisite.require(answers(python, "-c", "import numpy"), "no NumPy: install python3-numpy");
        return python;
    }

    private static boolean answers(String... command) {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("answer").toFile()).start()
                    .waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void hostileTextDoesNotBecomeCode() throws Exception {
        Network network = Network.initial(new NetworkShape(16, 1, 8), 1);
        Density p0 = ImageDensity.of(HOSTILE, 1, 1, new short[] {1});
        Model model = new Model(network, Optional.of(p0), Optional.of(p0), Map.of("configuration", HOSTILE + "x".repeat(500),
                "seed", HOSTILE, "program", HOSTILE, HOSTILE, HOSTILE));
        Export export = new Export(model, Solver.EULER, Schedule.LINEAR, 1);
        String stem = "x\"*) \\??) ; <b> \u202e日"; // a slash can be in no name
        for (Export.Form form : Export.Form.values()) {
            if (form == Export.Form.HTML) {
                continue; // WebPageTest opens it in a browser
            }
            Path file = folder.resolve(stem + form.ending());
            export.write(file, Function.MAP);
            byte[] bytes = Files.readAllBytes(file);
            if (form == Export.Form.ONNX) {
                try (OrtSession session = OrtEnvironment.getEnvironment().createSession(bytes)) {
                    assertEquals(Export.escape(HOSTILE), session.getMetadata().getCustomMetadata().get("seed"));
                }
                continue;
            }
            String text = new String(bytes, StandardCharsets.ISO_8859_1);
            assertTrue(text.chars().allMatch(c -> c == '\n' || c >= ' ' && c <= '~'), "plain ASCII");
            for (String part : List.of("</script>", "<!--", "??/", "\\ ??", "$1", "\"\"\" '")) {
                assertFalse(text.contains(part), part);
            }
        }
        requireCompiler();
        Files.move(folder.resolve(stem + ".c"), folder.resolve("hostile.c"));
        run(new byte[0], "cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", "-o", "hostile.o", "hostile.c");
        Files.move(folder.resolve(stem + ".py"), folder.resolve("hostile.py"));
        assertEquals(0, run(new byte[0], python(), "-B", "-c", "import hostile; hostile.map([0.5, 0.5])").length);
    }

    @Test
    void escapedTextHasNoMarkOfAnyLanguage() {
        assertEquals("a(U+002A)(U+002F) b(U+000A)", Export.escape("a*/ b\n"));
        assertEquals("(U+202E)(U+1F600)(U+65E5)-(U+D800)", Export.escape("\u202e\uD83D\uDE00日-\uD800"));
        assertTrue(Export.escape(HOSTILE).matches("[A-Za-z0-9 .,:;_+=()-]*"), Export.escape(HOSTILE));
    }

    @Test
    void aFilesNameBecomesAnIdentifier() {
        assertEquals("letters", SourceCode.identifier("letters"));
        assertEquals("my_map_2", SourceCode.identifier("my map--2"));
        assertEquals("map_2", SourceCode.identifier("2"));
        assertEquals("map", SourceCode.identifier("日"));
        assertEquals("map_gl_x", SourceCode.identifier("__gl__x"));
        assertEquals("x", SourceCode.identifier("x\"*/"));
    }

    @Test
    void aNumberReadsBackToTheSameBits() throws Exception {
        requireCompiler();
        float[] values = {0.1f, -0f, 1e-45f, Float.MIN_NORMAL, Float.MAX_VALUE, 1 / 3f, -16777216, 1e10f, 123456.79f, -1.17549435E-38f};
        Network network = Network.initial(new NetworkShape(16, 1), 1);
        System.arraycopy(values, 0, network.parameters(), 0, values.length);
        new Export(new Model(network, Optional.empty(), Optional.empty(), Map.of()), Solver.EULER, Schedule.LINEAR, 1)
                .write(folder.resolve("numbers.c"), Function.MAP);
        Files.writeString(folder.resolve("print.c"), """
                #include <stdio.h>
                #include "numbers.c"
                int main(void) { return fwrite(numbers_parameters, sizeof numbers_parameters, 1, stdout) != 1; }
                """);
        compile("print.c");
        float[] read = run(new byte[0], folder.resolve("program").toString());
        assertArrayEquals(Arrays.copyOf(network.parameters(), read.length), read);
        assertEquals(network.shape().parameters(), read.length);
    }

    @Test
    void whatCannotBeExportedIsRefused() {
        Export export = cases.get(0).export();
        for (String name : new String[] {"map.txt", "map", ".c.x"}) {
            String message = assertThrows(InvalidInputException.class, () -> export.write(folder.resolve(name), Function.MAP))
                    .getMessage();
            assertTrue(message.endsWith("unknown format; give a file that ends in " + Export.Form.endings()), message);
        }
        Network broken = Network.initial(new NetworkShape(16, 1), 1);
        broken.parameters()[5] = Float.NaN;
        Model model = new Model(broken, Optional.empty(), Optional.empty(), Map.of());
        assertThrows(InvalidInputException.class, () -> new Export(model, Solver.EULER, Schedule.LINEAR, 1));
        Network network = cases.get(0).export().model().network();
        for (Box box : List.of(new Box(0, 0, 1e39), new Box(-1e39, 0, 1e38), new Box(0, 0, 1e-40))) {
            Model beyond = new Model(network, Optional.of(pointsIn(box)), Optional.empty(), Map.of());
            assertThrows(InvalidInputException.class, () -> new Export(beyond, Solver.EULER, Schedule.LINEAR, 1));
        }
    }

    @Test
    void aShaderOfWidth32FitsIntoATabOfShadertoy() throws IOException {
        Path file = folder.resolve("limits.glsl");
        for (NetworkShape shape : List.of(new NetworkShape(32, 4), NetworkShape.TUTORIAL, new NetworkShape(128, 4))) {
            Model model = new Model(Network.initial(shape, 1), Optional.empty(), Optional.empty(), Map.of());
            List<String> exceeded = new Export(model, Solver.MIDPOINT, Schedule.LINEAR, 8).write(file, Function.MAP);
            assertEquals(shape.width() / 64, exceeded.size(), exceeded.toString());
            assertEquals(shape.width() > 32, Files.size(file) > 65_000);
        }
    }

    @Test
    void onlyTheNamedGaussianIsInsideAsAFormula() {
        List<Optional<Density>> others = new ArrayList<>(List.of(Optional.empty(), NamedDensities.find("ring").map(d -> d),
                Optional.of(ImageDensity.of("gaussian", 1, 1, new short[] {1}))));
        for (Optional<Density> p0 : others) {
            Model model = new Model(Network.initial(new NetworkShape(16, 1), 1), p0, Optional.empty(), Map.of());
            assertFalse(new Export(model, Solver.EULER, Schedule.LINEAR, 1).startsFromGaussian());
        }
        assertTrue(cases.get(0).export().startsFromGaussian());
    }
}
