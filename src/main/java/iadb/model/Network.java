package iadb.model;

import iadb.fault.InvalidInputException;
import iadb.file.Safetensors;
import iadb.random.Philox;
import iadb.random.RandomPurpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters on the host, in the layout of {@link NetworkShape}.
 *
 * @param shape      its shape
 * @param parameters [shape.bufferFloats()]; not copied
 */
public record Network(NetworkShape shape, float[] parameters) {
    /** σ of an encoding's directions if none is given. */
    public static final double DEFAULT_DEVIATION = 1;

    /** The tensor of an encoding's directions. */
    static final String DIRECTIONS = "encoding.directions";

    public Network {
        if (parameters.length != shape.bufferFloats()) {
            throw new IllegalArgumentException(parameters.length + " floats for " + shape);
        }
    }

    /** {@link #initial(NetworkShape, double, long)} with the default deviation. */
    public static Network initial(NetworkShape shape, long seed) { return initial(shape, DEFAULT_DEVIATION, seed); }

    /**
     * A network with weights and biases drawn from {@code seed}, uniform in ±1/√fan_in as in PyTorch's Linear, and with directions
     * of its encoding that are normal.
     *
     * @param deviation σ of their x and y, in turns per side of the square; that of α is half of it
     */
    public static Network initial(NetworkShape shape, double deviation, long seed) {
        float[] parameters = new float[shape.bufferFloats()];
        for (int l = 0; l < shape.layers(); l++) {
            float bound = (float) (1 / Math.sqrt(shape.inputs(l)));
            int end = shape.endOffset(l);
            for (int i = shape.weightOffset(l); i < end; i++) {
                float u = Philox.unitInterval(Philox.draw(seed, RandomPurpose.INITIAL_PARAMETERS, i, 0)[0]);
                parameters[i] = bound * (2 * u - 1);
            }
        }
        float[] directions = new float[NetworkShape.COORDINATES * shape.features()];
        for (int i = 0; i < directions.length; i++) {
            int[] words = Philox.draw(seed, RandomPurpose.ENCODING_DIRECTIONS, i, 0);
            double radius = Math.sqrt(-2 * StrictMath.log(1 - Philox.unitInterval(words[0]))); // Box and Muller 1958
            double share = i % NetworkShape.COORDINATES < 2 ? 1 : 0.5;
            directions[i] = (float) (share * deviation * radius * StrictMath.cos(2 * Math.PI * Philox.unitInterval(words[1])));
        }
        setDirections(shape, parameters, directions);
        return new Network(shape, parameters);
    }

    /** Writes directions [F, 3] to the end of a buffer, with the phases of their sines and cosines. */
    private static void setDirections(NetworkShape shape, float[] parameters, float[] directions) {
        int F = shape.features();
        for (int e = 0; e < 2 * F; e++) {
            for (int c = 0; c < NetworkShape.COORDINATES; c++) {
                parameters[shape.directionIndex(c, e)] = directions[e % F * NetworkShape.COORDINATES + c];
            }
            parameters[shape.directionIndex(NetworkShape.COORDINATES, e)] = e < F ? -0.25f : 0;
        }
    }

    /** The directions of the encoding, [F, 3]. */
    private float[] directions() {
        float[] directions = new float[NetworkShape.COORDINATES * shape.features()];
        for (int i = 0; i < directions.length; i++) {
            directions[i] = parameters[shape.directionIndex(i % NetworkShape.COORDINATES, i / NetworkShape.COORDINATES)];
        }
        return directions;
    }

    /** The transposed copies of the hidden weights, [L-1][W outputs][W inputs], which the backward pass reads. */
    public float[] transposed() {
        int w = shape.width();
        float[] transposed = new float[shape.transposedFloats()];
        for (int l = 1; l < shape.depth(); l++) {
            for (int n = 0; n < w; n++) {
                for (int k = 0; k < w; k++) {
                    transposed[((l - 1) * w + n) * w + k] = parameters[shape.weightIndex(l, k, n)];
                }
            }
        }
        return transposed;
    }

    /** Whether no parameter is infinite or NaN. */
    public boolean isFinite() {
        for (float p : parameters) {
            if (!Float.isFinite(p)) {
                return false;
            }
        }
        return true;
    }

