package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LossCurveTest {
    @Test
    void fewValuesKeepTheShapeOfALongTraining() {
        LossCurve curve = new LossCurve();
        float[] losses = new float[100_000];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = losses.length - i;
        }
        curve.add(losses);
        assertTrue(curve.count() >= 90 && curve.count() < 192, curve.count() + " values");
        double iterationsPerValue = (double) losses.length / curve.count();
        for (int i = 0; i < curve.count(); i++) {
            assertEquals(losses.length - (i + 0.5) * iterationsPerValue, curve.value(i), 0.02 * losses.length);
        }
    }

    @Test
    void theCurveIsTheSameForLossesInSlices() {
        LossCurve whole = new LossCurve();
        LossCurve sliced = new LossCurve();
        float[] losses = new float[7001];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = (float) Math.sin(i) + 2;
            sliced.add(new float[] {losses[i]});
        }
        whole.add(losses);
        assertEquals(whole.count(), sliced.count());
        assertEquals(whole.value(3), sliced.value(3));
    }
}
