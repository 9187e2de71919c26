package iadb.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first link of the chain of trust: the reference against finite differences. */
class ReferenceNetworkTest {
    @ParameterizedTest
    @CsvSource({"16,1,0", "16,3,0", "32,4,0", "16,1,8", "16,2,32", "16,1,128"})
    void gradientIsTheSlopeOfTheLoss(int width, int depth, int features) {
        NetworkShape shape = new NetworkShape(width, depth, features);
        ReferenceNetwork network = new ReferenceNetwork(Network.initial(shape, 7));
        Random random = new Random(3);
        float[][] rows = new float[5][5];
        for (float[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                row[i] = random.nextFloat();
            }
        }
        double[] gradient = network.gradient(rows);
        double[] p = network.parameters();
        // Central differences: truncation h² f'''/6 ~ 1e-12 (no third derivative within a piece of a ReLU network, but
        // the loss is its square), rounding 1e-16 · loss / h ~ 1e-10; a kink within h is caught by no parameter here.
        double h = 1e-6;
        for (int i = 0; i < shape.parameters(); i++) {
            double kept = p[i];
            p[i] = kept + h;
            double above = network.loss(rows);
            p[i] = kept - h;
            double below = network.loss(rows);
            p[i] = kept;
            assertEquals((above - below) / (2 * h), gradient[i], 1e-7 * (1 + Math.abs(gradient[i])), "parameter " + i);
        }
    }
}
