package iadb.model;

import iadb.fault.InvalidInputException;

/**
 * The multilayer perceptron K-W-…-W-2 with L hidden layers, and the offsets of its tensors in one buffer of floats. Its K inputs
 * are x, y, α and, with an encoding, the sines and then the cosines of 2π b · (x, y, α) for F directions b (random Fourier
 * features; Tancik et al., NeurIPS 2020).
 *
 * <p>The layout is that of {@code cl/network.cl}: tensors in order, each at a multiple of 16 floats; weights are
 * [inputs][outputs] except those of the output layer, which are [2][W]. The first layer's rows are x, y, α, its bias, and the
 * features. The directions follow the last bias as [4][2F]: their x, y and α, each for the sines and again for the cosines, then
 * the phase in turns, -1/4 for the sines.
 *
 * @param width W, outputs of a hidden layer: a multiple of 16 from 16 to 256
 * @param depth L, hidden layers: 1 to 8
 * @param features F, directions of the encoding: 0 (none) or a multiple of 8 to 128
 */
public record NetworkShape(int width, int depth, int features) {
    /** Inputs without the encoding: x, y and α. */
    public static final int COORDINATES = 3;
    /** Outputs: the velocity's x and y. */
    public static final int OUTPUTS = 2;
    /** The tutorial's network. */
    public static final NetworkShape TUTORIAL = new NetworkShape(64, 4);

    /** F of an encoding if none is given. */
    public static final int DEFAULT_FEATURES = 32;

    private static final int ALIGNMENT = 16;

    public NetworkShape {
        if (width < 16 || width > 256 || width % 16 != 0) {
            throw new InvalidInputException("width " + width + " is not a multiple of 16 from 16 to 256");
        }
        if (depth < 1 || depth > 8) {
            throw new InvalidInputException("depth " + depth + " is not from 1 to 8");
        }
        if (features < 0 || features > 128 || features % 8 != 0) {
            throw new InvalidInputException("encoding fourier:" + features + ": F must be a multiple of 8 from 8 to 128");
        }
    }

    /** Without an encoding. */
    public NetworkShape(int width, int depth) { this(width, depth, 0); }

    /** What takes local memory, for messages: "width 64", or "width 64 with 32 features". */
    public String widthText() { return "width " + width + (features > 0 ? " with " + features + " features" : ""); }

    /** Layers with weights: L hidden ones and the output layer. */
    public int layers() { return depth + 1; }

    /** Inputs of layer {@code l}, 0 to L. */
    public int inputs(int l) { return l == 0 ? COORDINATES + 2 * features : width; }

    /** Outputs of layer {@code l}, 0 to L. */
    public int outputs(int l) { return l == depth ? OUTPUTS : width; }

    /** Offset of layer {@code l}'s weights, in floats. */
    public int weightOffset(int l) { return l == 0 ? 0 : (inputs(0) + 1) * width + (l - 1) * (width * width + width); }

    /** Offset of layer {@code l}'s bias, in floats. */
    public int biasOffset(int l) { return weightOffset(l) + (l == 0 ? COORDINATES : inputs(l)) * outputs(l); }

    /** Offset of the weight from input {@code k} to output {@code n} of layer {@code l}. */
    public int weightIndex(int l, int k, int n) {
        int row = l == 0 && k >= COORDINATES ? k + 1 : k;
        return weightOffset(l) + (l == depth ? n * width + k : row * outputs(l) + n);
    }

    /** The end of layer {@code l}'s weights and biases, in floats. */
    public int endOffset(int l) { return l == depth ? parameters() : weightOffset(l + 1); }

    /** Offset of the encoding's directions: the floats before it are learned, or padding. */
    public int directionsOffset() { return biasOffset(depth) + ALIGNMENT; }

    /** Offset of coordinate {@code c} (x, y, α, phase) of the direction of feature {@code e}, 0 to 2F. */
    int directionIndex(int c, int e) { return directionsOffset() + 2 * c * features + e; }

    /** Floats of the whole buffer. */
    public int bufferFloats() { return directionsOffset() + 8 * features; }

    /** Floats of the transposed copies of the hidden weights, [L-1][W][W]; at least 1, since no buffer is empty. */
    public int transposedFloats() { return Math.max(1, (depth - 1) * width * width); }

    /** The number of learned parameters. */
    public int parameters() { return biasOffset(depth) + OUTPUTS; }

    /** Floating-point operations of the forward pass of one row: two for each weight. */
    public long forwardFlops() { return 2L * ((inputs(0) + OUTPUTS) * width + (depth - 1) * width * width); }

    /** Floating-point operations of a training step for one row: three times the forward pass, but without ∂/∂ inputs. */
    public long trainingFlops() { return 3 * forwardFlops() - 2L * inputs(0) * width; }
}
