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
 * @param tuning   fitted to the network and the device
 * @param refusals the preferred plans and tunings that were refused, in order
 */
public record PlanChoice(Kind kind, Tuning tuning, List<Refusal> refusals) {
    /** The plans. */
    public enum Kind {
        /** A launch for each layer and pass; any width and depth. */
        LAYERED("layered", Tuning.Footprint.ONE_LAYER),
        /** The forward and backward pass of a tile of rows in one launch. */
        FUSED("fused", Tuning.Footprint.ALL_LAYERS),
        /** Many steps in one launch, whose work-groups wait for each other. */
        PERSISTENT("persistent", Tuning.Footprint.ALL_LAYERS);

        private final String word;
        private final Tuning.Footprint footprint;

        Kind(String word, Tuning.Footprint footprint) {
            this.word = word;
            this.footprint = footprint;
        }

        /** What its kernels hold in local memory. */
        public Tuning.Footprint footprint() { return footprint; }

        /** The plan under which results with its bits are recorded: {@code fused} for {@code persistent}. */
        public Kind byBits() { return this == PERSISTENT ? FUSED : this; }

        /** Its name on the command line. */
        @Override
        public String toString() { return word; }
    }

    /** Why a plan does not run, or does not run with the recorded tuning. */
    public record Refusal(Kind kind, String reason) { }

    /** Why this is not the preferred plan or tuning; empty if it is. */
    public Optional<String> reason() {
        return refusals.isEmpty() ? Optional.empty() : Optional.of(refusals.get(refusals.size() - 1).reason());
    }

    /** This choice with further refusals. */
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
