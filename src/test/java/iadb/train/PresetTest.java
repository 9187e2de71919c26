package iadb.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import iadb.plan.PlanChoice;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PresetTest {
    @Test
    void aPresetIsKnownByItsSettingsAndSteps() {
        TrainingSettings chosen = TrainingSettings.tutorial().withSeed(5).withPlan(Optional.of(PlanChoice.Kind.FUSED));
        for (Preset preset : Preset.values()) {
            assertEquals(Optional.of(preset), Preset.of(preset.settingsLike(chosen), preset.steps()));
            assertEquals(Optional.empty(), Preset.of(preset.settingsLike(chosen), preset.steps() + 1));
            assertEquals(Optional.empty(), Preset.of(preset.settingsLike(chosen).withBatch(255), preset.steps()));
        }
    }
}
