package iadb.metric;

import java.util.List;

/** Gives the repository's tools access to package-private members. */
public final class MetricDoor {
    private MetricDoor() {
    }

    public static List<String> energyOptions(boolean fusesMultiplyAdd) {
        return EnergyDistance.options(fusesMultiplyAdd);
    }
}
