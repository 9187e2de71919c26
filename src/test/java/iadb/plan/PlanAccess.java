package iadb.plan;

import iadb.model.NetworkShape;
import java.util.List;
import java.util.Optional;

/** Gives the repository's tools access to package-private members. */
public final class PlanAccess {
    private PlanAccess() {
    }

    public static Tuning ofKind(String kind, TuningTable.Purpose purpose) {
        return TuningTable.ofKind(kind, purpose);
    }

    /** The tuning of a kind of device as it fits the limits of one with few compute units. */
    public static Optional<Tuning> fit(String kind, TuningTable.Purpose purpose, NetworkShape shape, Tuning.Footprint footprint,
            long localBytes, long maxGroupSize) {
        return ofKind(kind, purpose).fit(shape, footprint, localBytes, maxGroupSize, 0);
    }

    public static List<String> options(Tuning tuning, NetworkShape shape, boolean fusesMultiplyAdd) {
        return tuning.options(shape, fusesMultiplyAdd);
    }
}
