package iadb.export;

import iadb.density.Density;
import iadb.export.Export.Form;
import iadb.file.Safetensors;
import iadb.model.Model;
import iadb.model.Network;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.sample.Integration.Schedule;
import iadb.sample.Solver;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A map as the text of a program, from the template of its language; ASCII. */
final class SourceCode {
    private static final int LINE_CHARS = 120;
    private static final int SHADERTOY_CHARS = 65_000;
    private static final int DIRECT3D_VECTORS = 4096;
    static final double GAUSSIAN_SLOPE = 32; // 1/(2 sigma^2) of the density gaussian, whose sigma is 1/8

    private final Export export;
    private final NetworkShape shape;
    private final String file;
    private final String name;

    /** @param file its name, without folders */
    SourceCode(Export export, String file) {
        this.export = export;
        shape = export.model().network().shape();
        this.file = file;
        name = identifier(file.replaceFirst("\\.[^.]*$", ""));
    }

    /**
     * The word that begins the names of all functions, from a file's name without its ending: so that a program can contain several
     * maps. It is an identifier of C, GLSL and Python, and reserved in none.
     */
    static String identifier(String text) {
        String word = text.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("^_|_$", "");
        return word.matches("[A-Za-z].*") && !word.startsWith("gl_") ? word : ("map_" + word).replaceAll("_$", "");
    }

    String text(Form form) {
        Map<String, String> values = common();
        switch (form) {
            case GLSL -> {
                values.put("comment", comment("// "));
                addVectors(values);
                return Template.fill("map.glsl", values);
            }
            case C -> {
                values.put("comment", comment(" * "));
                float[] parameters = export.model().network().parameters();
                values.put("parameters", lines(shape.parameters(), i -> literal(parameters[i]) + "f,"));
                float[] rows = directions(export.model().network());
                values.put("directions", lines(shape.features(), f -> "{" + literal(rows[3 * f]) + "f, " + literal(rows[3 * f + 1])
                        + "f, " + literal(rows[3 * f + 2]) + "f},"));
                addUnits(values);
                return Template.fill("map.c", values);
            }
            case PY -> {
                values.put("comment", comment("# "));
                values.put("module", file.replaceFirst("\\.[^.]*$", "").equals(name) ? name : "map");
                values.put("base64", base64());
                return Template.fill("map.py", values);
            }
            default -> throw new IllegalArgumentException(form + " is not source code");
        }
    }

    private String comment(String margin) {
        return export.facts().stream().map(fact -> margin + fact).collect(Collectors.joining("\n"));
    }

    private Map<String, String> common() {
        Box box = export.model().box();
        Solver solver = export.solver();
        boolean gaussian = export.startsFromGaussian();
        Map<String, String> values = new HashMap<>();
        values.put("name", name);
        values.put("file", Export.escape(file));
        values.put("steps", Integer.toString(export.steps()));
        values.put("linear", export.schedule() == Schedule.LINEAR ? "yes" : "");
        values.put("cosine", export.schedule() == Schedule.COSINE ? "yes" : "");
        values.put("stages", Integer.toString(solver.evaluations()));
        values.put("nodes", switch (solver) {
            case EULER -> "0.0";
            case MIDPOINT -> "0.0, 0.5";
            case RK4 -> "0.0, 0.5, 0.5, 1.0";
        });
        values.put("shares", switch (solver) {
            case EULER -> "1.0";
            case MIDPOINT -> "0.0, 1.0";
            case RK4 -> "1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0";
        });
        values.put("inputs", Integer.toString(shape.inputs(0) + 1));
        values.put("width", Integer.toString(shape.width()));
        values.put("depth", Integer.toString(shape.depth()));
        values.put("sizes", IntStream.rangeClosed(0, shape.layers()).mapToObj(l -> Integer.toString(l == 0 ? shape.inputs(0)
                : shape.outputs(l - 1))).collect(Collectors.joining(", ", "[", "]")));
        values.put("parameter_count", Integer.toString(shape.parameters()));
        values.put("features", Integer.toString(shape.features()));
        values.put("encoding", shape.features() > 0 ? "yes" : "");
        values.put("features_note", shape.features() > 0 ? ", features" : "");
        values.put("directions_note", shape.features() > 0 ? ", then directions [F, 3]" : "");
        values.put("gaussian", gaussian ? "yes" : "");
        values.put("other", gaussian ? "" : "yes");
        values.put("log_p0_note", gaussian ? ", such as the function log_p0." : ".");
        values.put("x0", Double.toString(box.x0()));
        values.put("y0", Double.toString(box.y0()));
        values.put("side", Double.toString(box.side()));
        values.put("example", Float.toString((float) box.x(0.5)));
        values.put("example_y", Float.toString((float) box.y(0.5)));
        values.put("log_p0_slope", Double.toString(GAUSSIAN_SLOPE));
        values.put("log_p0_at_centre", gaussian ? Float.toString(logAtCentre(export.model())) : "");
        return values;
    }