    /**
     * The tensors as PyTorch names and lays them out: {@code linear1.weight} [W, 3 + 2F], … {@code output.bias} [2], and with an
     * encoding {@code encoding.directions} [F, 3].
     */
    public List<Safetensors.Tensor> tensors() {
        List<Safetensors.Tensor> tensors = layers();
        if (shape.features() > 0) {
            tensors.add(new Safetensors.Tensor(DIRECTIONS, new int[] {shape.features(), NetworkShape.COORDINATES}, directions()));
        }
        return tensors;
    }

    /** The same values, as moments have them: none for the directions. */
    Network withoutDirections() {
        float[] values = parameters.clone();
        Arrays.fill(values, shape.directionsOffset(), values.length, 0);
        return new Network(shape, values);
    }

    /** The tensors that are learned. */
    List<Safetensors.Tensor> layers() {
        List<Safetensors.Tensor> tensors = new ArrayList<>();
        for (int l = 0; l < shape.layers(); l++) {
            int inputs = shape.inputs(l);
            int outputs = shape.outputs(l);
            float[] weight = new float[outputs * inputs];
            float[] bias = new float[outputs];
            for (int n = 0; n < outputs; n++) {
                for (int k = 0; k < inputs; k++) {
                    weight[n * inputs + k] = parameters[shape.weightIndex(l, k, n)];
                }
                bias[n] = parameters[shape.biasOffset(l) + n];
            }
            tensors.add(new Safetensors.Tensor(layerName(shape, l) + ".weight", new int[] {outputs, inputs}, weight));
            tensors.add(new Safetensors.Tensor(layerName(shape, l) + ".bias", new int[] {outputs}, bias));
        }
        return tensors;
    }

    /**
     * Reads a network from its tensors, whose names and shapes give width, depth and features.
     *
     * @throws InvalidInputException if a tensor is missing, unknown or of another shape
     */
    static Network of(Map<String, Safetensors.Tensor> tensors, String file) {
        int depth = 0;
        while (tensors.containsKey("linear" + (depth + 1) + ".weight")) {
            depth++;
        }
        if (depth == 0) {
            throw new InvalidInputException(file + ": no tensor linear1.weight: this is not a model of this program");
        }
        int[] first = tensors.get("linear1.weight").shape();
        NetworkShape shape;
        try {
            int features = (first.length > 1 ? first[1] : 0) - NetworkShape.COORDINATES;
            shape = new NetworkShape(first.length > 0 ? first[0] : 0, depth, tensors.containsKey(DIRECTIONS) ? features / 2 : 0);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(file + ": a network of " + e.getMessage());
        }
        int count = 2 * shape.layers() + (shape.features() > 0 ? 1 : 0);
        if (tensors.size() != count) {
            throw new InvalidInputException("%s: %s tensors, and a network of %s hidden layers%s has %s".formatted(
                    file, tensors.size(), depth, shape.features() > 0 ? " and an encoding" : "", count));
        }
        float[] parameters = new float[shape.bufferFloats()];
        for (int l = 0; l < shape.layers(); l++) {
            int inputs = shape.inputs(l);
            int outputs = shape.outputs(l);
            float[] weight = data(tensors, layerName(shape, l) + ".weight", file, outputs, inputs);
            float[] bias = data(tensors, layerName(shape, l) + ".bias", file, outputs);
            for (int n = 0; n < outputs; n++) {
                for (int k = 0; k < inputs; k++) {
                    parameters[shape.weightIndex(l, k, n)] = weight[n * inputs + k];
                }
                parameters[shape.biasOffset(l) + n] = bias[n];
            }
        }
        if (shape.features() > 0) {
            setDirections(shape, parameters, data(tensors, DIRECTIONS, file, shape.features(), NetworkShape.COORDINATES));
        }
        return new Network(shape, parameters);
    }

    private static String layerName(NetworkShape shape, int l) { return l == shape.depth() ? "output" : "linear" + (l + 1); }

    private static float[] data(Map<String, Safetensors.Tensor> tensors, String name, String file, int... shape) {
        Safetensors.Tensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidInputException(file + ": tensor " + name + " is missing");
        }
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw new InvalidInputException("%s: tensor %s has shape %s, but needs %s".formatted(
                    file, name, Arrays.toString(tensor.shape()), Arrays.toString(shape)));
        }
        return tensor.data();
    }
}
