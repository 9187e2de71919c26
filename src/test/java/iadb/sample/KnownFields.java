package iadb.sample;

import iadb.model.Network;
import iadb.model.NetworkShape;

/** Networks whose velocity field is a formula, so that the expected map is one too. */
public final class KnownFields {
    private KnownFields() {
    }

    /** A swirl of 4 radians around the middle with a drift that grows with α. */
    static Network swirl() {
        return linear(new float[][] {{-1, -4, 1}, {4, -1, -2}});
    }

    /**
     * A linear field as a network: its units stay on the same side of their ReLU, each passes on x, y or α plus 4.
     *
     * @param field [2][3], how both velocities depend on x - 1/2, y - 1/2 and α
     */
    static Network linear(float[][] field) {
        NetworkShape shape = new NetworkShape(16, 2);
        float offset = 4;
        float[] p = new float[shape.bufferFloats()];
        for (int k = 0; k < 3; k++) {
            p[shape.weightIndex(0, k, k)] = 1;
            p[shape.biasOffset(0) + k] = offset;
            p[shape.weightIndex(1, k, k)] = 1;
        }
        for (int c = 0; c < 2; c++) {
            float constant = -0.5f * (field[c][0] + field[c][1]);
            for (int k = 0; k < 3; k++) {
                p[shape.weightIndex(2, k, c)] = field[c][k];
                constant -= offset * field[c][k];
            }
            p[shape.biasOffset(2) + c] = constant;
        }
        return new Network(shape, p);
    }

    /** A field that is the same everywhere: zero weights, and this velocity as the bias. */
    public static Network constant(NetworkShape shape, float velocityX, float velocityY) {
        float[] p = new float[shape.bufferFloats()];
        p[shape.biasOffset(shape.depth())] = velocityX;
        p[shape.biasOffset(shape.depth()) + 1] = velocityY;
        return new Network(shape, p);
    }

    /** A field whose single Euler step, x ← x - 2 relu(x - ½), folds the right half onto the left: nothing maps to the right half. */
    public static Network fold() {
        NetworkShape shape = new NetworkShape(16, 1);
        float[] p = new float[shape.bufferFloats()];
        p[shape.weightIndex(0, 0, 0)] = 1;
        p[shape.biasOffset(0)] = -0.5f;
        p[shape.weightIndex(1, 0, 0)] = -2;
        return new Network(shape, p);
    }
}
