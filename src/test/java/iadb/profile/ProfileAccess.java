package iadb.profile;

import iadb.cl.Source;
import iadb.plan.Tuning;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Gives tests and tools of other packages access to package-private members. */
public final class ProfileAccess {
    private ProfileAccess() {
    }

    public static List<Source> peakSources() {
        return Peak.sources();
    }

    /** Build options of the peak's program by vector width. */
    public static Map<Integer, List<String>> peakOptions(boolean isCpu, long maxGroupSize, boolean fusesMultiplyAdd) {
        Map<Integer, List<String>> options = new TreeMap<>();
        Arrays.stream(Peak.WIDTHS).forEach(vector -> options.put(vector,
                Peak.options(vector, Peak.groupSize(isCpu, maxGroupSize), fusesMultiplyAdd)));
        return options;
    }

    public static void measurePeak(iadb.cl.Context context) {
        Peak.measure(context, Settings.smoke());
    }

    /** The tunings that a search from {@code start} tries first. */
    public static List<Tuning> candidates(Tuning start) {
        return Tune.candidates(start);
    }
}
