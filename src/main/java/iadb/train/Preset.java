package iadb.train;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Settings by what they are for. {@code tools/presets} compares them on pairs of named densities. */
public enum Preset {
    /** The paper's tutorial: exact, and the default. */
    TUTORIAL(TrainingSettings.tutorial(), 128),
    /** A map in less than a second that needs 8 steps: half the data, paired by optimal transport, an encoding, fast steps of the weights. */
    QUICK(TrainingSettings.tutorial().withIterations(2500).withData(32_768).withEncoding(32, 1).withCoupling(Coupling.OT)
            .withLearningRate(0.008f, true).withEma(0.99), 8),
    /** Thin strokes in the time of the tutorial: as {@link #QUICK}, with more and slower steps of the weights. */
    SHARP(TrainingSettings.tutorial().withIterations(40_000).withEncoding(32, 1).withCoupling(Coupling.OT)
            .withLearningRate(0.004f, true).withEma(0.999), 32);

    private final TrainingSettings settings;
    private final int steps;

    Preset(TrainingSettings settings, int steps) {
        this.settings = settings;
        this.steps = steps;
    }

    /** The preset of these settings, whatever their seed and plan, and of this number of steps. */
    public static Optional<Preset> of(TrainingSettings settings, int steps) {
        return Arrays.stream(values()).filter(preset -> preset.steps == steps && preset.settingsLike(settings).equals(settings)).findFirst();
    }

    /** How to train with the seed and the plan of other settings. */
    public TrainingSettings settingsLike(TrainingSettings other) { return settings.withSeed(other.seed()).withPlan(other.plan()); }

    /** How to train. */
    public TrainingSettings settings() { return settings; }

    /** T, Euler steps of the map. */
    public int steps() { return steps; }

    @Override
    public String toString() { return name().toLowerCase(Locale.ROOT); }
}
