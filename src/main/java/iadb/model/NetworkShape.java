package iadb.model;

import iadb.fault.InvalidInputException;

/**
 * The multilayer perceptron 3-W-…-W-2 with L hidden layers, and the offsets of its tensors in one buffer of floats.
 *
 * <p>The layout is that of {@code cl/network.cl}: tensors in order, each at a multiple of 16 floats; weights are
 * [inputs][outputs] except those of the output layer, which are [2][W]; the first layer's bias follows its weights.
 *
 * @param width W, outputs of a hidden layer: a multiple of 16 from 16 to 256
 * @param depth L, hidden layers: 1 to 8
 */
public record NetworkShape(int width, int depth) {
    /** Inputs: x, y and α. */
    public static final int INPUTS = 3;
    /** Outputs: the velocity's x and y. */
    public static final int OUTPUTS = 2;
    /** The tutorial's network. */
    public static final NetworkShape TUTORIAL = new NetworkShape(64, 4);

    private static final int ALIGNMENT = 16;

    public NetworkShape {
        if (width < 16 || width > 256 || width % 16 != 0) {
            throw new InvalidInputException("width " + width + " is not a multiple of 16 from 16 to 256");
        }
        if (depth < 1 || depth > 8) {
            throw new InvalidInputException("depth " + depth + " is not from 1 to 8");
        }
    }

    /** Layers with weights: L hidden ones and the output layer. */
    public int layers() { return depth + 1; }

    /** Inputs of layer {@code l}, 0 to L. */
    public int inputs(int l) { return l == 0 ? INPUTS : width; }

    /** Outputs of layer {@code l}, 0 to L. */
    public int outputs(int l) { return l == depth ? OUTPUTS : width; }

    /** Offset of layer {@code l}'s weights, in floats. */
    public int weightOffset(int l) { return l == 0 ? 0 : (INPUTS + 1) * width + (l - 1) * (width * width + width); }

    /** Offset of layer {@code l}'s bias, in floats. */
    public int biasOffset(int l) { return weightOffset(l) + inputs(l) * outputs(l); }

    /** Offset of the weight from input {@code k} to output {@code n} of layer {@code l}. */
    public int weightIndex(int l, int k, int n) {
        return weightOffset(l) + (l == depth ? n * width + k : k * outputs(l) + n);
    }

    /** Floats of the whole buffer, including the padding after the last bias. */
    public int bufferFloats() { return biasOffset(depth) + ALIGNMENT; }

    /** Floats of the transposed copies of the hidden weights, [L-1][W][W]; at least 1, since no buffer is empty. */
    public int transposedFloats() { return Math.max(1, (depth - 1) * width * width); }

    /** The number of learned parameters. */
    public int parameters() { return biasOffset(depth) + OUTPUTS; }

    /** Floating-point operations of the forward pass of one row: two for each weight. */
    public long forwardFlops() { return 2L * ((INPUTS + OUTPUTS) * width + (depth - 1) * width * width); }

    /** Floating-point operations of a training step for one row: three times the forward pass, but without ∂/∂(x, y, α). */
    public long trainingFlops() { return 3 * forwardFlops() - 2L * INPUTS * width; }
}
