package iadb.export;

import iadb.export.Export.Function;
import iadb.file.BuildVersion;
import iadb.model.NetworkShape;
import iadb.plot.Box;
import iadb.sample.Integration;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * A map, its velocity or its log-density as an ONNX model of opset 13. The number of points N is free. Few steps are unrolled, so
 * that runtimes without loops can read the file; more are a loop.
 *
 * <p>Numbers of fields are those of onnx.proto. Operators take tensors by name; a step's are numbered, since each name may be
 * assigned only once.
 */
final class OnnxFile {
    private static final int IR_VERSION = 7; // of opset 13
    private static final int OPSET = 13;
    private static final int FLOAT = 1;
    private static final int INT64 = 7;
    private static final int BOOL = 9;
    private static final int MOST_UNROLLED = 32; // evaluations of the network
    private static final String POINTS = "N";

    private final Export export;
    private final NetworkShape shape;
    private final float[] parameters; // in the layout of the shape
    private final Box box;
    private final Protobuf graph = new Protobuf();
    private Protobuf nodes = graph; // where operators go: the graph, or the body of its loop
    private int names;

    OnnxFile(Export export) {
        this.export = export;
        shape = export.model().network().shape();
        parameters = export.model().network().parameters();
        box = export.model().box();
    }

    byte[] bytes(Function function) {
        graph.put(2, function.toString());
        addNetwork();
        switch (function) {
            case VELOCITY -> addVelocity();
            case MAP -> addMap(false);
            case LOG_DENSITY -> addMap(true);
        }
        Protobuf model = new Protobuf().put(1, IR_VERSION).put(2, "iadb-cl").put(3, Export.escape(BuildVersion.text()))
                .put(6, String.join("\n", export.facts())).put(7, graph).put(8, new Protobuf().put(1, "").put(2, OPSET));
        for (String key : List.of("configuration", "seed", "program")) {
            String fact = export.model().provenance().get(key);
            if (fact != null) {
                model.put(14, new Protobuf().put(1, key).put(2, Export.escape(fact)));
            }
        }
        return model.bytes();
    }

    // ---- the graph ---------------------------------------------------------------------------------------------------------------

    private void addVelocity() {
        value(11, "at", FLOAT, POINTS, 2);
        value(11, "alpha", FLOAT, POINTS, 1);
        String velocity = evaluate(toUnit("at"), "alpha", List.of()).get(0);
        result("Mul", "velocity", velocity, "side");
        value(12, "velocity", FLOAT, POINTS, 2);
    }

    private void addMap(boolean withDensity) {
        if (withDensity) {
            addTangents();
        }
        value(11, "start", FLOAT, POINTS, 2);
        String start = toUnit("start");
        String x = start;
        String det = withDensity ? operator("Add", operator("Mul", columns(start)[0], "zero"), "one") : null; // [N, 1]
        int T = export.steps();
        float[] alphas = Integration.of(export.solver(), export.schedule(), T, false).alphas();
        if ((long) T * export.solver().evaluations() <= MOST_UNROLLED) {
            for (int t = 0; t < T; t++) {
                String[] moved = step(x, det, constant(alphas[t]), constant(alphas[t + 1] - alphas[t]));
                x = moved[0];
                det = moved[1];
            }
        } else {
            String[] moved = loop(x, det, alphas);
            x = moved[0];
            det = moved[1];
        }
        result("Add", "end", operator("Mul", x, "side"), "origin");
        value(12, "end", FLOAT, POINTS, 2);
        if (withDensity) {
            result("Squeeze", "log_det", operator("Log", operator("Abs", det)), "axis");
            value(12, "log_det", FLOAT, POINTS);
            if (export.startsFromGaussian()) {
                String offset = operator("Sub", start, constant(0.5f));
                String square = operator("ReduceSum", attribute("keepdims", 0), operator("Mul", offset, offset), "axis");
                String logP0 = operator("Sub", constant(SourceCode.logAtCentre(export.model())), operator("Mul", square,
                        constant((float) SourceCode.GAUSSIAN_SLOPE)));
                result("Sub", "log_density", logP0, "log_det");
                value(12, "log_density", FLOAT, POINTS);
            }
        }
    }

