package iadb.view;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.plan.PlanChoice;
import iadb.train.Coupling;
import iadb.train.Preset;
import iadb.train.TrainingSettings;
import iadb.view.Tile.Chosen;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TileNamesTest {
    private static final TrainingSettings TUTORIAL = TrainingSettings.tutorial();

    private static List<String> names(Chosen... maps) {
        return TileNames.of(List.of(maps), Arrays.stream(maps).map(map -> Optional.<String>empty()).toList());
    }

    private static Chosen map(TrainingSettings settings) { return new Chosen(settings, 128); }

    private static Chosen map(Preset preset) { return new Chosen(preset.settings(), preset.steps()); }

    @Test
    void presetsHaveTheirNames() {
        assertEquals(List.of("tutorial", "quick", "sharp"), names(map(Preset.TUTORIAL), map(Preset.QUICK), map(Preset.SHARP)));
        assertEquals(List.of("quick", "sharp, lr 0.01"),
                names(map(Preset.QUICK), new Chosen(Preset.SHARP.settings().withLearningRate(0.01f, true), 32)));
    }

    @Test
    void onlyWhatDiffersIsNamed() {
        TrainingSettings shorter = TUTORIAL.withIterations(3000);
        assertEquals(List.of("independent", "ot", "ot, reflow 1"), names(map(shorter), map(shorter.withCoupling(Coupling.OT)),
                map(shorter.withCoupling(Coupling.OT).withReflow(1))));
        assertEquals(List.of("no encoding", "fourier:16:1.5"), names(map(TUTORIAL), map(TUTORIAL.withEncoding(16, 1.5))));
        assertEquals(List.of("any plan", "plan fused"), names(map(TUTORIAL), map(TUTORIAL.withPlan(Optional.of(PlanChoice.Kind.FUSED)))));
        assertEquals(List.of("tutorial", "tutorial"), names(map(TUTORIAL), map(TUTORIAL)));
        assertEquals(List.of("4 steps", "128 steps"), names(new Chosen(TUTORIAL, 4), map(TUTORIAL)));
    }

    @Test
    void modelsAreNamedByTheirFiles() {
        assertEquals(List.of("a.safetensors", "quick"),
                TileNames.of(List.of(map(TUTORIAL), map(Preset.QUICK)), List.of(Optional.of("a.safetensors"), Optional.empty())));
        assertEquals(List.of("a.safetensors, 8 steps", "a.safetensors, 1 step"), TileNames.of(List.of(new Chosen(TUTORIAL, 8),
                new Chosen(TUTORIAL, 1)), List.of(Optional.of("a.safetensors"), Optional.of("a.safetensors"))));
    }
}