    /**
     * The logarithm of the formula of gaussian at its middle, per unit of area of the box; from its picture, so that both are
     * normalised in the same way.
     */
    static float logAtCentre(Model model) {
        Density gaussian = model.p0().orElseThrow();
        double offset = 0.5 / gaussian.image().width(); // of the centre of the pixel
        return (float) (gaussian.logDensityAt(0.5 + offset, 0.5 + offset) + GAUSSIAN_SLOPE * 2 * offset * offset
                + model.box().logDensityOffset());
    }

    /** Conversions between the user's plane and the unit square in C; in doubles, so that an offset of the box loses no digits. */
    private void addUnits(Map<String, String> values) {
        Box box = export.model().box();
        for (int c = 0; c < 2; c++) {
            String axis = c == 0 ? "x" : "y";
            String begin = Double.toString(c == 0 ? box.x0() : box.y0());
            values.put("to_unit_" + axis, box.isUnit() ? "plane[%s]".formatted(c)
                    : "(float)((plane[%s] - %s) / %s)".formatted(c, begin, box.side()));
            values.put("to_plane_" + axis, box.isUnit() ? "unit[%s]".formatted(c)
                    : "(float)(%s + %s * unit[%s])".formatted(begin, box.side(), c));
            values.put("velocity_" + axis, box.isUnit() ? "result[0][%s]".formatted(c)
                    : "(float)(%s * result[0][%s])".formatted(box.side(), c));
        }
    }

    /** The numbers of a shader as vectors of four, and conversions between the user's plane and the unit square. */
    private void addVectors(Map<String, String> values) {
        List<String> matrices = matrices();
        float[] rows = directions(export.model().network());
        float[] directions = new float[rows.length]; // [3][F]
        for (int i = 0; i < rows.length; i++) {
            directions[i % 3 * shape.features() + i / 3] = rows[i];
        }
        int inputs = (shape.inputs(0) + 1) / 4;
        values.put("matrices", Integer.toString(matrices.size()));
        values.put("parameters", listed(matrices));
        values.put("direction_vectors", Integer.toString(directions.length / 4));
        values.put("directions", listed(IntStream.range(0, directions.length / 4).mapToObj(v -> IntStream.range(4 * v, 4 * v + 4)
                .mapToObj(i -> literal(directions[i])).collect(Collectors.joining(",", "vec4(", ")"))).toList()));
        values.put("input_vectors", Integer.toString(inputs));
        values.put("feature_vectors", Integer.toString(shape.features() / 4));
        values.put("width_vectors", Integer.toString(shape.width() / 4));
        values.put("stride", Integer.toString(Math.max(inputs, shape.width() / 4 + 1)));
        Box box = export.model().box();
        String origin = "vec2(" + (float) box.x0() + ", " + (float) box.y0() + ")";
        values.put("to_unit", box.isUnit() ? "at" : "(at - " + origin + ") / " + (float) box.side());
        values.put("to_plane", box.isUnit() ? "x" : origin + " + " + (float) box.side() + " * x");
        values.put("velocity", box.isUnit() ? "velocity[0]" : (float) box.side() + " * velocity[0]");
    }

