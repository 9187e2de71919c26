package iadb.metric;

import java.util.List;

/** Gives the repository's tools access to package-private members. */
public final class MetricAccess {
    private MetricAccess() {
    }

    public static List<String> energyOptions(boolean fusesMultiplyAdd) {
        return EnergyDistance.options(fusesMultiplyAdd);
    }
}