    /** All steps as a loop over t whose state is x and, unless it is null, the determinant so far; returns their last values. */
    private String[] loop(String x, String det, float[] alphas) {
        tensor("alphas", alphas, alphas.length);
        graph.put(5, new Protobuf().put(1, 1).put(2, INT64).put(8, "next").put(9, longs(1)));
        graph.put(5, new Protobuf().put(2, INT64).put(8, "steps").put(9, longs(export.steps())));
        Protobuf body = new Protobuf().put(2, "step");
        nodes = body;
        // a gathered value has the shape of t: [1]
        String t = operator("Mul", "t", "next");
        String alpha = operator("Gather", "alphas", t);
        String h = operator("Sub", operator("Gather", "alphas", operator("Add", t, "next")), alpha);
        String[] moved = step("x", det == null ? null : "det", alpha, h);
        String goesOn = operator("Identity", "goes_on");
        value(body, 11, "t", INT64);
        value(body, 11, "goes_on", BOOL);
        value(body, 11, "x", FLOAT, POINTS, 2);
        value(body, 12, goesOn, BOOL);
        value(body, 12, moved[0], FLOAT, POINTS, 2);
        if (det != null) {
            value(body, 11, "det", FLOAT, POINTS, 1);
            value(body, 12, moved[1], FLOAT, POINTS, 1);
        }
        nodes = graph;
        Protobuf loop = new Protobuf().put(1, "steps").put(1, "").put(1, x);
        String[] last = {name(), det == null ? null : name()};
        if (det != null) {
            loop.put(1, det);
        }
        loop.put(2, last[0]);
        if (det != null) {
            loop.put(2, last[1]);
        }
        graph.put(1, loop.put(4, "Loop").put(5, new Protobuf().put(1, "body").put(6, body).put(20, 5)));
        return last;
    }

    /**
     * One step.
     *
     * @param det the determinant so far, [N, 1]; null: without tangents
     * @return the end of the step and the new determinant
     */
    private String[] step(String x, String det, String alpha, String h) {
        List<String> begin = det == null ? List.of(x) : List.of(x, "unit_x", "unit_y");
        float[][] stages = switch (export.solver()) {
            case EULER -> new float[][] {{0, 1}};
            case MIDPOINT -> new float[][] {{0, 0}, {0.5f, 1}};
            case RK4 -> new float[][] {{0, 1 / 6f}, {0.5f, 1 / 3f}, {0.5f, 1 / 3f}, {1, 1 / 6f}};
        }; // where each is, and its share in the mean
        String[] mean = new String[begin.size()];
        List<String> slopes = List.of();
        for (float[] stage : stages) {
            String[] at = begin.toArray(String[]::new);
            String stageAlpha = alpha;
            if (stage[0] > 0) {
                String reach = operator("Mul", h, constant(stage[0]));
                stageAlpha = operator("Add", alpha, reach);
                for (int i = 0; i < at.length; i++) {
                    at[i] = operator("Add", begin.get(i), operator("Mul", slopes.get(i), reach));
                }
            }
            slopes = evaluate(at[0], stageAlpha, Arrays.asList(at).subList(1, at.length));
            for (int i = 0; i < mean.length && stage[1] > 0; i++) {
                String share = stage[1] == 1 ? slopes.get(i) : operator("Mul", slopes.get(i), constant(stage[1]));
                mean[i] = mean[i] == null ? share : operator("Add", mean[i], share);
            }
        }
        String end = operator("Add", x, operator("Mul", mean[0], h));
        if (det == null) {
            return new String[] {end, null};
        }
        String[] a = columns(mean[1]);
        String[] b = columns(mean[2]);
        String area = operator("Sub", operator("Mul", a[0], b[1]), operator("Mul", a[1], b[0]));
        String slope = operator("Add", operator("Add", a[0], b[1]), operator("Mul", area, h));
        return new String[] {end, operator("Mul", det, operator("Add", operator("Mul", slope, h), "one"))};
    }

    // ---- the network -------------------------------------------------------------------------------------------------------------

    /** Weights [inputs, outputs] of the layers, those of alpha apart, and biases; directions; the box. */
    private void addNetwork() {
        int W = shape.width();
        int inputs = shape.inputs(0) - 1; // without alpha
        float[] first = new float[inputs * W];
        float[] alpha = new float[W];
        for (int n = 0; n < W; n++) {
            for (int k = 0; k < inputs; k++) {
                first[k * W + n] = parameters[shape.weightIndex(0, k < 2 ? k : k + 1, n)];
            }
            alpha[n] = parameters[shape.weightIndex(0, 2, n)];
        }
        tensor("weight0", first, inputs, W);
        tensor("alpha_weight", alpha, 1, W);
        for (int l = 0; l < shape.layers(); l++) {
            int outputs = shape.outputs(l);
            if (l > 0) {
                float[] weight = new float[W * outputs];
                for (int k = 0; k < W; k++) {
                    for (int n = 0; n < outputs; n++) {
                        weight[k * outputs + n] = parameters[shape.weightIndex(l, k, n)];
                    }
                }
                tensor("weight" + l, weight, W, outputs);
            }
            tensor("bias" + l, Arrays.copyOfRange(parameters, shape.biasOffset(l), shape.biasOffset(l) + outputs), outputs);
        }
        int F = shape.features();
        if (F > 0) {
            float[] rows = SourceCode.directions(export.model().network());
            float[] plane = new float[2 * F];
            float[] alphas = new float[F];
            for (int f = 0; f < F; f++) {
                plane[f] = rows[3 * f];
                plane[F + f] = rows[3 * f + 1];
                alphas[f] = rows[3 * f + 2];
            }
            tensor("directions", plane, 2, F);
            tensor("alpha_directions", alphas, 1, F);
            tensor("turn", new float[] {(float) (2 * Math.PI)});
        }
        tensor("origin", new float[] {(float) box.x0(), (float) box.y0()}, 1, 2);
        tensor("side", new float[] {(float) box.side()});
    }

