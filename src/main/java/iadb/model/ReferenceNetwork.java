package iadb.model;

import java.util.Arrays;

/**
 * The network, its loss, its gradient and Adam in plain Java and double precision, written from the definitions: the self-test
 * and the tests compare every kernel with it. Its own test checks it by finite differences.
 */
public final class ReferenceNetwork {
    private final NetworkShape shape;
    private final double[] parameters; // in the layout of the shape, as are the moments
    private final double[] moment1;
    private final double[] moment2;
    private int steps;

    /** Starts from {@code network}, with moments of zero. */
    public ReferenceNetwork(Network network) {
        shape = network.shape();
        parameters = new double[shape.bufferFloats()];
        Arrays.setAll(parameters, i -> network.parameters()[i]);
        moment1 = new double[parameters.length];
        moment2 = new double[parameters.length];
    }

    /** The current parameters, in the layout of {@link NetworkShape}; not a copy. */
    public double[] parameters() { return parameters; }

    /** Layer outputs of one row: [0] the input (x, y, α, sines, cosines), [1 .. L] activations, [L+1] the velocity. */
    private double[][] forward(double x, double y, double alpha) {
        double[][] outputs = new double[shape.layers() + 1][];
        outputs[0] = input(x, y, alpha);
        for (int l = 0; l < shape.layers(); l++) {
            double[] out = sums(l, outputs[l]);
            for (int n = 0; n < out.length && l < shape.depth(); n++) {
                out[n] = Math.max(0, out[n]);
            }
            outputs[l + 1] = out;
        }
        return outputs;
    }

    private double[] input(double x, double y, double alpha) {
        int F = shape.features();
        double[] input = Arrays.copyOf(new double[] {x, y, alpha}, shape.inputs(0));
        for (int f = 0; f < F; f++) {
            double turns = parameters[shape.directionIndex(0, f)] * x + parameters[shape.directionIndex(1, f)] * y
                    + parameters[shape.directionIndex(2, f)] * alpha;
            input[NetworkShape.COORDINATES + f] = Math.sin(2 * Math.PI * turns);
            input[NetworkShape.COORDINATES + F + f] = Math.cos(2 * Math.PI * turns);
        }
        return input;
    }

    /** D(x, y, α) [2]. */
    public double[] velocity(double x, double y, double alpha) { return forward(x, y, alpha)[shape.layers()]; }

    /**
     * The least |input of a ReLU| over the rows: the distance to the nearest kink.
     *
     * @param rows [B][5]: x, y, α, target x, target y
     */
    public double nearestKink(float[][] rows) {
        double nearest = Double.POSITIVE_INFINITY;
        for (float[] row : rows) {
            double[][] outputs = forward(row[0], row[1], row[2]);
            for (int l = 0; l < shape.depth(); l++) {
                for (double sum : sums(l, outputs[l])) {
                    nearest = Math.min(nearest, Math.abs(sum));
                }
            }
        }
        return nearest;
    }

    /** Weighted sums and biases of layer {@code l}, before the ReLU. */
    private double[] sums(int l, double[] input) {
        double[] sums = new double[shape.outputs(l)];
        System.arraycopy(parameters, shape.biasOffset(l), sums, 0, sums.length);
        int alongOutput = shape.weightIndex(l, 0, 1) - shape.weightIndex(l, 0, 0);
        for (int k = 0; k < input.length; k++) {
            int begin = shape.weightIndex(l, k, 0);
            for (int n = 0; n < sums.length; n++) {
                sums[n] += input[k] * parameters[begin + n * alongOutput];
            }
        }
        return sums;
    }

    /**
     * Σ |D - target|² over the rows.
     *
     * @param rows [B][5]: x, y, α, target x, target y
     */
    public double loss(float[][] rows) {
        double loss = 0;
        for (float[] row : rows) {
            double[] d = velocity(row[0], row[1], row[2]);
            loss += Math.pow(d[0] - row[3], 2) + Math.pow(d[1] - row[4], 2);
        }
        return loss;
    }

    /** ∂loss/∂parameters in the layout of the shape, by back-propagation. */
    public double[] gradient(float[][] rows) {
        double[] gradient = new double[parameters.length];
        for (float[] row : rows) {
            double[][] outputs = forward(row[0], row[1], row[2]);
            double[] d = outputs[shape.layers()];
            double[] dOutput = {2 * (d[0] - row[3]), 2 * (d[1] - row[4])};
            for (int l = shape.depth(); l >= 0; l--) {
                double[] dInput = new double[shape.inputs(l)];
                for (int n = 0; n < dOutput.length; n++) {
                    gradient[shape.biasOffset(l) + n] += dOutput[n];
                }
                int alongOutput = shape.weightIndex(l, 0, 1) - shape.weightIndex(l, 0, 0);
                for (int k = 0; k < dInput.length; k++) {
                    int begin = shape.weightIndex(l, k, 0);
                    for (int n = 0; n < dOutput.length; n++) {
                        int weight = begin + n * alongOutput;
                        gradient[weight] += outputs[l][k] * dOutput[n];
                        dInput[k] += parameters[weight] * dOutput[n];
                    }
                    dInput[k] = outputs[l][k] > 0 ? dInput[k] : 0;
                }
                dOutput = dInput;
            }
        }
        return gradient;
    }

    /** One step of Adam (Kingma and Ba 2015, algorithm 1) with β = (0.9, 0.999), ε = 1e-8. */
    public void adam(double[] gradient, double learningRate) {
        steps++;
        for (int i = 0; i < parameters.length; i++) {
            moment1[i] = 0.9 * moment1[i] + 0.1 * gradient[i];
            moment2[i] = 0.999 * moment2[i] + 0.001 * gradient[i] * gradient[i];
            double corrected1 = moment1[i] / (1 - Math.pow(0.9, steps));
            double corrected2 = moment2[i] / (1 - Math.pow(0.999, steps));
            parameters[i] -= learningRate * corrected1 / (Math.sqrt(corrected2) + 1e-8);
        }
    }
}
