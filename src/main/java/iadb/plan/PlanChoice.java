package iadb.plan;

import iadb.cl.Device;
import iadb.model.NetworkShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A plan with its tuning, as {@link PlanSelector} selects it.
 *
 * @param kind     the plan
 * @param tuning   fits the network and the device
 * @param refusals the preferred plans and tunings that do not run, in the order they were refused
 */
public record PlanChoice(Kind kind, Tuning tuning, List<Refusal> refusals) {
    /** The plans. */
    public enum Kind {
        /** One launch a layer and pass; any width and depth. */
        LAYERED("layered", Tuning.Footprint.ONE_LAYER),
        /** Forward and backward of a tile of rows in one launch. */
        FUSED("fused", Tuning.Footprint.ALL_LAYERS),
        /** Many steps in one launch, whose groups wait for each other. */
        PERSISTENT("persistent", Tuning.Footprint.ALL_LAYERS);

        private final String word;
        private final Tuning.Footprint footprint;

        Kind(String word, Tuning.Footprint footprint) {
            this.word = word;
            this.footprint = footprint;
        }

        /** The local memory that its kernels take. */
        public Tuning.Footprint footprint() { return footprint; }

        /** The plan under whose name results with these bits are recorded: {@code fused} for {@code persistent}. */
        public Kind byBits() { return this == PERSISTENT ? FUSED : this; }

        /** The word for it on the command line. */
        @Override
        public String toString() { return word; }
    }

    /** A plan that does not run, or not with the tuning that was recorded, and why. */
    public record Refusal(Kind kind, String reason) {
    }

    /** Why this is not the preferred plan or tuning; empty where it is. */
    public Optional<String> reason() {
        return refusals.isEmpty() ? Optional.empty() : Optional.of(refusals.get(refusals.size() - 1).reason());
    }

    /** This choice after further refusals. */
    PlanChoice after(List<Refusal> further) {
        List<Refusal> all = new ArrayList<>(refusals);
        all.addAll(further);
        return new PlanChoice(kind, tuning, List.copyOf(all));
    }

    /** Build options of its program on a device. */
    public List<String> options(NetworkShape shape, Device device) {
        List<String> options = tuning.options(shape, device);
        return kind == Kind.PERSISTENT ? device.fence().options(options) : options;
    }
}