    private void addTangents() {
        tensor("unit_x", new float[] {1, 0}, 1, 2);
        tensor("unit_y", new float[] {0, 1}, 1, 2);
        tensor("zero", new float[] {0});
        tensor("one", new float[] {1});
        graph.put(5, new Protobuf().put(1, 1).put(2, INT64).put(8, "axis").put(9, longs(1)));
    }

    /**
     * The velocity [N, 2] in the unit square, then its derivatives along tangents.
     *
     * @param alpha [N, 1] or one value
     */
    private List<String> evaluate(String at, String alpha, List<String> tangents) {
        String input = at;
        String[] changes = tangents.toArray(String[]::new);
        if (shape.features() > 0) {
            String turns = operator("Add", operator("MatMul", at, "directions"), operator("Mul", alpha, "alpha_directions"));
            String angle = operator("Mul", operator("Sub", turns, operator("Round", turns)), "turn");
            String sine = operator("Sin", angle);
            String cosine = operator("Cos", angle);
            input = operator("Concat", attribute("axis", 1), at, sine, cosine);
            for (int i = 0; i < changes.length; i++) {
                String slope = operator("Mul", operator("MatMul", changes[i], "directions"), "turn");
                // a tangent may be one row: it becomes N
                String row = operator("Add", changes[i], operator("Mul", at, "zero"));
                changes[i] = operator("Concat", attribute("axis", 1), row, operator("Mul", cosine, slope),
                        operator("Neg", operator("Mul", sine, slope)));
            }
        }
        String act = operator("Add", operator("MatMul", input, "weight0"),
                operator("Add", operator("Mul", alpha, "alpha_weight"), "bias0"));
        for (int l = 0; l <= shape.depth(); l++) {
            act = l == 0 ? act : operator("Gemm", act, "weight" + l, "bias" + l);
            act = l == shape.depth() ? act : operator("Relu", act);
            String on = changes.length == 0 || l == shape.depth() ? null : operator("Sign", act);
            for (int i = 0; i < changes.length; i++) {
                String sum = operator("MatMul", changes[i], "weight" + l);
                changes[i] = on == null ? sum : operator("Mul", sum, on);
            }
        }
        String velocity = act;
        return changes.length == 0 ? List.of(velocity) : List.of(velocity, changes[0], changes[1]);
    }

    // ---- operators and tensors ---------------------------------------------------------------------------------------------------

    private String toUnit(String points) { return operator("Div", operator("Sub", points, "origin"), "side"); }

    private String name() { return "v" + names++; }

    /** An operator with one result, whose name it returns. */
    private String operator(String type, String... inputs) { return operator(type, null, inputs); }

    private String operator(String type, Protobuf attribute, String... inputs) {
        String name = name();
        addOperator(type, attribute, List.of(name), inputs);
        return name;
    }

    private void result(String type, String name, String... inputs) { addOperator(type, null, List.of(name), inputs); }

    private void addOperator(String type, Protobuf attribute, List<String> results, String... inputs) {
        Protobuf node = new Protobuf();
        for (String input : inputs) {
            node.put(1, input);
        }
        for (String result : results) {
            node.put(2, result);
        }
        node.put(4, type);
        nodes.put(1, attribute == null ? node : node.put(5, attribute));
    }

    /** Both columns of a tensor [N, 2], each [N, 1]. */
    private String[] columns(String tensor) {
        String[] columns = {name(), name()};
        addOperator("Split", attribute("axis", 1), List.of(columns), tensor);
        return columns;
    }

    private static Protobuf attribute(String name, int value) { return new Protobuf().put(1, name).put(3, value).put(20, 2); }

    /** A constant of one value. */
    private String constant(float value) {
        String name = name();
        tensor(name, new float[] {value});
        return name;
    }

    /** A constant; without dimensions, of shape [1]. */
    private void tensor(String name, float[] values, int... dimensions) {
        Protobuf tensor = new Protobuf();
        for (int dimension : dimensions.length == 0 ? new int[] {1} : dimensions) {
            tensor.put(1, dimension);
        }
        graph.put(5, tensor.put(2, FLOAT).put(8, name).put(9, Export.littleEndian(values)));
    }

    private static byte[] longs(long value) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    /** An input (11) or an output (12) of the graph. */
    private void value(int field, String name, int type, Object... dimensions) { value(graph, field, name, type, dimensions); }

    private static void value(Protobuf owner, int field, String name, int type, Object... dimensions) {
        Protobuf shape = new Protobuf();
        for (Object dimension : dimensions) {
            shape.put(1, dimension instanceof Integer size ? new Protobuf().put(1, size) : new Protobuf().put(2, dimension.toString()));
        }
        owner.put(field, new Protobuf().put(1, name).put(2, new Protobuf().put(1, new Protobuf().put(1, type).put(2, shape))));
    }
}
