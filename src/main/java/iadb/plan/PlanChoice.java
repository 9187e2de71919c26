package iadb.plan;

import iadb.cl.Device;
import iadb.cl.DeviceLimitException;
import iadb.cl.Fence;
import iadb.model.NetworkShape;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which plan trains a network on a device, with which tuning, and why if it is not the one that was asked for.
 *
 * @param kind   the plan
 * @param tuning fits the network and the device
 * @param reason why the plan differs from the one asked for; empty when it does not
 */
public record PlanChoice(Kind kind, Tuning tuning, Optional<String> reason) {
    /** The plans there are. */
    public enum Kind {
        /** One launch a layer and pass; any width and depth. */
        LAYERED("layered"),
        /** Forward and backward of a tile of rows in one launch. */
        FUSED("fused"),
        /** Many steps in one launch, whose groups wait for each other. */
        PERSISTENT("persistent");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /** The plan that all plans with the bits of this one are named by: {@code fused} for {@code persistent}. */
        public Kind byBits() {
            return this == PERSISTENT ? FUSED : this;
        }

        /** The word for it on the command line. */
        @Override
        public String toString() {
            return word;
        }
    }

    /**
     * The plan for a network on a device.
     *
     * @param wanted empty: {@code persistent} on a device whose groups can exchange data, where the session begins with
     *               {@code fused}, changes when the barrier passed its test, and goes back as it needs; elsewhere {@code fused}.
     *               A network that these cannot hold takes {@code layered}, with a reason
     * @param batch  B
     * @throws DeviceLimitException when no plan fits the device
     */
    public static PlanChoice of(Optional<Kind> wanted, Device device, NetworkShape shape, int batch) {
        return of(wanted, TuningTable.find(device, TuningTable.Purpose.TRAINING), device, shape, batch);
    }

    /** As above with another tuning than the device's default. */
    public static PlanChoice of(Optional<Kind> wanted, Tuning base, Device device, NetworkShape shape, int batch) {
        Optional<String> reason = Optional.empty();
        boolean canExchange = device.fence() != Fence.NONE;
        Kind kind = wanted.orElse(canExchange ? Kind.PERSISTENT : Kind.FUSED);
        if (kind == Kind.PERSISTENT && !canExchange) {
            reason = Optional.of(device.name() + " reports no fence that orders memory between work-groups, which the plan "
                    + kind + " needs");
            kind = Kind.FUSED;
        }
        if (kind != Kind.LAYERED) {
            Optional<Tuning> fused = base.fit(shape, Tuning.Footprint.ALL_LAYERS, device, batch);
            if (fused.isPresent()) {
                return new PlanChoice(kind, fused.get(), reason);
            }
            reason = Optional.of(String.format(Locale.ROOT,
                    "width %d, depth %d do not fit the plan %s in the %,d bytes of local memory of %s",
                    shape.width(), shape.depth(), kind, device.localBytes(), device.name()));
        }
        Tuning layered = base.fit(shape, Tuning.Footprint.ONE_LAYER, device, batch)
                .orElseThrow(() -> new DeviceLimitException(String.format(Locale.ROOT,
                        "%s has %,d bytes of local memory, too few for width %d",
                        device.name(), device.localBytes(), shape.width())));
        return new PlanChoice(Kind.LAYERED, layered, reason);
    }

    /** Build options of its program on a device. */
    public List<String> options(NetworkShape shape, Device device) {
        List<String> options = tuning.options(shape, device);
        return kind == Kind.PERSISTENT ? device.fence().options(options) : options;
    }
}
