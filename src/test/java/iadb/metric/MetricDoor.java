package iadb.metric;

import java.util.List;

/** What the repository's tools need of this package. */
public final class MetricDoor {
    private MetricDoor() {
    }

    public static List<String> energyOptions(boolean fusesMultiplyAdd) {
        return EnergyDistance.options(fusesMultiplyAdd);
    }
}
