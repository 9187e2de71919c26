package iadb.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import iadb.model.NetworkShape;
import iadb.plan.Tuning;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The work that the profile counts for a kernel is the work of the method. */
class KernelTimesTest {
    private static final Tuning TUNING = new Tuning(16, 128, 4, 4, 1, 1, 1, 2, 1);

    @Test
    void aTutorialStepIsNineteenMegaflop() {
        assertEquals(19_267_584, 256 * NetworkShape.TUTORIAL.trainingFlops()); // 256 · (6 (192 + 3 · 4096 + 128) - 2 · 192)
        assertEquals(2 * (3 * 64 + 3 * 64 * 64 + 2 * 64), NetworkShape.TUTORIAL.forwardFlops());
    }

    @Test
    void layeredKernelsTogetherDoTheWorkOfTheFusedOne() {
        for (NetworkShape shape : List.of(NetworkShape.TUTORIAL, new NetworkShape(16, 1), new NetworkShape(256, 8),
                new NetworkShape(64, 4, 32))) {
            double layered = List.of("layered_forward_first", "layered_forward", "layered_output", "layered_backward_output",
                            "layered_backward", "layered_backward_first").stream()
                    .mapToDouble(kernel -> KernelTimes.Work.ofTrainingStep(kernel, shape, 100, TUNING).orElseThrow().flops()).sum();
            assertEquals(KernelTimes.Work.ofTrainingStep("fused_gradient", shape, 100, TUNING).orElseThrow().flops(), layered);
            assertEquals(100.0 * shape.trainingFlops(), layered);
        }
    }

    @Test
    void anEncodingAddsInputsToTheFirstLayerAlone() {
        NetworkShape encoded = new NetworkShape(64, 4, 32);
        assertEquals(NetworkShape.TUTORIAL.forwardFlops() + 2 * 64 * 64, encoded.forwardFlops());
        // forward and its weights' gradient
        assertEquals(NetworkShape.TUTORIAL.trainingFlops() + 2 * 2 * 64 * 64, encoded.trainingFlops());
        for (String kernel : List.of("layered_forward_first", "layered_backward_first")) {
            double plain = KernelTimes.Work.ofTrainingStep(kernel, NetworkShape.TUTORIAL, 256, TUNING).orElseThrow().bytes();
            double more = KernelTimes.Work.ofTrainingStep(kernel, encoded, 256, TUNING).orElseThrow().bytes();
            // features of the rows; weights once for each tile or block
            assertEquals(4 * 64 * 256 + 2 * 4 * 64 * 64, more - plain, kernel);
        }
    }

    @Test
    void anUnknownKernelHasNoFigures() {
        assertTrue(KernelTimes.Work.ofTrainingStep("unknown", NetworkShape.TUTORIAL, 256, TUNING).isEmpty());
    }
}