    /**
     * The limits that a shader exceeds, a sentence each. Shadertoy publishes none; other generators of shaders warn above 65,000
     * characters for each of its tabs. Direct3D, by which browsers on Windows run WebGL, holds constant arrays of 4,096 vectors
     * (D3D11_REQ_IMMEDIATE_CONSTANT_BUFFER_ELEMENT_COUNT).
     */
    List<String> exceededLimits(String shader) {
        List<String> exceeded = new ArrayList<>();
        if (shader.length() > SHADERTOY_CHARS) {
            exceeded.add(String.format(Locale.ROOT, "it has %,d characters, and a tab of Shadertoy holds about %,d",
                    shader.length(), SHADERTOY_CHARS));
        }
        int vectors = 4 * matrices().size() + 3 * shape.features() / 4;
        if (vectors > DIRECT3D_VECTORS) {
            exceeded.add(String.format(Locale.ROOT,
                    "it has %,d vectors of constants, and Direct3D holds %,d: browsers on Windows may refuse it", vectors, DIRECT3D_VECTORS));
        }
        return exceeded;
    }

    /** The weights of a shader: see its template. */
    private List<String> matrices() {
        float[] parameters = export.model().network().parameters();
        List<String> matrices = new ArrayList<>();
        for (int l = 0; l < shape.layers(); l++) {
            int rows = shape.inputs(l) + 1; // with 1, before the features if there are any
            for (int n = 0; n < shape.outputs(l); n += 4) {
                for (int k = 0; k < rows; k += 4) {
                    StringBuilder matrix = new StringBuilder("mat4(");
                    for (int i = 0; i < 16; i++) {
                        boolean exists = k + i / 4 < rows && n + i % 4 < shape.outputs(l);
                        matrix.append(i == 0 ? "" : ",").append(exists ? literal(parameters[row(l, k + i / 4, n + i % 4)]) : "0.");
                    }
                    matrices.add(matrix.append(')').toString());
                }
            }
        }
        return matrices;
    }

    /** The offset of the weight from an input of a layer, of which one is 1, to an output. */
    private int row(int l, int k, int n) {
        int one = l == 0 ? NetworkShape.COORDINATES : shape.inputs(l);
        return k == one ? shape.biasOffset(l) + n : shape.weightIndex(l, k > one ? k - 1 : k, n);
    }

    private static String listed(List<String> words) {
        return lines(words.size(), i -> words.get(i) + (i + 1 < words.size() ? "," : ""));
    }

    /** A number with the digits that identify a float, without a zero before its point. */
    private static String literal(float value) { return Float.toString(value).replaceFirst("^(-?)0\\.(?=[1-9]|0[0-9])", "$1."); }

    /** The directions of the encoding, [F, 3]; empty without one. */
    static float[] directions(Network network) {
        List<Safetensors.Tensor> tensors = network.tensors();
        return network.shape().features() == 0 ? new float[0] : tensors.get(tensors.size() - 1).data();
    }

    /** Words with blanks between them, in lines. */
    private static String lines(int count, IntFunction<String> word) {
        StringBuilder text = new StringBuilder();
        int column = 0;
        for (int i = 0; i < count; i++) {
            String next = word.apply(i);
            boolean wraps = i > 0 && column + 1 + next.length() > LINE_CHARS;
            text.append(i == 0 ? "" : wraps ? "\n" : " ").append(next);
            column = (wraps || i == 0 ? 0 : column + 1) + next.length();
        }
        return text.toString();
    }

    /** All tensors in PyTorch's layout, as little-endian floats in base64, in quoted lines. */
    private String base64() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        export.model().network().tensors().forEach(tensor -> bytes.writeBytes(Export.littleEndian(tensor.data())));
        String text = Base64.getEncoder().encodeToString(bytes.toByteArray());
        return IntStream.range(0, (text.length() + LINE_CHARS - 1) / LINE_CHARS)
                .mapToObj(i -> "    \"" + text.substring(i * LINE_CHARS, Math.min(text.length(), (i + 1) * LINE_CHARS)) + "\"")
                .collect(Collectors.joining("\n"));
    }
}
